"""The decision point in a request's way: gathers what the decision needs and asks `fogbank.identity.decision`.

Whoever acts on resources of the own account as its root, where no resource policy has a say, is let through without further ado.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Operation


async def check(ctx: Context, operation: Operation, params: dict[str, Any]) -> None:
    """Raise AccessDenied, in the service's words, unless the caller may do this."""
    if ctx.app.settings.iam == "off":
        return
    policy = None if operation.policy is None else await operation.policy(ctx, params)
    owner = ctx.account if operation.owner is None else await operation.owner(ctx, params) or ctx.account
    principal = ctx.principal
    if policy is None and principal.kind in ("root", "service") and owner == principal.account:
        return
    raise NotImplementedError
