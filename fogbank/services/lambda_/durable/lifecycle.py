"""How a durable execution begins and ends."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import limits, records, telling
from fogbank.services.lambda_.durable.ledger import Ledger, data, size_of
from fogbank.services.lambda_.durable.records import (
    EXECUTION,
    FAILED,
    OVER,
    STARTED,
    STOPPED,
    SUCCEEDED,
    TIMED_OUT,
    Error,
    Execution,
    Operation,
    Outcome,
    micros,
)
from fogbank.services.lambda_.invocation import destinations
from fogbank.services.lambda_.records import functions, key_of
from fogbank.services.lambda_.service import service

_DAY = 86_400.0
_REMOVED_AT_ONCE = 100
_ENDINGS = {
    SUCCEEDED: "ExecutionSucceeded",
    FAILED: "ExecutionFailed",
    TIMED_OUT: "ExecutionTimedOut",
    STOPPED: "ExecutionStopped",
}


async def begin(scope: Context, execution: Execution, payload: str) -> Ledger:
    """Write a new execution and have its function invoked; in a transaction."""
    ledger = Ledger(scope, execution)
    first = Operation(execution.id, EXECUTION, STARTED, execution.started, input=payload)
    records.operations.put(scope, first, execution.id, 0)
    records.numbers.put(scope, 0, execution.id, execution.id)
    records.started.put(scope, execution.name, execution.function, micros(execution.started), execution.name)
    records.running.put(scope, 1, execution.function, execution.name)
    details = {"Input": data(payload), "ExecutionTimeout": execution.config["ExecutionTimeout"]}
    ledger.change(written=size_of(payload))
    ledger.note("ExecutionStarted", details, _itself(execution))
    await ledger.set_timer(execution.deadline, "", "execution")
    await ledger.invoke()
    ledger.save()
    await telling.status_changed(scope, ledger.execution)
    await telling.began(scope, ledger.execution)
    return ledger


def _itself(execution: Execution) -> Operation:
    """The execution as its history calls it."""
    return Operation(execution.id, EXECUTION, STARTED, execution.started, name=execution.name)


async def end(ledger: Ledger, status: str, result: str | None = None, error: Error | None = None) -> None:
    """The execution is over. Who calls it saves the ledger."""
    scope, execution = ledger.scope, ledger.execution
    most = limits.SYNC_PAYLOAD_BYTES if execution.waits else limits.PAYLOAD_BYTES
    if status == SUCCEEDED and size_of(result) > most:
        message = f"Execution output payload size must be less than or equal to {most} bytes."
        status, result, error = FAILED, None, {"ErrorMessage": message}
    ledger.rest()
    ledger.change(status=status, ended=scope.now(), pause=None, written=execution.written + size_of(result, error))
    records.outcomes.put(scope, Outcome(result, error), execution.id)
    details = {"Result": data(result)} if status == SUCCEEDED else {"Error": data(error)}
    ledger.note(_ENDINGS[status], details, _itself(execution))
    records.running.delete(scope, execution.function, execution.name)
    await scope.unschedule("tick_durable_execution", execution.id)
    retention = execution.config["RetentionPeriodInDays"] * _DAY
    await scope.schedule("forget_durable_execution", ledger.payload, delay=retention, key=execution.id)
    scope.notify(*topic(execution))
    await _tell(ledger)


async def _tell(ledger: Ledger) -> None:
    scope, execution = ledger.scope, ledger.execution
    if execution.parent is not None:
        await scope.schedule("settle_chained_execution", ledger.payload)
    elif execution.status != SUCCEEDED and not execution.waits:
        await scope.schedule("bury_durable_execution", ledger.payload)
    await telling.status_changed(scope, execution)
    await telling.ended(scope, execution)


def topic(execution: Execution) -> tuple[str, ...]:
    """Is notified when the execution ends."""
    return "lambda-durable", execution.id


@service.task
async def bury_durable_execution(ctx: Context, payload: dict[str, Any]) -> None:
    """An execution that nobody waited for has failed: the dead-letter queue of its function gets its input."""
    execution = await records.executions.get(ctx, payload["function"], payload["name"])
    function = await functions.get(ctx, payload["function"], key_of(execution.version)) if execution else None
    target = ((function.config.get("DeadLetterConfig") or {}) if function else {}).get("TargetArn")
    if execution is None or function is None or not target or execution.id != payload["id"]:
        return
    first = await records.operations.get(ctx, execution.id, 0)
    outcome = await records.outcomes.get(ctx, execution.id)
    if first is not None and outcome is not None:
        message = (outcome.error or {}).get("ErrorMessage") or ""
        event = (first.input or "").encode()
        await destinations.bury(ctx, function, target, execution.request_id, event, message)


# -- forgetting


@service.task
async def forget_durable_execution(ctx: Context, payload: dict[str, Any]) -> None:
    """Remove an execution and its data, so much at once."""
    execution = await records.executions.get(ctx, payload["function"], payload["name"])
    if execution is None or execution.id != payload["id"] or execution.status not in OVER:
        return
    if await _remove_some(ctx, execution):
        await ctx.schedule("forget_durable_execution", payload, key=execution.id)
        return
    records.outcomes.delete(ctx, execution.id)
    records.started.delete(ctx, execution.function, micros(execution.started), execution.name)
    records.executions.delete(ctx, execution.function, execution.name)


async def _remove_some(ctx: Context, execution: Execution) -> bool:
    """Is there more to remove?"""
    kinds: tuple[tuple[Any, tuple[type, ...]], ...] = (
        (records.operations, (int,)),
        (records.events, (int,)),
        (records.numbers, (str,)),
        (records.timers, (int, str, str)),
    )
    for rows, types in kinds:
        found = await rows.items(ctx, types, execution.id, limit=_REMOVED_AT_ONCE)
        for key, _ in found:
            rows.delete(ctx, execution.id, *key)
        if len(found) == _REMOVED_AT_ONCE:
            return True
    return False
