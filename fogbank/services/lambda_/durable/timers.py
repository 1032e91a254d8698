"""What ends by the clock: waits, pauses before retries, callbacks that nobody completes, executions that take too long.

Each execution has one task at the time of its first timer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.lambda_.durable import lifecycle, records
from fogbank.services.lambda_.durable.ledger import Ledger, data, opened_by_task
from fogbank.services.lambda_.durable.records import (
    PENDING,
    READY,
    STARTED,
    SUCCEEDED,
    TIMED_OUT,
    Operation,
    Timer,
    micros,
)
from fogbank.services.lambda_.service import service


@service.task
async def tick_durable_execution(ctx: Context, payload: dict[str, Any]) -> None:
    ledger = await opened_by_task(ctx, payload)
    if ledger is None:
        return
    changed: list[Operation] = []
    # a microsecond gets lost on the way from seconds to microseconds and back
    for timer in await records.timers.scan(ctx, ledger.execution.id, until=(micros(ctx.now()) + 2,)):
        records.timers.delete(ctx, ledger.execution.id, micros(timer.due), timer.operation, timer.kind)
        if timer.kind == "execution":
            await _end_execution(ledger, timer)
        else:
            changed += await _ring(ledger, timer)
        if ledger.execution.is_over:
            break
    else:
        await ledger.wind()
        if changed:
            await ledger.wake(*changed)
    ledger.save()


async def _end_execution(ledger: Ledger, timer: Timer) -> None:
    """Unless a pause has put the end off: then there is another timer."""
    if ledger.execution.deadline <= timer.due:
        message = f"Execution timed out after {ledger.execution.config['ExecutionTimeout']} seconds"
        error = {"ErrorType": "Execution.TimedOut", "ErrorMessage": message}
        await lifecycle.end(ledger, TIMED_OUT, error=error)


async def _ring(ledger: Ledger, timer: Timer) -> list[Operation]:
    """The operation that has changed, if it has: it may have ended since the timer was set."""
    operation = await ledger.operation(timer.operation)
    if operation is None or operation.is_over:
        return []
    if timer.kind == "wait":
        ended = await ledger.end(operation, SUCCEEDED)
        ledger.note("WaitSucceeded", {"Duration": round(timer.due - operation.started)}, ended)
        return [ended]
    if timer.kind == "retry":
        return await _ready(ledger, operation, timer)
    return await _callback(ledger, operation, timer)


async def _ready(ledger: Ledger, step: Operation, timer: Timer) -> list[Operation]:
    if step.status != PENDING or step.due != timer.due:
        return []
    return [await ledger.put(msgspec.structs.replace(step, status=READY))]


async def _callback(ledger: Ledger, callback: Operation, timer: Timer) -> list[Operation]:
    if callback.status != STARTED:
        return []
    if timer.kind == "heartbeat":
        due = callback.heard + callback.heartbeat
        if due > timer.due:
            await ledger.set_timer(due, callback.id, "heartbeat")
            return []
        error = {"ErrorType": "Callback.Heartbeat", "ErrorMessage": "Callback timed out on heartbeat"}
    else:
        error = {"ErrorType": "Callback.Timeout", "ErrorMessage": "Callback timed out"}
    ended = await ledger.end(callback, TIMED_OUT, error=error)
    ledger.note("CallbackTimedOut", {"Error": data(error)}, ended)
    return [ended]
