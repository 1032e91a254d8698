"""The end of an execution, and what it means for others; and later, that it is forgotten."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Collection, Context
from fogbank.services.stepfunctions import arns, limits, observing
from fogbank.services.stepfunctions.describing import described
from fogbank.services.stepfunctions.executions_store import (
    Execution,
    executions,
    history,
    keep,
    place_in_list,
    progress,
    started,
    strands,
    values,
    waiters,
)
from fogbank.services.stepfunctions.interpreter.run import RUNNING
from fogbank.services.stepfunctions.interpreter.strand import Outcome
from fogbank.services.stepfunctions.map_records import map_inputs, map_results, map_runs, runs_of
from fogbank.services.stepfunctions.service import service

_PAGE = 500


async def end(ctx: Context, execution: Execution, outcome: Outcome) -> Execution:
    """Keep how an execution ended, and tell whoever waits for it."""
    ended = keep(
        ctx,
        execution,
        status=outcome.status,
        stopped=ctx.now(),
        output=outcome.output,
        error=outcome.error,
        cause=outcome.cause,
    )
    await ctx.unschedule("time_out", ended.key)
    await ctx.schedule(
        "forget", {"machine": ended.machine, "name": ended.name}, delay=limits.KEPT_SECONDS, key=ended.key
    )
    observing.note_ended(ctx, ended.machine_name, ended.status, ended.stopped - (ended.redriven or ended.started))
    await observing.tell(ctx, ended)
    await _tell_waiters(ctx, ended)
    if await runs_of.count(ctx, ended.key, limit=1):
        await ctx.schedule("abort_map_runs", {"key": ended.key})
    if ended.child is not None:
        await ctx.schedule("child_ended", {"machine": ended.machine, "name": ended.name, "redrives": ended.redrives})
    return ended


async def _tell_waiters(ctx: Context, ended: Execution) -> None:
    arn = arns.execution(ctx, ended.machine, ended.name)
    for waiter in await waiters.get(ctx, arn) or ():
        signal = {"machine": waiter.machine, "name": waiter.name, "number": waiter.number, "attempt": waiter.attempt}
        place = {"account": waiter.account, "region": waiter.region}
        await ctx.schedule("nested_ended", {**signal, **place, "described": _for_waiter(ctx, ended)})
    waiters.delete(ctx, arn)


_TOLD = (
    *("executionArn", "input", "inputDetails", "name", "output", "outputDetails", "startDate", "stateMachineArn"),
    *("status", "stopDate", "error", "cause", "redriveCount", "redriveStatus", "redriveStatusReason"),
)


def _for_waiter(ctx: Context, ended: Execution) -> dict[str, Any]:
    found = described(ctx, ended)
    return {name: found[name] for name in _TOLD if found.get(name) is not None}


@service.task
async def forget(ctx: Context, payload: dict[str, Any]) -> None:
    """After 90 days an execution is no more; its history goes page by page."""
    execution = await executions.get(ctx, payload["machine"], payload["name"])
    if execution is None or execution.status == RUNNING:
        return
    for number, _ in await history.items(ctx, (int,), execution.key, limit=_PAGE):
        history.delete(ctx, execution.key, *number)
    if await history.count(ctx, execution.key, limit=_PAGE + 1) > _PAGE:
        await ctx.schedule("forget", payload)
        return
    await _drop(ctx, strands, (int,), execution.key)
    await _drop(ctx, values, (int, str, int), execution.key)
    await _forget_map_runs(ctx, execution)
    progress.delete(ctx, execution.key)
    started.delete(ctx, *place_in_list(execution))
    executions.delete(ctx, execution.machine, execution.name)


async def _forget_map_runs(ctx: Context, execution: Execution) -> None:
    for place in await runs_of.scan(ctx, execution.key):
        await _drop(ctx, map_inputs, (int,), place[1])
        await _drop(ctx, map_results, (int,), place[1])
        map_runs.delete(ctx, *place)
    await _drop(ctx, runs_of, (int, str), execution.key)


async def _drop(ctx: Context, collection: Collection[Any], types: tuple[type, ...], key: str) -> None:
    for place, _ in await collection.items(ctx, types, key):
        collection.delete(ctx, key, *place)
