"""Invoking the function of a durable execution: with what it has saved so far, until it gives a result.

Between invocations an execution is only rows: no environment is held. An invocation that fails is repeated after a pause that grows, as
long as the execution may last. https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk-retries.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_.durable import lifecycle, starting, wire
from fogbank.services.lambda_.durable.ledger import Ledger, data, opened_by_task
from fogbank.services.lambda_.durable.pausing import paused
from fogbank.services.lambda_.durable.records import (
    DUE,
    FAILED,
    INVOKING,
    PAUSING,
    RUNNING,
    SUCCEEDED,
    Error,
    executions,
)
from fogbank.services.lambda_.durable.tokens import next_token
from fogbank.services.lambda_.invocation import running
from fogbank.services.lambda_.invocation.running import Done, Invocation
from fogbank.services.lambda_.records import Function, functions, key_of
from fogbank.services.lambda_.service import service

_LONGEST_PAUSE = 60.0


class _Begun(NamedTuple):
    function: Function
    invocation: Invocation
    at: float


@service.task(transaction=False)
async def drive_durable_execution(ctx: Context, payload: dict[str, Any]) -> None:
    begun = await ctx.transact(_begin, ctx, payload)
    if begun is None:
        return
    try:
        done = await running.run(ctx, begun.function, begun.invocation)
    except AWSError as error:
        await ctx.transact(_not_invoked, ctx, payload, begun, error)
        return
    await ctx.transact(_invoked, ctx, payload, begun, done)


async def _begin(ctx: Context, payload: dict[str, Any]) -> _Begun | None:
    """The invocation to make, None when its turn is over. One that was cut off by a crash is made again, as another one."""
    ledger = await opened_by_task(ctx, payload)
    if ledger is None or ledger.execution.turn != payload["turn"] or ledger.execution.phase not in (DUE, INVOKING):
        return None
    execution = ledger.execution
    function = await functions.get(ctx, execution.function, key_of(execution.version))
    if function is None:
        error = {"ErrorType": "ResourceNotFoundException", "ErrorMessage": f"Function not found: {execution.invoked}"}
        await lifecycle.end(ledger, FAILED, error=error)
        ledger.save()
        return None
    request_id, token = ctx.ids.uuid(), next_token(ctx, execution)
    envelope = await _envelope(ledger, token)
    ledger.change(
        phase=INVOKING, invocation=request_id, token=token, spent="", client_token="", answered=[], updated=[]
    )
    ledger.save()
    invocation = Invocation(request_id, orjson.dumps(envelope), execution.invoked, trace=execution.trace)
    return _Begun(function, invocation, ctx.now())


async def _envelope(ledger: Ledger, token: str) -> dict[str, Any]:
    """The event of an invocation, as the SDKs know it."""
    page = await wire.state(ledger.scope, ledger.execution.id)
    return {
        "DurableExecutionArn": ledger.place.arn,
        "CheckpointToken": token,
        "InitialExecutionState": {
            "Operations": [wire.described(each, wire.milliseconds) for each in page.operations],
            "NextMarker": wire.marker(page),
        },
        "UpdatedOperationIds": ledger.execution.updated,
    }


# -- what came of it


async def _own(ctx: Context, payload: dict[str, Any], begun: _Begun) -> Ledger | None:
    """The execution, if the invocation is still the one that it goes on with."""
    ledger = await opened_by_task(ctx, payload)
    if ledger is None or ledger.execution.invocation != begun.invocation.request_id:
        return None
    return ledger


async def _not_invoked(ctx: Context, payload: dict[str, Any], begun: _Begun, error: AWSError) -> None:
    ledger = await _own(ctx, payload, begun)
    if ledger is None:
        return
    if error.code != "TooManyRequestsException":
        _note(ledger, begun, {"ErrorType": error.code, "ErrorMessage": error.message})
    await _again(ledger)
    ledger.save()


async def _invoked(ctx: Context, payload: dict[str, Any], begun: _Begun, done: Done) -> None:
    ledger = await _own(ctx, payload, begun)
    if ledger is None:
        await _note_late(ctx, payload, begun, done)
        return
    _note(ledger, begun, starting.error_object(done.payload) if done.error else None)
    if done.error:
        await _again(ledger)
    else:
        ledger.change(failures=0)
        await _answered(ledger, done.payload)
    ledger.save()


def _note(ledger: Ledger, begun: _Begun, error: Error | None) -> None:
    details: dict[str, Any] = {
        "StartTimestamp": begun.at,
        "EndTimestamp": ledger.scope.now(),
        "RequestId": begun.invocation.request_id,
    }
    if error is not None:
        details["Error"] = data(error)
    ledger.note("InvocationCompleted", details)


async def _note_late(ctx: Context, payload: dict[str, Any], begun: _Begun, done: Done) -> None:
    """The execution has ended, or was paused, while the function was at work: only its history learns of it."""
    execution = await executions.get(ctx, payload["function"], payload["name"])
    if execution is not None and execution.id == payload["id"]:
        ledger = Ledger(ctx, execution)
        _note(ledger, begun, starting.error_object(done.payload) if done.error else None)
        ledger.save()


async def _again(ledger: Ledger) -> None:
    """The invocation has failed: another one after a while, or when the execution is resumed."""
    failures = ledger.execution.failures + 1
    ledger.rest()
    ledger.change(failures=failures)
    if ledger.execution.status == PAUSING:
        await paused(ledger, interrupted=True)
    else:
        await ledger.invoke(delay=min(2.0 ** (failures - 1), _LONGEST_PAUSE))


async def _answered(ledger: Ledger, payload: bytes) -> None:
    """What the function says of the execution: https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html"""
    answer = _parsed(payload)
    status = answer.get("Status")
    if status == SUCCEEDED:
        await lifecycle.end(ledger, SUCCEEDED, answer.get("Result"))
    elif status == FAILED:
        await lifecycle.end(ledger, FAILED, error=answer.get("Error") or {})
    elif status == "PENDING":
        await _suspended(ledger)
    else:
        error = {"ErrorMessage": "Invalid Status in invocation output."}
        await lifecycle.end(ledger, FAILED, error=error)


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


async def _suspended(ledger: Ledger) -> None:
    """The function waits for something: until then there is nothing to do, unless it has happened already."""
    ledger.rest()
    if ledger.execution.status == PAUSING:
        await paused(ledger, interrupted=False)
    elif ledger.execution.updated:
        await ledger.invoke()
    elif not ledger.execution.open:
        error = {"ErrorMessage": "Cannot return PENDING status with no pending operations."}
        await lifecycle.end(ledger, FAILED, error=error)
    else:
        assert ledger.execution.status == RUNNING
