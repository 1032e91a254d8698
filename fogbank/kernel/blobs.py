"""Which blobs belong to the state, and how those that do not are found.

    blobs           name -> length, MD5 and account; written by the transaction that names the blob
    dropped-blobs   name -> nothing; written by the transaction that drops it, removed when the blob is gone

A blob without a row of the first kind is an orphan. There can be orphans only on shelves that are open (see
`fogbank.storage.blobs`), so a start looks at those of processes that are no more, and at the rows of the second kind: never at all blobs.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fogbank.kernel import keys
from fogbank.kernel.collection import Collection
from fogbank.storage.base import StoreError
from fogbank.storage.blobs import Seal, in_thread

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.blobs")

T = TypeVar("T")

kept: Collection[bytes] = Collection("fogbank", "blobs", bytes, scope="global")
dropped: Collection[bytes] = Collection("fogbank", "dropped-blobs", bytes, scope="global")

_KEPT = keys.encode(("fogbank", "blobs", "", ""))
_SEAL = struct.Struct(">Q16s")
_BATCH = 200
# How long a dropped blob stays (seconds): a transaction of another process may have read its name just before.
_GRACE_ALONE = 0.1
_GRACE_SHARED = 10.0
_AGAIN = 2.0


class Kept(NamedTuple):
    """A row of `blobs`. Rows of data format 1 know nothing: `seal` is None."""

    seal: Seal | None
    account: str

    @classmethod
    def of(cls, row: bytes) -> Kept:
        return cls(Seal(*_SEAL.unpack_from(row)), row[_SEAL.size :].decode()) if row else cls(None, "")

    def row(self) -> bytes:
        return _SEAL.pack(*self.seal) + self.account.encode() if self.seal is not None else b""


def blob_of(row_key: bytes) -> str | None:
    """The blob that the row with this key says is kept; None for all other rows."""
    return keys.decode(row_key[len(_KEPT) :], (str,))[0] if row_key.startswith(_KEPT) else None  # type: ignore[return-value]


def keep(ctx: Context, name: str) -> None:
    kept.put(ctx, Kept(ctx.blobs.seal_of(name), ctx.account).row(), name)
    ctx.after_commit(lambda: ctx.app.upkeep.named(name))


def drop(ctx: Context, name: str) -> None:
    kept.delete(ctx, name)
    dropped.put(ctx, b"", name)
    ctx.after_commit(ctx.app.upkeep.wake)


class BlobUpkeep:
    """Removes what was dropped, and the orphans, behind the requests' back."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._timer: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    def named(self, name: str) -> None:
        """A transaction that names the blob is durable."""
        if self.app.blobs.named(name):
            self.wake()

    def wake(self) -> None:
        """There is something to do."""
        self._soon(_GRACE_ALONE if self.app.store.alone else _GRACE_SHARED)

    def _soon(self, delay: float) -> None:
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(delay, self._begin)

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
        except StoreError as error:
            log.warning("blobs that nobody needs stay for now: %s", error)
            done = False
        if not done:
            self._soon(_AGAIN)

    async def close(self) -> None:
        """Stop; what is left is for the next start."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)

    # -- what it does

    async def remove_dropped(self) -> bool:
        """Remove the blobs that transactions dropped. False when somebody needs them for now."""
        while names := await self._durably(_some_dropped):
            if not await in_thread(self.app.blobs.remove, names):
                return False
            await self._durably(_forget_dropped, names)
        return True

    async def sweep(self) -> int:
        """Remove what processes that are no more left without a name; how many blobs."""
        return await self._sweep(await in_thread(self.app.blobs.claim))

    async def sweep_all(self) -> int:
        """Remove all blobs without a name, but those that are under way; how many."""
        await self.sweep()
        return await self._sweep(await in_thread(self.app.blobs.settled))

    async def _sweep(self, shelves: list[str]) -> int:
        self.wake()
        return sum([await self._look_through(shelf) or 0 for shelf in shelves])

    async def _look_through(self, shelf: str) -> int | None:
        """Remove the orphans of a shelf, and close it, unless it is still being filled. None when somebody needs them for now.

        The order matters: a blob under way is on the shelf before it has a name, and has one before it is no longer under way.
        """
        blobs = self.app.blobs
        there = await in_thread(blobs.contents, shelf)
        candidates = there.keys() - blobs.unnamed(shelf)
        orphans = await self._durably(_without_name, candidates)
        if orphans and not await in_thread(blobs.remove, orphans):
            return None
        if blobs.may_close(shelf):
            await in_thread(blobs.close_shelf, shelf)
        return len(orphans)

    async def _durably(self, work: Callable[..., Awaitable[T]], *args: object) -> T:
        """What the transaction found or did, once neither can be taken back. Raises StoreError."""
        ctx = self.app.system_context()
        result = await ctx.transact(work, ctx, *args)
        flushed: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()
        self.app.store.after_flush(flushed.set_result)
        if (error := await flushed) is not None:
            raise error
        return result


async def _some_dropped(ctx: Context) -> list[str]:
    return [name for (name,), _ in await dropped.items(ctx, (str,), limit=_BATCH)]  # type: ignore[misc]


async def _forget_dropped(ctx: Context, names: list[str]) -> None:
    for name in names:
        dropped.delete(ctx, name)


async def _without_name(ctx: Context, names: set[str]) -> list[str]:
    return [name for name in names if await kept.get(ctx, name) is None]
