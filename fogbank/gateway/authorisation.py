"""The decision point in a request's way: gathers what the decision needs and asks `fogbank.identity.decision`.

Whoever acts on resources of the own account as its root, where no resource policy has a say, is let through without further ado.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fogbank import protocols

if TYPE_CHECKING:
    from fogbank.identity.decision import Decision
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Operation


async def check(ctx: Context, operation: Operation, protocol: str, params: dict[str, Any]) -> None:
    """Raise AccessDenied, in the words of the service and its protocol, unless the caller may do this."""
    mode = ctx.app.settings.iam
    if mode == "off" or operation.open:
        return
    policy = None if operation.policy is None else await operation.policy(ctx, params)
    owner = ctx.account if operation.owner is None else await operation.owner(ctx, params) or ctx.account
    if policy is None and ctx.principal.kind == "root" and owner == ctx.principal.account:
        return
    resources = "*" if operation.resource is None else operation.resource(ctx, params)
    if not resources:
        return
    from fogbank.identity.decision import enforce

    decision = _decide(ctx, operation, params, resources, policy, owner)
    enforce(decision, mode, protocols.load(ctx.service.name).signing_name, protocol)


def _decide(
    ctx: Context,
    operation: Operation,
    params: dict[str, Any],
    resources: str | Iterable[str],
    policy: str | None,
    owner: str,
) -> Decision:
    from fogbank.identity.condition_keys import ConditionKeys
    from fogbank.identity.decision import authorise
    from fogbank.identity.policy import parse

    extra = None if operation.keys is None else operation.keys(ctx, params)
    return authorise(
        ctx.principal,
        _action(ctx, operation, params),
        [resources] if isinstance(resources, str) else resources,
        owner=owner,
        resource_policy=None if policy is None else parse(policy),
        keys=ConditionKeys(ctx.principal, ctx.region, ctx.now(), ctx.request, extra),
    )


def _action(ctx: Context, operation: Operation, params: dict[str, Any]) -> str:
    if operation.action is not None:
        return operation.action if isinstance(operation.action, str) else operation.action(ctx, params)
    name = protocols.load(ctx.service.name).operation_by_snake(operation.name).name
    return f"{ctx.service.iam_prefix}:{name}"
