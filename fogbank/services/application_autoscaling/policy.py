"""Scaling policies as they are kept, and their alarms.

    policies  (namespace, resource ID, dimension, name)  Policy
    ids       (id)                                       those four, of a policy by the id in its ARN

The alarms of target tracking belong to the policy: they come, change and go with it. Those of step scaling are the user's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.application_autoscaling import kinds, roles, tracking
from fogbank.services.application_autoscaling.records import Answer, Place, Target
from fogbank.services.application_autoscaling.service import service

_ALARM_NAME = 255
_ALARMS = 100


class Policy(Record, frozen=True):
    """`alarms` are the names of its own by what they are for (`AlarmHigh`)."""

    place: Place
    name: str
    id: str
    type: str
    config: dict[str, Any]
    created: float
    alarms: dict[str, str] = {}


policies = service.collection("policies", Policy)
ids = service.collection("policy-ids", tuple[str, str, str, str])


def arn_of(ctx: Context, policy: Policy) -> str:
    namespace, resource, _ = policy.place
    of = f"{policy.id}:resource/{namespace}/{resource}:policyName/{policy.name}"
    return f"arn:{ctx.partition}:autoscaling:{ctx.region}:{ctx.account}:scalingPolicy:{of}"


async def by_arn(ctx: Context, arn: str) -> Policy | None:
    """The policy that an alarm names as its action."""
    parts = arn.split(":", 7)
    key = await ids.get(ctx, parts[6]) if len(parts) == 8 else None
    found = None if key is None else await policies.get(ctx, *key)
    return found if found is not None and arn_of(ctx, found) == arn else None


def put(ctx: Context, policy: Policy) -> None:
    policies.put(ctx, policy, *policy.place, policy.name)
    ids.put(ctx, (*policy.place, policy.name), policy.id)


def delete(ctx: Context, policy: Policy) -> None:
    policies.delete(ctx, *policy.place, policy.name)
    ids.delete(ctx, policy.id)


# -- alarms


async def with_alarms(ctx: Context, target: Target, policy: Policy, units: int) -> Policy:
    """A policy of target tracking with the alarms that it needs at this capacity, which are put; others of its own go."""
    wanted = tracking.alarms(policy.place, policy.config, units)
    scope, arn = await roles.acting(ctx, target), arn_of(ctx, policy)
    names = {kind: policy.alarms.get(kind) or _alarm_name(ctx, target, kind) for kind in wanted}
    for kind, alarm in wanted.items():
        description = f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}."
        owned = {"AlarmName": names[kind], "AlarmDescription": description, "AlarmActions": [arn]}
        await scope.call("cloudwatch", "PutMetricAlarm", {**alarm, **owned}, as_caller=True)
    await _delete(scope, [name for kind, name in policy.alarms.items() if kind not in wanted])
    return msgspec.structs.replace(policy, alarms=names)


def _alarm_name(ctx: Context, target: Target, kind: str) -> str:
    """Resource IDs that are too long for a name are cut."""
    end = f"-{kind}-{ctx.ids.uuid()}"
    return f"TargetTracking-{target.resource}"[: _ALARM_NAME - len(end)] + end


async def without_alarms(ctx: Context, target: Target, policy: Policy) -> None:
    if policy.alarms:
        await _delete(await roles.acting(ctx, target), list(policy.alarms.values()))


async def _delete(scope: Context, names: list[str]) -> None:
    if names:
        await scope.call("cloudwatch", "DeleteAlarms", {"AlarmNames": names}, as_caller=True)


async def alarms(ctx: Context, target: Target, policy: Policy) -> list[Answer]:
    """The alarms that a policy acts on: its own, or the user's."""
    if policy.type == kinds.TRACKING:
        prefix = f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:alarm:"
        return [{"AlarmName": name, "AlarmARN": prefix + name} for name in policy.alarms.values()]
    asked = {"ActionPrefix": arn_of(ctx, policy), "AlarmTypes": ["MetricAlarm"], "MaxRecords": _ALARMS}
    found = await (await roles.acting(ctx, target)).call("cloudwatch", "DescribeAlarms", asked, as_caller=True)
    return [{"AlarmName": each["AlarmName"], "AlarmARN": each["AlarmArn"]} for each in found["MetricAlarms"]]
