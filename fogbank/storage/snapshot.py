"""Snapshots: the whole state in one file, independent of the store that holds it.

A ZIP with `manifest.json` ({"format", "version", "clock"}), `records` (each row as two 4-byte big-endian lengths, key, value),
`blobs/<name>` and `secrets/<name>`: the keys under which the store keeps secrets, so that it restores anywhere. A snapshot of a newer
format is refused. Format 2 came with the blobs' present names.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO

from fogbank import __version__
from fogbank.storage import secrets as secret_files
from fogbank.storage.base import NewerFormat, Pair, StoreError
from fogbank.storage.blobs import CHUNK, Blobs, is_name
from fogbank.storage.secrets import Secrets

FORMAT = 2
_LENGTHS = struct.Struct(">II")
_BLOBS = "blobs/"
_SECRETS = "secrets/"


def write(
    target: str | IO[bytes],
    pairs: Iterable[Pair],
    blobs: Blobs,
    blob_of: Callable[[bytes], str | None],
    secrets: Secrets,
    clock_offset: float,
) -> None:
    """Write a snapshot of the rows, of the blobs that they name, and of the secrets.

    `blob_of` says which blob a row (by its key) is for.
    """
    names: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        manifest = {"format": FORMAT, "version": __version__, "clock": clock_offset}
        archive.writestr("manifest.json", json.dumps(manifest))
        with archive.open("records", "w", force_zip64=True) as records:
            for key, value in pairs:
                records.write(_LENGTHS.pack(len(key), len(value)) + key + value)
                if (name := blob_of(key)) is not None:
                    names.append(name)
        for name in names:
            with archive.open(_BLOBS + name, "w", force_zip64=True) as file:
                file.writelines(blobs.chunks(name))
        for name in secrets.names():
            archive.writestr(_SECRETS + name, secrets.read(name))


class Snapshot:
    """An opened snapshot. Raises StoreError when the file is none, NewerFormat when it is of a newer one."""

    def __init__(self, source: str | IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(source)
            self.manifest = json.loads(self._archive.read("manifest.json"))
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise StoreError("not a Fogbank snapshot") from error
        if self.manifest["format"] > FORMAT:
            raise NewerFormat(f"the snapshot has format {self.manifest['format']}; this version reads up to {FORMAT}")

    @property
    def clock_offset(self) -> float:
        return float(self.manifest["clock"])

    def pairs(self) -> Iterator[Pair]:
        with self._archive.open("records") as records:
            while head := records.read(_LENGTHS.size):
                key_length, value_length = _LENGTHS.unpack(head)
                yield records.read(key_length), records.read(value_length)

    def restore_blobs(self, blobs: Blobs) -> list[str]:
        """Put the blobs in place that are not there already, as blobs without a name; which ones. Blocks."""
        return [name for name, entry in self._blobs() if self._restore(blobs, name, entry)]

    def _blobs(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        for entry in self._archive.infolist():
            name = entry.filename.removeprefix(_BLOBS)
            if entry.filename.startswith(_BLOBS):
                if not is_name(name):
                    raise StoreError(f"not a Fogbank snapshot: it has a blob named {name!r}")
                yield name, entry

    def _restore(self, blobs: Blobs, name: str, entry: zipfile.ZipInfo) -> bool:
        with self._archive.open(entry) as source:
            return blobs.restore(name, entry.file_size, iter(partial(source.read, CHUNK), b""))

    def restore_secrets(self, secrets: Secrets) -> None:
        """Add the secrets that are not there already. Blocks."""
        for entry in self._archive.namelist():
            name = entry.removeprefix(_SECRETS)
            if entry.startswith(_SECRETS):
                if not secret_files.is_name(name):
                    raise StoreError(f"not a Fogbank snapshot: it has a secret named {name!r}")
                secrets.add(name, self._archive.read(entry))

    def close(self) -> None:
        self._archive.close()
