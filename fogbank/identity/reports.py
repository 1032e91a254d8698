"""What the admin API tells of decisions: refusals of an account, and the policy that a role needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.identity import suggestion
from fogbank.identity.journal import Denial

if TYPE_CHECKING:
    from fogbank.app import App


async def denials(app: App, account: str, limit: int) -> list[dict[str, Any]]:
    """The last refusals of an account, the newest first."""
    ctx = app.system_context(account=account)
    found = await ctx.transact(app.gateway.authorisation.journal.denials, ctx, limit)
    return [_shown(denial) for denial in found]


def _shown(denial: Denial) -> dict[str, Any]:
    return {
        "time": denial.time,
        "principal": denial.principal,
        "action": denial.action,
        "resource": denial.resource,
        "message": denial.message,
        "mode": denial.mode,
        "region": denial.region,
        "request_id": denial.request_id,
    }


async def suggested_policy(app: App, arn: str) -> dict[str, Any] | None:
    """The least policy for what a role or user (by its ARN) has done; None when it has done nothing."""
    ctx = app.system_context(account=arn.split(":")[4])
    uses = await ctx.transact(app.gateway.authorisation.journal.uses, ctx, arn)
    return suggestion.policy(uses) if uses else None
