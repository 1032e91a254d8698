"""One execution environment: its phases, from the start of its processes to their end.

    init      external extensions are started and register, then the runtime; until all of them ask for what comes next
    invoke    the runtime gets the event, extensions that want to are told; until all of them ask for what comes next
    shutdown  external extensions are told; at last everything is killed

It is frozen when it has had nothing to do for a moment, and thawed for its next invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from functools import partial
from math import inf
from time import perf_counter
from typing import Any, NamedTuple

from fogbank.engines.warden import NOT_STARTED, CannotStart, Warden
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_.runtime import reports
from fogbank.services.lambda_.runtime.extensions import ROOT as EXTENSIONS
from fogbank.services.lambda_.runtime.extensions import Extensions, variables_of
from fogbank.services.lambda_.runtime.failures import OUT_OF_MEMORY, Failure, timed_out
from fogbank.services.lambda_.runtime.interface import Answered, RuntimeInterface
from fogbank.services.lambda_.runtime.interface import Event as Invocation
from fogbank.services.lambda_.runtime.parts import Parts
from fogbank.services.lambda_.runtime.processes import Processes, Program, ended, niceness
from fogbank.services.lambda_.runtime.relay import Relay, arrived
from fogbank.services.lambda_.runtime.subscribing import API as TELEMETRY
from fogbank.services.lambda_.runtime.telemetry import Event, Telemetry
from fogbank.services.lambda_.runtime.throttling import throttle
from fogbank.services.lambda_.runtime.waiting import either

INIT_SECONDS = 10.0
# With environments that are there before anybody asks there is more time.
_PREPARED_SECONDS = 130.0
_FREEZE_SECONDS = 0.05
_WATCH_SECONDS = 0.05
_MIB = 1 << 20
# The time for an orderly end: of the runtime where there are internal extensions only, of all with external ones.
_FLUSH_SECONDS = 0.5
_RUNTIME_END_SECONDS, _INTERNAL_END_SECONDS, _EXTERNAL_END_SECONDS = 0.3, 0.5, 2.0


class Outcome(NamedTuple):
    """How an invocation ended: what its invoker gets, and how long that took, in milliseconds."""

    answered: Answered
    duration: float


class Environment:
    """`kind` is how it comes to be: `on-demand`, or before anybody asks."""

    def __init__(self, parts: Parts) -> None:
        self.plan, self.environ, self.limits, self.journal, self.about, self._post, self._scratch = parts
        self.kind = self.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
        self.is_over = False
        self.used = 0.0
        self.post_runtime_ms: float | None = None
        self._init_ms = self._restore_ms = 0.0
        self.failure: Failure | None = None
        self._owed: reports.Invoked | None = None
        self._deadline = 0.0
        self._freezing: asyncio.TimerHandle | None = None
        self._idle_since = inf
        self._throttling: asyncio.Task[None] | None = None
        self._is_short_of_memory = False
        self._tmp = ""
        self._begin()

    def _begin(self) -> None:
        """Everything that a new start needs anew."""
        self._failed: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        self._interface = RuntimeInterface(self._runtime_failed)
        self._extensions = Extensions(self.about, list(self.plan.extensions), self._fail)
        self._telemetry = Telemetry(self._extensions, self._post, self._now, self._say)
        self._processes = Processes(self.plan.place.room, niceness(self.limits.memory))
        self._interface.others[EXTENSIONS] = self._extensions.handle
        self._interface.others.update(dict.fromkeys(TELEMETRY, self._telemetry.handle))

    @property
    def has_extensions(self) -> bool:
        return bool(self._extensions)

    @property
    def is_alive(self) -> bool:
        return not self.is_over and self.failure is None and self._processes.is_well

    # -- what is said

    def _now(self) -> str:
        return iso8601_milliseconds(self.journal.now())

    def _say(self, kind: str, record: dict[str, Any]) -> None:
        self.journal.platform(kind, record)
        if self._telemetry.is_heard:
            self._telemetry.hear(Event(self._now(), f"platform.{kind}", record))

    def _wrote(self, source: str, text: str) -> None:
        message = self.journal.write(text)
        if self._telemetry.is_heard:
            self._telemetry.hear(Event(self._now(), source, message))

    # -- what goes wrong

    def _fail(self, failure: Failure) -> None:
        if not self._failed.done():
            self._failed.set_result(failure)

    def _runtime_failed(self, answered: Answered) -> None:
        self._fail(Failure(answered.error_type, document=answered.payload))

    def _exited(self, extension: str, child: asyncio.Future[int]) -> None:
        if extension:
            kind = "Extension.LaunchError" if child.result() == NOT_STARTED else "Extension.Crash"
            self._fail(Failure(kind, f"exit code {child.result()}"))
        else:
            cause = OUT_OF_MEMORY if self._is_short_of_memory else ""
            self._fail(Failure("Runtime.ExitError", ended(child.result(), self._is_short_of_memory), cause=cause))

    async def _until(self, event: asyncio.Event, deadline: float) -> Failure | None:
        """Wait for the event; returns what came instead of it."""
        if event.is_set():
            return None
        waiting = asyncio.ensure_future(event.wait())
        try:
            await self._first(waiting, deadline)
            if waiting.done():
                return None
        finally:
            waiting.cancel()
        self._processes.drain()
        return self._failed.result() if self._failed.done() else timed_out(self.limits.timeout)

    async def _first(self, wanted: asyncio.Future[Any], deadline: float) -> None:
        """Wait for what is wanted, or for the end of a process, of the time, of the memory."""
        while (left := deadline - perf_counter()) > 0:
            await either(wanted, self._failed, min(left, _WATCH_SECONDS))
            if wanted.done() or self._failed.done():
                return
            if self._processes.memory_now() > self.limits.memory * _MIB:
                self._is_short_of_memory = True
                self._processes.signal(signal.SIGKILL)
                await asyncio.wait((self._failed,), timeout=2)
                return

    # -- init

    async def start(self, warden: Warden) -> Failure | None:
        """Start the processes and wait until all are ready. Returns why they are not.

        What has failed, or took more than 10 seconds, is tried again, with the function's own time, as a part of the invocation.
        """
        await self._have_tmp()
        is_asked_for = self.kind == reports.ON_DEMAND
        seconds = INIT_SECONDS if is_asked_for else max(_PREPARED_SECONDS, self.limits.timeout)
        failure = await self._initialise(warden, "init", seconds)
        if failure is not None and is_asked_for:
            await self._end("failure")
            self._begin()
            failure = await self._initialise(warden, "invoke", self.limits.timeout)
        self.failure = failure
        return failure

    async def _have_tmp(self) -> None:
        room = self.plan.place.room
        if room is None or not room["tmp"]:
            self._tmp = await asyncio.to_thread(self._scratch)
            self.environ.setdefault("TMPDIR", self._tmp)

    async def _initialise(self, warden: Warden, phase: str, seconds: float) -> Failure | None:
        begun = perf_counter()
        self._say("initStart", reports.init_start(self.about, self.kind, phase, self.limits.memory))
        try:
            failure = await self._boot(warden, begun + seconds)
        except CannotStart as error:
            failure = Failure("Runtime.InvalidEntrypoint", str(error))
        self._init_ms = (perf_counter() - begun) * 1000
        self._processes.memory_high()  # is remembered, should they end before anybody looks
        self._say("initRuntimeDone", reports.init_done(self.kind, phase, failure))
        self._close_registration(failure)
        self._say("initReport", reports.init_report(self.kind, phase, self._init_ms, failure))
        self._telemetry.initialised()
        return failure

    def _close_registration(self, failure: Failure | None) -> None:
        self._extensions.is_closed = True
        for record in self._extensions.states(failure):
            self._say("extension", record)

    def _program(self) -> Program:
        plan = self.plan
        return Program(plan.argv, self.environ, plan.place.code, plan.module, plan.path)

    async def _boot(self, warden: Warden, deadline: float) -> Failure | None:
        """Raises CannotStart."""
        if self.plan.fault:
            raise CannotStart(self.plan.fault)
        self.environ["AWS_LAMBDA_RUNTIME_API"] = await self._interface.open()
        for name in self.plan.extensions:
            await self._start_extension(warden, name)
        failure = await self._until(self._extensions.registered, deadline)
        if failure is not None:
            return failure
        child = await self._processes.start_runtime(warden, self._program(), partial(self._wrote, "function"))
        child.exited.add_done_callback(partial(self._exited, ""))
        return await self._until(self._initialised, deadline) or await self._until(self._extensions.ready, deadline)

    @property
    def _initialised(self) -> asyncio.Event:
        """What says that the runtime has been initialised."""
        return self._interface.ready

    async def _start_extension(self, warden: Warden, name: str) -> None:
        program = Program([self.plan.extensions[name]], variables_of(self.environ), "/")
        child = await self._processes.start_extension(warden, name, program, partial(self._wrote, "extension"))
        child.exited.add_done_callback(partial(self._exited, name))

    # -- invoke

    def refuse(self, event: Invocation, failure: Failure) -> Outcome:
        """An invocation of an environment that could not be started."""
        self._say("start", reports.start(event, self.about))
        duration = min(self._init_ms, self.limits.timeout * 1000)
        invoked = reports.Invoked(event, failure.answered(event.request_id), duration, failure=failure)
        self._init_ms = 0.0
        self._report(invoked, self._processes.memory_high())
        return Outcome(invoked.answered, duration)

    async def invoke(self, event: Invocation, relay: Relay | None = None) -> Outcome:
        """Have the function handle an event. The invocation is over when the environment is `settled`.

        What the function writes as a stream goes to `relay`; without one it is collected.
        """
        self._thaw()
        if self.limits.share:
            used, send = self._processes.used_seconds, self._processes.signal
            self._throttling = asyncio.ensure_future(throttle(self.limits.share, used, send))
        self._say("start", reports.start(event, self.about))
        begun, started = perf_counter(), self.journal.now()
        self._deadline = begun + self.limits.timeout
        answer = self._interface.ask(event)
        if self._extensions:
            self._extensions.invoke(event)
        if not answer.done():
            await self._first(answer, self._deadline)
        first = perf_counter()
        if answer.done() and answer.result().written is not None:
            answer = asyncio.ensure_future(arrived(answer.result(), relay))
            await self._first(answer, self._deadline)
        duration = (perf_counter() - begun) * 1000
        self._processes.end_lines()
        failure = None
        if answer.done():
            answered = answer.result()
        else:
            answer.cancel()
            self.failure = failure = self._failed.result() if self._failed.done() else timed_out(self.limits.timeout)
            answered = failure.answered(event.request_id)
        latency = (first - begun) * 1000
        self._over(reports.Invoked(event, answered, duration, latency, started, failure))
        return Outcome(answered, duration)

    def _over(self, invoked: reports.Invoked) -> None:
        """Report what has ended, unless extensions are not ready yet."""
        if self._extensions and invoked.failure is None:
            self._owed = invoked
            return
        if self.journal.is_verbose or self._telemetry.is_heard:
            self._say("runtimeDone", reports.runtime_done(invoked))
        self._report(invoked, self._processes.memory_high())

    def _report(self, invoked: reports.Invoked, memory: int) -> None:
        init_ms = self._init_ms if self.kind == reports.ON_DEMAND else 0.0
        restore_ms = self._restore_ms
        self._init_ms = self._restore_ms = 0.0
        if invoked.failure is not None:
            self.journal.remark(invoked.failure.remark(self._now(), invoked.event.request_id))
        self._say("report", reports.report(invoked, self.limits.memory, memory, init_ms, restore_ms))

    async def settled(self) -> bool:
        """Wait until the runtime and all extensions ask for what comes next. False when they end instead."""
        answered = perf_counter()
        deadline = self._deadline if self._owed is not None else answered + self.limits.timeout
        failure = self.failure or await self._until(self._interface.ready, deadline)
        runtime = perf_counter()
        if self._extensions and failure is None:
            failure = await self._until(self._extensions.ready, deadline)
        if self._owed is not None:
            self._settle(self._owed, failure, runtime - answered, perf_counter() - runtime)
        self._go_on()
        self.failure = failure
        if failure is not None:
            await self.stop()
            return False
        self._freeze_soon()
        return True

    def settle_now(self) -> bool:
        """Be `settled`, if there is nothing to wait for: most runtimes ask for what comes next with their answer."""
        if self._extensions or not self.is_alive or not self._interface.ready.is_set():
            return False
        self._go_on()
        self._freeze_soon()
        return True

    def _settle(self, invoked: reports.Invoked, failure: Failure | None, overhead: float, after: float) -> None:
        """Report what is owed. In seconds: `overhead` of the runtime after its answer, and what extensions took `after` that."""
        self._owed = None
        self._processes.end_lines()
        self.post_runtime_ms = after * 1000
        self._say("runtimeDone", reports.runtime_done(invoked, overhead * 1000))
        duration = invoked.duration + (overhead + after) * 1000
        self._report(invoked._replace(duration=duration, failure=failure), self._processes.memory_high())

    # -- between invocations

    def _freeze_soon(self) -> None:
        """A timer that is set already is left: many short invocations share one."""
        self._idle_since = perf_counter()
        if self._freezing is None:
            self._freeze_in(_FREEZE_SECONDS)

    def _freeze_in(self, seconds: float) -> None:
        self._freezing = asyncio.get_running_loop().call_later(seconds, self._freeze)

    def _freeze(self) -> None:
        self._freezing = None
        left = self._idle_since + _FREEZE_SECONDS - perf_counter()
        if left == inf:
            return  # it is at work
        if left > 0 or self._telemetry.is_sending:
            self._freeze_in(max(left, _FREEZE_SECONDS / 10))
        elif self.is_alive:
            self._telemetry.hold()
            self._processes.freeze()

    def _go_on(self) -> None:
        """Nobody waits for a turn on the processor any more."""
        if self._throttling is not None:
            self._throttling.cancel()
            self._throttling = None

    def _thaw(self) -> None:
        self._idle_since = inf
        self._processes.thaw()
        self._telemetry.go_on()

    # -- shutdown

    async def stop(self) -> None:
        """End the processes and all that they started."""
        if self.is_over:
            return
        self.is_over = True
        failure = self.failure
        await self._end("spindown" if failure is None else "timeout" if failure.status == "timeout" else "failure")
        if self._tmp:
            await asyncio.to_thread(shutil.rmtree, self._tmp, ignore_errors=True)
        await self.journal.close()

    async def _end(self, reason: str) -> None:
        self._go_on()
        self._thaw()
        if self._extensions:
            await self._shut_down(reason)
        await self._processes.end()
        self._telemetry.close()
        await self._interface.close()

    async def _shut_down(self, reason: str) -> None:
        """Let the runtime end in order, then external extensions, in the time that they have."""
        has_external = any(each.is_external for each in self._extensions.all)
        until = perf_counter() + (_EXTERNAL_END_SECONDS if has_external else _INTERNAL_END_SECONDS)
        runtime = self._processes.runtime
        if runtime is not None:
            runtime.signal(signal.SIGTERM)
            await asyncio.wait(
                (runtime.exited,), timeout=_RUNTIME_END_SECONDS if has_external else _INTERNAL_END_SECONDS
            )
            runtime.kill()
        if not has_external:
            return
        # extensions may end as soon as they are told: before that they get what there is
        await self._telemetry.flush(_FLUSH_SECONDS)
        left = until - perf_counter()
        told = self._extensions.shut_down(reason, int((time.time() + left) * 1000))
        children = [self._processes.extension(each.name) for each in told]
        exits = [each.exited for each in children if each is not None]
        if exits:
            await asyncio.wait(exits, timeout=left)
