"""Blobs as objects of an S3-compatible store, for servers on many machines: `s3://bucket/prefix?endpoint=http://...&region=...`.

    <shelf>/<number>    a blob
    open/<shelf>        the shelf is open; written anew while its process lives, so that a dead one's can be told
    hold/<id>           nothing may be removed; written anew while that is so
    identity, time      tell this place from others; tell its time

Credentials are those of the environment (`AWS_ACCESS_KEY_ID` and so on, instance roles). Uploads in parts that a crash breaks off stay in
the bucket until a lifecycle rule (AbortIncompleteMultipartUpload) removes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from fogbank.storage.base import StoreError
from fogbank.storage.blobs import MD5, BlobMissing, Blobs, BlobWriter, Seal, Shelf, in_thread, shelf_of

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
# Uploaded at once; what is longer goes in parts of this size, so many at a time.
_PART = 8 << 20
_PARTS_AT_ONCE = 2
_READ = 1 << 20
_PAGE = 1000
_RETRIES = 3
_PATIENCE = timedelta(seconds=30)
# Whoever does not write his mark anew for ten minutes is no more; to be sure, he thinks so himself after five (seconds).
_BEAT = 60.0
_SILENCE = timedelta(minutes=10)
_SURE = 300.0
_OPTIONS = frozenset({"endpoint", "region"})


class ObjectWriter(BlobWriter):
    def __init__(self, blobs: BlobBucket) -> None:
        self._blobs = blobs
        self.name = blobs._place()
        self.length = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file = blobs.obstore.open_writer(
            blobs.store, self.name, buffer_size=_PART, max_concurrency=_PARTS_AT_ONCE
        )

    def write_now(self, data: bytes | memoryview) -> None:
        self.length += len(data)
        self._md5.update(data)
        with self._blobs.explained():
            self._file.write(data)

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.write_now, data)

    async def finish(self, digest: bytes | None = None, algorithm: str = MD5) -> str:
        await asyncio.get_running_loop().run_in_executor(None, self._finish)
        self._blobs._sealed(
            self.name, Seal(self.length, digest, algorithm) if digest else Seal(self.length, self._md5.digest())
        )
        return self.name

    def _finish(self) -> None:
        with self._blobs.explained():
            self._blobs.mark(shelf_of(self.name))
            self._file.close()

    def abort(self) -> None:
        """Finish and delete: so no parts are left."""
        self._blobs.named(self.name)
        asyncio.get_running_loop().run_in_executor(None, self._abort)

    def _abort(self) -> None:
        with contextlib.suppress(self._blobs.obstore.exceptions.BaseError, OSError):
            if not self._file.closed():
                self._file.close()
            self._blobs.obstore.delete(self._blobs.store, self.name)


class ObjectBody:
    """A span of a blob as a response body. Nothing is asked for before its first piece."""

    def __init__(self, blobs: BlobBucket, name: str, offset: int, length: int) -> None:
        self._blobs = blobs
        self._name = name
        self._range = (offset, offset + length)
        self._pieces: AsyncIterator[Any] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with self._blobs.explained(self._name):
            if self._pieces is None:
                get = self._blobs.obstore.get_async
                found = await get(self._blobs.store, self._name, options={"range": self._range})
                self._pieces = aiter(found.stream(_READ))
            return bytes(await anext(self._pieces))

    async def aclose(self) -> None:
        self._pieces = None


class BlobBucket(Blobs):
    """`place` is the URL. Raises StoreError when it is none, or the library that is needed is not installed."""

    beat_seconds = _BEAT

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place.partition("?")[0]
        self.obstore = _load_library()
        self.store = self._open(place)
        # when each of our shelves was marked
        self._marked: dict[str, float] = {}
        self._marking = threading.Lock()
        self._holds: set[str] = set()

    def _open(self, place: str) -> S3Store:
        from obstore.store import S3Store

        url = urlsplit(place)
        options = dict(parse_qsl(url.query))
        if not url.netloc or not options.keys() <= _OPTIONS:
            raise StoreError(f"{place} is no place for blobs: write s3://bucket/prefix?endpoint=http://...&region=...")
        plain = options.get("endpoint", "").startswith("http://")
        with self.explained():
            return S3Store(
                url.netloc,
                prefix=url.path.strip("/") or None,
                client_options={"allow_http": plain},
                retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE},
                **options,  # type: ignore[arg-type]
            )

    @contextmanager
    def explained(self, name: str = "") -> Iterator[None]:
        """Turn what the library raises into our errors. `name` is the blob that is read."""
        try:
            yield
        except (FileNotFoundError, self.obstore.exceptions.NotFoundError) as error:
            raise BlobMissing(name) if name else StoreError(f"there is no {self.place}: {error}") from error
        except self.obstore.exceptions.BaseError as error:
            reason = str(error).partition("\n")[0]
            raise StoreError(f"the blobs at {self.place} cannot be reached: {reason}") from error

    def _missing(self) -> AbstractContextManager[None]:
        """Where it does not matter that something is not there."""
        return contextlib.suppress(FileNotFoundError, self.obstore.exceptions.NotFoundError)

    # -- what services use

    def create(self) -> ObjectWriter:
        return ObjectWriter(self)

    def open(self, name: str, offset: int, length: int) -> ObjectBody:
        return ObjectBody(self, name, offset, length)

    def link(self, name: str, seal: Seal) -> str:
        raise OSError("objects have no links")

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        with self.explained(name):
            size = self.obstore.head(self.store, name)["size"]
            end = size if length < 0 else min(size, offset + length)
            if offset >= end:
                return b""
            return bytes(self.obstore.get_range(self.store, name, start=offset, end=end))

    def discard(self, name: str) -> None:
        self.named(name)
        asyncio.get_running_loop().run_in_executor(None, self._delete, [name])

    def _delete(self, names: Collection[str]) -> None:
        with self.explained(), self._missing():
            self.obstore.delete(self.store, list(names))

    def identity(self) -> str:
        with self.explained():
            with contextlib.suppress(self.obstore.exceptions.AlreadyExistsError):
                self.obstore.put(self.store, "identity", secrets.token_hex(16).encode(), mode="create")
            return bytes(self.obstore.get(self.store, "identity").bytes()).decode()

    # -- shelves

    def _open_shelf(self) -> Shelf:
        """It is marked, in a worker thread, before its first blob is finished."""
        return Shelf(secrets.token_hex(8))

    def mark(self, shelf: str) -> None:
        """Say that the shelf is open; blocks."""
        with self._marking:
            if shelf not in self._marked:
                self._mark(shelf)

    def _mark(self, shelf: str) -> None:
        begun = _seconds()
        self.obstore.put(self.store, f"open/{shelf}", b"")
        self._marked[shelf] = begun

    def seal_of(self, name: str) -> Seal:
        if self._marked.get(shelf_of(name), 0.0) < _seconds() - _SURE:
            raise StoreError(f"the blobs at {self.place} were out of reach for too long: the upload may be gone")
        return super().seal_of(name)

    def beat(self) -> None:
        with self.explained():
            with self._marking:
                for shelf in [*self._marked]:
                    self._mark(shelf)
            for hold in [*self._holds]:
                self.obstore.put(self.store, hold, b"")

    def claim(self) -> list[str]:
        with self.explained():
            oldest = self._now() - _SILENCE
            found = [name for name, time in self._marks("open/") if time < oldest and name not in self._shelves]
        for name in found:
            self._shelves[name] = Shelf(name)
        return found

    def close_shelf(self, name: str) -> None:
        with self.explained():
            with self._marking:
                self._marked.pop(name, None)
            self.obstore.delete(self.store, f"open/{name}")
        self._shelves.pop(name, None)

    def shelves(self) -> list[str]:
        with self.explained():
            found = self.obstore.list_with_delimiter(self.store)["common_prefixes"]
        return sorted(set(found) - {"open", "hold"})

    def settled(self) -> list[str]:
        with self.explained():
            filled_by_others = {name for name, _ in self._marks("open/")} - self._shelves.keys()
        return [name for name in self.shelves() if name not in filled_by_others]

    def contents(self, shelf: str) -> dict[str, int]:
        with self.explained():
            return {entry["path"]: entry["size"] for entry in self._list(f"{shelf}/")}

    def _marks(self, prefix: str) -> list[tuple[str, datetime]]:
        return [(entry["path"].removeprefix(prefix), entry["last_modified"]) for entry in self._list(prefix)]

    def _list(self, prefix: str) -> Iterator[Any]:
        for page in self.obstore.list(self.store, prefix, chunk_size=_PAGE):
            yield from page

    def _now(self) -> datetime:
        """By the clock that dates the marks."""
        self.obstore.put(self.store, "time", b"")
        found: datetime = self.obstore.head(self.store, "time")["last_modified"]
        return found.astimezone(UTC)

    # -- removing

    def remove(self, names: Collection[str], confirm: Callable[[], Collection[str]] | None = None) -> bool:
        with self.explained():
            holds = self._marks("hold/")
            if holds and max(time for _, time in holds) > self._now() - _SILENCE:
                return False
        self._delete(names if confirm is None else confirm())
        return True

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        hold = f"hold/{secrets.token_hex(8)}"
        with self.explained():
            await self.obstore.put_async(self.store, hold, b"")
        self._holds.add(hold)
        try:
            yield
        finally:
            self._holds.discard(hold)
            await in_thread(self._delete, [hold])

    # -- snapshots

    def restore(self, name: str, length: int, chunks: Iterable[bytes]) -> bool:
        with self.explained():
            with self._missing():
                if self.obstore.head(self.store, name)["size"] == length:
                    return False
            shelf = shelf_of(name)
            self.mark(shelf)
            self._shelves.setdefault(shelf, Shelf(shelf)).unnamed[name] = None
            self.obstore.put(self.store, name, chunks, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
        return True

    def close(self) -> None:
        """The marks stay: that nobody writes them anew says enough."""
        self._shelves.clear()
        self._marked.clear()
        self._current = None


def _seconds() -> float:
    """A clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _load_library() -> Any:
    try:
        import obstore
    except ImportError:
        raise StoreError("blobs in a bucket need a library: pip install 'fogbank[bucket]'") from None
    return obstore
