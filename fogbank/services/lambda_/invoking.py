"""Invoke, InvokeAsync. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

from base64 import b64encode

from fogbank.kernel import Context
from fogbank.services.lambda_ import limits, queueing
from fogbank.services.lambda_.invocations import payload_of, routed
from fogbank.services.lambda_.records import (
    ON_QUALIFIED,
    Answer,
    Request,
    find,
    named,
)
from fogbank.services.lambda_.running import Invocation, run
from fogbank.services.lambda_.service import service

ON_INVOKED = {**ON_QUALIFIED, "action": "lambda:InvokeFunction"}


@service.operation(transaction=False, **ON_INVOKED)
async def invoke(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    kind = request.get("InvocationType", "RequestResponse")
    payload = await payload_of(request.get("Payload"), limits.SYNC_BYTES if kind != "Event" else limits.ASYNC_BYTES)
    function = await of.scope.transact(routed, of)
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        await of.scope.transact(queueing.enqueue, of, ctx.request_id, payload, request.get("ClientContext") or "")
        return {"StatusCode": 202}
    invocation = Invocation(ctx.request_id, payload, of.arn, request.get("ClientContext") or "")
    done = await run(of.scope, function, invocation)
    answer: Answer = {
        "StatusCode": 200,
        "ExecutedVersion": function.version,
        "FunctionError": done.error or None,
        "Payload": done.payload,
    }
    if request.get("LogType") == "Tail":
        answer["LogResult"] = b64encode(done.log).decode()
    return answer


@service.operation(transaction=False, **ON_QUALIFIED | {"action": "lambda:InvokeAsync"})
async def invoke_async(ctx: Context, request: Request) -> Answer:
    """The operation before Invoke had types: it queues the event."""
    of = named(ctx, request)
    payload = await payload_of(request.get("InvokeArgs"), limits.ASYNC_BYTES)
    await of.scope.transact(find, of)
    await of.scope.transact(queueing.enqueue, of, ctx.request_id, payload, "")
    return {"Status": 202}
