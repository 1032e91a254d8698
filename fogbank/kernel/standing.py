"""Standing work: what a service does for as long as something exists, and not at a time of its own: reading a queue for a function.

    @service.standing
    async def poll(ctx: Context, name: str) -> None:
        with ctx.watch("queue", ...) as watch:
            while True: ...

    await ctx.stand("poll", name)        # in a transaction: from now on, also after a restart
    await ctx.sit("poll", name)          # no more

It is a row, written by the transaction that asks for it, and a coroutine on the leader of the fleet, as long as the row is there. The
coroutine is cancelled when the row goes, when the leader changes, and at the end of the server; when it fails, or returns, it begins again
after a pause. So it keeps nothing that is not in the store. Standing work that is idle waits for a topic, and costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fogbank.kernel.collection import Collection, Record
from fogbank.kernel.ending import end
from fogbank.storage.base import StoreError

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.standing")

_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
# among others, the leader looks at least this often (seconds): the word that there is work may have been lost
_LOOK_AGAIN = 5.0

Place = tuple[str, str, str, str, str]
"""service, name, account, region, what it is about"""


class Work(Record, frozen=True):
    """Says whose it is, so that it goes with its account."""

    account: str


_rows: Collection[Work] = Collection("fogbank", "standing", Work, scope="global")


async def stand(ctx: Context, name: str, about: str) -> None:
    if name not in ctx.service.standing_work:
        raise ValueError(f"{ctx.service.name} declares no standing work {name}")
    _rows.put(ctx, Work(ctx.account), ctx.service.name, name, ctx.account, ctx.region, about)
    ctx.after_commit(ctx.app.standing.wake)


async def sit(ctx: Context, name: str, about: str) -> None:
    _rows.delete(ctx, ctx.service.name, name, ctx.account, ctx.region, about)
    ctx.after_commit(ctx.app.standing.wake)


class Standing:
    """The standing work of this process, when it leads."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._running: dict[Place, asyncio.Task[None]] = {}
        self._looker: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._closed = False

    def wake(self) -> None:
        """There may be something to begin or to end: look, or have the leader look."""
        if self._closed:
            return
        if not self.app.fleet.leads:
            self.app.fleet.tell("standing")
            if not self._running:
                return
        self._again = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looker is None or self._looker.done():
            self._looker = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self._again and not self._closed:
            self._again = False
            try:
                wanted = await self._wanted() if self.app.fleet.leads else set()
            except StoreError as error:
                log.warning("standing work waits: %s", error)
                self._timer = asyncio.get_running_loop().call_later(_PAUSE, self.wake)
                return
            for place in [place for place in self._running if place not in wanted]:
                self._running.pop(place).cancel()
            for place in wanted - self._running.keys():
                self._running[place] = asyncio.get_running_loop().create_task(self._run(place))
        if not self.app.store.alone:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_AGAIN, self.wake)

    async def _wanted(self) -> set[Place]:
        ctx = self.app.system_context()
        rows = await ctx.transact(lambda: _rows.items(ctx, (str, str, str, str, str)))
        return {key for key, _ in rows}  # type: ignore[misc]

    async def _run(self, place: Place) -> None:
        """Do it again and again, with pauses that grow while it fails at once."""
        service_name, name, account, region, about = place
        pause = _PAUSE
        while True:
            begun = asyncio.get_running_loop().time()
            ctx = self.app.system_context(service_name, account, region, name)
            work = ctx.service.standing_work.get(name)
            if work is None:
                log.error("%s has no standing work %s", service_name, name)
                return
            try:
                await work(ctx, about)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("standing work %s.%s of %s failed", service_name, name, about)
            if asyncio.get_running_loop().time() - begun > _LONGEST_PAUSE:
                pause = _PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        work = [*self._running.values(), *([self._looker] if self._looker is not None else [])]
        self._running.clear()
        await end(work)
