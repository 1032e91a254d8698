"""CBOR (RFC 8949), as much of it as Smithy's rpc-v2-cbor protocol uses, and the shapes in it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from fogbank.protocols import timestamps
from fogbank.protocols.compiler import Closure
from fogbank.protocols.json_values import JsonReader, JsonWriter
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue

DEPTH_LIMIT = 200

_DOUBLE = struct.Struct(">Bd")
_HEADS = (struct.Struct(">BB"), struct.Struct(">BH"), struct.Struct(">BI"), struct.Struct(">BQ"))
_BREAK = object()


class Timestamp(float):
    """Epoch seconds that are written with CBOR's tag 1, and read from it."""

    __slots__ = ()


def dumps(value: Any) -> bytes:
    """Encode None, booleans, 64-bit integers, floats, Timestamps, text, bytes, lists and dicts."""
    parts: list[bytes] = []
    _encode(value, parts.append)
    return b"".join(parts)


def _head(major: int, number: int) -> bytes:
    """The first bytes of an item: its major type (already shifted) and its number."""
    if number < 24:
        return bytes((major | number,))
    if number < 0x100:
        return _HEADS[0].pack(major | 24, number)
    if number < 0x10000:
        return _HEADS[1].pack(major | 25, number)
    if number < 0x100000000:
        return _HEADS[2].pack(major | 26, number)
    return _HEADS[3].pack(major | 27, number)


def _encode(value: Any, append: Callable[[bytes], None]) -> None:
    kind = value.__class__
    if kind is str:
        data = value.encode()
        append(_head(0x60, len(data)) + data)
    elif kind is dict:
        append(_head(0xA0, len(value)))
        for key, item in value.items():
            _encode(key, append)
            _encode(item, append)
    elif kind is list or kind is tuple:
        append(_head(0x80, len(value)))
        for item in value:
            _encode(item, append)
    elif kind is int:
        append(_head(0x00, value) if value >= 0 else _head(0x20, -1 - value))
    elif kind is bool:
        append(b"\xf5" if value else b"\xf4")
    elif value is None:
        append(b"\xf6")
    elif kind is float:
        append(_DOUBLE.pack(0xFB, value))
    elif kind is Timestamp:
        seconds = timestamps.unix(float(value))
        append(b"\xc1")
        _encode(seconds, append)
    elif isinstance(value, bytes | bytearray | memoryview):
        append(_head(0x40, len(value)) + bytes(value))
    else:
        raise TypeError(f"CBOR cannot hold a {kind.__name__}")


def loads(data: bytes) -> Any:
    """Decode one item that is the whole of `data`. Raises BadValue."""
    decoder = _Decoder(data)
    try:
        value = decoder.item(0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise BadValue("Malformed CBOR", "Cbor") from error
    if value is _BREAK or decoder.at != len(data):
        raise BadValue("Malformed CBOR", "Cbor")
    return value


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def item(self, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise BadValue("CBOR is nested too deeply", "Cbor")
        first = self.data[self.at]
        self.at += 1
        major, info = first >> 5, first & 31
        if major == 3:
            return self._text(info)
        if major == 0:
            return self._number(info)
        if major == 5:
            return self._map(info, depth)
        if major == 4:
            return self._list(info, depth)
        if major == 2:
            return self._bytes(info)
        if major == 1:
            return -1 - self._number(info)
        return self._tagged(info, depth) if major == 6 else self._simple(info)

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise BadValue("Malformed CBOR", "Cbor")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self.data):
            raise BadValue("CBOR ends too early", "Cbor")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def _bytes(self, info: int) -> bytes:
        if info != 31:
            return self._take(self._number(info))
        chunks: list[bytes] = []
        while self.data[self.at] != 0xFF:
            chunk = self.data[self.at]
            self.at += 1
            if chunk & 31 == 31:
                raise BadValue("Malformed CBOR", "Cbor")
            chunks.append(self._bytes(chunk & 31))
        self.at += 1
        return b"".join(chunks)

    def _text(self, info: int) -> str:
        return self._bytes(info).decode()

    def _list(self, info: int, depth: int) -> list[Any]:
        if info != 31:
            return [self._whole(depth) for _ in range(self._count(info))]
        items: list[Any] = []
        while (item := self.item(depth + 1)) is not _BREAK:
            items.append(item)
        return items

    def _map(self, info: int, depth: int) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        remaining = self._count(info) if info != 31 else -1
        while remaining:
            key = self.item(depth + 1)
            if key is _BREAK and remaining < 0:
                break
            if key.__class__ is not str:
                raise BadValue("CBOR map keys must be text", "Cbor")
            result[key] = self._whole(depth)
            remaining -= 1
        return result

    def _whole(self, depth: int) -> Any:
        item = self.item(depth + 1)
        if item is _BREAK:
            raise BadValue("Malformed CBOR", "Cbor")
        return item

    def _count(self, info: int) -> int:
        """A number of items; more than there are bytes left cannot be true and must not be waited for."""
        count = self._number(info)
        if count > len(self.data) - self.at:
            raise BadValue("CBOR ends too early", "Cbor")
        return count

    def _tagged(self, info: int, depth: int) -> Any:
        tag = self._number(info)
        value = self._whole(depth)
        if tag == 1 and value.__class__ in (int, float):
            return Timestamp(value)
        return value

    def _simple(self, info: int) -> Any:
        if info in (20, 21):
            return info == 21
        if info in (22, 23):
            return None
        if info == 25:
            return struct.unpack(">e", self._take(2))[0]
        if info == 26:
            return struct.unpack(">f", self._take(4))[0]
        if info == 27:
            return struct.unpack(">d", self._take(8))[0]
        if info == 31:
            return _BREAK
        raise BadValue("Malformed CBOR", "Cbor")


class CborWriter(JsonWriter):
    """As for JSON, but blobs stay bytes, times are tagged and floats have no names."""

    def scalar(self, shape: Shape) -> Closure | None:
        return _WRITERS.get(shape.type)

    def members(self, shape: Shape, values: dict[str, Any]) -> dict[str, Any]:
        write = self.closure(shape)
        assert write is not None
        return write(values)


def _write_timestamp(value: Any) -> Timestamp:
    return Timestamp(timestamps.epoch(value))


def _write_blob(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


_WRITERS: dict[str, Closure] = {
    "timestamp": _write_timestamp,
    "blob": _write_blob,
    "float": float,
    "double": float,
}


class CborReader(JsonReader):
    """As for JSON, with CBOR's own bytes and times."""

    def scalar(self, shape: Shape) -> Closure | None:
        return _READERS.get(shape.type) or super().scalar(shape)


def _read_timestamp(value: Any) -> float:
    if value.__class__ in (Timestamp, float, int):
        return float(value)
    raise BadValue("A timestamp is expected", "Timestamp")


def _read_blob(value: Any) -> bytes:
    if value.__class__ is not bytes:
        raise BadValue("A byte string is expected", "Blob")
    return value


_READERS: dict[str, Closure] = {"timestamp": _read_timestamp, "blob": _read_blob}
