"""Executions: StartExecution, StopExecution, RedriveExecution."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.stepfunctions import arns, describing, durable, errors, limits, observing, traces
from fogbank.services.stepfunctions.arns import Arn
from fogbank.services.stepfunctions.executions_store import (
    Child,
    Execution,
    Progress,
    Value,
    execution_arn,
    executions,
    find_execution,
    keep,
    place_in_list,
    progress,
    started,
    strands,
)
from fogbank.services.stepfunctions.interpreter.run import ABORTED, RUNNING
from fogbank.services.stepfunctions.interpreter.strand import FORKED, READY, Outcome, Strand
from fogbank.services.stepfunctions.language import definition
from fogbank.services.stepfunctions.records import (
    EXPRESS,
    Machine,
    Revision,
    aliases,
    find_machine,
    find_version,
    given,
    machine_arn,
    revision_of,
)
from fogbank.services.stepfunctions.service import service

Request = dict[str, Any]


class Start(msgspec.Struct, frozen=True):
    """What is to be executed: a state machine, or what a version or an alias of it stands for."""

    machine: Machine
    revision: Revision
    version: int = 0
    alias: str = ""


async def start_of(ctx: Context, arn: Arn) -> Start:
    """Raises StateMachineDoesNotExist."""
    machine = await find_machine(ctx, arn)
    version, alias = 0, ""
    if arn.is_version:
        version = int(arn.qualifier)
    elif arn.qualifier:
        found = await aliases.get(ctx, machine.name, arn.qualifier)
        if found is None:
            raise errors.no_machine(arn.text)
        version, alias = _routed(ctx, found.routing), found.name
    if not version:
        return Start(machine, await revision_of(ctx, machine.name, machine.revision))
    published = await find_version(ctx, arns.parse(f"{arn.unqualified}:{version}", arns.MACHINE))
    return Start(machine, await revision_of(ctx, machine.name, published.revision), version, alias)


def _routed(ctx: Context, routing: list[tuple[int, int]]) -> int:
    """A version, by chance as the weights say."""
    drawn = ctx.ids.random.random() * 100
    for number, weight in routing:
        drawn -= weight
        if drawn < 0:
            return number
    return routing[-1][0]


def checked_input(request: Request) -> str:
    """The input as JSON text. Raises InvalidExecutionInput."""
    text = request.get("input")
    if text is None:
        return "{}"
    if len(text.encode()) > limits.PAYLOAD_BYTES:
        raise errors.invalid_input("Input is too long")
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise errors.invalid_input(str(error)) from None
    return str(text)


@service.operation(resource=given)
async def start_execution(ctx: Context, request: Request) -> Request:
    """With the name and input of one that is under way it is answered again as it was then. API_StartExecution."""
    text = checked_input(request)
    start = await start_of(ctx, machine_arn(request["stateMachineArn"]))
    name = request.get("name") or ctx.ids.uuid()
    arns.check_name(name)
    trace = request.get("traceHeader") or ctx.trace
    if start.machine.type == EXPRESS:
        return await _start_express(ctx, start, name, text, trace)
    known = await executions.get(ctx, start.machine.name, name)
    if known is None:
        known = await begin(ctx, start, name, text, trace)
    elif known.status != RUNNING or known.input != text:
        raise errors.execution_exists(arns.execution(ctx, known.machine, name))
    return {"executionArn": arns.execution(ctx, known.machine, name), "startDate": known.started}


async def _start_express(ctx: Context, start: Start, name: str, text: str, trace: str) -> Request:
    """It is run by a task, at least once."""
    run_id = ctx.ids.uuid()
    payload = {
        "machine": start.machine.name,
        "revision": start.revision.id,
        "name": name,
        "id": run_id,
        "input": text,
        "started": ctx.now(),
        "trace": trace,
    }
    await ctx.schedule("run_express", payload)
    arn = arns.own(ctx, arns.EXPRESS, f"{start.machine.name}:{name}:{run_id}")
    return {"executionArn": arn, "startDate": payload["started"]}


async def begin(
    ctx: Context, start: Start, name: str, text: str, trace: str = "", label: str = "", child: Child | None = None
) -> Execution:
    """A new execution, which goes on in a task. `child` says what it is to a Map Run, `label` is that of the Map."""
    machine = f"{start.machine.name}/{label}" if label else start.machine.name
    execution = Execution(
        machine,
        name,
        start.revision.id,
        start.revision.role,
        ctx.now(),
        text,
        version=start.version,
        alias=start.alias,
        trace=traces.header_of(ctx, trace, start.revision.tracing),
        child=child,
    )
    keep(ctx, execution)
    started.put(ctx, Value(None), *place_in_list(execution))
    await _first_steps(ctx, execution, start.revision)
    observing.note_started(ctx, execution.machine_name)
    await observing.tell(ctx, execution)
    return execution


async def _first_steps(ctx: Context, execution: Execution, revision: Revision) -> None:
    read, child = definition.read(revision.definition), execution.child
    path = [] if child is None else child.path
    strand = Strand(
        0,
        path=path,
        state=read.machine(tuple(path))["StartAt"],
        input=orjson.loads(execution.input),
        variables={} if child is None else child.variables,
        item=None if child is None else child.item,
    )
    strands.put(ctx, strand, execution.key, 0)
    run = await durable.open_run(ctx, execution.machine, execution.name)
    assert run is not None
    run.events, run.count = 1, 1
    details = {
        "input": execution.input,
        "inputDetails": {"truncated": False},
        "roleArn": execution.role,
        "stateMachineVersionArn": observing.version_arn(ctx, execution),
        "stateMachineAliasArn": observing.alias_arn(ctx, execution),
    }
    run.write(1, 0, "ExecutionStarted", {key: value for key, value in details.items() if value is not None})
    run.ready.append(0)
    await run.save()
    longest = durable.longest(read) if child is None else limits.YEAR_SECONDS
    payload = {"machine": execution.machine, "name": execution.name}
    await ctx.schedule("time_out", payload, delay=longest, key=execution.key)


# -- stopping


@service.operation(resource=given)
async def stop_execution(ctx: Context, request: Request) -> Request:
    """One that has ended already stays as it is. API_StopExecution."""
    execution = await find_execution(ctx, request["executionArn"])
    if execution.status == RUNNING:
        outcome = Outcome(ABORTED, error=request.get("error"), cause=request.get("cause"))
        execution = await stop(ctx, execution, outcome)
    return {"stopDate": execution.stopped}


async def stop(ctx: Context, execution: Execution, outcome: Outcome) -> Execution:
    run = await durable.open_run(ctx, execution.machine, execution.name)
    assert run is not None
    await durable.finish(run, outcome)
    return run.execution


@service.task
async def stop_executions(ctx: Context, payload: Request) -> None:
    """The state machine is gone: its executions stop, page by page."""
    rows = await started.items(ctx, (int, str), payload["machine"], limit=_PAGE, after=payload.get("after"))
    for (moment, name), _ in rows:
        execution = await executions.get(ctx, payload["machine"], str(name))
        if execution is not None and execution.status == RUNNING and -int(moment) / 1e6 <= payload["before"]:
            await stop(ctx, execution, Outcome(ABORTED))
    if len(rows) == _PAGE:
        await ctx.schedule("stop_executions", {**payload, "after": list(rows[-1][0])})


_PAGE = 50


@service.task
async def stop_nested(ctx: Context, payload: Request) -> None:
    """Nobody waits any more for an execution that a state has started."""
    arn = execution_arn(payload["arn"])
    scope = arns.scope(ctx, arn)
    execution = await executions.get(scope, arn.name, arn.qualifier)
    if execution is not None and execution.status == RUNNING:
        await stop(scope, execution, Outcome(ABORTED))


@service.task
async def abandon(ctx: Context, payload: Request) -> None:
    """An execution has ended without success: what its states have started, and waited for, stops."""
    for strand in await strands.scan(ctx, payload["key"]):
        if strand.nested:
            await ctx.schedule("stop_nested", {"arn": strand.nested})


# -- redriving


@service.operation(resource=given)
async def redrive_execution(ctx: Context, request: Request) -> Request:
    """The execution goes on where it failed. API_RedriveExecution."""
    execution = await find_execution(ctx, request["executionArn"])
    done = await progress.get(ctx, execution.key) or Progress()
    reason = describing.redrivable(ctx, execution, done.events)
    if reason["redriveStatus"] != "REDRIVABLE":
        raise errors.not_redrivable(
            request["executionArn"], reason.get("redriveStatusReason") or reason["redriveStatus"]
        )
    execution = await redrive(ctx, execution)
    return {"redriveDate": execution.redriven}


async def redrive(ctx: Context, execution: Execution) -> Execution:
    """Have the strands that failed, or were on their way, try their states again."""
    again = keep(
        ctx,
        execution,
        status=RUNNING,
        stopped=0.0,
        error=None,
        cause=None,
        output=None,
        redrives=execution.redrives + 1,
        redriven=ctx.now(),
    )
    await ctx.unschedule("forget", again.key)
    run = await durable.open_run(ctx, again.machine, again.name)
    assert run is not None
    run.events += 1
    run.write(run.events, run.events - 1, "ExecutionRedriven", {"redriveCount": again.redrives})
    for strand in await strands.scan(ctx, again.key):
        await _try_again(run, strand, run.events)
    await run.save()
    payload = {"machine": again.machine, "name": again.name}
    await ctx.schedule("time_out", payload, delay=durable.longest(run.definition), key=again.key)
    await observing.tell(ctx, again)
    return again


async def _try_again(run: durable.DurableRun, strand: Strand, event: int) -> None:
    """A strand that waits for others goes on with these; one that was never begun is begun."""
    from fogbank.services.stepfunctions import map_redriving

    run.adopt(strand)
    strand.attempt += 1
    strand.retried = []
    if strand.fork is not None and strand.fork.running:
        strand.phase = FORKED
        return
    strand.last = event
    if strand.map_run and await map_redriving.redrive(run, strand):
        strand.phase = FORKED
        return
    strand.phase, strand.again = READY, strand.event > 0
    run.ready.append(strand.number)
