"""Asynchronous invocations: the queue of events, and what becomes of them.

An event is a task; the transaction that acknowledged it has written it. It is retried after one minute and after two, unless the
function's configuration says otherwise; then its destination, or the dead-letter queue of the function, gets it.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.invocation import destinations, recursion
from fogbank.services.lambda_.invocation.event_invoke import EventInvoke, config_of
from fogbank.services.lambda_.invocation.invocations import routed
from fogbank.services.lambda_.invocation.running import Done, Invocation, run
from fogbank.services.lambda_.records import Function, Named, Request, reserved
from fogbank.services.lambda_.service import service

# How long a function that is throttled, or that cannot be started, is left alone: from a second up to five minutes.
_LONGEST_PAUSE = 300.0
_RETRY_SECONDS = 60.0

SUCCESS, EXHAUSTED, TOO_OLD = "Success", "RetriesExhausted", "EventAgeExceeded"
SWITCHED_OFF = "ZeroReservedConcurrency"


async def enqueue(of: Named, request_id: str, payload: bytes, context: str) -> None:
    """Accept an event; in a transaction."""
    event = {
        "name": of.name,
        "qualifier": of.qualifier,
        "id": request_id,
        "payload": payload,
        "context": context,
        "trace": of.scope.trace,
        "since": of.scope.now(),
        "attempt": 0,
        "pauses": 0,
    }
    await of.scope.schedule("handle_event", event)


@service.task(transaction=False)
async def handle_event(ctx: Context, event: Request) -> None:
    """Invoke the function with an event from the queue."""
    of = Named(ctx, event["name"], event["qualifier"])
    try:
        function, config = await ctx.transact(_look_up, of)
    except AWSError:
        return  # the function is gone, and its events with it
    invocation = Invocation(event["id"], event["payload"], of.arn, event["context"], event.get("trace", ""))
    try:
        done = await run(ctx, function, invocation)
    except AWSError as error:
        await ctx.transact(_stopped if recursion.is_loop(error) else _put_off, ctx, event, function, config, error)
        return
    if done.error:
        await ctx.transact(_failed, ctx, event, function, config, done)
    elif config.on_success:
        await ctx.transact(_tell, ctx, event, function, config.on_success, SUCCESS, done)


async def _look_up(of: Named) -> tuple[Function, EventInvoke]:
    return await routed(of), await config_of(of)


async def _put_off(ctx: Context, event: Request, function: Function, config: EventInvoke, error: AWSError) -> None:
    """The function could not be invoked at all: again later, as long as the event is not too old, and the function not switched off.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    kept = await reserved.get(ctx, function.name)
    if kept is not None and not kept.concurrency:
        await _give_up(ctx, event, function, config, SWITCHED_OFF, _not_invoked(error))
        return
    pause = min(2.0 ** event["pauses"], _LONGEST_PAUSE)
    if _is_too_old(ctx, event, config, pause):
        await _give_up(ctx, event, function, config, TOO_OLD, _not_invoked(error))
        return
    await ctx.schedule("handle_event", {**event, "pauses": event["pauses"] + 1}, delay=pause)


async def _stopped(ctx: Context, event: Request, function: Function, config: EventInvoke, error: AWSError) -> None:
    """It would have gone on with a loop."""
    await _give_up(ctx, event, function, config, EXHAUSTED, _not_invoked(error))


def _not_invoked(error: AWSError) -> Done:
    document = {"errorMessage": error.message, "errorType": error.code}
    return Done(orjson.dumps(document), error.code, b"", None)


def _is_too_old(ctx: Context, event: Request, config: EventInvoke, pause: float) -> bool:
    age = limits.ASYNC_SECONDS if config.age is None else config.age
    return bool(ctx.now() + pause - event["since"] > age)


async def _failed(ctx: Context, event: Request, function: Function, config: EventInvoke, done: Done) -> None:
    attempt: int = event["attempt"] + 1
    retries = limits.ASYNC_RETRIES if config.retries is None else config.retries
    pause = _RETRY_SECONDS * attempt
    if attempt > retries:
        await _give_up(ctx, {**event, "attempt": attempt}, function, config, EXHAUSTED, done)
    elif _is_too_old(ctx, event, config, pause):
        await _give_up(ctx, {**event, "attempt": attempt}, function, config, TOO_OLD, done)
    else:
        await ctx.schedule("handle_event", {**event, "attempt": attempt}, delay=pause)


async def _give_up(
    ctx: Context, event: Request, function: Function, config: EventInvoke, condition: str, done: Done
) -> None:
    if config.on_failure:
        await _tell(ctx, event, function, config.on_failure, condition, done)
    dead = (function.config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead:
        await destinations.bury(ctx, function, dead, event["id"], event["payload"], _message(done))


def _message(done: Done) -> str:
    try:
        return str(orjson.loads(done.payload).get("errorMessage", ""))
    except (orjson.JSONDecodeError, AttributeError):
        return ""


async def _tell(ctx: Context, event: Request, function: Function, target: str, condition: str, done: Done) -> None:
    await destinations.send(ctx, function, target, _record(ctx, event, function, target, condition, done))


def _record(
    ctx: Context, event: Request, function: Function, target: str, condition: str, done: Done
) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    of = Named(ctx, function.name, event["qualifier"] or "$LATEST")
    was_invoked = done.answered is not None
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": function.version}
    if done.error:
        response["functionError"] = done.error
    return {
        "version": "1.0",
        "timestamp": iso8601_milliseconds(ctx.now()),
        "requestContext": {
            "requestId": event["id"],
            "functionArn": of.arn,
            "condition": condition,
            "approximateInvokeCount": event["attempt"] + (condition == SUCCESS),
        },
        "requestPayload": orjson.loads(event["payload"]),
        "responseContext": response if was_invoked else None,
        "responsePayload": orjson.loads(done.payload or b"null") if was_invoked else None,
    }
