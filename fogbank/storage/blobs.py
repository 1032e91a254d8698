"""Blobs: bytes that are too large for a record, and lie outside of the store.

A blob is written, made durable, and only then named by a transaction (`ctx.keep_blob`); what a crash leaves in between is an orphan.
So that nobody has to look at every blob to find the orphans, a process puts blobs on a *shelf* of its own, up to SHELF_SIZE of them,
and takes the next one: only on shelves that are still open can there be blobs without a name. The shelf of a process that
is no more is `abandoned`; whoever finds it first looks it through (`fogbank.kernel.blobs`). A blob's name is `<shelf>/<number>`.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

from fogbank.http import FileBody
from fogbank.storage.base import Damaged

BlobBody = FileBody | AsyncIterator[bytes]

SHELF_SIZE = 1000
CHUNK = 4 << 20
_NAME = re.compile(r"[0-9a-f]{16}/[0-9]{1,5}|[0-9a-f]{32}")


class BlobMissing(Damaged):
    """A blob that the state names is not there, or is shorter than it was."""

    def __init__(self, name: str, what: str = "is missing") -> None:
        super().__init__(f"the blob {name} {what}: `fogbank doctor` tells what else is damaged")


MD5 = "md5"
SHA256 = "sha256"
DIGEST_BYTES = 16


class Seal(NamedTuple):
    """What the bytes of a finished blob are: how many, and 16 bytes of a digest of theirs.

    That is their MD5, which is there already where it is an ETag too, or of their SHA-256, which takes less than half the time.
    """

    length: int
    digest: bytes
    algorithm: str = MD5


class Shelf:
    """Where this process puts its blobs. `unnamed` are those that are under way, and with their seal those that are finished."""

    def __init__(self, name: str, lock: int = -1) -> None:
        self.name = name
        self.lock = lock
        self.taken = 0
        self.unnamed: dict[str, Seal | None] = {}

    @property
    def is_full(self) -> bool:
        return self.taken >= SHELF_SIZE

    def place(self) -> str:
        """The name of the next blob."""
        name = f"{self.name}/{self.taken}"
        self.taken += 1
        self.unnamed[name] = None
        return name


class BlobWriter(ABC):
    """Writes one blob. Exactly one of `finish` and `abort` ends it. All raise StoreError when there is no room."""

    name: str

    @abstractmethod
    def write_now(self, data: bytes | memoryview) -> None:
        """Write without leaving the thread; for callers that are in a worker thread already."""

    @abstractmethod
    async def write(self, data: bytes) -> None: ...

    @abstractmethod
    async def finish(self, digest: bytes | None = None, algorithm: str = MD5) -> str:
        """Make it durable. Returns the name for `ctx.keep_blob`. `digest` of the bytes, if the caller has computed it."""

    @abstractmethod
    def abort(self) -> None:
        """Throw away what was written."""


class Blobs(ABC):
    """Where blobs lie. Methods that say so block, and belong into a worker thread; the others are for the event loop.

    `beat_seconds` is how often `beat` wants to be called, 0 for never.
    """

    beat_seconds = 0.0

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._current: Shelf | None = None

    # -- what services use

    @abstractmethod
    def create(self) -> BlobWriter:
        """Begin a blob. Raises StoreError when there is no room."""

    @abstractmethod
    def open(self, name: str, offset: int, length: int) -> BlobBody:
        """A span of the blob as a response body. Raises BlobMissing, if it can be known already."""

    @abstractmethod
    def link(self, name: str, seal: Seal) -> str:
        """Another blob with the same bytes, at no cost. Raises OSError where there are no links."""

    @abstractmethod
    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        """A span of the blob as bytes; blocks. Raises BlobMissing."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """All bytes of the blob, in pieces; blocks. Raises BlobMissing."""
        offset = 0
        while chunk := self.read(name, offset, CHUNK):
            yield chunk
            offset += len(chunk)

    @abstractmethod
    def discard(self, name: str) -> None:
        """Throw away a blob that no transaction names."""

    # -- which of them have a name

    def seal_of(self, name: str) -> Seal:
        """What a finished blob without a name is. Raises LookupError for all others, StoreError when it may have been swept."""
        shelf = self._shelves.get(shelf_of(name))
        seal = shelf.unnamed.get(name) if shelf is not None else None
        if seal is None:
            raise LookupError(f"{name} is no finished blob of this process")
        return seal

    def named(self, name: str) -> bool:
        """A transaction that names the blob is durable, or the blob is no more. True when its shelf may be closed now."""
        shelf = self._shelves.get(shelf_of(name))
        if shelf is None:
            return False
        shelf.unnamed.pop(name, None)
        return self.may_close(shelf.name)

    def unnamed(self, shelf: str) -> list[str]:
        """The blobs on the shelf that this process has under way."""
        return list(self._shelves[shelf].unnamed) if shelf in self._shelves else []

    def may_close(self, shelf: str) -> bool:
        """Is the shelf ours, and can no blob be put on it any more, or get a name?"""
        ours = self._shelves.get(shelf)
        return ours is not None and not ours.unnamed and (ours is not self._current or ours.is_full)

    def done(self) -> list[str]:
        """The shelves that may be closed."""
        return [shelf for shelf in list(self._shelves) if self.may_close(shelf)]

    def _place(self) -> str:
        """The name of a new blob. Blocks for a moment when a new shelf is needed."""
        shelf = self._current
        if shelf is None or shelf.is_full:
            shelf = self._current = self._open_shelf()
            self._shelves[shelf.name] = shelf
        return shelf.place()

    def _sealed(self, name: str, seal: Seal) -> None:
        self._shelves[shelf_of(name)].unnamed[name] = seal

    @abstractmethod
    def _open_shelf(self) -> Shelf:
        """Get a new shelf ready, and say, so that a loss of power does not forget it, that this process fills it."""

    # -- what is kept in order behind the scenes; all of it blocks

    @abstractmethod
    def identity(self) -> str:
        """What tells this place from every other one; made when it is first asked for. Raises StoreError."""

    @abstractmethod
    def beat(self) -> None:
        """Tell other processes that this one is alive; blocks."""

    @abstractmethod
    def claim(self) -> list[str]:
        """The open shelves whose processes are no more. They belong to the caller, who closes them."""

    @abstractmethod
    def close_shelf(self, name: str) -> None:
        """No blob on the shelf is without a name: it need not be looked at again."""

    @abstractmethod
    def shelves(self) -> list[str]:
        """All shelves."""

    @abstractmethod
    def settled(self) -> list[str]:
        """All shelves but those that other processes fill."""

    @abstractmethod
    def contents(self, shelf: str) -> dict[str, int]:
        """Lengths of the blobs on the shelf, by name."""

    @abstractmethod
    def remove(self, names: Collection[str], confirm: Callable[[], Collection[str]] | None = None) -> bool:
        """Delete blobs; some may be gone already. False, and nothing is deleted, while somebody is `holding`.

        `confirm` is asked when nobody is: it gives those that are to go after all.
        """

    @abstractmethod
    def holding(self) -> AbstractAsyncContextManager[None]:
        """No process removes blobs until the block ends, so that a snapshot finds every blob that it names."""

    @abstractmethod
    def restore(self, name: str, length: int, chunks: Iterable[bytes]) -> bool:
        """Put a blob of a snapshot in place, as one without a name. False when it is there already."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the shelves: another process may take them for abandoned."""


def shelf_of(name: str) -> str:
    """The shelf that the blob of this name lies on."""
    return name.rpartition("/")[0] or name[:2]


def is_name(text: str) -> bool:
    """Can this be the name of a blob?"""
    return _NAME.fullmatch(text) is not None


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Run blocking file work off the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *args)
