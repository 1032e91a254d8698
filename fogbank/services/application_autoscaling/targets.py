"""The operations on scalable targets: RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.application_autoscaling import (
    capacities,
    custom,
    errors,
    kinds,
    limits,
    listing,
    policies,
    roles,
    scaling,
    scheduled,
)
from fogbank.services.application_autoscaling.records import (
    ON_TARGET,
    Answer,
    Place,
    Request,
    Suspension,
    Target,
    arn_of,
    arns,
    members_of,
    place_of,
    put,
    targets,
)
from fogbank.services.application_autoscaling.service import service

_SUSPENSIONS = {
    "DynamicScalingInSuspended": "scale_in",
    "DynamicScalingOutSuspended": "scale_out",
    "ScheduledScalingSuspended": "scheduled",
}


@service.operation(transaction=False, **ON_TARGET)
async def register_scalable_target(ctx: Context, request: Request) -> Answer:
    """What is not given stays, of a target that is there already. The capacity is brought into its bounds either way."""
    if kinds.find(*place_of(request)) is None:
        raise errors.unsupported()
    await custom.register(ctx, place_of(request))
    return await ctx.transact(_register, ctx, request)


async def _register(ctx: Context, request: Request) -> Answer:
    place = place_of(request)
    kind = kinds.of(place[2])
    known = await targets.get(ctx, *place)
    target = await _new(ctx, place, request) if known is None else _changed(known, request)
    if target.least < kind.least:
        raise errors.minimum_too_low(kind.least)
    if target.most < target.least:
        raise errors.bounds_cross()
    await _require_resource(ctx, place)
    await roles.require(ctx, place)
    put(ctx, target)
    arns.put(ctx, place, target.id)
    await scaling.keep_within(ctx, target)
    return {"ScalableTargetARN": arn_of(ctx, target.id)}


async def _new(ctx: Context, place: Place, request: Request) -> Target:
    least, most = request.get("MinCapacity"), request.get("MaxCapacity")
    if least is None or most is None:
        raise errors.bounds_required()
    tags = request.get("Tags") or {}
    if len(tags) > limits.TAGS:
        raise errors.invalid(f"A resource can have at most {limits.TAGS} tags.")
    quota = limits.TARGETS.get(place[0], limits.OTHER_TARGETS)
    if await targets.count(ctx, place[0], limit=quota) >= quota:
        raise errors.limit_exceeded("scalable targets", quota)
    return Target(*place, ctx.ids.hex(34), least, most, ctx.now(), _suspension(Suspension(), request), tags)


def _changed(known: Target, request: Request) -> Target:
    if request.get("Tags"):
        raise errors.already_tagged()
    bounds = {"least": request.get("MinCapacity"), "most": request.get("MaxCapacity")}
    given = {name: value for name, value in bounds.items() if value is not None}
    return msgspec.structs.replace(known, suspended=_suspension(known.suspended, request), **given)


def _suspension(known: Suspension, request: Request) -> Suspension:
    given = request.get("SuspendedState") or {}
    changes = {field: given[name] for name, field in _SUSPENSIONS.items() if given.get(name) is not None}
    return msgspec.structs.replace(known, **changes)


async def _require_resource(ctx: Context, place: Place) -> None:
    """The resource has to be there, and the caller's to scale. Raises ValidationException."""
    scaled = capacities.of(place)
    resource = place[1]
    missing = [action for action in scaled.needed if not await ctx.may(action, scaled.arn(ctx, resource))]
    if missing:
        raise errors.missing_permissions(missing)
    if await scaled.read(ctx, resource, place[2]) is None:
        raise errors.no_such_resource(kinds.of(place[2]).what, resource)


@service.operation
async def describe_scalable_targets(ctx: Context, request: Request) -> Answer:
    listing.check(request)
    rows = [each for each in await targets.scan(ctx, request["ServiceNamespace"]) if listing.wants(request, each.place)]
    shown, token = listing.page(request, rows, limits.PAGE, lambda each: each.key)
    return {"ScalableTargets": [_described(ctx, each) for each in shown], "NextToken": token}


def _described(ctx: Context, target: Target) -> Answer:
    return {
        **members_of(target.place),
        "MinCapacity": target.least,
        "MaxCapacity": target.most,
        "RoleARN": kinds.role_arn(ctx.partition, ctx.account, target.namespace, target.dimension),
        "CreationTime": target.created,
        "SuspendedState": {name: getattr(target.suspended, field) for name, field in _SUSPENSIONS.items()},
        "ScalableTargetARN": arn_of(ctx, target.id),
    }


@service.operation(**ON_TARGET)
async def deregister_scalable_target(ctx: Context, request: Request) -> Answer:
    """With its policies and its scheduled actions. What it scaled stays as it is."""
    place = place_of(request)
    target = await targets.get(ctx, *place)
    if target is None:
        raise errors.no_such_target(*place)
    await forget(ctx, target)
    return {}


async def forget(ctx: Context, target: Target) -> None:
    await policies.forget_all(ctx, target)
    await scheduled.forget_all(ctx, target)
    await scaling.forget(ctx, target)
    custom.forget(ctx, target.place)
    arns.delete(ctx, target.id)
    targets.delete(ctx, *target.place)


async def forget_resource(ctx: Context, namespace: str, resource: str) -> None:
    """A resource is being deleted: so go its targets, and those of its parts."""
    for target in await of_resource(ctx, namespace, resource):
        await forget(ctx, target)


async def of_resource(ctx: Context, namespace: str, resource: str) -> list[Target]:
    """The targets of a resource, and of its parts: indexes, versions and aliases."""
    own = await targets.scan(ctx, namespace, resource)
    mark = ":" if namespace == "lambda" else "/"
    return [*own, *await targets.scan(ctx, namespace, starts_with=f"{resource}{mark}")]


# -- for services whose resources are scaled


async def _gone(ctx: Context, namespace: str, resource: str) -> None:
    await forget_resource(ctx.at(service=service), namespace, resource)


async def _described_with_policies(ctx: Context, namespace: str, resource: str) -> list[Answer]:
    """The targets of a resource and of its parts, each with its policies, as the Describe operations tell them."""
    scope = ctx.at(service=service)
    return [
        {**_described(scope, each), "ScalingPolicies": await policies.described_of(scope, each)}
        for each in await of_resource(scope, namespace, resource)
    ]


service.provide("resource_is_gone", _gone)
service.provide("described", _described_with_policies)
