"""Which blobs belong to the state, and how those that do not are found.

    blobs           name -> length, digest and account; written by the transaction that names the blob
    dropped-blobs   time, name -> nothing; written by the transaction that drops it, removed when the blob is gone

A blob without a row of the first kind is an orphan. There can be orphans only on shelves that are open (see
`fogbank.storage.blobs`), so a start looks at those of processes that are no more, and at the rows of the second kind: never at all blobs.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fogbank.kernel import keys
from fogbank.kernel.collection import Collection
from fogbank.storage.base import StoreError
from fogbank.storage.blobs import MD5, SHA256, Seal, in_thread

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.blobs")

T = TypeVar("T")

kept: Collection[bytes] = Collection("fogbank", "blobs", bytes, scope="global")
dropped: Collection[bytes] = Collection("fogbank", "dropped-blobs", bytes, scope="global")

_KEPT = keys.encode(("fogbank", "blobs", "", ""))
_SEAL = struct.Struct(">Q16s")
# Added to the length, which never gets as far, where the digest is not an MD5.
_IS_SHA256 = 1 << 63
_BATCH = 200
# Seconds. Dropped blobs are gathered for a while; where there are several processes, a transaction of another one may
# have read a blob's name just before it was dropped, so the blob stays longer.
_GATHER = 0.1
_GRACE = 10.0
_AGAIN = 2.0
_SWEEP = 3600.0


class Kept(NamedTuple):
    """A row of `blobs`. Rows of data format 1 know nothing: `seal` is None."""

    seal: Seal | None
    account: str

    @classmethod
    def of(cls, row: bytes) -> Kept:
        if not row:
            return cls(None, "")
        length, digest = _SEAL.unpack_from(row)
        algorithm = SHA256 if length & _IS_SHA256 else MD5
        return cls(Seal(length & ~_IS_SHA256, digest, algorithm), row[_SEAL.size :].decode())

    def row(self) -> bytes:
        if self.seal is None:
            return b""
        mark = _IS_SHA256 if self.seal.algorithm == SHA256 else 0
        return _SEAL.pack(self.seal.length | mark, self.seal.digest) + self.account.encode()


def blob_of(row_key: bytes) -> str | None:
    """The blob that the row with this key says is kept; None for all other rows."""
    return keys.decode(row_key[len(_KEPT) :], (str,))[0] if row_key.startswith(_KEPT) else None  # type: ignore[return-value]


def keep(ctx: Context, name: str) -> None:
    kept.put(ctx, Kept(ctx.blobs.seal_of(name), ctx.account).row(), name)
    ctx.after_commit(lambda: ctx.app.upkeep.named(name))


async def kept_seal(ctx: Context, name: str) -> Seal:
    """What the bytes of a blob are that is part of the state. Raises OSError when nobody noted it (data format 1)."""
    row = await kept.get(ctx, name)
    seal = Kept.of(row).seal if row is not None else None
    if seal is None:
        raise FileNotFoundError(f"nothing is known of the blob {name}")
    return seal


def drop(ctx: Context, name: str) -> None:
    kept.delete(ctx, name)
    dropped.put(ctx, b"", int(time.time()), name)
    ctx.after_commit(ctx.app.upkeep.wake)


class BlobUpkeep:
    """Removes what was dropped, and the orphans, behind the requests' back."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._timer: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._next_sweep = 0.0
        self._ending = asyncio.Event()

    def named(self, name: str) -> None:
        """A transaction that names the blob is durable, or may be; its row tells, when its shelf is looked through."""
        if self.app.blobs.named(name):
            self.wake()

    def wake(self) -> None:
        """There is something to do."""
        self._soon(_GATHER if self.app.store.alone else _GRACE)

    def _soon(self, delay: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + delay:
                return
            self._timer.cancel()
        if not self._ending.is_set():
            self._timer = loop.call_later(delay, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._working is None or self._working.done():
            self._working = asyncio.get_running_loop().create_task(self._work())
        else:
            self._soon(_AGAIN)

    async def _work(self) -> None:
        try:
            done = await self.remove_dropped()
            for shelf in self.app.blobs.done():
                done = await self._look_through(shelf) is not None and done
            if self._may_find_abandoned and asyncio.get_running_loop().time() > self._next_sweep:
                await self.sweep()
        except (StoreError, OSError) as error:
            log.warning("blobs that nobody needs stay for now: %s", error)
            done = False
        if not done:
            self._soon(_AGAIN)
        elif self._may_find_abandoned:
            self._soon(_SWEEP)

    @property
    def _may_find_abandoned(self) -> bool:
        """Can there be shelves later that a process leaves behind?"""
        return not self.app.store.alone or self.app.blobs.beat_seconds > 0

    async def open(self) -> None:
        """Begin, with what processes that are no more left behind; in the background where that may take long."""
        if self.app.blobs.beat_seconds:
            self._beating = asyncio.get_running_loop().create_task(self._beat(self.app.blobs.beat_seconds))
        if self.app.store.synchronous and not self.app.blobs.beat_seconds:
            await self.sweep()
        self.wake()

    async def _beat(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await in_thread(self.app.blobs.beat)
            except StoreError as error:
                log.warning("%s", error)

    async def close(self) -> None:
        """Stop; what is left is for the next start."""
        self._ending.set()
        if self._beating is not None:
            self._beating.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)

    # -- what it does

    async def remove_dropped(self) -> bool:
        """Remove the blobs that transactions dropped. False when somebody may need some of them for now."""
        until = None if self.app.store.alone else int(time.time() - _GRACE)
        while not self._ending.is_set() and (rows := await self._durably(_some_dropped)):
            due = [row for row in rows if until is None or row[0] < until]
            if not due or not await self._remove({name for _, name in due}):
                return False
            await self._durably(_forget_dropped, due)
        return True

    async def sweep(self) -> int:
        """Remove what processes that are no more left without a name; how many blobs."""
        self._next_sweep = asyncio.get_running_loop().time() + _SWEEP
        shelves = await in_thread(self.app.blobs.claim)
        if shelves and not self.app.store.synchronous and await self._ends_within(_GRACE):
            return 0  # what the dead process asked of the store may still be under way: the next start looks
        return await self._sweep(shelves)

    async def _ends_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def sweep_all(self) -> int:
        """Remove all blobs without a name, but those that are under way; how many."""
        await self.sweep()
        return await self._sweep(await in_thread(self.app.blobs.settled))

    async def _sweep(self, shelves: list[str]) -> int:
        return sum([await self._look_through(shelf) or 0 for shelf in shelves])

    async def _look_through(self, shelf: str) -> int | None:
        """Remove the orphans of a shelf, and close it, unless it is still being filled. None when somebody needs them for now.

        The order matters: a blob under way is on the shelf before it has a name, and has one before it is no longer under way.
        """
        blobs = self.app.blobs
        there = await in_thread(blobs.contents, shelf)
        candidates = there.keys() - blobs.unnamed(shelf)
        orphans = await self._durably(_without_name, candidates)
        if orphans and not await self._remove(set(orphans)):
            return None
        if blobs.may_close(shelf):
            await in_thread(blobs.close_shelf, shelf)
        return len(orphans)

    async def _remove(self, names: set[str]) -> bool:
        """Remove those of the blobs that still have no name when nobody holds them: a snapshot may have been loaded in between."""
        loop = asyncio.get_running_loop()

        def nameless() -> list[str]:
            return asyncio.run_coroutine_threadsafe(self._durably(_without_name, names), loop).result()

        removed: bool = await in_thread(self.app.blobs.remove, names, nameless)
        return removed

    async def _durably(self, work: Callable[..., Awaitable[T]], *args: object) -> T:
        """What the transaction found or did, once neither can be taken back. Raises StoreError."""
        ctx = self.app.system_context(operation=work.__name__)
        result = await ctx.transact(work, ctx, *args)
        flushed: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()
        self.app.store.after_flush(flushed.set_result)
        if (error := await flushed) is not None:
            raise error
        return result


async def _some_dropped(ctx: Context) -> list[tuple[int, str]]:
    """The oldest ones, as (time, name)."""
    return [key for key, _ in await dropped.items(ctx, (int, str), limit=_BATCH)]  # type: ignore[misc]


async def _forget_dropped(ctx: Context, rows: list[tuple[int, str]]) -> None:
    for row in rows:
        dropped.delete(ctx, *row)


async def _without_name(ctx: Context, names: set[str]) -> list[str]:
    return [name for name in names if await kept.get(ctx, name) is None]
