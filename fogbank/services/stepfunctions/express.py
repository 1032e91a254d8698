"""Express workflows: an execution lives in memory, within the request or the task that runs it.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.ending import end as end_tasks
from fogbank.protocols import timestamps
from fogbank.services.stepfunctions import arns, errors, limits, mishaps, observing, traces
from fogbank.services.stepfunctions.executions import Start, checked_input, start_of
from fogbank.services.stepfunctions.executions_store import Event
from fogbank.services.stepfunctions.integrations import calls, resources
from fogbank.services.stepfunctions.integrations.calls import Caller
from fogbank.services.stepfunctions.interpreter import flow, tasks
from fogbank.services.stepfunctions.interpreter.distributed import Plan
from fogbank.services.stepfunctions.interpreter.run import FAILED, TIMED_OUT, Done, Run
from fogbank.services.stepfunctions.interpreter.strand import Outcome, Strand, Work
from fogbank.services.stepfunctions.language import definition
from fogbank.services.stepfunctions.language.failure import RUNTIME, TIMEOUT, Failure
from fogbank.services.stepfunctions.language.intrinsics import Draw
from fogbank.services.stepfunctions.records import EXPRESS, given, machine_arn, machines, revision_of
from fogbank.services.stepfunctions.service import service

Request = dict[str, Any]

_MEMORY_UNIT = 64
_DURATION_UNIT = 100


class ExpressRun(Run):
    """An execution in memory. What takes time is an asyncio task each; how these end comes through `_told`."""

    def __init__(self, ctx: Context, start: Start, arn: str, name: str, text: str) -> None:
        super().__init__()
        self.ctx = ctx
        self.definition = definition.read(start.revision.definition)
        self.region = ctx.region
        self.draw = Draw(ctx.ids.random, ctx.ids.uuid)
        self.begun = ctx.now()
        machine = arns.machine(ctx, start.machine.name)
        self.caller = Caller(machine, start.revision.role, arn)
        self.log = observing.Log(arn, start.machine.name, 0, start.revision.logging)
        self.context = {
            "Execution": {
                "Id": arn,
                "Input": orjson.loads(text),
                "Name": name,
                "RoleArn": start.revision.role,
                "StartTime": timestamps.iso8601_milliseconds(self.begun),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine, "Name": start.machine.name},
        }
        self._strands: dict[int, Strand] = {}
        self._values: dict[tuple[int, str, int], Any] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._told: deque[tuple[int, int, Done | Failure | None]] = deque()
        self._bell: asyncio.Future[None] | None = None

    def now(self) -> float:
        return self.ctx.now()

    # -- strands

    async def strand(self, number: int) -> Strand | None:
        return self._strands.get(number)

    def new_strand(self, **about: Any) -> Strand:
        strand = Strand(len(self._strands), **about)
        self._strands[strand.number] = strand
        return strand

    def changed(self, strand: Strand) -> None:
        pass

    async def drop(self, strand: Strand) -> None:
        """The number stays taken."""
        await self.clear(strand)
        await self.settled(strand)
        strand.phase = "dropped"

    async def value(self, strand: Strand, kind: str, place: int) -> Any:
        return self._values.get((strand.number, kind, place))

    def put_value(self, strand: Strand, kind: str, place: int, value: Any) -> None:
        self._values[strand.number, kind, place] = value

    async def clear(self, strand: Strand) -> None:
        for key in [key for key in self._values if key[0] == strand.number]:
            del self._values[key]

    def write(self, number: int, previous: int, kind: str, details: dict[str, Any]) -> None:
        if self.log.is_on:
            self.log.add(number, Event(previous, self.now(), kind, details))

    # -- what takes time

    async def wake(self, strand: Strand, moment: float) -> None:
        self._later(strand, lambda: self._sleep(moment))

    async def _sleep(self, moment: float) -> None:
        with self.ctx.watch("moved clock") as watch:
            while (left := moment - self.now()) > 0:
                await watch.wait(left)

    def new_token(self, strand: Strand) -> str:
        raise NotImplementedError("no state of an Express workflow waits for a token")

    async def perform(self, strand: Strand, work: Work) -> Done | None:
        resource = resources.read(work.resource)
        self._later(strand, lambda: calls.perform_outside(self.ctx, self.caller, resource, work), work.timeout)
        return None

    def _later(self, strand: Strand, work: Callable[[], Awaitable[Any]], timeout: float = 0.0) -> None:
        """Do something beside the others, and tell the strand what comes of it."""
        number, attempt = strand.number, strand.attempt

        async def tell() -> None:
            how: Done | Failure | None
            try:
                async with asyncio.timeout(timeout or None):
                    found = await work()
                how = Done(found)
            except TimeoutError:
                how = Failure(TIMEOUT)
            except Failure as failure:
                how = failure
            except Exception as error:
                how = mishaps.noted(error, self.caller.execution)
            self._told.append((number, attempt, how))
            self._ring()

        self._working[number] = asyncio.get_running_loop().create_task(tell())

    async def settled(self, strand: Strand) -> None:
        working = self._working.pop(strand.number, None)
        if working is not None and not working.done():
            working.cancel()

    async def map_run(self, strand: Strand, plan: Plan, inputs: list[tuple[Any, int]] | None) -> None:
        raise Failure(RUNTIME, "Distributed mode is not supported in an EXPRESS state machine")

    # -- the whole

    async def run(self, strand: Strand) -> Outcome:
        """Go on until there is an outcome."""
        try:
            await self._go_on(strand)
        except Exception as error:
            failure = mishaps.noted(error, self.caller.execution)
            await self.end(strand, Outcome(FAILED, error=failure.error, cause=failure.cause))
        finally:
            await end_tasks([each for each in self._working.values() if not each.done()])
        assert self.outcome is not None
        return self.outcome

    async def _go_on(self, strand: Strand) -> None:
        """For five minutes at most."""
        longest = min(self.definition.document.get("TimeoutSeconds") or limits.EXPRESS_SECONDS, limits.EXPRESS_SECONDS)
        await flow.proceed(self)
        while self.outcome is None:
            left = self.begun + longest - self.now()
            if self.ready:
                await asyncio.sleep(0)
            elif not await self._hear(left):
                await self.end(strand, Outcome(TIMED_OUT, error=TIMEOUT))
                break
            await flow.proceed(self)

    async def _hear(self, seconds: float) -> bool:
        """Pass on the next word of what takes time. False when the time is over."""
        if not self._told:
            loop = asyncio.get_running_loop()
            self._bell = loop.create_future()  # a request need not be an asyncio task, which `asyncio.timeout` wants
            timer = loop.call_later(max(seconds, 0), self._ring)
            await self._bell
            timer.cancel()
        if not self._told:
            return False
        number, attempt, how = self._told.popleft()
        strand = self._strands[number]
        if strand.attempt == attempt:
            await self._tell(strand, how)
        return True

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def _tell(self, strand: Strand, how: Done | Failure | None) -> None:
        if strand.phase == "waiting":
            await flow.wake(self, strand)
        elif how is not None:
            await tasks.settle(self, strand, how)


async def run_in_memory(
    ctx: Context, start: Start, name: str, text: str, run_id: str, path: Sequence[str] = (), trace: str = ""
) -> tuple[ExpressRun, Outcome]:
    """Run an execution from its beginning to its end, in no transaction; `path` is which machine of the definition it runs."""
    arn = arns.own(ctx, arns.EXPRESS, f"{start.machine.name}:{name}:{run_id}")
    run = ExpressRun(ctx, start, arn, name, text)
    run.events = 1
    details = {"input": text, "inputDetails": {"truncated": False}, "roleArn": start.revision.role}
    run.write(1, 0, "ExecutionStarted", details)
    begin = run.definition.machine(tuple(path))["StartAt"]
    header = traces.header_of(ctx, trace, start.revision.tracing)
    run.trace = traces.trace_of(ctx, arn, run.caller.machine, start.machine.name, header, start.revision.tracing)
    if run.trace is not None:
        ctx.trace = run.trace.onward
    strand = run.new_strand(path=list(path), state=begin, input=run.context["Execution"]["Input"])
    run.ready.append(0)
    outcome = await run.run(strand)
    observing.tally(ctx, start.machine.name, outcome.status, ctx.now() - run.begun)
    await run.log.deliver(ctx)
    if run.trace is not None:
        run.trace.ended(run.begun, ctx.now(), outcome)
        run.trace.deliver()
    return run, outcome


@service.operation(transaction=False, resource=given)
async def start_sync_execution(ctx: Context, request: Request) -> Request:
    """API_StartSyncExecution."""
    text = checked_input(request)
    start = await ctx.transact(start_of, ctx, machine_arn(request["stateMachineArn"]))
    if start.machine.type != EXPRESS:
        raise errors.wrong_type()
    name = request.get("name") or ctx.ids.uuid()
    arns.check_name(name)
    began = perf_counter()
    run, outcome = await run_in_memory(
        ctx, start, name, text, ctx.ids.uuid(), (), request.get("traceHeader") or ctx.trace
    )
    has_data = request.get("includedData") != "METADATA_ONLY"
    answer: Request = {
        "executionArn": run.caller.execution,
        "stateMachineArn": request["stateMachineArn"],
        "name": name,
        "startDate": run.begun,
        "stopDate": ctx.now(),
        "status": outcome.status,
        "error": outcome.error,
        "cause": outcome.cause,
        "input": text if has_data else None,
        "inputDetails": {"included": has_data},
        "traceHeader": request.get("traceHeader"),
        "billingDetails": _billed((perf_counter() - began) * 1000, len(text)),
    }
    if outcome.output is not None:
        answer |= {"output": outcome.output if has_data else None, "outputDetails": {"included": has_data}}
    return answer


def _billed(milliseconds: float, length: int) -> Request:
    """Memory in steps of 64 MB, time in steps of 100 ms."""
    memory = math.ceil((50 * 2**20 + length) / (_MEMORY_UNIT * 2**20)) * _MEMORY_UNIT
    duration = max(math.ceil(milliseconds / _DURATION_UNIT), 1) * _DURATION_UNIT
    return {"billedMemoryUsedInMB": memory, "billedDurationInMilliseconds": duration}


@service.task(transaction=False)
async def run_express(ctx: Context, payload: Request) -> None:
    """An execution that nobody waits for."""

    async def found() -> Start | None:
        machine = await machines.get(ctx, payload["machine"])
        if machine is None:
            return None
        return Start(machine, await revision_of(ctx, machine.name, payload["revision"]))

    start = await ctx.transact(found)
    if start is not None:
        await run_in_memory(ctx, start, payload["name"], payload["input"], payload["id"], (), payload["trace"])
