"""The Store: an ordered, transactional map from bytes to bytes, and nothing else.

An operation works in a `Transaction`: reads see its own writes and everything accepted before it; writes are kept aside until
`Store.accept` takes all of them at once. `accept` makes them visible to the next transaction; they are durable when the
next flush ends, and no answer leaves before that (`Store.after_flush`). Many transactions share one flush: group commit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

Pair = tuple[bytes, bytes]


class StoreError(Exception):
    """The store could not keep what it was given (disk full, file gone). Nothing of the flush was kept."""


class NewerFormat(StoreError):
    """The data directory was written by a newer version."""


class Transaction(ABC):
    """Reads are awaited, writes are not: they are only noted here."""

    writes: dict[bytes, bytes | None]

    @abstractmethod
    async def get(self, key: bytes) -> bytes | None: ...

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
    """`synchronous` says that awaiting a read never suspends, so an operation runs in one go on the event loop."""

    synchronous: bool

    @abstractmethod
    def begin(self) -> Transaction: ...

    @abstractmethod
    def accept(self, transaction: Transaction) -> None:
        """Take the transaction's writes, all of them, and schedule the flush that makes them durable."""

    @property
    @abstractmethod
    def flushing(self) -> bool:
        """Is there anything accepted that is not durable yet?"""

    @abstractmethod
    def after_flush(self, callback: Callable[[StoreError | None], None]) -> None:
        """Call back when everything accepted so far is durable, or with the error that lost it."""

    @abstractmethod
    def close(self) -> None:
        """Flush and close."""
