"""Blobs as files below a directory, of this machine or shared by several.

    <shelf>/<number>    a blob
    open/<shelf>        the shelf is open; locked by the process that fills it, so that a dead one's can be told
    identity            what tells this directory from others
    hold                locked by those who need that nothing is removed (shared) and by those who remove (alone)
    <xx>/<32 digits>    a blob of data format 1

On a shared directory the locks must hold between machines, as those of NFS 4 do.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from fogbank.http import FileBody
from fogbank.storage.base import StoreError
from fogbank.storage.blobs import MD5, BlobMissing, Blobs, BlobWriter, Seal, Shelf, in_thread, shelf_of
from fogbank.storage.directories import make_directory, sync_directory
from fogbank.storage.locks import lock_shared, try_lock

# what is smaller is written on the loop: cheaper than a hop to a thread
_SMALL = 64 * 1024
_READ = 1 << 20
_BINARY = getattr(os, "O_BINARY", 0)


class FileWriter(BlobWriter):
    def __init__(self, blobs: BlobDirectory) -> None:
        self._blobs = blobs
        self.name = blobs._place()
        self.length = 0
        try:
            self._fd = os.open(blobs.path(self.name), os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        except OSError as error:
            blobs.named(self.name)
            raise _no_room(error) from error

    def write_now(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        self.length += len(view)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            raise _no_room(error) from error

    async def write(self, data: bytes) -> None:
        if len(data) <= _SMALL:
            self.write_now(data)
        else:
            await asyncio.get_running_loop().run_in_executor(None, self.write_now, data)

    async def finish(self, digest: bytes | None = None, algorithm: str = MD5) -> str:
        if self._blobs.sync or self.length > _SMALL:
            seal = await asyncio.get_running_loop().run_in_executor(None, self._finish, digest, algorithm)
        else:
            seal = self._finish(digest, algorithm)
        self._blobs._sealed(self.name, seal)
        return self.name

    def _finish(self, digest: bytes | None, algorithm: str) -> Seal:
        seal = Seal(self.length, digest, algorithm) if digest else Seal(self.length, _md5(self._fd))
        try:
            if self._blobs.sync:
                os.fsync(self._fd)
                sync_directory(self._blobs.directory(self.name))
            fd, self._fd = self._fd, -1
            os.close(fd)
        except OSError as error:
            raise _no_room(error) from error
        return seal

    def abort(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._blobs.discard(self.name)


class BlobDirectory(Blobs):
    """The blob files below `root`. With `sync`, a finished blob survives loss of power."""

    def __init__(self, root: str, sync: bool = False) -> None:
        super().__init__()
        self.root = root
        self.sync = sync
        self._open = os.path.join(root, "open")
        try:
            make_directory(self._open, sync)
        except OSError as error:
            raise StoreError(f"cannot write to the blob directory {root}: {error.strerror}") from error

    def path(self, name: str) -> str:
        return os.path.join(self.directory(name), name.rpartition("/")[2])

    def directory(self, name: str) -> str:
        return os.path.join(self.root, shelf_of(name))

    # -- what services use

    def create(self) -> FileWriter:
        return FileWriter(self)

    def open(self, name: str, offset: int, length: int) -> FileBody:
        try:
            fd = os.open(self.path(name), os.O_RDONLY | _BINARY)
        except FileNotFoundError:
            raise BlobMissing(name) from None
        body = FileBody(fd, offset, length)
        if os.fstat(fd).st_size < offset + length:
            body.close()
            raise BlobMissing(name, "is shorter than it was")
        return body

    def link(self, name: str, seal: Seal) -> str:
        other = self._place()
        try:
            os.link(self.path(name), self.path(other))
        except OSError:
            self.named(other)
            raise
        if self.sync:
            sync_directory(self.directory(other))
        self._sealed(other, seal)
        return other

    def read(self, name: str, offset: int = 0, length: int = -1) -> bytes:
        try:
            with open(self.path(name), "rb") as file:
                file.seek(offset)
                return file.read(length)
        except FileNotFoundError:
            raise BlobMissing(name) from None

    def discard(self, name: str) -> None:
        self.named(name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))

    # -- shelves

    def _open_shelf(self) -> Shelf:
        try:
            name = secrets.token_hex(8)
            while (lock := self._mark(name)) is None:  # somebody who looks for abandoned ones was quicker
                name = secrets.token_hex(8)
            make_directory(os.path.join(self.root, name), self.sync)
        except OSError as error:
            raise _no_room(error) from error
        return Shelf(name, lock)

    def _mark(self, shelf: str) -> int | None:
        """Say that the shelf is open and ours: the locked file; None when it is another's."""
        lock = os.open(os.path.join(self._open, shelf), os.O_RDWR | os.O_CREAT, 0o600)
        if not try_lock(lock):
            os.close(lock)
            return None
        if self.sync:
            sync_directory(self._open)
        return lock

    def identity(self) -> str:
        path = os.path.join(self.root, "identity")
        try:
            with contextlib.suppress(FileExistsError), open(path + "." + secrets.token_hex(4), "x") as file:
                file.write(secrets.token_hex(16))
                file.flush()
                os.fsync(file.fileno())
                os.link(file.name, path)
            os.unlink(file.name)
            with open(path) as file:
                return file.read()
        except OSError as error:
            raise _no_room(error) from error

    def beat(self) -> None:
        """The locks tell it."""

    def claim(self) -> list[str]:
        return [name for name in os.listdir(self._open) if name not in self._shelves and self._reopen(name)]

    def _reopen(self, name: str) -> bool:
        """Take over a shelf. False when another process fills it."""
        lock = self._mark(name)
        if lock is not None:
            self._shelves[name] = Shelf(name, lock)
        return lock is not None

    def close_shelf(self, name: str) -> None:
        shelf = self._shelves.pop(name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._open, name))
        self._tidy(name)
        os.close(shelf.lock)

    def _tidy(self, shelf: str) -> None:
        """Remove the directory of a shelf that is closed, if it is empty."""
        if not os.path.exists(os.path.join(self._open, shelf)):
            with contextlib.suppress(OSError):
                os.rmdir(os.path.join(self.root, shelf))

    def shelves(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir() and entry.name != "open")

    def settled(self) -> list[str]:
        filled_by_others = set(os.listdir(self._open)) - self._shelves.keys()
        return [name for name in self.shelves() if name not in filled_by_others]

    def contents(self, shelf: str) -> dict[str, int]:
        prefix = shelf + "/" if len(shelf) > 2 else ""
        found: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(os.path.join(self.root, shelf)):
                with contextlib.suppress(FileNotFoundError):  # it was swept away meanwhile
                    found[prefix + entry.name] = entry.stat().st_size
        return found

    # -- removing

    def remove(self, names: Collection[str], confirm: Callable[[], Collection[str]] | None = None) -> bool:
        with self._hold() as hold:
            if not try_lock(hold):
                return False
            names = names if confirm is None else confirm()
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path(name))
            for shelf in {shelf_of(name) for name in names}:
                self._tidy(shelf)
        return True

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        with self._hold() as hold:
            await in_thread(lock_shared, hold)
            yield

    @contextmanager
    def _hold(self) -> Iterator[int]:
        fd = os.open(os.path.join(self.root, "hold"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield fd
        finally:
            os.close(fd)

    # -- snapshots

    def restore(self, name: str, length: int, chunks: Iterable[bytes]) -> bool:
        path = self.path(name)
        try:
            if os.path.exists(path) and os.path.getsize(path) == length:
                return False
            self._restore(name, path, chunks)
        except OSError as error:
            raise _no_room(error) from error
        return True

    def _restore(self, name: str, path: str, chunks: Iterable[bytes]) -> None:
        shelf = shelf_of(name)
        if shelf in self._shelves or self._reopen(shelf):
            self._shelves[shelf].unnamed[name] = None
        make_directory(os.path.dirname(path), self.sync)
        with open(path, "wb") as file:
            file.writelines(chunks)
            file.flush()
            if self.sync:
                os.fsync(file.fileno())
        if self.sync:
            sync_directory(os.path.dirname(path))

    def close(self) -> None:
        for shelf in self._shelves.values():
            os.close(shelf.lock)
        self._shelves.clear()
        self._current = None


def _md5(fd: int) -> bytes:
    """Of what was written so far; moves the file's position."""
    digest = hashlib.md5(usedforsecurity=False)
    os.lseek(fd, 0, os.SEEK_SET)
    while data := os.read(fd, _READ):
        digest.update(data)
    return digest.digest()


def _no_room(error: OSError) -> StoreError:
    return StoreError(f"cannot write a blob: {error.strerror}")
