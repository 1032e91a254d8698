"""The operations on scaling policies: PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy, GetPredictiveScalingForecast."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.application_autoscaling import (
    capacities,
    errors,
    kinds,
    limits,
    listing,
    policy,
    roles,
    stepping,
    tracking,
)
from fogbank.services.application_autoscaling.kinds import TRACKING
from fogbank.services.application_autoscaling.policy import Policy, policies
from fogbank.services.application_autoscaling.records import (
    ON_TARGET,
    Answer,
    Request,
    Target,
    members_of,
    place_of,
    registered,
    targets,
)
from fogbank.services.application_autoscaling.service import service

_CONFIGURATIONS = {
    kinds.STEP: "StepScalingPolicyConfiguration",
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
}


@service.operation(**ON_TARGET)
async def put_scaling_policy(ctx: Context, request: Request) -> Answer:
    """All of a policy's configuration is replaced."""
    place, name = place_of(request), request["PolicyName"]
    if kinds.find(*place) is None:
        raise errors.unsupported()
    target = await registered(ctx, place)
    known = await policies.get(ctx, *place, name)
    kind = request.get("PolicyType") or (known.type if known is not None else kinds.STEP)
    config = await _configuration(ctx, known, kind, request)
    if known is None:
        made = Policy(place, name, ctx.ids.uuid(), kind, config, ctx.now())
    else:
        made = msgspec.structs.replace(known, config=config)
    if kind == TRACKING:
        made = await policy.with_alarms(ctx, target, made, await _units(ctx, target))
    policy.put(ctx, made)
    return {"PolicyARN": policy.arn_of(ctx, made), "Alarms": await policy.alarms(ctx, target, made)}


async def _configuration(ctx: Context, known: Policy | None, kind: str, request: Request) -> dict[str, Any]:
    """What a policy is to do. Raises ValidationException, LimitExceededException."""
    place = place_of(request)
    if known is not None and known.type != kind:
        raise errors.other_kind(known.type)
    if kind not in kinds.of(place[2]).policies:
        raise errors.kind_not_supported(kind, place[2])
    config = request.get(_CONFIGURATIONS[kind])
    if config is None:
        raise errors.configuration_required(kind)
    others = [each for each in await policies.scan(ctx, *place) if each.name != request["PolicyName"]]
    if len(others) >= limits.POLICIES:
        raise errors.limit_exceeded("scaling policies of a scalable target", limits.POLICIES)
    if kind == TRACKING:
        tracking.check(place, config)
        _require_own_metric(config, others)
    else:
        stepping.check(config)
    return {name: value for name, value in config.items() if value is not None}


def _require_own_metric(config: dict[str, Any], others: list[Policy]) -> None:
    """Raises ValidationException."""
    followed = [tracking.metric_of(each.config) for each in others if each.type == TRACKING]
    if tracking.metric_of(config) in followed:
        raise errors.same_metric()


async def _units(ctx: Context, target: Target) -> int:
    scope = await roles.acting(ctx, target)
    found = await capacities.of(target.place).read(scope, target.resource, target.dimension)
    return 0 if found is None else found.units


@service.operation
async def describe_scaling_policies(ctx: Context, request: Request) -> Answer:
    listing.check(request)
    names = request.get("PolicyNames") or ()
    rows = [
        each
        for each in await policies.scan(ctx, request["ServiceNamespace"])
        if listing.wants(request, each.place) and (not names or each.name in names)
    ]
    shown, token = listing.page(request, rows, limits.POLICIES_PAGE, lambda each: "|".join((*each.place, each.name)))
    return {"ScalingPolicies": [await _described(ctx, each) for each in shown], "NextToken": token}


async def _described(ctx: Context, of: Policy) -> Answer:
    target = await registered(ctx, of.place)
    return {
        "PolicyARN": policy.arn_of(ctx, of),
        "PolicyName": of.name,
        **members_of(of.place),
        "PolicyType": of.type,
        _CONFIGURATIONS[of.type]: of.config,
        "Alarms": await policy.alarms(ctx, target, of),
        "CreationTime": of.created,
    }


async def described_of(ctx: Context, target: Target) -> list[Answer]:
    return [await _described(ctx, each) for each in await policies.scan(ctx, *target.place)]


@service.operation(**ON_TARGET)
async def delete_scaling_policy(ctx: Context, request: Request) -> Answer:
    """With the alarms of its own."""
    place, name = place_of(request), request["PolicyName"]
    target, found = await targets.get(ctx, *place), await policies.get(ctx, *place, name)
    if target is None or found is None:
        raise errors.no_such_policy(name, *place)
    await _remove(ctx, target, found)
    return {}


async def _remove(ctx: Context, target: Target, of: Policy) -> None:
    await policy.without_alarms(ctx, target, of)
    policy.delete(ctx, of)


async def forget_all(ctx: Context, target: Target) -> None:
    """The target is being deregistered."""
    for each in await policies.scan(ctx, *target.place):
        await _remove(ctx, target, each)


@service.operation(**ON_TARGET)
async def get_predictive_scaling_forecast(ctx: Context, request: Request) -> Answer:
    """Only ECS services have policies that predict, and there are none of these here."""
    raise errors.no_forecast(request["PolicyName"])
