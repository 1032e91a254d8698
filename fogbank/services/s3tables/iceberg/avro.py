"""Avro files with their records changed: the manifests of Iceberg name files by their full addresses, which are others in a copy.

https://avro.apache.org/docs/1.12.0/specification/. Of Avro there is what Iceberg's manifests are made of, with the codecs that their
writers use.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

import orjson

Schema = Any
Change = Callable[[dict[str, Any]], None]

_MAGIC = b"Obj\x01"
_SYNC = 16
DELETED = 2
"""The status of an entry of a manifest that says that the file is no longer part of the table."""

# The schema of a file's header: its metadata.
_METADATA = {"type": "map", "values": "bytes"}


class Unsupported(Exception):
    """A file that is no Avro, or packed with a codec that is not here."""


class Choice:
    """The value of a union: which of its schemas it has counts when it is written again."""

    __slots__ = ("branch", "value")

    def __init__(self, branch: int, value: Any) -> None:
        self.branch = branch
        self.value = value


def plain(value: Any) -> Any:
    """The value of a member that some writers let be null."""
    return value.value if isinstance(value, Choice) else value


class _File:
    """An opened file: what its header says, and a reader that stands behind it."""

    def __init__(self, data: bytes) -> None:
        self.reader = _Reader(data)
        if self.reader.take(len(_MAGIC)) != _MAGIC:
            raise Unsupported("the file is no Avro")
        self.metadata = self.reader.value(_METADATA)
        self.schema = orjson.loads(self.metadata["avro.schema"])
        self.pack, self._unpack = _codec(self.metadata.get("avro.codec", b"null").decode())
        self.sync = self.reader.take(_SYNC)

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """How many records each has, and their bytes."""
        while not self.reader.is_done:
            count, block = self.reader.long(), self._unpack(self.reader.value("bytes"))
            self.reader.take(_SYNC)
            yield count, block


def records(data: bytes) -> Iterator[dict[str, Any]]:
    """Members that may be null are Choices. Raises Unsupported."""
    file = _File(data)
    for count, block in file.blocks():
        source = _Reader(block)
        for _ in range(count):
            yield source.value(file.schema)


def changed(data: bytes, change: Change) -> bytes:
    """The file with each record changed in place. Raises Unsupported."""
    file = _File(data)
    head = _Writer({})
    head.value(_METADATA, file.metadata)
    out = [_MAGIC, bytes(head.data), file.sync]
    for count, block in file.blocks():
        written = _Writer({})
        written.long(count)
        written.value("bytes", file.pack(_block(file.schema, block, count, change)))
        out += [bytes(written.data), file.sync]
    return b"".join(out)


def _block(schema: Schema, data: bytes, count: int, change: Change) -> bytes:
    names: dict[str, Schema] = {}
    source, written = _Reader(data, names), _Writer(names)
    for _ in range(count):
        record = source.value(schema)
        change(record)
        written.value(schema, record)
    return bytes(written.data)


def _codec(name: str) -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    if name == "null":
        return bytes, bytes
    if name == "deflate":  # without zlib's frame
        return lambda data: zlib.compress(data, wbits=-15), lambda data: zlib.decompress(data, wbits=-15)
    raise Unsupported(f"manifests packed with {name} cannot be read")


def _kind(schema: Schema, names: dict[str, Schema]) -> tuple[str, Schema]:
    """The type of a schema, and the schema; a name stands for the schema that had it first."""
    if isinstance(schema, str):
        return (schema, schema) if schema not in names else _kind(names[schema], names)
    if isinstance(schema, list):
        return "union", schema
    if "name" in schema:
        names[schema["name"]] = schema
    kind = schema["type"]
    return _kind(kind, names) if not isinstance(kind, str) else (kind, schema)


class _Reader:
    def __init__(self, data: bytes, names: dict[str, Schema] | None = None) -> None:
        self._data = data
        self._place = 0
        self._names = names if names is not None else {}

    @property
    def is_done(self) -> bool:
        return self._place >= len(self._data)

    def take(self, length: int) -> bytes:
        end = self._place + length
        if length < 0 or end > len(self._data):
            raise Unsupported("the file ends too soon")
        piece, self._place = self._data[self._place : end], end
        return piece

    def long(self) -> int:
        """A number, of which each byte has seven bits and the sign is the lowest bit of all."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7

    def value(self, schema: Schema) -> Any:
        kind, schema = _kind(schema, self._names)
        match kind:
            case "null":
                return None
            case "boolean":
                return self.take(1)
            case "int" | "long" | "enum":
                return self.long()
            case "float" | "double":
                return self.take(struct.calcsize("<f" if kind == "float" else "<d"))
            case "bytes":
                return self.take(self.long())
            case "string":
                return self.take(self.long()).decode()
            case "fixed":
                return self.take(schema["size"])
            case "record":
                return {field["name"]: self.value(field["type"]) for field in schema["fields"]}
            case "union":
                branch = self.long()
                return Choice(branch, self.value(schema[branch]))
            case "array":
                return self._items(lambda: self.value(schema["items"]))
            case "map":
                return dict(self._items(lambda: (self.value("string"), self.value(schema["values"]))))
        raise Unsupported(f"there is no type {kind}")

    def _items(self, item: Callable[[], Any]) -> list[Any]:
        """Arrays and maps come in blocks; a negative count is followed by the bytes of the block."""
        found = []
        while count := self.long():
            if count < 0:
                count = -count
                self.long()
            found += [item() for _ in range(count)]
        return found


class _Writer:
    def __init__(self, names: dict[str, Schema]) -> None:
        self.data = bytearray()
        self._names = names

    def long(self, number: int) -> None:
        value = (number << 1) ^ (number >> 63)
        while value >= 0x80:
            self.data.append(value & 0x7F | 0x80)
            value >>= 7
        self.data.append(value)

    def value(self, schema: Schema, value: Any) -> None:
        kind, schema = _kind(schema, self._names)
        match kind:
            case "int" | "long" | "enum":
                self.long(value)
            case "boolean" | "float" | "double" | "fixed":
                self.data += value
            case "bytes" | "string":
                data = value.encode() if kind == "string" else value
                self.long(len(data))
                self.data += data
            case "record":
                for field in schema["fields"]:
                    self.value(field["type"], value[field["name"]])
            case "union":
                self.long(value.branch)
                self.value(schema[value.branch], value.value)
            case "array":
                self._items(value, lambda item: self.value(schema["items"], item))
            case "map":
                self._items(value.items(), lambda item: self._entry(schema, *item))

    def _entry(self, schema: Schema, key: str, value: Any) -> None:
        self.value("string", key)
        self.value(schema["values"], value)

    def _items(self, items: Collection[Any], write: Callable[[Any], None]) -> None:
        """As one block, behind which comes an empty one."""
        if items:
            self.long(len(items))
        for item in items:
            write(item)
        self.long(0)
