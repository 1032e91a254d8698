"""Invoke, InvokeAsync. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

from base64 import b64encode

from fogbank.kernel import Context
from fogbank.services.lambda_ import limits
from fogbank.services.lambda_.durable import settings, starting
from fogbank.services.lambda_.durable.records import place_of
from fogbank.services.lambda_.invocation import queueing
from fogbank.services.lambda_.invocation.invocations import context_of, payload_of, routed
from fogbank.services.lambda_.invocation.running import Invocation
from fogbank.services.lambda_.records import ON_QUALIFIED, Answer, Function, Named, Request, named
from fogbank.services.lambda_.service import service

ON_INVOKED = {**ON_QUALIFIED, "action": "lambda:InvokeFunction"}


@service.operation(transaction=False, **ON_INVOKED)
async def invoke(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    kind = request.get("InvocationType", "RequestResponse")
    payload = await payload_of(request.get("Payload"), limits.SYNC_BYTES if kind != "Event" else limits.ASYNC_BYTES)
    function = await of.scope.transact(routed, of)
    wants_log = request.get("LogType") == "Tail"
    context = context_of(request.get("ClientContext"))
    invocation = Invocation(ctx.request_id, payload, of.arn, context, ctx.trace, wants_log=wants_log)
    name = request.get("DurableExecutionName")
    if kind == "DryRun":
        starting.check(function, invocation, name, waits=False)
        return {"StatusCode": 204}
    if kind == "Event":
        execution = await of.scope.transact(_queue, of, function, invocation, name)
        return {"StatusCode": 202, "DurableExecutionArn": execution}
    done = await starting.run(of.scope, function, invocation, name)
    answer: Answer = {
        "StatusCode": 200,
        "ExecutedVersion": function.version,
        "FunctionError": done.error or None,
        "Payload": done.payload,
        "DurableExecutionArn": done.durable or None,
    }
    if wants_log:
        answer["LogResult"] = b64encode(done.log).decode()
    return answer


async def _queue(of: Named, function: Function, invocation: Invocation, name: str | None) -> str | None:
    """Accept an event; in a transaction. Returns the ARN of the execution that begins, of a durable function."""
    starting.check(function, invocation, name, waits=False)
    if settings.is_durable(function):
        execution = await starting.start(of.scope, function, invocation, name, False)
        return place_of(of.scope, execution).arn
    await queueing.enqueue(of, invocation.request_id, invocation.payload, invocation.context)
    return None


@service.operation(transaction=False, **ON_QUALIFIED | {"action": "lambda:InvokeAsync"})
async def invoke_async(ctx: Context, request: Request) -> Answer:
    """The operation before Invoke had types: it queues the event."""
    of = named(ctx, request)
    payload = await payload_of(request.get("InvokeArgs"), limits.ASYNC_BYTES)
    function = await of.scope.transact(routed, of)
    await of.scope.transact(_queue, of, function, Invocation(ctx.request_id, payload, of.arn), None)
    return {"Status": 202}
