"""Functions that a durable execution invokes: durable ones become executions of their own, others are invoked once.

https://docs.aws.amazon.com/lambda/latest/api/API_ChainedInvokeOptions.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_.durable import errors, limits, records, settings, starting
from fogbank.services.lambda_.durable.ledger import Ledger, data, opened_by_task, size_of
from fogbank.services.lambda_.durable.records import (
    CHAINED_INVOKE,
    FAILED,
    STOPPED,
    SUCCEEDED,
    TIMED_OUT,
    Error,
    Operation,
    Parent,
    place_of,
)
from fogbank.services.lambda_.invocation import running
from fogbank.services.lambda_.invocation.invocations import routed
from fogbank.services.lambda_.invocation.running import Invocation
from fogbank.services.lambda_.records import Function, Named, functions, key_of, named
from fogbank.services.lambda_.service import service

_LONGEST_PAUSE = 300.0
_KINDS = {
    SUCCEEDED: "ChainedInvokeSucceeded",
    FAILED: "ChainedInvokeFailed",
    TIMED_OUT: "ChainedInvokeTimedOut",
    STOPPED: "ChainedInvokeStopped",
}


async def start(ledger: Ledger, invoke: Operation, options: dict[str, Any], payload: str) -> None:
    """Have the function invoked, with the permissions of the execution's role. What may not be done fails at once."""
    details = {
        "FunctionName": options["FunctionName"],
        "TenantId": options.get("TenantId"),
        "Input": data(payload),
    }
    try:
        of, target = await _target(ledger, options["FunctionName"], payload)
    except AWSError as error:
        ledger.note("ChainedInvokeStarted", _present(details), invoke)
        await _settle(ledger, invoke, FAILED, error={"ErrorType": error.code, "ErrorMessage": error.message})
        return
    details["ExecutedVersion"] = target.version
    if settings.is_durable(target):
        details["DurableExecutionArn"] = await _child(ledger, invoke, options, of, target, payload)
    else:
        event = {**ledger.payload, "operation": invoke.id, "target": of.arn, "payload": payload, "pauses": 0}
        await ledger.scope.schedule("invoke_chained", {**event, "request": ledger.scope.ids.uuid()})
    ledger.note("ChainedInvokeStarted", _present(details), invoke)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


async def _target(ledger: Ledger, name: str, payload: str) -> tuple[Named, Function]:
    """Raises what Invoke would say to the execution's role."""
    scope, execution = ledger.scope, ledger.execution
    function = await functions.get(scope, execution.function, key_of(execution.version))
    assert function is not None  # it is at work
    of = named(scope, {"FunctionName": name})
    dry = {"FunctionName": of.arn, "InvocationType": "DryRun", "Payload": payload.encode()}
    await of.scope.call("lambda", "Invoke", dry, role=function.role)
    return of, await routed(of)


async def _child(
    ledger: Ledger, invoke: Operation, options: dict[str, Any], of: Named, target: Function, payload: str
) -> str:
    """Start an execution that tells this one of its end. Returns its ARN."""
    scope, execution = ledger.scope, ledger.execution
    parent = Parent(scope.account, scope.region, execution.function, execution.name, execution.id, invoke.id)
    trace = options.get("XAmznTraceId") or execution.trace
    invocation = Invocation(scope.ids.uuid(), payload.encode(), of.arn, trace=trace)
    child = await starting.start(of.scope, target, invocation, None, False, parent)
    return place_of(of.scope, child).arn


async def _settle(
    ledger: Ledger, invoke: Operation, status: str, result: str | None = None, error: Error | None = None
) -> None:
    if status == SUCCEEDED and size_of(result) > limits.PAYLOAD_BYTES:
        refused = errors.too_large(f"{CHAINED_INVOKE} output", limits.PAYLOAD_BYTES)
        status, result, error = FAILED, None, {"ErrorMessage": refused.message}
    ended = await ledger.end(invoke, status, result=result, error=error)
    ledger.change(written=ledger.execution.written + size_of(result, error))
    outcome = {"Result": data(result)} if status == SUCCEEDED else {"Error": data(error)}
    ledger.note(_KINDS[status], outcome, ended)


async def _settled_later(
    ctx: Context, payload: dict[str, Any], status: str, result: str | None = None, error: Error | None = None
) -> None:
    """The invoked function is done: the execution goes on."""
    ledger = await opened_by_task(ctx, payload)
    invoke = None if ledger is None else await ledger.operation(payload["operation"])
    if ledger is None or invoke is None or invoke.is_over:
        return
    await _settle(ledger, invoke, status, result, error)
    await ledger.wake(invoke)
    ledger.save()


@service.task
async def settle_chained_execution(ctx: Context, payload: dict[str, Any]) -> None:
    """An execution is over that another one has started."""
    child = await records.executions.get(ctx, payload["function"], payload["name"])
    outcome = await records.outcomes.get(ctx, payload["id"])
    if child is None or child.parent is None or outcome is None or child.id != payload["id"]:
        return
    parent = child.parent
    about = {"function": parent.function, "name": parent.name, "id": parent.id, "operation": parent.operation}
    scope = ctx.at(account=parent.account, region=parent.region)
    await _settled_later(scope, about, child.status, outcome.result, outcome.error)


@service.task(transaction=False)
async def invoke_chained(ctx: Context, payload: dict[str, Any]) -> None:
    """Invoke a function that is not durable, for an execution that waits for it."""
    of = named(ctx, {"FunctionName": payload["target"]})
    try:
        function = await of.scope.transact(routed, of)
        invocation = Invocation(payload["request"], payload["payload"].encode(), of.arn)
        done = await running.run(of.scope, function, invocation)
    except AWSError as error:
        await ctx.transact(_not_invoked, ctx, payload, error)
        return
    if not done.error:
        result = done.payload.decode("utf-8", "replace")
        await ctx.transact(_settled_later, ctx, payload, SUCCEEDED, result)
        return
    failure = starting.error_object(done.payload)
    status = TIMED_OUT if failure.get("ErrorType") == "Sandbox.Timedout" else FAILED
    await ctx.transact(_settled_later, ctx, payload, status, None, failure)


async def _not_invoked(ctx: Context, payload: dict[str, Any], error: AWSError) -> None:
    if error.code == "TooManyRequestsException":
        pause = min(2.0 ** payload["pauses"], _LONGEST_PAUSE)
        await ctx.schedule("invoke_chained", {**payload, "pauses": payload["pauses"] + 1}, delay=pause)
        return
    failure = {"ErrorType": error.code, "ErrorMessage": error.message}
    await _settled_later(ctx, payload, FAILED, None, failure)
