"""What ends an operation from outside: its time (`TimeoutInMinutes`), or an alarm that goes off (`RollbackConfiguration`).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudformation import deploying, timeline
from fogbank.services.cloudformation.records import (
    FAILED,
    MADE,
    WORKING,
    Stack,
    Work,
    resources,
    stacks,
    steps,
    work,
)
from fogbank.services.cloudformation.service import service

change = msgspec.structs.replace

# how often alarms are looked at (seconds of the virtual clock)
_PAUSE = 10.0
_VERBS = ("CREATE", "UPDATE")
_TYPES = {"AWS::CloudWatch::Alarm": "MetricAlarms", "AWS::CloudWatch::CompositeAlarm": "CompositeAlarms"}


async def begin(ctx: Context, stack: Stack, under_way: Work) -> None:
    """Watch an operation that begins."""
    if under_way.verb not in _VERBS:
        return
    payload = {"stack": stack.uuid, "began": under_way.began}
    minutes = orjson.loads(stack.options).get("TimeoutInMinutes")
    if minutes and under_way.verb == "CREATE":
        await ctx.schedule("time_out", payload, delay=minutes * 60)
    if _triggers(stack):
        await ctx.schedule("look_at_alarms", payload)


def _triggers(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _configuration(stack).get("RollbackTriggers") or []
    return found


def _configuration(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(stack.options).get("RollbackConfiguration") or {}
    return found


async def may_end(ctx: Context, stack: Stack, under_way: Work) -> bool:
    """Has an operation that has done all it had to do been watched for long enough?"""
    seconds = int(_configuration(stack).get("MonitoringTimeInMinutes") or 0) * 60
    if not under_way.applied:
        under_way = change(under_way, applied=ctx.now())
        work.put(ctx, under_way, stack.uuid)
    left = under_way.applied + seconds - ctx.now()
    if left > 0:
        await deploying.wake(ctx, stack, left)
    return left <= 0


async def _current(ctx: Context, payload: dict[str, Any]) -> tuple[Stack, Work] | None:
    """The stack and the operation that is watched, unless it is over."""
    stack, under_way = await stacks.get(ctx, payload["stack"]), await work.get(ctx, payload["stack"])
    if stack is None or under_way is None or under_way.began != payload["began"]:
        return None
    return None if under_way.cleaning or under_way.verb not in _VERBS else (stack, under_way)


@service.task
async def time_out(ctx: Context, payload: dict[str, Any]) -> None:
    found = await _current(ctx, payload)
    if found is not None:
        await break_off(ctx, *found, "Stack creation time exceeded the specified timeout. ")


@service.task
async def look_at_alarms(ctx: Context, payload: dict[str, Any]) -> None:
    found = await _current(ctx, payload)
    if found is None:
        return
    stack, under_way = found
    ctx.principal = under_way.principal
    for each in _triggers(stack):
        told = await _trouble(ctx, each)
        if told:
            await break_off(ctx, stack, under_way, told)
            return
    await ctx.schedule("look_at_alarms", payload, delay=_PAUSE)


async def _trouble(ctx: Context, trigger: dict[str, Any]) -> str:
    """What is wrong about an alarm; empty when nothing is."""
    arn = trigger["Arn"]
    member = _TYPES.get(trigger["Type"], "MetricAlarms")
    request = {"AlarmNames": [arn.partition(":alarm:")[2]], "AlarmTypes": [member.removesuffix("s")]}
    try:
        found = (await ctx.call("cloudwatch", "DescribeAlarms", request, as_caller=True)).get(member) or []
    except AWSError as error:
        return f"Rollback trigger {arn} could not be monitored: {error.message} "
    if not found:
        return f"Rollback trigger {arn} does not exist. "
    return f"Rollback trigger {arn} is in ALARM state. " if found[0]["StateValue"] == "ALARM" else ""


async def break_off(ctx: Context, stack: Stack, under_way: Work, reason: str) -> None:
    """Have the operation fail now, whatever is at work."""
    verbs = {"CREATE": "creation", "UPDATE": "update"}
    for key, state in await steps.items(ctx, (str,), stack.uuid):
        resource = await resources.get(ctx, stack.uuid, str(key[0]))
        if state in (WORKING, MADE) and resource is not None:
            verb = resource.status.partition("_")[0]
            told = f"Resource {verbs.get(verb, 'update')} cancelled"
            await timeline.resource_is(ctx, stack, resource, f"{verb}_FAILED", told, under_way.token)
            steps.put(ctx, FAILED, stack.uuid, *key)
    steps.put(ctx, FAILED, stack.uuid, "")
    work.put(ctx, change(under_way, reason=reason), stack.uuid)
    await deploying.wake(ctx, stack)
