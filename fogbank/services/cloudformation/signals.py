"""Signals: what somebody else says of a resource that is being made. Its CreationPolicy says how many it takes, and for how long.

    signals (uuid of the stack, logical id, unique id)   Signal: during the operation under way

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-creationpolicy.html
"""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudformation import deploying, errors, evaluation, provisioning, timeline
from fogbank.services.cloudformation.records import (
    GOAL,
    Answer,
    Request,
    Resource,
    Signal,
    Stack,
    bodies,
    find,
    resources,
    signals,
    work,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stacks import ON_STACK

change = msgspec.structs.replace

SUCCESS, FAILURE = "SUCCESS", "FAILURE"

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS = (86400, 3600, 60, 1)
_LONGEST = 12 * 3600
_SHORTEST = "PT5M"


@service.operation(**ON_STACK)
async def signal_resource(ctx: Context, request: Request) -> Answer:
    """A signal with the id of an earlier one is ignored. API_SignalResource."""
    stack = await find(ctx, request["StackName"])
    logical, name, status = request["LogicalResourceId"], request["UniqueId"], request["Status"]
    resource, under_way = await resources.get(ctx, stack.uuid, logical), await work.get(ctx, stack.uuid)
    if resource is None:
        raise errors.no_resource(logical, stack.name)
    if under_way is None or not resource.status.endswith("_IN_PROGRESS"):
        raise errors.invalid(f"Resource {logical} is in {resource.status} state and cannot be signaled.")
    if await signals.get(ctx, stack.uuid, logical, name) is None:
        signals.put(ctx, Signal(name, status, ctx.now()), stack.uuid, logical, name)
        told = change(resource, reason=f"Received {status} signal with UniqueId {name}", time=ctx.now())
        await timeline.tell(ctx, stack, told, under_way.token)
        await provisioning.poke(ctx, stack.uuid, logical)
    return {}


async def are_received(ctx: Context, stack: Stack, resource: Resource) -> bool:
    """Has a new resource all the signals that its creation policy wants? Raises when it will never have them."""
    policy = await _policy(ctx, stack, resource)
    if policy is None:
        return True
    wanted = policy.get("ResourceSignal") or {}
    count, seconds = int(wanted.get("Count", 1)), duration(str(wanted.get("Timeout", _SHORTEST)))
    found = await signals.scan(ctx, stack.uuid, resource.logical)
    good = sum(1 for each in found if each.status == SUCCESS)
    bad = [each for each in found if each.status == FAILURE]
    percent = int((policy.get("AutoScalingCreationPolicy") or {}).get("MinSuccessfulInstancesPercent", 100))
    if good >= math.ceil(count * percent / 100):
        return True
    if count - len(bad) < math.ceil(count * percent / 100) or (bad and "AutoScalingCreationPolicy" not in policy):
        raise errors.said(_TOO_FEW.format(good=good, count=count, percent=percent))
    if ctx.now() >= resource.time + seconds:
        raise errors.said(f"Failed to receive {count - good} resource signal(s) within the specified duration")
    return False


_TOO_FEW = (
    "Received {good} SUCCESS signal(s) out of {count}. "
    "Unable to satisfy {percent}% MinSuccessfulInstancesPercent requirement"
)


async def _policy(ctx: Context, stack: Stack, resource: Resource) -> dict[str, Any] | None:
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    assert goal is not None
    template = deploying.template_of(goal.document)
    declared = template.resources[resource.logical].attributes.get("CreationPolicy")
    if declared is None:
        return None
    values = await evaluation.values_of(ctx, stack, template, await resources.scan(ctx, stack.uuid))
    found: dict[str, Any] = values.value(declared)
    return found if "ResourceSignal" in found else None


def duration(text: str) -> int:
    """Seconds of `PT1H30M`. Raises ValidationError."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise errors.said(f"Invalid timeout {text}: it must be an ISO 8601 duration")
    seconds = sum(int(each or 0) * unit for each, unit in zip(match.groups(), _UNITS, strict=True))
    return min(seconds, _LONGEST)
