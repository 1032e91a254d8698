"""Asynchronous invocations: the queue of events, and what becomes of those that fail.

An event is a task; the transaction that acknowledged it has written it. It is retried after one minute and after two, unless the
function says otherwise. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.records import Named, Request, find
from fogbank.services.lambda_.running import Done, Invocation, run
from fogbank.services.lambda_.service import service

# How long a function that is throttled, or that cannot be started, is left alone: from a second up to five minutes.
_LONGEST_PAUSE = 300.0
_RETRY_SECONDS = 60.0


async def enqueue(of: Named, request_id: str, payload: bytes, context: str) -> None:
    """Accept an event; in a transaction."""
    event = {
        "name": of.name,
        "qualifier": of.qualifier,
        "id": request_id,
        "payload": payload,
        "context": context,
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
        function = await ctx.transact(find, of)
    except AWSError:
        return  # the function is gone, and its events with it
    invocation = Invocation(event["id"], event["payload"], of.arn, event["context"])
    try:
        done = await run(ctx, function, invocation)
    except AWSError as error:
        await _put_off(ctx, event, error)
        return
    if done.error:
        await _failed(ctx, event, done)


async def _put_off(ctx: Context, event: Request, error: AWSError) -> None:
    """The function could not be invoked at all: again later, for up to six hours."""
    pause = min(2.0 ** event["pauses"], _LONGEST_PAUSE)
    if ctx.now() + pause - event["since"] > limits.ASYNC_SECONDS:
        return

    async def again() -> None:
        await ctx.schedule("handle_event", {**event, "pauses": event["pauses"] + 1}, delay=pause)

    await ctx.transact(again)


async def _failed(ctx: Context, event: Request, done: Done) -> None:
    attempt: int = event["attempt"] + 1
    if attempt > limits.ASYNC_RETRIES:
        return

    async def again() -> None:
        await ctx.schedule("handle_event", {**event, "attempt": attempt}, delay=_RETRY_SECONDS * attempt)

    await ctx.transact(again)
