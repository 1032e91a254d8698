"""Map Runs under way: reading their items, starting children, adding up how these end, and what becomes of it.

Children of the type STANDARD are executions in the store like any other; those of the type EXPRESS are run in memory, by a task each.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.stepfunctions import arns, durable, executions, map_reading, map_writing, mishaps
from fogbank.services.stepfunctions.durable import DurableRun
from fogbank.services.stepfunctions.executions import Start
from fogbank.services.stepfunctions.executions_store import Child, Execution
from fogbank.services.stepfunctions.executions_store import executions as kept
from fogbank.services.stepfunctions.express import run_in_memory
from fogbank.services.stepfunctions.interpreter import distributed, flow, forks
from fogbank.services.stepfunctions.interpreter.distributed import Plan
from fogbank.services.stepfunctions.interpreter.frame import Frame
from fogbank.services.stepfunctions.interpreter.run import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT
from fogbank.services.stepfunctions.interpreter.strand import Outcome, Strand
from fogbank.services.stepfunctions.language.failure import DATA_LIMIT, Failure
from fogbank.services.stepfunctions.language.paths import text_of
from fogbank.services.stepfunctions.map_records import (
    Counts,
    Input,
    MapRun,
    Result,
    arn_of,
    map_inputs,
    map_results,
    map_runs,
    runs_of,
)
from fogbank.services.stepfunctions.records import machines, revision_of
from fogbank.services.stepfunctions.service import service

Payload = dict[str, Any]
Inputs = list[tuple[Any, int]]

_CHILDREN_AT_ONCE = 100
_CONCURRENCY = 10000
COUNTED = {SUCCEEDED: "succeeded", FAILED: "failed", TIMED_OUT: "timed_out", ABORTED: "aborted"}
_EXCEEDED = "The specified tolerated failure threshold was exceeded"


def keep(ctx: Context, run: MapRun, **changes: Any) -> MapRun:
    run = msgspec.structs.replace(run, **changes)
    map_runs.put(ctx, run, *run.place)
    return run


# -- the beginning


async def begin(under_way: DurableRun, strand: Strand, plan: Plan, inputs: Inputs | None) -> None:
    """Begin a Map Run for a strand, whose children's inputs are known, or have to be read."""
    ctx, execution = under_way.ctx, under_way.execution
    run = MapRun(
        ctx.ids.uuid(),
        plan.label,
        execution.machine,
        execution.name,
        strand.number,
        strand.attempt,
        [*strand.path, strand.state, ""],
        ctx.now(),
        plan.concurrency,
        plan.count,
        plan.percentage,
        plan.express,
        plan.writer,
    )
    strand.map_run = arn_of(ctx, run)
    under_way.event(strand, "MapRunStarted", {"mapRunArn": strand.map_run})
    runs_of.put(ctx, list(run.place), execution.key, -int(run.started * 1e6), run.id)
    if inputs is None:
        keep(ctx, run)
        await ctx.schedule("read_items", {"run": list(run.place)})
    else:
        await _fill(ctx, run, inputs)


async def _fill(ctx: Context, run: MapRun, inputs: Inputs) -> None:
    """The inputs are known: children are started by a task, since what they do to the parent's strand is another step of it."""
    for place, (value, items) in enumerate(inputs):
        map_inputs.put(ctx, Input(value, items), run.id, place)
    keep(ctx, run, items=Counts(sum(items for _, items in inputs)), executions=Counts(len(inputs)))
    await ctx.schedule("start_children", {"run": list(run.place)})


def _signal(run: MapRun) -> Payload:
    return {"machine": run.machine, "name": run.name, "number": run.number, "attempt": run.attempt}


@service.task(transaction=False)
async def read_items(ctx: Context, payload: Payload) -> None:
    """Read what the children are to be given, out of S3."""
    found = await ctx.transact(_to_read, ctx, payload)
    if found is None:
        return
    run, execution, plan = found
    assert plan.reader is not None
    try:
        with mishaps.as_failures(f"{execution.key}: ItemReader"):
            items = await map_reading.read(ctx, durable.caller_of(ctx, execution), plan.reader)
    except Failure as failure:
        await ctx.transact(_fail, ctx, run, failure)
        return

    async def fill(frame: Frame) -> None:
        await _fill(ctx, run, distributed.batched(plan, distributed.selected(frame, items)))

    await ctx.transact(
        durable.signalled, ctx, _signal(run), lambda under_way, strand: flow.step(Frame(under_way, strand), fill)
    )


async def _to_read(ctx: Context, payload: Payload) -> tuple[MapRun, Execution, Plan] | None:
    run = await map_runs.get(ctx, *payload["run"])
    under_way = None if run is None else await durable.open_run(ctx, run.machine, run.name)
    strand = None if under_way is None or run is None else await under_way.strand(run.number)
    if run is None or under_way is None or strand is None or strand.attempt != run.attempt:
        return None
    return run, under_way.execution, distributed.plan(Frame(under_way, strand))


# -- children


async def _proceed(ctx: Context, run: MapRun) -> None:
    """Start more children, or end the run."""
    if run.status != RUNNING:
        return
    counts = run.executions
    done = counts.succeeded + counts.failed + counts.timed_out + counts.aborted
    if _exceeds(run):
        await _fail(ctx, run, Failure("States.ExceedToleratedFailureThreshold", _EXCEEDED))
    elif done >= counts.total:
        await _complete(ctx, run)
    else:
        await _start_more(ctx, run)


def _exceeds(run: MapRun) -> bool:
    """Have more items failed than the state tolerates?"""
    items = run.items
    failed = items.failed + items.timed_out + items.aborted
    if run.count is None and run.percentage is None:
        return failed > 0
    too_many = run.count is not None and failed > run.count
    return too_many or (run.percentage is not None and failed * 100 > run.percentage * items.total)


async def _start_more(ctx: Context, run: MapRun) -> None:
    limit = min(run.concurrency or _CONCURRENCY, _CONCURRENCY)
    room = min(limit - run.executions.running, run.executions.total - run.begun)
    started, items = min(room, _CHILDREN_AT_ONCE), 0
    parent = await kept.get(ctx, run.machine, run.name)
    for place in range(run.begun, run.begun + started):
        given = await map_inputs.get(ctx, run.id, place)
        assert given is not None and parent is not None
        items += given.items
        await _start(ctx, run, parent, place, given)
    run = keep(
        ctx,
        run,
        begun=run.begun + started,
        executions=added(run.executions, running=started),
        items=added(run.items, running=items),
    )
    if room > started:
        await ctx.schedule("start_children", {"run": list(run.place)})


def added(counts: Counts, **more: int) -> Counts:
    return msgspec.structs.replace(counts, **{name: getattr(counts, name) + number for name, number in more.items()})


async def _start(ctx: Context, run: MapRun, parent: Execution, place: int, given: Input) -> None:
    name, text = ctx.ids.uuid(), text_of(given.value)
    if run.express:
        await ctx.schedule("run_child", {"run": list(run.place), "place": place, "name": name})
        return
    start = await _start_of(ctx, parent)
    if start is not None:
        child = Child(arn_of(ctx, run), run.path, place, {}, None, given.items)
        await executions.begin(ctx, start, name, text, label=run.label, child=child)


async def _start_of(ctx: Context, parent: Execution) -> Start | None:
    machine = await machines.get(ctx, parent.machine_name)
    if machine is None:
        return None
    return Start(machine, await revision_of(ctx, machine.name, parent.revision), parent.version, parent.alias)


@service.task
async def start_children(ctx: Context, payload: Payload) -> None:
    run = await map_runs.get(ctx, *payload["run"])
    if run is not None:
        await _proceed(ctx, run)


@service.task(transaction=False)
async def run_child(ctx: Context, payload: Payload) -> None:
    """Run an Express child from its beginning to its end."""
    found = await ctx.transact(_child_to_run, ctx, payload)
    if found is None:
        return
    run, start, given = found
    name, label, text = payload["name"], f"{start.machine.name}/{run.label}", text_of(given.value)
    began = ctx.now()
    _, outcome = await run_in_memory(ctx, start, name, text, ctx.ids.uuid(), run.path)
    result = Result(
        name,
        arns.own(ctx, arns.EXPRESS, f"{label}:{name}"),
        outcome.status,
        given.items,
        text,
        outcome.output,
        outcome.error,
        outcome.cause,
        began,
        ctx.now(),
    )
    await ctx.transact(_ended, ctx, list(run.place), payload["place"], result)


async def _child_to_run(ctx: Context, payload: Payload) -> tuple[MapRun, Start, Input] | None:
    run = await map_runs.get(ctx, *payload["run"])
    parent = None if run is None else await kept.get(ctx, run.machine, run.name)
    start = None if parent is None else await _start_of(ctx, parent)
    given = None if run is None else await map_inputs.get(ctx, run.id, payload["place"])
    if run is None or run.status != RUNNING or start is None or given is None:
        return None
    return run, start, given


@service.task
async def child_ended(ctx: Context, payload: Payload) -> None:
    """A child of the type STANDARD is at its end."""
    execution = await kept.get(ctx, payload["machine"], payload["name"])
    if execution is None or execution.child is None:
        return
    result = Result(
        execution.name,
        arns.execution(ctx, execution.machine, execution.name),
        execution.status,
        execution.child.items,
        execution.input,
        execution.output,
        execution.error,
        execution.cause,
        execution.started,
        execution.stopped,
    )
    place = arns.parse(execution.child.run, arns.MAP_RUN)
    await _ended(ctx, [place.name, place.qualifier], execution.child.place, result)


async def _ended(ctx: Context, place: list[str], number: int, result: Result) -> None:
    run = await map_runs.get(ctx, *place)
    if run is None or await map_results.get(ctx, run.id, number) is not None:
        return
    map_results.put(ctx, result, run.id, number)
    how = COUNTED[result.status]
    run = keep(
        ctx,
        run,
        executions=added(run.executions, running=-1, **{how: 1}),
        items=added(run.items, running=-result.items, **{how: result.items}),
    )
    await _proceed(ctx, run)


# -- the end


async def _complete(ctx: Context, run: MapRun) -> None:
    if run.writer is not None and run.writer.get("Bucket"):
        await ctx.schedule("write_results", {"run": list(run.place)})
        return
    results = map_writing.gathered(run, await map_results.scan(ctx, run.id))
    if len(text_of(results)) > executions.limits.PAYLOAD_BYTES:
        cause = "The result of the Map Run exceeds the maximum number of bytes service limit."
        await _fail(ctx, run, Failure(DATA_LIMIT, cause))
        return
    await _succeed(ctx, run, results)


@service.task(transaction=False)
async def write_results(ctx: Context, payload: Payload) -> None:
    """Bring the results to where the state wants them."""

    async def found() -> tuple[MapRun, Execution, list[Result]] | None:
        run = await map_runs.get(ctx, *payload["run"])
        execution = None if run is None else await kept.get(ctx, run.machine, run.name)
        if run is None or execution is None or run.status != RUNNING:
            return None
        return run, execution, await map_results.scan(ctx, run.id)

    known = await ctx.transact(found)
    if known is None:
        return
    run, execution, results = known
    try:
        with mishaps.as_failures(f"{execution.key}: ResultWriter"):
            result = await map_writing.write(ctx, durable.caller_of(ctx, execution), run, results)
    except Failure as failure:
        await ctx.transact(_fail, ctx, run, failure)
    else:
        await ctx.transact(_succeed, ctx, run, result)


async def _succeed(ctx: Context, run: MapRun, result: Any) -> None:
    written = {"written": run.items.total} if run.writer is not None else {}
    children = {"written": run.executions.total} if run.writer is not None else {}
    run = keep(
        ctx,
        run,
        status=SUCCEEDED,
        stopped=ctx.now(),
        items=added(run.items, **written),
        executions=added(run.executions, **children),
    )

    async def told(under_way: DurableRun, strand: Strand) -> None:
        await flow.step(Frame(under_way, strand), lambda frame: forks.map_run_ended(frame, result))

    await durable.signalled(ctx, _signal(run), told)


async def _fail(ctx: Context, run: MapRun, failure: Failure) -> None:
    run = keep(ctx, run, status=FAILED, stopped=ctx.now())
    await ctx.schedule("stop_children", {"run": list(run.place)})

    async def told(under_way: DurableRun, strand: Strand) -> None:
        async def failed(frame: Frame) -> None:
            details = {"error": failure.error, "cause": failure.cause}
            under_way.event(strand, "MapRunFailed", details, advances=False)
            under_way.event(strand, "MapStateFailed", advances=False)
            raise failure

        await flow.step(Frame(under_way, strand), failed)

    await durable.signalled(ctx, _signal(run), told)


@service.task
async def abort_map_runs(ctx: Context, payload: Payload) -> None:
    """An execution has ended before its Map Runs have."""
    for place in await runs_of.scan(ctx, payload["key"]):
        run = await map_runs.get(ctx, *place)
        if run is not None and run.status == RUNNING:
            run = keep(ctx, run, status=ABORTED, stopped=ctx.now())
            await ctx.schedule("stop_children", {"run": list(run.place)})


@service.task
async def stop_children(ctx: Context, payload: Payload) -> None:
    """Children that are still on their way stop, so many at a time."""
    run = await map_runs.get(ctx, *payload["run"])
    if run is None or run.express:
        return
    stopped = 0
    for (_, name), _ in await executions.started.items(ctx, (int, str), run.place[0]):
        execution = await kept.get(ctx, run.place[0], str(name))
        if execution is None or execution.status != RUNNING or execution.child is None:
            continue
        if execution.child.run == arn_of(ctx, run):
            await executions.stop(ctx, execution, Outcome(ABORTED))
            stopped += 1
        if stopped == _CHILDREN_AT_ONCE:
            await ctx.schedule("stop_children", payload)
            return
