"""Schedules that are due: their targets are invoked, again where that fails, and what cannot be done is a dead letter.

An invocation whose effect is in the store is made in the transaction of its task: it is neither lost nor made twice. What leaves the
store (a function that runs) is done at least once.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-retry.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, operations
from fogbank.services.scheduler import limits, metering, templates, universal
from fogbank.services.scheduler.calls import Call
from fogbank.services.scheduler.invocation import Invocation, timestamp
from fogbank.services.scheduler.schedule import ENABLED, kept, schedule_arn
from fogbank.services.scheduler.schedules import go_on
from fogbank.services.scheduler.service import service

Payload = dict[str, Any]


@service.task
async def fire(ctx: Context, payload: Payload) -> None:
    """Invoke the schedule's target for its moment, and arrange the next one. Moments that were slept through are left out."""
    schedule = await kept.get(ctx, payload["group"], payload["name"])
    if schedule is None or schedule.state != ENABLED:
        return
    arn = schedule_arn(ctx, schedule.group, schedule.name)
    await go_on(ctx, schedule, payload["moment"])
    await invoke(ctx, Invocation(arn, schedule.target, payload["moment"], ctx.ids.hex(16), ctx.now()))


async def invoke(ctx: Context, invocation: Invocation) -> None:
    """Invoke a target, now or, if it is no matter of the store, in a task of its own."""
    metering.attempted(ctx, invocation)
    try:
        call = _call(ctx, invocation)
        if operations.is_transactional(ctx.app, call.service, call.operation):
            await ctx.undoing(_send, ctx, invocation, call)
        else:
            await ctx.schedule("invoke_outside", msgspec.to_builtins(invocation))
    except AWSError as error:
        await failed(ctx, invocation, error)


@service.task
async def invoke_again(ctx: Context, payload: Payload) -> None:
    await invoke(ctx, msgspec.convert(payload, Invocation))


@service.task(transaction=False)
async def invoke_outside(ctx: Context, payload: Payload) -> None:
    invocation = msgspec.convert(payload, Invocation)
    try:
        await _send(ctx, invocation, _call(ctx, invocation))
    except AWSError as error:
        await ctx.transact(failed, ctx, invocation, error)


def _call(ctx: Context, invocation: Invocation) -> Call:
    kind = universal if universal.is_universal(invocation.target["Arn"]) else templates
    return kind.call(ctx, invocation)


async def _send(ctx: Context, invocation: Invocation, call: Call) -> None:
    """Raises AWSError."""
    scope = ctx.at(region=call.region) if call.region else ctx
    role = invocation.target["RoleArn"]
    answer = await scope.call(call.service, call.operation, call.params, source_arn=invocation.group_arn, role=role)
    if call.operation == "PutEvents" and answer.get("FailedEntryCount"):
        entry = answer["Entries"][0]
        raise AWSError(entry["ErrorCode"], entry["ErrorMessage"])


# -- failures


async def failed(ctx: Context, invocation: Invocation, error: AWSError) -> None:
    """Try again later, if the target's retry policy allows it; else it is a dead letter."""
    metering.failed(ctx, invocation, error)
    policy = invocation.target.get("RetryPolicy") or {}
    attempts = policy.get("MaximumRetryAttempts", limits.RETRY_ATTEMPTS)
    age = policy.get("MaximumEventAgeInSeconds", limits.EVENT_AGE_SECONDS)
    due = ctx.now() + _backoff(ctx, invocation.attempts)
    if invocation.attempts >= attempts:
        await _bury(ctx, invocation, error, "MaximumRetryAttempts")
    elif due > invocation.begun + age:
        await _bury(ctx, invocation, error, "MaximumEventAgeInSeconds")
    else:
        again = msgspec.structs.replace(invocation, attempts=invocation.attempts + 1)
        await ctx.schedule("invoke_again", msgspec.to_builtins(again), at=due)


def _backoff(ctx: Context, attempts: int) -> float:
    """Seconds: twice as long each time, up to a limit, and by chance up to a half less."""
    longest = min(2.0 ** min(attempts, 20), limits.BACKOFF_SECONDS)
    return longest * (1 + ctx.ids.random.random()) / 2


async def _bury(ctx: Context, invocation: Invocation, error: AWSError, exhausted: str) -> None:
    """Send the input to the dead-letter queue, as the target's role. If that fails, too, or there is none, it is dropped.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    metering.dropped(ctx, invocation)
    queue = (invocation.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    arn = templates.parse(queue)
    attributes = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message or error.code,
        "EXECUTION_ID": invocation.execution,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(invocation.attempts),
        "SCHEDULED_TIME": timestamp(invocation.moment),
        "SCHEDULE_ARN": invocation.schedule,
        "TARGET_ARN": invocation.target["Arn"],
    }
    message = {
        "QueueUrl": f"{ctx.endpoint}/{arn.account}/{arn.resource}",
        "MessageBody": invocation.text() or "{}",
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }

    try:
        await ctx.undoing(_send, ctx, invocation, Call("sqs", "SendMessage", message, arn.region))
    except AWSError as refusal:
        metering.not_buried(ctx, invocation, refusal)
    else:
        metering.buried(ctx, invocation)
