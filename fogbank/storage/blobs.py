"""Blobs: bytes that are too large for a record, each a file of its own.

A blob is written under a temporary name, flushed and renamed, and only then named by a transaction (`ctx.keep_blob`). What a crash
leaves in between is an orphan: the sweep at start finds it, since no kept row names it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from fogbank.http import FileBody

# a file smaller than this is written on the loop: cheaper than a hop to a thread
_SMALL = 64 * 1024


class BlobWriter:
    """Writes one blob. Exactly one of `finish` and `abort` ends it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.name = uuid.uuid4().hex
        self._path = os.path.join(blobs.incoming, self.name)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        self.length = 0

    def write_now(self, data: bytes | memoryview) -> None:
        """Write without leaving the thread; for callers that are in a worker thread already."""
        view = memoryview(data)
        self.length += len(view)
        while view:
            view = view[os.write(self._fd, view) :]

    async def write(self, data: bytes) -> None:
        if len(data) <= _SMALL:
            self.write_now(data)
        else:
            await asyncio.get_running_loop().run_in_executor(None, self.write_now, data)

    async def finish(self) -> str:
        """Flush and give the blob its name. Returns the name for `ctx.keep_blob`."""
        if self._blobs.sync or self.length > _SMALL:
            await asyncio.get_running_loop().run_in_executor(None, self._finish)
        else:
            self._finish()
        return self.name

    def _finish(self) -> None:
        if self._blobs.sync:
            os.fsync(self._fd)
        os.close(self._fd)
        self._fd = -1
        target = self._blobs.path(self.name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(self._path, target)
        if self._blobs.sync:
            _sync_directory(os.path.dirname(target))

    def abort(self) -> None:
        """Throw away what was written."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)


class Blobs:
    """The blob files below `root`. With `sync`, a finished blob survives loss of power."""

    def __init__(self, root: str, sync: bool = False) -> None:
        self.root = root
        self.sync = sync
        self.incoming = os.path.join(root, "incoming")
        os.makedirs(self.incoming, exist_ok=True)
        self._held: list[str] | None = None

    def path(self, name: str) -> str:
        return os.path.join(self.root, name[:2], name)

    def create(self) -> BlobWriter:
        return BlobWriter(self)

    def open(self, name: str, offset: int = 0, length: int | None = None) -> FileBody:
        """A span of the blob as a response body. Raises FileNotFoundError when the blob is gone."""
        fd = os.open(self.path(name), os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return FileBody(fd, offset, os.fstat(fd).st_size - offset if length is None else length)

    def link(self, name: str) -> str:
        """Another blob with the same bytes, at no cost. Raises OSError where the file system has no links."""
        other = uuid.uuid4().hex
        target = self.path(other)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.link(self.path(name), target)
        if self.sync:
            _sync_directory(os.path.dirname(target))
        return other

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        """A span of the blob as bytes; blocks, so only for small spans or in a worker thread."""
        with open(self.path(name), "rb") as file:
            file.seek(offset)
            return file.read(length)

    def delete(self, name: str) -> None:
        if self._held is not None:
            self._held.append(name)
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Keep deleted blobs until the block ends, so that a snapshot finds every file it names."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for name in held:
                self.delete(name)

    def names(self) -> list[str]:
        """All finished blobs."""
        out: list[str] = []
        for directory in os.scandir(self.root):
            if len(directory.name) == 2:
                out.extend(os.listdir(directory.path))
        return out

    def clear(self) -> None:
        for directory in os.scandir(self.root):
            if directory.is_dir():
                shutil.rmtree(directory.path, ignore_errors=True)
        os.makedirs(self.incoming, exist_ok=True)

    def discard_incoming(self) -> None:
        """Remove what a crash left half-written."""
        for name in os.listdir(self.incoming):
            os.unlink(os.path.join(self.incoming, name))


async def in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Run blocking file work off the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *args)


def _sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
