"""The processes of one execution environment: the runtime's, and those of external extensions. They see the same file system.

They are frozen (SIGSTOP) together when nothing is to be done, and thawed together.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from fogbank.engines.warden import Child, Warden
from fogbank.services.lambda_.runtime.output import Output

_END_SECONDS = 2.0
WHOLE_PROCESSOR = 1769
"""The MiB of memory with which a function has a whole processor."""
# A function may have a third of the share that the machine's other programs have, and not less: its time is limited.
_NICEST = 5
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_OPEN_FILES = 1024
# The peak of the memory comes before that.
_STATUS_BYTES = 4096


class Program(NamedTuple):
    """What is started; see `Warden.start`."""

    argv: list[str]
    environ: dict[str, str]
    directory: str
    module: str | None = None
    path: list[str] = []


class Processes:
    """`room` is the file system that they see, None for the machine's."""

    def __init__(self, room: dict[str, Any] | None, nice: int) -> None:
        self.runtime: Child | None = None
        self._room = room
        self._nice = nice
        self._others: dict[str, Child] = {}
        self._outputs: list[Output] = []
        self._is_frozen = False
        self._peaks: dict[int, int] = {}  # MiB by process
        self._statuses: dict[int, int] = {}  # open files by process

    # -- beginning

    def see(self, room: dict[str, Any] | None) -> None:
        """Before anything is started: another room."""
        self._room = room

    async def start_runtime(
        self,
        warden: Warden,
        program: Program,
        tell: Callable[[str], None],
        more: tuple[int, ...] = (),
        shared: bool = False,
    ) -> Child:
        """`more` are descriptors that it gets besides; its room may be `shared` with what is started later. Raises CannotStart."""
        self.runtime = await self._start(warden, program, tell, more, shared)
        if shared:
            self._room = {"of": self.runtime.pid}
        return self.runtime

    async def start_extension(self, warden: Warden, name: str, program: Program, tell: Callable[[str], None]) -> Child:
        """Raises CannotStart."""
        child = self._others[name] = await self._start(warden, program, tell, (), self._room is not None)
        if self._room is not None:
            self._room = {"of": child.pid}
        return child

    async def _start(
        self, warden: Warden, program: Program, tell: Callable[[str], None], more: tuple[int, ...], shared: bool
    ) -> Child:
        output = Output(tell)
        self._outputs.append(output)
        ends = output.write_end
        child = await warden.start(
            program.argv,
            program.environ,
            program.directory,
            (ends, ends, ends, *more),
            program.module,
            program.path,
            self._room,
            self._nice,
            shared and "of" not in (self._room or {}),
            _OPEN_FILES,
        )
        output.started()
        return child

    # -- what they are doing

    @property
    def _all(self) -> list[Child]:
        return [*self._others.values(), *([self.runtime] if self.runtime is not None else [])]

    @property
    def is_well(self) -> bool:
        """All of them are there."""
        runtime = self.runtime
        if runtime is None or runtime.exited.done():
            return False
        return not self._others or not any(each.exited.done() for each in self._others.values())

    def extension(self, name: str) -> Child | None:
        return self._others.get(name)

    def drain(self) -> None:
        """Take what they have written so far."""
        for output in self._outputs:
            output.drain()

    def end_lines(self) -> None:
        """Take what they have written so far, also what has no end of line yet."""
        for output in self._outputs:
            output.drain()
            output.end_line()

    def freeze(self) -> None:
        self._is_frozen = True
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._is_frozen:
            self._is_frozen = False
            self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        for each in self._all:
            each.signal(number)

    def used_seconds(self) -> float:
        """The time that they have had on processors."""
        return sum(_used(each.pid) for each in self._all)

    # -- memory, in bytes

    def memory_now(self) -> int:
        now = 0
        for each in self._all:
            size = _resident(each.pid)
            self._saw(each.pid, size >> 20)
            now += size
        return now

    def memory_high(self) -> int:
        """The most that they ever had, in MiB; of those that have ended, the most that was seen."""
        for each in self._all:
            self._saw(each.pid, _high(self._status(each.pid)))
        return sum(self._peaks.values())

    def _status(self, pid: int) -> int:
        """The file of a process that says it: kept open, since opening it takes longer than reading it. -1 where there is none."""
        if pid not in self._statuses:
            try:
                self._statuses[pid] = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return -1
        return self._statuses[pid]

    def _saw(self, pid: int, size: int) -> None:
        if size > self._peaks.get(pid, -1):
            self._peaks[pid] = size

    # -- the end

    async def end(self) -> None:
        """Kill them, and all that they started."""
        self.signal(signal.SIGKILL)
        exits = [each.exited for each in self._all]
        if exits:
            await asyncio.wait(exits, timeout=_END_SECONDS)
        for output in self._outputs:
            output.close()
        while self._statuses:
            os.close(self._statuses.popitem()[1])


def _used(pid: int) -> float:
    """Linux numbers the clocks of other processes so; elsewhere there are none."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _high(file: int) -> int:
    """In MiB."""
    try:
        status = os.pread(file, _STATUS_BYTES, 0)
    except OSError:
        return 0
    start = status.find(b"VmHWM:")
    return (int(status[start + 6 : start + 24].split()[0]) + 1023) // 1024 if start >= 0 else 0


def ended(status: int, is_short_of_memory: bool = False) -> str:
    """How AWS says that a runtime has ended with a status (negative for a signal)."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    name = "killed" if is_short_of_memory or -status == signal.SIGKILL else (signal.strsignal(-status) or "").lower()
    return f"Runtime exited with error: signal: {name}"


def niceness(memory: int) -> int:
    """The share of a busy processor follows the memory: a step of niceness is a quarter, 1,769 MB are a whole processor.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    """
    return min(max(round(math.log(WHOLE_PROCESSOR / memory, 1.25)), 0), _NICEST)
