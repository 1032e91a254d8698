"""Invoke, InvokeAsync. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

import random
from base64 import b64encode

import orjson

from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.lambda_ import errors, limits, queueing
from fogbank.services.lambda_.records import (
    ON_QUALIFIED,
    Answer,
    Function,
    Named,
    Request,
    aliases,
    find,
    functions,
    key_of,
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


async def payload_of(body: bytes | str | Payload | None, most: int) -> bytes:
    """The event, which is JSON. Raises RequestTooLargeException, InvalidRequestContentException."""
    if isinstance(body, Payload):
        body = await body.read()
    data = body.encode() if isinstance(body, str) else body or b"{}"
    if len(data) > most:
        raise errors.request_too_large(most)
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise errors.not_json(str(error)) from error
    return data


async def routed(of: Named) -> Function:
    """The version that an invocation goes to: of an alias with weights one by chance."""
    if not of.qualifier or of.qualifier.isdecimal():
        return await find(of)
    alias = await aliases.get(of.scope, of.name, of.qualifier)
    if alias is None or not alias.weights:
        return await find(of)
    chance = random.random()
    for version, weight in alias.weights.items():
        if chance < weight:
            function = await functions.get(of.scope, of.name, key_of(version))
            if function is not None:
                return function
        chance -= weight
    return await find(of)
