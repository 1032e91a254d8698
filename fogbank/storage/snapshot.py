"""Snapshots: the whole state in one file, independent of the store that holds it.

A ZIP with `manifest.json` ({"format", "version", "clock"}), `records` (each row as two 4-byte big-endian lengths, key, value) and
`blobs/<name>`. A snapshot of a newer format is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

from fogbank import __version__
from fogbank.storage.base import NewerFormat, Pair, StoreError
from fogbank.storage.blobs import Blobs

FORMAT = 1
_LENGTHS = struct.Struct(">II")


def write(target: str | IO[bytes], pairs: Iterable[Pair], blobs: Blobs, clock_offset: float) -> None:
    """Write a snapshot of the rows and all blobs."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        manifest = {"format": FORMAT, "version": __version__, "clock": clock_offset}
        archive.writestr("manifest.json", json.dumps(manifest))
        with archive.open("records", "w", force_zip64=True) as records:
            for key, value in pairs:
                records.write(_LENGTHS.pack(len(key), len(value)) + key + value)
        for name in blobs.names():
            archive.write(blobs.path(name), f"blobs/{name}")


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

    def restore_blobs(self, blobs: Blobs) -> None:
        """Put the blobs in place; those that are there already stay."""
        for entry in self._archive.namelist():
            if not entry.startswith("blobs/"):
                continue
            path = blobs.path(os.path.basename(entry))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with self._archive.open(entry) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)

    def close(self) -> None:
        self._archive.close()
