"""One execution environment: a process, its Runtime API, what it writes, how much memory it takes.

    new -> starting -> idle <-> busy -> over

It is frozen (SIGSTOP) when it has been idle for a moment, and thawed for its next invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import orjson

from fogbank.engines.warden import CannotStart, Child, Warden
from fogbank.services.lambda_.runtime.interface import RESPONSE_BYTES, Answered, Event, RuntimeInterface, too_large
from fogbank.services.lambda_.runtime.output import Output
from fogbank.services.lambda_.runtime.plans import Plan
from fogbank.services.lambda_.runtime.relay import Relay

INIT_SECONDS = 10.0
_FREEZE_SECONDS = 0.05
_WATCH_SECONDS = 0.05
_MIB = 1 << 20
_WHOLE_PROCESSOR = 1769
# A function may have a third of the share that the machine's other programs have, and not less: its time is limited.
_NICEST = 5


class Limits(NamedTuple):
    """`timeout` in seconds, `memory` in MiB."""

    timeout: float
    memory: int


class Outcome(NamedTuple):
    """How an invocation ended. Times in milliseconds. `is_error`: the payload is an error document of `kind`."""

    answered: Answered
    duration: float
    memory: int
    is_over: bool = False
    status: str = "success"


class Environment:
    """`log` gets what the function writes. `environ` gets the address of the Runtime API added."""

    def __init__(self, plan: Plan, environ: dict[str, str], limits: Limits, log: Callable[[str], None]) -> None:
        self.plan = plan
        self.environ = environ
        self.limits = limits
        self.init_ms = 0.0
        self.is_over = False
        self.used = 0.0
        self._interface = RuntimeInterface()
        self._output = Output(log)
        self._child: Child | None = None
        self._frozen = False
        self._freezing: asyncio.TimerHandle | None = None
        self._is_short_of_memory = False
        self._tmp = ""

    # -- beginning and end

    async def start(self, warden: Warden) -> Answered | None:
        """Start the process and wait until it is ready. Returns an error document when it does not get that far."""
        begun = perf_counter()
        room = self.plan.place.room
        if room is None or not room["tmp"]:
            self._tmp = await asyncio.to_thread(tempfile.mkdtemp, prefix="fogbank-function-")
            self.environ.setdefault("TMPDIR", self._tmp)
        self.environ["AWS_LAMBDA_RUNTIME_API"] = await self._interface.open()
        ends = self._output.write_end
        try:
            self._child = await warden.start(
                self.plan.argv,
                self.environ,
                self.plan.place.code,
                (ends, ends, ends),
                self.plan.module,
                self.plan.path,
                room,
                _niceness(self.limits.memory),
            )
        except CannotStart as error:
            await self.stop()
            return _document("Runtime.InvalidEntrypoint", f"RequestId: {{request}} Error: {error}")
        self._output.started()
        failure = await self._initialised()
        self.init_ms = (perf_counter() - begun) * 1000
        if failure is not None:
            await self.stop()
        return failure

    async def _initialised(self) -> Answered | None:
        assert self._child is not None
        ready = asyncio.ensure_future(self._interface.ready.wait())
        first, exited = self._interface.init_error, self._child.exited
        # AWS begins anew with what has not initialised after 10 seconds, and gives it the function's own time then
        limit = INIT_SECONDS + self.limits.timeout
        await asyncio.wait((ready, first, exited), timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return None
        ready.cancel()
        self._output.drain()
        if first.done():
            return first.result()
        if exited.done():
            return _document("Runtime.ExitError", f"RequestId: {{request}} Error: {self._ended(exited.result())}")
        return _document(
            "Sandbox.Timedout",
            f"RequestId: {{request}} Error: Task timed out after {self.limits.timeout:.2f} seconds",
        )

    def _ended(self, status: int) -> str:
        if status >= 0:
            return (
                "Runtime exited without providing a reason"
                if status == 0
                else f"Runtime exited with error: exit status {status}"
            )
        if self._is_short_of_memory:
            return "Runtime exited with error: signal: killed"
        return f"Runtime exited with error: signal: {signal.strsignal(-status).lower() if -status != signal.SIGKILL else 'killed'}"  # type: ignore[union-attr]

    async def stop(self) -> None:
        """Kill the process and all that it started."""
        if self.is_over:
            return
        self.is_over = True
        if self._freezing is not None:
            self._freezing.cancel()
        if self._child is not None:
            self._child.kill()
            await asyncio.wait((self._child.exited,), timeout=2)
        self._output.close()
        await self._interface.close()
        if self._tmp:
            await asyncio.to_thread(shutil.rmtree, self._tmp, ignore_errors=True)

    # -- invoking

    async def invoke(self, event: Event, relay: Relay | None = None) -> Outcome:
        """Have the function handle an event. Of an environment that `is_over` afterwards nothing can be asked any more.

        What the function writes as a stream goes to `relay`; without one it is collected.
        """
        assert self._child is not None
        self._thaw()
        begun = perf_counter()
        deadline = begun + self.limits.timeout
        answer = self._interface.ask(event)
        if not answer.done():
            await self._answered(answer, deadline)
        if answer.done() and answer.result().written is not None:
            answer = asyncio.ensure_future(_arrived(answer.result(), relay))
            await self._answered(answer, deadline)
        duration = (perf_counter() - begun) * 1000
        self._output.drain()
        memory = self._memory_high()
        if answer.done():
            result = answer.result()
            return Outcome(result, duration, memory, status="error" if result.is_error else "success")
        answer.cancel()
        failed = self._failure(event, duration, memory)
        await self.stop()
        return failed

    async def _answered(self, answer: asyncio.Future[Answered], deadline: float) -> None:
        """Wait for the answer, the end of the process, of the time, or of the memory."""
        assert self._child is not None
        while (left := deadline - perf_counter()) > 0:
            pause = min(left, _WATCH_SECONDS)
            await asyncio.wait((answer, self._child.exited), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() or self._child.exited.done():
                return
            if self._memory_now() > self.limits.memory * _MIB:
                self._is_short_of_memory = True
                self._child.kill()
                await asyncio.wait((self._child.exited,), timeout=2)
                return

    def _failure(self, event: Event, duration: float, memory: int) -> Outcome:
        assert self._child is not None
        if self._child.exited.done():
            text = f"RequestId: {event.request_id} Error: {self._ended(self._child.exited.result())}"
            return Outcome(_document("Runtime.ExitError", text), duration, memory, True, "error")
        text = f"RequestId: {event.request_id} Error: Task timed out after {self.limits.timeout:.2f} seconds"
        return Outcome(_document("Sandbox.Timedout", text), self.limits.timeout * 1000, memory, True, "timeout")

    async def settled(self) -> bool:
        """Wait until the runtime asks for its next invocation. False when it ends instead."""
        if not self._interface.ready.is_set():
            assert self._child is not None
            ready = asyncio.ensure_future(self._interface.ready.wait())
            await asyncio.wait(
                (ready, self._child.exited), timeout=self.limits.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not ready.done():
                ready.cancel()
                await self.stop()
                return False
        self._freezing = asyncio.get_running_loop().call_later(_FREEZE_SECONDS, self._freeze)
        return True

    @property
    def is_alive(self) -> bool:
        return not self.is_over and self._child is not None and not self._child.exited.done()

    # -- freezing

    def _freeze(self) -> None:
        self._freezing = None
        if self._child is not None and self.is_alive:
            self._frozen = True
            self._child.signal(signal.SIGSTOP)

    def _thaw(self) -> None:
        if self._freezing is not None:
            self._freezing.cancel()
            self._freezing = None
        if self._frozen:
            assert self._child is not None
            self._frozen = False
            self._child.signal(signal.SIGCONT)

    # -- memory, in bytes

    def _memory_now(self) -> int:
        try:
            with open(f"/proc/{self._pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def _memory_high(self) -> int:
        """The most that the process ever had, in MiB."""
        try:
            with open(f"/proc/{self._pid}/status", "rb") as file:
                status = file.read()
        except OSError:
            return 0
        start = status.find(b"VmHWM:")
        return (int(status[start + 6 : start + 24].split()[0]) + 1023) // 1024 if start >= 0 else 0

    @property
    def _pid(self) -> int:
        return self._child.pid if self._child is not None else 0


async def _arrived(answered: Answered, relay: Relay | None) -> Answered:
    """The whole of an answer that is written as a stream: without its payload when that was relayed."""
    assert answered.written is not None
    chunks: list[bytes] = []
    if relay is not None:
        relay.begin(answered.content_type)
    async for chunk in answered.written:
        if relay is not None:
            await relay.put(chunk)
        else:
            chunks.append(chunk)
    size = sum(map(len, chunks))
    if size > RESPONSE_BYTES:
        return too_large(size)
    return answered.written.failure or Answered(b"".join(chunks), content_type=answered.content_type)


def _niceness(memory: int) -> int:
    """The share of a busy processor follows the memory: a step of niceness is a quarter, 1,769 MB are a whole processor.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    """
    return min(max(round(math.log(_WHOLE_PROCESSOR / memory, 1.25)), 0), _NICEST)


def _document(kind: str, message: str) -> Answered:
    return Answered(orjson.dumps({"errorType": kind, "errorMessage": message}), kind, True)
