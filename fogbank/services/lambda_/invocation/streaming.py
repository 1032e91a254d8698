"""Invocations whose response is read while the function writes it; InvokeWithResponseStream.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator

from fogbank.kernel import Context
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.durable.starting import run
from fogbank.services.lambda_.invocation.invocations import context_of, payload_of, routed
from fogbank.services.lambda_.invocation.invoking import ON_INVOKED
from fogbank.services.lambda_.invocation.running import Done, Invocation
from fogbank.services.lambda_.records import Answer, Function, Request, named
from fogbank.services.lambda_.runtime.relay import Relay
from fogbank.services.lambda_.service import service


class Streamed:
    """An invocation that has begun to answer, or is over already: then `relay` has nothing, and `done` all."""

    def __init__(self, relay: Relay, running: asyncio.Task[Done]) -> None:
        self.relay = relay
        self._running = running

    @property
    def is_over(self) -> bool:
        return not self.relay.begun.is_set()

    async def done(self) -> Done:
        return await asyncio.shield(self._running)


async def begin(scope: Context, function: Function, invocation: Invocation) -> Streamed:
    """Invoke a version, and wait until its response begins. Raises as `run` does."""
    relay = Relay()
    running = asyncio.ensure_future(_running(scope, function, invocation._replace(relay=relay)))
    scope.app.requests.add(running)  # type: ignore[arg-type]
    running.add_done_callback(scope.app.requests.discard)  # type: ignore[arg-type]
    begun = asyncio.ensure_future(relay.begun.wait())
    await asyncio.wait((begun, running), return_when=asyncio.FIRST_COMPLETED)
    if not begun.done():
        begun.cancel()
        await running
    return Streamed(relay, running)


async def _running(scope: Context, function: Function, invocation: Invocation) -> Done:
    assert invocation.relay is not None
    try:
        return await run(scope, function, invocation)
    finally:
        if invocation.relay.begun.is_set():
            await invocation.relay.end()


@service.operation(transaction=False, **ON_INVOKED)
async def invoke_with_response_stream(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html"""
    of = named(ctx, request)
    payload = await payload_of(request.get("Payload"), limits.SYNC_BYTES)
    function = await of.scope.transact(routed, of)
    if request.get("InvocationType") == "DryRun":
        return {"StatusCode": 204, "EventStream": []}
    wants_log = request.get("LogType") == "Tail"
    context = context_of(request.get("ClientContext"))
    invocation = Invocation(ctx.request_id, payload, of.arn, context, ctx.trace, wants_log=wants_log)
    streamed = await begin(of.scope, function, invocation)
    return {
        "StatusCode": 200,
        "ExecutedVersion": function.version,
        "ResponseStreamContentType": streamed.relay.content_type or "application/json",
        "EventStream": _events(streamed, wants_log),
    }


async def _events(streamed: Streamed, with_log: bool) -> AsyncIterator[Answer]:
    if not streamed.is_over:
        async for chunk in streamed.relay.chunks():
            yield {"PayloadChunk": {"Payload": chunk}}
    done = await streamed.done()
    complete: Answer = {"LogResult": b64encode(done.log).decode()} if with_log else {}
    if done.error:
        complete |= {"ErrorCode": done.error, "ErrorDetails": done.payload.decode("utf-8", "replace")}
    elif done.payload:
        yield {"PayloadChunk": {"Payload": done.payload}}
    yield {"InvokeComplete": complete}
