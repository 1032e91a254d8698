"""Standard workflows: an execution is rows and tasks, and each step of it a transaction.

What has no effect but in the store is done in the transaction of the step that asks for it: once, whatever happens. What leaves the store
(a function that runs) is a task, done at least once. Signals carry the attempt that they answer: late ones find another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, pages
from fogbank.protocols import timestamps
from fogbank.services.stepfunctions import arns, ending, errors, limits, mishaps, observing, queues, traces
from fogbank.services.stepfunctions.executions_store import (
    Event,
    Execution,
    Progress,
    Value,
    Waiter,
    executions,
    history,
    progress,
    strands,
    values,
    waiters,
)
from fogbank.services.stepfunctions.integrations import calls, resources
from fogbank.services.stepfunctions.integrations.calls import Caller
from fogbank.services.stepfunctions.integrations.resources import ACTIVITY, TOKEN
from fogbank.services.stepfunctions.interpreter import flow, tasks
from fogbank.services.stepfunctions.interpreter.distributed import Plan
from fogbank.services.stepfunctions.interpreter.run import FAILED, RUNNING, SUCCEEDED, Done, Run
from fogbank.services.stepfunctions.interpreter.strand import WAITING, Outcome, Strand, Work
from fogbank.services.stepfunctions.language import definition
from fogbank.services.stepfunctions.language.failure import HEARTBEAT, TIMEOUT, Failure
from fogbank.services.stepfunctions.language.intrinsics import Draw
from fogbank.services.stepfunctions.records import revision_of
from fogbank.services.stepfunctions.service import service
from fogbank.storage.base import StoreError

Payload = dict[str, Any]

_STEPS = 500


class DurableRun(Run):
    """An execution in one transaction: what it reads is kept until it is saved."""

    def __init__(self, ctx: Context, execution: Execution, text: str, done: Progress, logs: observing.Log) -> None:
        super().__init__()
        self.ctx = ctx
        self.execution = execution
        self.definition = definition.read(text)
        self.region = ctx.region
        self.draw = Draw(ctx.ids.random, ctx.ids.uuid)
        self.events = done.events
        self.count = done.strands
        self.log = logs
        self._strands: dict[int, Strand] = {}
        self._changed: set[int] = set()
        self.context = context_of(ctx, execution)

    @property
    def key(self) -> str:
        return self.execution.key

    def now(self) -> float:
        return self.ctx.now()

    # -- strands

    async def strand(self, number: int) -> Strand | None:
        found = self._strands.get(number)
        if found is None:
            found = await strands.get(self.ctx, self.key, number)
            if found is not None:
                self._strands[number] = found
        return found

    def new_strand(self, **about: Any) -> Strand:
        strand = Strand(self.count, **about)
        self.count += 1
        self._strands[strand.number] = strand
        self._changed.add(strand.number)
        return strand

    def adopt(self, strand: Strand) -> None:
        """A strand that was read elsewhere, and changed."""
        self._strands[strand.number] = strand
        self._changed.add(strand.number)

    def changed(self, strand: Strand) -> None:
        if strand.number in self._strands:
            self._changed.add(strand.number)

    async def drop(self, strand: Strand) -> None:
        await self.clear(strand)
        await self.settled(strand)
        self._strands.pop(strand.number, None)
        self._changed.discard(strand.number)
        strands.delete(self.ctx, self.key, strand.number)

    async def value(self, strand: Strand, kind: str, place: int) -> Any:
        found = await values.get(self.ctx, self.key, strand.number, kind, place)
        return None if found is None else found.value

    def put_value(self, strand: Strand, kind: str, place: int, value: Any) -> None:
        values.put(self.ctx, Value(value), self.key, strand.number, kind, place)

    async def clear(self, strand: Strand) -> None:
        for place, _ in await values.items(self.ctx, (str, int), self.key, strand.number):
            values.delete(self.ctx, self.key, strand.number, *place)

    # -- history

    def write(self, number: int, previous: int, kind: str, details: dict[str, Any]) -> None:
        event = Event(previous, self.now(), kind, details)
        history.put(self.ctx, event, self.key, number)
        self.log.add(number, event)

    # -- what takes time

    def _signal(self, strand: Strand) -> Payload:
        execution = self.execution
        return {
            "machine": execution.machine,
            "name": execution.name,
            "number": strand.number,
            "attempt": strand.attempt,
        }

    def _place(self, strand: Strand) -> str:
        return f"{self.key}#{strand.number}"

    async def wake(self, strand: Strand, moment: float) -> None:
        await self.ctx.schedule("wake", self._signal(strand), at=moment, key=self._place(strand))

    def new_token(self, strand: Strand) -> str:
        return pages.token(orjson.dumps([*self._signal(strand).values(), self.draw.uuid()]).decode())

    async def perform(self, strand: Strand, work: Work) -> Done | None:
        resource = resources.read(work.resource)
        await self._watch(strand, work)
        if resource.kind == ACTIVITY:
            await queues.add(self.ctx, resource.arn, self._signal(strand), strand.token, work)
            return None
        if resource.service == "http":
            await self._later(strand, work)
            return None
        calls.check_pattern(resource)
        call = calls.plan(self.ctx, resource, work.arguments)
        if not calls.is_transactional(self.ctx, call):
            await self._later(strand, work)
            return None
        caller = caller_of(self.ctx, self.execution)
        result = call.shaped(await self.ctx.undoing(calls.perform, self.ctx, caller, resource, work, call))
        if calls.is_nested(resource):
            await self._wait_for(strand, result["ExecutionArn"])
            return Done(result, is_submitted=True)
        return Done(result, resource.pattern == TOKEN)

    async def _later(self, strand: Strand, work: Work) -> None:
        payload = {**self._signal(strand), "work": msgspec.to_builtins(work), "trace": self.ctx.trace}
        await self.ctx.schedule("work", payload)

    async def _watch(self, strand: Strand, work: Work) -> None:
        """Have the work fail when it takes too long."""
        for seconds, error in ((work.timeout, TIMEOUT), (work.heartbeat, HEARTBEAT)):
            if seconds and (error == TIMEOUT or strand.token):
                payload = {**self._signal(strand), "error": error}
                await self.ctx.schedule("expire", payload, delay=seconds, key=f"{self._place(strand)}{error}")
        strand.heartbeat = work.heartbeat

    async def beat(self, strand: Strand) -> None:
        """Whoever does the work is still alive."""
        if strand.heartbeat:
            payload = {**self._signal(strand), "error": HEARTBEAT}
            await self.ctx.schedule("expire", payload, delay=strand.heartbeat, key=f"{self._place(strand)}{HEARTBEAT}")

    async def _wait_for(self, strand: Strand, arn: str) -> None:
        scope, signal = arns.scope(self.ctx, arns.parse(arn, arns.EXECUTION)), self._signal(strand)
        waiter = Waiter(self.ctx.account, self.ctx.region, **signal)
        waiters.put(scope, [*(await waiters.get(scope, arn) or ()), waiter], arn)
        strand.nested = arn

    async def settled(self, strand: Strand) -> None:
        place = self._place(strand)
        if strand.phase == WAITING:
            await self.ctx.unschedule("wake", place)
        for error in (TIMEOUT, HEARTBEAT):
            await self.ctx.unschedule("expire", f"{place}{error}")
        if strand.nested:
            await self.ctx.schedule("stop_nested", {"arn": strand.nested})
            strand.nested = ""

    async def map_run(self, strand: Strand, plan: Plan, inputs: list[tuple[Any, int]] | None) -> None:
        from fogbank.services.stepfunctions import map_running

        await map_running.begin(self, strand, plan, inputs)

    # -- the end

    async def end(self, strand: Strand, outcome: Outcome) -> None:
        await super().end(strand, outcome)
        self.execution = await ending.end(self.ctx, self.execution, outcome)
        if self.trace is not None:
            self.trace.ended(self.execution.started, self.now(), outcome)
        if outcome.status != SUCCEEDED:
            await self.ctx.schedule("abandon", {"key": self.key})

    async def save(self) -> None:
        """Write what has changed; go on later with what is ready still."""
        if self.outcome is not None and self.outcome.status == SUCCEEDED:
            strands.delete(self.ctx, self.key, 0)
        else:
            for number in self._changed:
                strands.put(self.ctx, self._strands[number], self.key, number)
        progress.put(self.ctx, Progress(self.events, self.count), self.key)
        if self.ready and self.outcome is None:
            execution = self.execution
            payload = {"machine": execution.machine, "name": execution.name, "ready": list(self.ready)}
            await self.ctx.schedule("advance", payload)
        await self.log.deliver(self.ctx)
        if self.trace is not None:
            self.trace.deliver()


def caller_of(ctx: Context, execution: Execution) -> Caller:
    arn = arns.execution(ctx, execution.machine, execution.name)
    return Caller(arns.machine(ctx, execution.machine_name), execution.role, arn)


def context_of(ctx: Context, execution: Execution) -> dict[str, Any]:
    """The context object's parts that are the same for all states."""
    found = {
        "Id": arns.execution(ctx, execution.machine, execution.name),
        "Input": orjson.loads(execution.input),
        "Name": execution.name,
        "RoleArn": execution.role,
        "StartTime": timestamps.iso8601_milliseconds(execution.started),
        "RedriveCount": execution.redrives,
    }
    if execution.redrives:
        found["RedriveTime"] = timestamps.iso8601_milliseconds(execution.redriven)
    machine = {"Id": arns.machine(ctx, execution.machine), "Name": execution.machine}
    return {"Execution": found, "StateMachine": machine}


async def open_run(ctx: Context, machine: str, name: str) -> DurableRun | None:
    """The execution, if it is under way."""
    execution = await executions.get(ctx, machine, name)
    if execution is None or execution.status != RUNNING:
        return None
    revision = await revision_of(ctx, execution.machine_name, execution.revision)
    done = await progress.get(ctx, execution.key) or Progress()
    log = observing.Log(
        arns.execution(ctx, machine, name), execution.machine_name, execution.redrives, revision.logging
    )
    run = DurableRun(ctx, execution, revision.definition, done, log)
    place = arns.execution(ctx, machine, name), arns.machine(ctx, execution.machine_name), execution.machine_name
    run.trace = traces.trace_of(ctx, *place, execution.trace, revision.tracing)
    if run.trace is not None:
        ctx.trace = run.trace.onward
    return run


Do = Callable[[DurableRun, Strand], Awaitable[None]]
Act = Callable[[DurableRun], Awaitable[bool]]


async def signalled(ctx: Context, payload: Payload, do: Do) -> bool:
    """Tell a strand something, and let the execution go on. False when the strand does not wait for it any more."""

    async def tell(run: DurableRun) -> bool:
        strand = await run.strand(payload["number"])
        if strand is None or strand.attempt != payload["attempt"]:
            return False
        await do(run, strand)
        return True

    return await _go_on(ctx, payload, tell)


@service.task
async def advance(ctx: Context, payload: Payload) -> None:
    """Go on with strands that are ready."""

    async def resume(run: DurableRun) -> bool:
        run.ready.extend(payload["ready"])
        return True

    await _go_on(ctx, payload, resume)


async def _go_on(ctx: Context, payload: Payload, act: Act) -> bool:
    """Act on an execution that is under way, and let it go on if that says so. What nobody foresaw ends it: else it ran for ever."""
    try:
        return await ctx.undoing(_acted, ctx, payload, act)
    except StoreError:
        raise
    except Exception as error:
        failure = mishaps.noted(error, f"{payload['machine']}:{payload['name']}")
        run = await open_run(ctx, payload["machine"], payload["name"])
        if run is not None:
            await finish(run, Outcome(FAILED, error=failure.error, cause=failure.cause))
        return run is not None


async def _acted(ctx: Context, payload: Payload, act: Act) -> bool:
    run = await open_run(ctx, payload["machine"], payload["name"])
    if run is None or not await act(run):
        return False
    await flow.proceed(run, _STEPS)
    await run.save()
    return True


@service.task
async def wake(ctx: Context, payload: Payload) -> None:
    await signalled(ctx, payload, flow.wake)


@service.task
async def expire(ctx: Context, payload: Payload) -> None:
    """The work of a state has taken too long, or nobody has said for too long that it goes on."""
    await signalled(ctx, payload, lambda run, strand: tasks.settle(run, strand, Failure(payload["error"])))


@service.task(transaction=False)
async def work(ctx: Context, payload: Payload) -> None:
    """Do what leaves the store, and tell the strand how it went."""
    execution = await ctx.transact(lambda: executions.get(ctx, payload["machine"], payload["name"]))
    if execution is None or execution.status != RUNNING:
        return
    asked = msgspec.convert(payload["work"], Work)
    ctx.trace = payload["trace"]
    resource = resources.read(asked.resource)
    try:
        with mishaps.as_failures(f"{execution.key}: {asked.resource}"):
            result = await calls.perform_outside(ctx, caller_of(ctx, execution), resource, asked)
    except Failure as failure:
        refused = failure
        await ctx.transact(signalled, ctx, payload, lambda run, strand: tasks.refuse(run, strand, refused))
    else:
        done = Done(result, resource.pattern == TOKEN)
        await ctx.transact(signalled, ctx, payload, lambda run, strand: tasks.settle(run, strand, done))


@service.task
async def nested_ended(ctx: Context, payload: Payload) -> None:
    """An execution has ended that a state waits for."""
    scope = ctx.at(account=payload["account"], region=payload["region"])

    async def told(run: DurableRun, strand: Strand) -> None:
        strand.nested = ""
        resource = resources.read(run.definition.state(tuple(strand.path), strand.state)["Resource"])
        how: Done | Failure
        try:
            how = Done(calls.nested_result(resource, payload["described"]))
        except Failure as failure:
            how = failure
        await tasks.settle(run, strand, how)

    await signalled(scope, payload, told)


@service.task
async def time_out(ctx: Context, payload: Payload) -> None:
    """The execution as a whole has taken too long."""
    run = await open_run(ctx, payload["machine"], payload["name"])
    if run is not None:
        await finish(run, Outcome("TIMED_OUT", error=TIMEOUT))


async def finish(run: DurableRun, outcome: Outcome) -> None:
    """End an execution from outside, where it is."""
    strand = await run.strand(0)
    assert strand is not None
    run.changed(strand)
    await run.end(strand, outcome)
    await run.save()


def longest(run_definition: definition.Definition) -> float:
    """How many seconds an execution may take."""
    return float(min(run_definition.document.get("TimeoutSeconds") or limits.YEAR_SECONDS, limits.YEAR_SECONDS))


def signal_in(token: str) -> tuple[Payload, str]:
    """Whom a task token is for, and the token. Raises InvalidToken."""
    try:
        machine, name, number, attempt, _ = orjson.loads(pages.position(token, errors.invalid_token()))
    except ValueError:
        raise errors.invalid_token() from None
    return {"machine": machine, "name": name, "number": number, "attempt": attempt}, token
