"""Tasks: durable work with a due time, on the virtual clock.

A task is a row at (due time in microseconds, id), so the next one is the first row. It is written in the transaction that asks for
it and deleted in the transaction that does it: a crash in between repeats nothing and loses nothing. A task that waits for something
outside the store runs at least once. Failures are retried with exponential backoff; after MAX_ATTEMPTS the task is dead: kept,
visible in `/_fogbank/tasks`, and never run again.

Of several processes on one state, the leader of the fleet runs the tasks. For a moment two may take themselves for it: a transactional task
is done by the one whose transaction finds its row.
"""

from __future__ import annotations

import asyncio
import logging
import math
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel.collection import Collection, Record
from fogbank.kernel.ending import end
from fogbank.storage.base import StoreError
from fogbank.telemetry.metrics import TaskMeter
from fogbank.telemetry.trace import working_for

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import TaskKind

log = logging.getLogger("fogbank.tasks")

MAX_ATTEMPTS = 10
MAX_BACKOFF = 900.0
MAX_CONCURRENT = 64
# among others, a leader looks at least this often (seconds): the word that a task is due may have been lost
_LOOK_AGAIN = 5.0
_PAUSE = 1.0
# the clock is not moved past work that is under way, unless it takes longer than this (seconds)
_UNDER_WAY = 5.0

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Task(Record, frozen=True):
    service: str
    name: str
    account: str
    region: str
    payload: bytes
    key: str | None = None
    attempts: int = 0
    error: str = ""
    due: int = 0
    id: str = ""


class Place(Record, frozen=True):
    """Where the one pending task of a key is."""

    due: int
    id: str


pending: Collection[Task] = Collection("fogbank", "tasks", Task, scope="global")
dead: Collection[Task] = Collection("fogbank", "dead-tasks", Task, scope="global")
by_key: Collection[Place] = Collection("fogbank", "task-keys", Place, scope="region")


async def enqueue(ctx: Context, name: str, payload: dict[str, Any], due: float, key: str | None) -> None:
    if name not in ctx.service.tasks:
        raise ValueError(f"{ctx.service.name} declares no task {name}")
    if key is not None:
        await withdraw(ctx, name, key)
    task = Task(
        ctx.service.name,
        name,
        ctx.account,
        ctx.region,
        _pack(payload),
        key,
        due=_microseconds(due),
        id=ctx.ids.hex(16),
    )
    _put(ctx, task)
    ctx.after_commit(ctx.app.tasks.wake)


def _microseconds(due: float) -> int:
    """The first microsecond at which the epoch second `due` has come: a task that runs finds that it is time for what it was to do."""
    found = math.ceil(due * 1e6)
    return found if found / 1e6 >= due else found + 1


async def withdraw(ctx: Context, name: str, key: str) -> None:
    place = await by_key.get(ctx, ctx.service.name, name, key)
    if place is not None:
        pending.delete(ctx, place.due, place.id)
        by_key.delete(ctx, ctx.service.name, name, key)


def _put(ctx: Context, task: Task) -> None:
    pending.put(ctx, task, task.due, task.id)
    if task.key is not None:
        by_key.put(ctx, Place(task.due, task.id), task.service, task.name, task.key)


async def _remove(ctx: Context, task: Task) -> None:
    pending.delete(ctx, task.due, task.id)
    if task.key is None:
        return
    place = await by_key.get(ctx, task.service, task.name, task.key)
    if place is not None and place.id == task.id:
        by_key.delete(ctx, task.service, task.name, task.key)


class TaskRunner:
    """Runs what is due. Transactional tasks run one after another in due order; the others concurrently."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.meter = TaskMeter()
        self._timer: asyncio.TimerHandle | None = None
        self._runner: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._again = False
        self._told = False
        self._closed = False

    # -- waking up

    def wake(self) -> None:
        """Something may be due: look, or look again if we are looking already; or have the leader look."""
        if self._closed:
            return
        if not self.app.fleet.leads:
            self._tell_leader()
            return
        self._again = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._runner is None or self._runner.done():
            self._runner = asyncio.get_running_loop().create_task(self._run_due())

    def _tell_leader(self) -> None:
        """Once for all tasks of this turn of the loop."""
        if not self._told:
            self._told = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._told = False
        self.app.fleet.tell("tasks")

    async def close(self) -> None:
        """Stop; what was under way is left to the next start."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await end(task for task in (self._runner, *self._running.values()) if task is not None)

    async def _run_due(self) -> None:
        failures = self.app.store.meter.failures
        try:
            delay = await self._run_all_due(failures)
        except StoreError as error:
            log.warning("the tasks wait: %s", error)
            delay = _PAUSE
        if delay is not None:
            self._timer = asyncio.get_running_loop().call_later(delay, self.wake)

    async def _run_all_due(self, failures: int) -> float | None:
        """Returns in how many seconds there may be more to do. A store that loses what is done (disk full) gets a pause."""
        while self._again:
            self._again = False
            async with self._turn:
                while self.app.fleet.leads and (task := await self._next(int(self.app.clock.now() * 1e6))):
                    await self._start(task)
                    await asyncio.sleep(0)
                    if self.app.store.meter.failures != failures:
                        return _PAUSE
        return await self._until_next()

    async def _until_next(self) -> float | None:
        """Seconds until there may be something to do; None when only `wake` can tell."""
        upcoming = await self._next(None)
        latest = None if self.app.store.alone else _LOOK_AGAIN
        if upcoming is None:
            return latest
        delay = max(upcoming.due / 1e6 - self.app.clock.now(), 0.0)
        return delay if latest is None else min(delay, latest)

    async def _next(self, until: int | None) -> Task | None:
        """The first task that is not under way, due at `until` (microseconds) at the latest."""
        ctx = self.app.system_context()
        bound = None if until is None else (until + 1,)
        running = set(self._running)  # one that ends while we look may be in what we see all the same
        rows = await ctx.transact(lambda: pending.scan(ctx, until=bound, limit=len(running) + 1))
        return next((task for task in rows if task.id not in running), None)

    # -- running

    async def _start(self, task: Task) -> None:
        kind = await self._kind(task)
        if kind is None or kind.transaction:
            await self._run(task, kind)
            return
        while len(self._running) >= MAX_CONCURRENT:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
        running = asyncio.get_running_loop().create_task(self._run(task, kind))
        self._running[task.id] = running
        running.add_done_callback(lambda _: self._finished(task.id))

    def _finished(self, task_id: str) -> None:
        self._running.pop(task_id, None)
        self.wake()

    async def _kind(self, task: Task) -> TaskKind | None:
        service = self.app.services.get(task.service)
        return service.tasks.get(task.name) if service is not None else None

    async def _run(self, task: Task, kind: TaskKind | None) -> None:
        ctx = self.app.system_context(task.service, task.account, task.region, task.name)
        with working_for(ctx.request_id):
            await self._attempt(ctx, task, kind)

    async def _attempt(self, ctx: Context, task: Task, kind: TaskKind | None) -> None:
        begun = perf_counter()
        try:
            if kind is None:
                raise LookupError(f"{task.service} has no task {task.name}")
            if kind.transaction:
                await ctx.transact(self._run_whole, ctx, task, kind)
            else:
                await kind.handler(ctx, _unpack(task.payload))
                await ctx.transact(_remove, ctx, task)
            self.meter.ran(task.service, task.name, "done", perf_counter() - begun)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.warning("task %s.%s failed: %r", task.service, task.name, error, exc_info=True)
            will_be_tried = await ctx.transact(self._retry, ctx, task, repr(error))
            self.meter.ran(task.service, task.name, "failed" if will_be_tried else "dead", perf_counter() - begun)

    async def _run_whole(self, ctx: Context, task: Task, kind: TaskKind) -> None:
        if await pending.get(ctx, task.due, task.id) is None:
            return  # another process did it
        # removed first, so that a task which schedules itself again under its key is not taken back
        await _remove(ctx, task)
        await kind.handler(ctx, _unpack(task.payload))

    async def _retry(self, ctx: Context, task: Task, error: str) -> bool:
        """Put the task off, or give it up: then the answer is False."""
        await _remove(ctx, task)
        attempts = task.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            dead.put(ctx, msgspec.structs.replace(task, attempts=attempts, error=error), task.due, task.id)
            return False
        due = _microseconds(self.app.clock.now() + min(2.0**attempts, MAX_BACKOFF))
        _put(ctx, msgspec.structs.replace(task, attempts=attempts, error=error, due=due))
        return True

    # -- moving the clock

    async def advance(self, seconds: float) -> None:
        """Move the virtual clock forward and let everything happen that becomes due, each at its own time, in order."""
        clock = self.app.clock
        async with self._turn:
            target = clock.now() + seconds
            if self._running:  # what is under way belongs to the time before
                await asyncio.wait(self._running.values(), timeout=_UNDER_WAY)
            try:
                while task := await self._next(_microseconds(target)):
                    clock.hold(task.due / 1e6)
                    self.app.waiters.wake_all()
                    await self._start(task)
                    if running := self._running.get(task.id):
                        await asyncio.wait([running])
                    await asyncio.sleep(0)
                clock.hold(target)
            finally:
                clock.release()
        self.app.waiters.wake_all()
        self.wake()

    async def list_pending(self, limit: int = 1000) -> list[Task]:
        ctx = self.app.system_context()
        return await ctx.transact(lambda: pending.scan(ctx, limit=limit))

    async def list_dead(self, limit: int = 1000) -> list[Task]:
        ctx = self.app.system_context()
        return await ctx.transact(lambda: dead.scan(ctx, limit=limit))
