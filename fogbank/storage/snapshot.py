"""Snapshots: the whole state in one file, independent of the store that holds it. docs/snapshots.md has the format.

A snapshot is written while the server goes on, from rows of one moment, and read twice: once to see that all of it is there and undamaged,
and only then to put it in place. Neither keeps more of it in memory than a piece at a time.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from fogbank import __version__
from fogbank.storage import base
from fogbank.storage import secrets as secret_files
from fogbank.storage.base import NewerFormat, Pair, StoreError
from fogbank.storage.blobs import CHUNK, Blobs, is_name
from fogbank.storage.secrets import Secrets

FORMAT = 3
"""2 came with the blobs' present names, 3 with the sums."""

_MANIFEST = "manifest.json"
_RECORDS = "records"
_SUMS = "SHA256SUMS"
_BLOBS = "blobs/"
_SECRETS = "secrets/"

_LENGTHS = struct.Struct(">II")
_PIECE = 256 << 10
# no row is longer: what says so is damaged, and must not be waited for
_LONGEST = 64 << 20

BlobOf = Callable[[bytes], str | None]


# -- writing


def write(
    target: str | IO[bytes],
    pairs: Iterable[Pair],
    blobs: Blobs,
    blob_of: BlobOf,
    secrets: Secrets,
    clock_offset: float,
) -> None:
    """Write a snapshot of the rows, of the blobs that they name, and of the secrets. Blocks.

    `blob_of` says which blob a row (by its key) is for.
    """
    names: list[str] = []

    def noted() -> Iterator[Pair]:
        for pair in pairs:
            if (name := blob_of(pair[0])) is not None:
                names.append(name)
            yield pair

    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        members = _Members(archive)
        members.add(_MANIFEST, [json.dumps(_manifest(clock_offset)).encode()])
        members.add(_RECORDS, _framed(noted()))
        for name in names:
            members.add(_BLOBS + name, blobs.chunks(name))
        for name in secrets.names():
            members.add(_SECRETS + name, [secrets.read(name)])
        archive.writestr(_SUMS, "".join(members.sums))


def _manifest(clock_offset: float) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "data": base.FORMAT,
        "version": __version__,
        "saved": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "clock": clock_offset,
    }


class _Members:
    """Adds members to an archive, and sums them up in the form of `sha256sum`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sums: list[str] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as member:
            for chunk in chunks:
                digest.update(chunk)
                member.write(chunk)
        self.sums.append(f"{digest.hexdigest()}  {name}\n")


def _framed(pairs: Iterable[Pair]) -> Iterator[bytes]:
    """Each row as two lengths, key, value; many rows to a piece."""
    piece = bytearray()
    for key, value in pairs:
        piece += _LENGTHS.pack(len(key), len(value)) + key + value
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


# -- reading


class Snapshot:
    """An opened snapshot. Raises StoreError when the file is none, NewerFormat when it is of a newer one.

    `check` it before anything else. `restored` are the blobs that were put in place so far.
    """

    def __init__(self, source: str | IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(source)
            manifest = json.loads(self._archive.read(_MANIFEST))
            self._format, data = int(manifest["format"]), int(manifest.get("data", 1))
            self.clock_offset = float(manifest["clock"])
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise StoreError("not a Fogbank snapshot, or not all of it") from error
        for what, found, known in (("format", self._format, FORMAT), ("data format", data, base.FORMAT)):
            if found > known:
                raise NewerFormat(f"the snapshot has {what} {found}; this version of Fogbank reads up to {known}")
        self.restored: list[str] = []

    def check(self, blob_of: BlobOf) -> None:
        """Read all of it, and raise StoreError unless it is complete and undamaged. Blocks, and has no effect."""
        members = [name for name in self._archive.namelist() if name != _SUMS]
        sums = self._sums(members)
        for name in members:
            digest = hashlib.sha256()
            chunks = self._chunks(name, digest)
            if name == _RECORDS:
                self._check_records(chunks, blob_of)
            else:
                deque(chunks, maxlen=0)
            if sums is not None and sums[name] != digest.hexdigest():
                raise _damaged(f"{name} is not what was saved")

    def pairs(self) -> Iterator[Pair]:
        """The rows, in key order."""
        return _rows(self._chunks(_RECORDS))

    def restore_blobs(self, blobs: Blobs) -> None:
        """Put the blobs in place that are not there already, as blobs without a name. Blocks."""
        for name in self._below(_BLOBS, is_name):
            length = self._archive.getinfo(_BLOBS + name).file_size
            if blobs.restore(name, length, self._chunks(_BLOBS + name)):
                self.restored.append(name)

    def restore_secrets(self, secrets: Secrets) -> None:
        """Add the secrets that are not there already. Blocks."""
        for name in self._below(_SECRETS, secret_files.is_name):
            secrets.add(name, b"".join(self._chunks(_SECRETS + name)))

    def close(self) -> None:
        self._archive.close()

    def _sums(self, members: list[str]) -> dict[str, str] | None:
        """What each member's SHA-256 should be; before format 3 only the archive's own CRCs are there to tell damage."""
        if self._format < 3:
            return None
        lines = b"".join(self._chunks(_SUMS)).decode("utf-8", "replace").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        for name in sums.keys() ^ set(members):
            raise _damaged(f"{name} is missing" if name in sums else f"{name} does not belong to it")
        return sums

    def _check_records(self, chunks: Iterator[bytes], blob_of: BlobOf) -> None:
        blobs = set(self._below(_BLOBS, is_name))
        last = b""
        for key, _ in _rows(chunks):
            if key <= last:
                raise _damaged("its rows are not in order")
            last = key
            name = blob_of(key)
            if name is not None and name not in blobs:
                raise _damaged(f"it has no blob {name}")

    def _below(self, prefix: str, is_name: Callable[[str], bool]) -> list[str]:
        """The names of the members below a prefix, without it."""
        names = [name.removeprefix(prefix) for name in self._archive.namelist() if name.startswith(prefix)]
        for name in names:
            if not is_name(name):
                raise _damaged(f"it has a member named {prefix + name!r}")
        return names

    def _chunks(self, member: str, digest: Any = None) -> Iterator[bytes]:
        try:
            with self._archive.open(member) as file:
                while chunk := file.read(CHUNK):
                    if digest is not None:
                        digest.update(chunk)
                    yield chunk
        except KeyError:
            raise _damaged(f"{member} is missing") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _damaged(f"{member}: {error}") from error


def _rows(chunks: Iterator[bytes]) -> Iterator[Pair]:
    rest = b""
    for chunk in chunks:
        data, at = rest + chunk, 0
        while (end := _end_of_row(data, at)) <= len(data):
            start = at + _LENGTHS.size
            middle = start + _LENGTHS.unpack_from(data, at)[0]
            yield data[start:middle], data[middle:end]
            at = end
        rest = data[at:]
    if rest:
        raise _damaged("its rows end in the middle of one")


def _end_of_row(data: bytes, at: int) -> int:
    """Where the row that begins at `at` ends, or, when its lengths are not all there, somewhere behind the data."""
    if len(data) - at < _LENGTHS.size:
        return len(data) + 1
    length = sum(_LENGTHS.unpack_from(data, at))
    if length > _LONGEST:
        raise _damaged(f"a row of {length} bytes")
    return at + _LENGTHS.size + length


def _damaged(what: str) -> StoreError:
    return StoreError(f"the snapshot is damaged: {what}")
