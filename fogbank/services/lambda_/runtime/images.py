"""Container images, unpacked: a directory for each, named after the image's digest, so that it is unpacked once and shared.

    <digest>/root           the file system, layer by layer, read by many functions and written by none
    <digest>/config.json    the image's configuration

Layers are tar archives, plain or packed with gzip or Zstandard. They come from anybody: nothing in them is written, linked or
removed outside of the directory, and there are no devices and no other users. These directories are a cache below the data directory.
https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from fogbank.services.lambda_.runtime import keeping

# An image has at most 10 GB when it is unpacked: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
IMAGE_BYTES = 10 << 30

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MOST_LINKS = 64
# What every program finds, whatever its image has: directories and files over which those of the machine are laid.
_DIRECTORIES = ("dev", "etc", "opt", "proc", "tmp", "var")
_FILES = ("etc/hosts", "etc/resolv.conf")


class BadImage(ValueError):
    """A layer cannot be unpacked, or leads outside of the image."""


class Unpacked(NamedTuple):
    """`root` is the directory that the program sees as `/`, `config` the image's configuration as the specification has it."""

    root: str
    config: dict[str, Any]


class Images:
    """The directory of unpacked images. All methods block."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)

    def find(self, digest: str) -> Unpacked | None:
        """The image with that SHA-256 (hexadecimal), if it was unpacked before."""
        place = self._directory / digest
        keeping.used(str(place))
        try:
            return Unpacked(str(place / "root"), json.loads((place / "config.json").read_bytes()))
        except OSError:
            return None

    def unpack(self, digest: str, config: bytes, layers: Iterable[Iterator[bytes]]) -> Unpacked:
        """Unpack an image from its layers, the lowest first. Raises BadImage, OSError."""
        directories = [*_DIRECTORIES, _working_directory(config)]
        self._directory.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=self._directory))
        try:
            made.chmod(0o755)
            (made / "root").mkdir()
            _apply_all(str(made / "root"), layers)
            _furnish(str(made / "root"), directories)
            (made / "config.json").write_bytes(config)
            os.rename(made, self._directory / digest)
        except OSError:
            _remove(str(made))
            if not (self._directory / digest).is_dir():  # else another process was quicker
                raise
        except BaseException:
            _remove(str(made))
            raise
        keeping.remove_unused(self._directory)
        found = self.find(digest)
        assert found is not None
        return found


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        os.unlink(path)


def _working_directory(config: bytes) -> str:
    """Where the image's program begins. Raises BadImage when the configuration is none."""
    try:
        return str((json.loads(config).get("config") or {}).get("WorkingDir") or "/")
    except (ValueError, AttributeError) as error:
        raise BadImage("the image's configuration cannot be read") from error


def _furnish(root: str, directories: Iterable[str]) -> None:
    """The places that are needed to run the image, where it does not have them itself."""
    for name in directories:
        os.makedirs(within(root, name), exist_ok=True)
    for name in _FILES:
        target = within(root, name)
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            Path(target).touch()


# -- paths


def within(root: str, name: str) -> str:
    """Where a path of the image is on this machine: links lead where they would if `root` were `/`. Raises BadImage."""
    done: list[str] = []
    ahead = name.split("/")[::-1]
    links = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            done = done[:-1]
        elif part not in ("", "."):
            path = os.path.join(root, *done, part)
            if not os.path.islink(path):
                done.append(part)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise BadImage(f"{name}: too many links")
            target = os.readlink(path)
            if target.startswith("/"):
                done = []
            ahead.extend(target.split("/")[::-1])
    return os.path.join(root, *done)


def _split(name: str) -> tuple[str, str]:
    """The directory and the name of a member of an archive, both empty for the root itself. Raises BadImage."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadImage(f"{name} is outside of the image")
    return "/".join(parts[:-1]), parts[-1] if parts else ""


# -- layers


def _apply_all(root: str, layers: Iterable[Iterator[bytes]]) -> None:
    room = IMAGE_BYTES
    for layer in layers:
        try:
            room = _Layer(root, room).apply(_opened(layer))
        except BadImage:
            raise
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, ValueError, zlib.error) as error:
            raise BadImage(f"a layer cannot be read: {error}") from error
        except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise BadImage(f"a layer has a file where it has a directory, too: {error.filename}") from error


class _Layer:
    """One layer, as it is laid over those below. `room` is how many bytes it may have."""

    def __init__(self, root: str, room: int) -> None:
        self._root = root
        self._room = room
        self._made: set[str] = {root}
        # directories of the archive -> where they are, for as long as no link can have changed that
        self._places: dict[str, str] = {}
        self._directories: list[tuple[str, tarfile.TarInfo]] = []

    def apply(self, file: IO[bytes]) -> int:
        """Lay it over. Returns the room that is left. Raises BadImage."""
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                self._take(archive, member)
        for path, member in reversed(self._directories):
            if os.path.isdir(path) and not os.path.islink(path):
                _set_times(path, member)
        return self._room

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        directory, name = _split(member.name)
        place = self._place(directory)
        if name == _OPAQUE:
            self._clear(place)
        elif name.startswith(_WHITEOUT):
            self._hide(place, name[len(_WHITEOUT) :])
        elif member.isdir() or member.isreg() or member.issym() or member.islnk():
            self._make(archive, member, f"{place}/{name}" if name else self._root)

    def _place(self, directory: str) -> str:
        """Where a directory of the archive is, made if it is not there."""
        place = self._places.get(directory)
        if place is None:
            place = self._places[directory] = within(self._root, directory)
            os.makedirs(place, exist_ok=True)
        return place

    def _remove(self, path: str) -> None:
        self._places.clear()
        _remove(path)

    def _hide(self, directory: str, name: str) -> None:
        if name in ("", ".", ".."):
            raise BadImage("a layer hides what is no file")
        if os.path.lexists(f"{directory}/{name}"):
            self._remove(f"{directory}/{name}")

    def _clear(self, directory: str) -> None:
        """Remove what layers below have put there."""
        for entry in list(os.scandir(directory)):
            if entry.path not in self._made:
                self._remove(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                self._clear(entry.path)

    def _make(self, archive: tarfile.TarFile, member: tarfile.TarInfo, target: str) -> None:
        self._note(target)
        if member.isdir():
            self._make_directory(member, target)
            return
        if target == self._root:
            raise BadImage(f"{member.name} is no directory")
        if os.path.lexists(target):
            self._remove(target)
        if member.issym():
            self._places.clear()
            os.symlink(member.linkname, target)
        elif member.islnk():
            self._link(member, target)
        else:
            self._write(archive, member, target)

    def _note(self, target: str) -> None:
        while target not in self._made:
            self._made.add(target)
            target = os.path.dirname(target)

    def _make_directory(self, member: tarfile.TarInfo, target: str) -> None:
        if os.path.lexists(target) and (os.path.islink(target) or not os.path.isdir(target)):
            self._remove(target)
        os.makedirs(target, exist_ok=True)
        # whoever runs the image, and whoever removes it, has to be able to look into it
        os.chmod(target, member.mode & 0o777 | 0o755)
        self._directories.append((target, member))

    def _link(self, member: tarfile.TarInfo, target: str) -> None:
        directory, name = _split(member.linkname)
        source = f"{within(self._root, directory)}/{name}"
        if not os.path.lexists(source) or os.path.isdir(source):
            raise BadImage(f"{member.name} is a link to {member.linkname}, which is no file of the image")
        os.link(source, target, follow_symlinks=False)

    def _write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, target: str) -> None:
        self._room -= member.size
        if self._room < 0:
            raise BadImage(f"the image has more than {IMAGE_BYTES} bytes")
        content = archive.extractfile(member)
        assert content is not None
        with content, open(target, "wb") as sink:
            shutil.copyfileobj(content, sink, 1 << 20)
        os.chmod(target, member.mode & 0o777 | 0o444)
        # interpreters tell by it whether what they have compiled is up to date
        _set_times(target, member)


def _set_times(path: str, member: tarfile.TarInfo) -> None:
    moment = max(member.mtime, 0)
    os.utime(path, (moment, moment))


# -- packed bytes


class _Pieces:
    """Bytes that come in pieces, as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def read(self, size: int) -> bytes:
        found: list[memoryview] = []
        while size > 0:
            if not self._piece:
                self._piece = memoryview(next(self._pieces, b""))
                if not self._piece:
                    break
            found.append(self._piece[:size])
            self._piece = self._piece[size:]
            size -= len(found[-1])
        return b"".join(found)

    def begins_with(self, start: bytes) -> bool:
        found = self.read(len(start))
        self._piece = memoryview(found + bytes(self._piece))
        return found == start


def _opened(pieces: Iterator[bytes]) -> IO[bytes]:
    """The archive in a layer. Raises BadImage."""
    file = _Pieces(pieces)
    plain = cast("IO[bytes]", file)
    if file.begins_with(_GZIP):
        # tarfile would do it, too, and copy each of its buffers many times
        return cast("IO[bytes]", gzip.GzipFile(fileobj=plain))
    return _zstandard()(plain) if file.begins_with(_ZSTANDARD) else plain


def _zstandard() -> Callable[[IO[bytes]], IO[bytes]]:
    try:
        from compression.zstd import ZstdFile  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports.zstd import ZstdFile  # type: ignore[import-not-found,unused-ignore,no-redef]
        except ImportError:
            raise BadImage("a layer is packed with Zstandard: pip install 'fogbank[zstd]'") from None
    return cast("Callable[[IO[bytes]], IO[bytes]]", ZstdFile)
