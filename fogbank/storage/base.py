"""The Store: an ordered, transactional map from bytes to bytes, and nothing else.

An operation works in a `Transaction`: reads see its own writes and everything accepted before it; writes are kept aside until all of
them are taken at once. There are two ways to run one:

- A store that is `alone` (sqlite, one process) runs it in one go: `begin`, the operation, `accept`. What is accepted is visible to the
  next transaction at once and durable when the next flush ends; no answer leaves before that (`after_flush`). Many transactions
  share one flush: group commit.
- A store that others write to as well (sqlite with several workers, PostgreSQL) runs it by `run`: as if transactions came one after
  another, over all processes. An attempt that turns out to be in somebody's way is run again from its start.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from fogbank.telemetry.metrics import StoreMeter

T = TypeVar("T")

FORMAT = 2
"""Of the rows, whatever store they lie in. Since 2, blobs lie on shelves."""

Pair = tuple[bytes, bytes]
Writes = dict[bytes, bytes | None]


class StoreError(Exception):
    """The store could not keep what it was given (disk full, file gone, server away). Nothing of the flush was kept."""


class Uncertain(StoreError):
    """A commit may have been kept all the same: its answer got lost."""


class Damaged(StoreError):
    """What was kept cannot be read any more, or is not what it was."""


class NewerFormat(StoreError):
    """The state was written by a newer version."""


class Transaction(ABC):
    """Reads are awaited, writes are not: they are only noted here.

    `defines` says that a row of a cached collection was written, `is_over` that its work is done: whoever still holds it begins another.
    Where the store is `synchronous`, `read` is `get` without being awaited, which costs as much as the rest of a call.
    """

    __slots__ = ("defines", "is_over", "writes")

    synchronous = False

    def __init__(self) -> None:
        self.writes: Writes = {}
        self.defines = False
        self.is_over = False

    @abstractmethod
    async def get(self, key: bytes) -> bytes | None: ...

    def read(self, key: bytes) -> bytes | None:
        raise NotImplementedError

    @abstractmethod
    async def scan(self, start: bytes, end: bytes, limit: int | None = None, reverse: bool = False) -> list[Pair]:
        """Pairs with start <= key < end in key order (or in reverse), at most `limit`."""

    @abstractmethod
    async def count(self, start: bytes, end: bytes, limit: int | None = None) -> int:
        """How many keys there are with start <= key < end, counted up to `limit`."""

    def put(self, key: bytes, value: bytes) -> None:
        self.writes[key] = value

    def delete(self, key: bytes) -> None:
        self.writes[key] = None


class Store(ABC):
    """One state. Whoever opened it closes it.

    alone        nobody else writes: transactions run by `begin` and `accept`, and never again
    synchronous  awaiting a read never suspends, so an operation runs in one go on the event loop
    decoded      decoded rows of cached collections by key, as far as they may be trusted without asking the store
    meter        what it reports to
    """

    alone: bool
    synchronous: bool
    decoded: dict[bytes, Any]
    meter: StoreMeter

    @abstractmethod
    async def open(self) -> None:
        """Get ready, on the loop that will use the store. Raises StoreError or NewerFormat."""

    @abstractmethod
    def begin(self) -> Transaction: ...

    @abstractmethod
    def accept(self, transaction: Transaction) -> None:
        """Take the transaction's writes, all of them, and schedule the flush that makes them durable."""

    @abstractmethod
    async def run(self, attempt: Callable[[Transaction], Awaitable[T]], kind: object) -> T:
        """Run `attempt` in a transaction, again from its start if need be, and take its writes when it returns.

        What it raises is raised, and its writes are dropped. `kind` tells attempts apart that may be expected to behave alike.
        Raises StoreError when the store cannot take it.
        """

    @property
    @abstractmethod
    def flushing(self) -> bool:
        """Is there anything accepted that is not durable yet?"""

    @abstractmethod
    def after_flush(self, callback: Callable[[StoreError | None], None]) -> None:
        """Call back when everything accepted so far is durable, or with the error that lost it."""

    @abstractmethod
    async def quiet(self) -> None:
        """Return when everything accepted is durable, with no commit under way."""

    # -- the state as a whole

    @abstractmethod
    def snapshot(self) -> AbstractAsyncContextManager[Iterator[Pair]]:
        """All rows of one moment, in key order, to be read in a thread while the server goes on."""

    @abstractmethod
    async def replace(self, pairs: Iterable[Pair]) -> None:
        """Put these rows in place of everything, in one transaction. The rows are read in a thread or on the loop."""

    @abstractmethod
    async def delete_range(self, start: bytes, end: bytes) -> None:
        """Delete rows at once, outside transactions: for resets."""

    @abstractmethod
    async def groups(self) -> list[bytes]:
        """The encoded (service, collection, account, region) of every scope that has rows."""

    async def size(self) -> int | None:
        """Bytes that the state takes where it is kept; None when that cannot be told."""
        return None

    def find_damage(self) -> list[str]:
        """What is wrong with the file below the rows, a sentence each; blocks, for as long as it takes to read everything."""
        return []

    @abstractmethod
    async def close(self) -> None:
        """Flush and close."""


class NoMemory(dict[bytes, Any]):
    """`decoded` of a store that must always be asked."""

    def __setitem__(self, key: bytes, value: Any) -> None:
        pass


def group_of(row_key: bytes) -> bytes:
    """The part of a row's key that names its (service, collection, account, region)."""
    return b"\0".join(row_key.split(b"\0", 4)[:4]) + b"\0"


def overlaid(rows: list[Pair], overlay: Writes, limit: int | None, reverse: bool) -> list[Pair]:
    """What a scan found, with writes that are not in the store yet put over it."""
    if not overlay:
        return rows
    merged: Writes = dict(rows)
    merged.update(overlay)
    ordered = sorted([pair for pair in merged.items() if pair[1] is not None], reverse=reverse)
    return ordered if limit is None else ordered[:limit]  # type: ignore[return-value]
