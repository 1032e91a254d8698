"""The service-linked roles as which resources are scaled, one for each service whose resources are.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.application_autoscaling import kinds
from fogbank.services.application_autoscaling.records import Place, Target

_SESSION = "AutoScaling-ManageAlarms"


async def require(ctx: Context, place: Place) -> None:
    """See to it that the role is there. Raises AccessDenied where the caller may not have it made."""
    namespace, _, dimension = place
    host, linked = kinds.host(namespace), _linked_roles(ctx)
    if await linked.find(ctx, host) is None:
        arn = kinds.role_arn(ctx.partition, ctx.account, namespace, dimension)
        await ctx.authorise("iam:CreateServiceLinkedRole", arn, keys={"iam:AWSServiceName": host})
        await linked.ensure(ctx, host)


async def acting(ctx: Context, target: Target) -> Context:
    """The context of the role as which a target is scaled: made again if somebody has deleted it."""
    host = kinds.host(target.namespace)
    role = await _linked_roles(ctx).ensure(ctx, host)
    scope = ctx.at()
    scope.principal = await ctx.assume(role, session_name=_SESSION, service=host.removesuffix(".amazonaws.com"))
    return scope


def _linked_roles(ctx: Context) -> Any:
    return ctx.app.services["iam"].provided["linked_roles"]
