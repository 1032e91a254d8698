"""A table's files in the warehouse of another table: the same snapshots, under other addresses.

Data files are copied as they are. What names files by their addresses is written anew: the metadata, manifest lists and manifests. Files of
Iceberg never change, so those that are there already stay; each is written after the ones that it names.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.services.s3tables import storage
from fogbank.services.s3tables.iceberg import avro
from fogbank.services.s3tables.iceberg.metadata import Document

_STATISTICS = ("statistics", "partition-statistics")
_POSITION_DELETES = 1  # what a manifest says of a file: https://iceberg.apache.org/spec/#manifests


class Impossible(Exception):
    """A table that cannot be copied."""


class Way(NamedTuple):
    """From one warehouse to another, with a context for each, made outside of transactions."""

    source: Context
    origin: str
    home: Context
    target: str

    def to(self, location: str) -> str:
        """Where a file is to be. Raises Impossible for one that is not in the warehouse."""
        if not location.startswith(f"{self.origin}/"):
            raise Impossible(f"The file {location} is not in the warehouse of the table.")
        return self.target + location[len(self.origin) :]


async def copy(way: Way, metadata: str) -> str:
    """Copy what the metadata at that address needs; gives the address of the copy's. Outside of transactions only."""
    document: Document = orjson.loads(await storage.read(way.source, metadata))
    for snapshot in document.get("snapshots") or []:
        await _copy_snapshot(way, snapshot)
    for entry in _statistics(document):
        await _copy_file(way, entry["statistics-path"])
    copied = way.to(metadata).removesuffix(".gz")
    await storage.write(way.home, copied, orjson.dumps(_moved(way, document)))
    return copied


def _statistics(document: Document) -> list[Document]:
    return [entry for kind in _STATISTICS for entry in document.get(kind) or []]


def _moved(way: Way, document: Document) -> Document:
    """The metadata of the copy. It has no log: that would name metadata that is not there."""
    for snapshot in document.get("snapshots") or []:
        snapshot["manifest-list"] = way.to(snapshot["manifest-list"])
    for entry in _statistics(document):
        entry["statistics-path"] = way.to(entry["statistics-path"])
    return {**document, "location": way.target, "metadata-log": []}


async def _copy_snapshot(way: Way, snapshot: Document) -> None:
    if "manifest-list" not in snapshot:
        raise Impossible("Snapshots without a manifest list cannot be copied.")
    listed = snapshot["manifest-list"]
    if await _size(way, listed) is not None:
        return
    data = await storage.read(way.source, listed)
    sizes = {path: await _copy_manifest(way, path) for path in [each["manifest_path"] for each in avro.records(data)]}

    def change(manifest: Document) -> None:
        manifest["manifest_length"] = sizes[manifest["manifest_path"]]
        manifest["manifest_path"] = way.to(manifest["manifest_path"])

    await storage.write(way.home, way.to(listed), avro.changed(data, change))


async def _copy_manifest(way: Way, path: str) -> int:
    """The size of the copy."""
    size = await _size(way, path)
    if size is not None:
        return size
    files: list[str] = []

    def change(entry: Document) -> None:
        file = entry["data_file"]
        if avro.plain(file.get("content")) == _POSITION_DELETES:
            raise Impossible("Tables with position deletes cannot be copied: these name files, too.")
        if entry["status"] != avro.DELETED:
            files.append(file["file_path"])
        file["file_path"] = way.to(file["file_path"])

    data = avro.changed(await storage.read(way.source, path), change)
    for file in files:
        await _copy_file(way, file)
    await storage.write(way.home, way.to(path), data)
    return len(data)


async def _copy_file(way: Way, path: str) -> None:
    if await _size(way, path) is None:
        await storage.copy(way.home, path, way.to(path))


async def _size(way: Way, path: str) -> int | None:
    """The bytes of the copy of a file; None when there is none."""
    return await way.home.transact(storage.size, way.home, way.to(path))
