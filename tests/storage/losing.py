"""A disk that keeps what was synced, and of the rest as much as chance has it: what is left after a loss of power.

`Disk` follows what is written to files and directories: below SQLite through a VFS (`LosingVFS`), below the blobs in place of `os`
(`LosingOs`). `picture` gives what would be found after a loss of power at that moment. Of what was not synced, each write may be
there, may be missing or may be torn between two sectors, whatever the order; so may each name that was made, changed or removed
in a directory.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

_SECTOR = 512
_DIRECTORY_SYNCED_WITH = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL

Picture = dict[str, bytes | None]


class File:
    """`kept` was synced, `pending` are writes (offset, bytes) and truncations (size, None) that were not."""

    def __init__(self, is_directory: bool = False) -> None:
        self.is_directory = is_directory
        self.kept = bytearray()
        self.pending: list[tuple[int, bytes | None]] = []

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.kept, change)
        self.pending.clear()

    def left(self, chance: random.Random) -> bytes:
        content = bytearray(self.kept)
        luck = chance.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.pending:
            if chance.random() < luck:
                _apply(content, (offset, _torn(data, chance)))
        return bytes(content)


def _apply(content: bytearray, change: tuple[int, bytes | None]) -> None:
    offset, data = change
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _torn(data: bytes | None, chance: random.Random) -> bytes | None:
    if data is None or len(data) <= _SECTOR or chance.random() < 0.8:
        return data
    return data[: chance.randrange(1, len(data) // _SECTOR + 1) * _SECTOR]


class Disk:
    """What lies below `root`, which is there for sure. `watch` is called after each change, while nothing else changes."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.watch: Callable[[], None] = lambda: None
        self._lock = threading.RLock()
        self._names: dict[str, File] = {}
        self._kept_names: dict[str, File] = {}
        self._pending_names: list[tuple[str, File | None]] = []

    def picture(self, chance: random.Random) -> Picture:
        """The bytes of each file that is left, by its path from the root; None for directories."""
        names = dict(self._kept_names)
        luck = chance.choice((0.0, 0.5, 1.0))
        for path, file in self._pending_names:
            if chance.random() < luck:
                _name(names, path, file)
        return {
            os.path.relpath(path, self.root): None if file.is_directory else file.left(chance)
            for path, file in names.items()
            if self._is_reached(path, names)
        }

    def _is_reached(self, path: str, names: dict[str, File]) -> bool:
        parent = os.path.dirname(path)
        return parent == self.root or (parent in names and self._is_reached(parent, names))

    # -- changes

    def named(self, path: str, file: File | None) -> None:
        """A name was made for a file, or (None) removed."""
        with self._lock:
            _name(self._names, path, file)
            self._pending_names.append((path, file))
            self.watch()

    def knows(self, path: str) -> bool:
        return path in self._names

    def file(self, path: str) -> File:
        return self._names[path]

    def changed(self, file: File, offset: int, data: bytes | None) -> None:
        with self._lock:
            file.pending.append((offset, data))
            self.watch()

    def synced(self, file: File) -> None:
        with self._lock:
            self.watch()
            file.sync()
            self.watch()

    def synced_directory(self, path: str) -> None:
        with self._lock:
            rest = []
            for each, file in self._pending_names:
                if os.path.dirname(each) == path:
                    _name(self._kept_names, each, file)
                else:
                    rest.append((each, file))
            self._pending_names = rest
            self.watch()


def _name(names: dict[str, File], path: str, file: File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file


def lay_out(picture: Picture, target: Path) -> Path:
    """Make a directory of what was left."""
    target.mkdir(parents=True)
    for path, content in sorted(picture.items()):
        if content is None:
            (target / path).mkdir()
        else:
            (target / path).write_bytes(content)
    return target


# -- below SQLite


class LosingVFS(apsw.VFS):
    """The default VFS, until it is closed. It tells the disk what SQLite does, and spares itself the syncs."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__("losing", "unix", makedefault=True)

    def close(self) -> None:
        apsw.set_default_vfs("unix")
        self.unregister()

    def xOpen(self, name: Any, flags: list[int]) -> LosingFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        is_new = not self.disk.knows(path)
        if is_new:
            self.disk.named(path, File())
        return LosingFile(self.disk, path, name, flags, is_new)

    def xDelete(self, name: str, sync_directory: bool) -> None:
        super().xDelete(name, sync_directory)
        self.disk.named(name, None)
        if sync_directory:
            self.disk.synced_directory(os.path.dirname(name))


class LosingFile(apsw.VFSFile):
    """SQLite syncs the directory with the first sync of a journal or log that it has made."""

    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int], is_new: bool) -> None:
        self.disk = disk
        self.path = path
        self.file = disk.file(path)
        self.syncs_directory = is_new and bool(flags[0] & _DIRECTORY_SYNCED_WITH)
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self.disk.changed(self.file, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self.disk.changed(self.file, size, None)

    def xSync(self, flags: int) -> None:
        self.disk.synced(self.file)
        if self.syncs_directory:
            self.syncs_directory = False
            self.disk.synced_directory(os.path.dirname(self.path))


# -- below the blobs


class LosingOs:
    """In place of the module `os` where blobs are written."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._paths: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        is_new = not os.path.exists(path)
        fd = os.open(path, flags, mode)
        self._paths[fd] = path
        if is_new:
            self._disk.named(path, File())
        return fd

    def close(self, fd: int) -> None:
        self._paths.pop(fd, None)
        os.close(fd)

    def write(self, fd: int, data: Any) -> int:
        offset = os.lseek(fd, 0, os.SEEK_CUR)
        count = os.write(fd, data)
        self._disk.changed(self._disk.file(self._paths[fd]), offset, bytes(data[:count]))
        return count

    def fsync(self, fd: int) -> None:
        path = self._paths[fd]
        if os.path.isdir(path):
            self._disk.synced_directory(path)
        else:
            self._disk.synced(self._disk.file(path))

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        os.mkdir(path, mode)
        self._disk.named(path, File(is_directory=True))

    def link(self, source: str, target: str) -> None:
        os.link(source, target)
        self._disk.named(target, self._disk.file(source))

    def replace(self, source: str, target: str) -> None:
        os.replace(source, target)
        self._disk.named(target, self._disk.file(source))
        self._disk.named(source, None)

    def unlink(self, path: str) -> None:
        os.unlink(path)
        self._disk.named(path, None)

    def rmdir(self, path: str) -> None:
        os.rmdir(path)
        self._disk.named(path, None)
