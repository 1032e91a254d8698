"""The decision point in a request's way: gathers what the decision needs and asks `fogbank.identity.decision`.

Who acts on resources of the own account as its root, where no resource policy has a say, is let through without further ado.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Operation


async def check(ctx: Context, operation: Operation, params: dict[str, Any]) -> None:
    """Raise the service's AccessDenied unless the caller may do this. Order: after validation, before existence."""
    policy = None if operation.policy is None else await operation.policy(ctx, params)
    owner = ctx.account if operation.owner is None else await operation.owner(ctx, params) or ctx.account
    principal = ctx.principal
    if policy is None and principal.kind in ("root", "service") and owner == principal.account:
        return
    await _decide(ctx, operation, params, policy, owner)
