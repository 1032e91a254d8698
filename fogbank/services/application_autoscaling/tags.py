"""Tags of scalable targets."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.application_autoscaling import errors, limits
from fogbank.services.application_autoscaling.records import Answer, Request, Target, arns, put, targets
from fogbank.services.application_autoscaling.service import service


def _arn(ctx: Context, request: Request) -> str:
    return str(request["ResourceARN"])


async def _find(ctx: Context, request: Request) -> Target:
    """Raises ResourceNotFoundException."""
    arn: str = request["ResourceARN"]
    scope, _, id = arn.partition(":scalable-target/")
    is_ours = scope == f"arn:{ctx.partition}:application-autoscaling:{ctx.region}:{ctx.account}"
    place = await arns.get(ctx, id) if is_ours else None
    target = None if place is None else await targets.get(ctx, *place)
    if target is None:
        raise errors.no_such_arn(arn)
    return target


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    return (await ctx.transact(_find, ctx, request)).tags


_ON_ARN: dict[str, Any] = {"resource": _arn, "tags": _tags}


@service.operation(**_ON_ARN)
async def tag_resource(ctx: Context, request: Request) -> Answer:
    target = await _find(ctx, request)
    tags = target.tags | request["Tags"]
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(request["ResourceARN"], limits.TAGS)
    put(ctx, target, tags=tags)
    return {}


@service.operation(**_ON_ARN)
async def untag_resource(ctx: Context, request: Request) -> Answer:
    target = await _find(ctx, request)
    put(ctx, target, tags={key: value for key, value in target.tags.items() if key not in request["TagKeys"]})
    return {}


@service.operation(**_ON_ARN)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    return {"Tags": (await _find(ctx, request)).tags}
