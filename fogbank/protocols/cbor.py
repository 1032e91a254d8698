"""CBOR (RFC 8949), as much of it as Smithy's rpc-v2-cbor protocol uses, and the shapes in it.

Ours because the library for it takes twenty times as long as JSON does (8 us against 0.4 for a small document).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from fogbank.protocols import timestamps
from fogbank.protocols.compiler import Closure, ShapeCompiler
from fogbank.protocols.json_values import JsonReader
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue

DEPTH_LIMIT = 128

NEGATIVE, BYTES, TEXT, LIST, MAP = 0x20, 0x40, 0x60, 0x80, 0xA0  # major types in place
NULL, TRUE, FALSE, EPOCH = b"\xf6", b"\xf5", b"\xf4", b"\xc1"
INDEFINITE, BREAK = 31, 0xFF

Append = Callable[[bytes], None]

_DOUBLE = struct.Struct(">Bd")
_LONG_HEADS = ((0x100, struct.Struct(">BB")), (0x10000, struct.Struct(">BH")), (0x100000000, struct.Struct(">BI")))
_LONGEST_HEAD = struct.Struct(">BQ")
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


class Timestamp(float):
    """Epoch seconds that are written with CBOR's tag 1, and read from it."""

    __slots__ = ()


def dumps(value: Any) -> bytes:
    """Encode None, booleans, 64-bit integers, floats, Timestamps, text, bytes, lists and dicts."""
    parts: list[bytes] = []
    _write(value, parts.append)
    return b"".join(parts)


def _head(major: int, number: int) -> bytes:
    """The first bytes of an item: its major type and a number, a value or a length."""
    if number < 24:
        return _SHORT_HEADS[major | number]
    for info, (limit, layout) in enumerate(_LONG_HEADS, 24):
        if number < limit:
            return layout.pack(major | info, number)
    return _LONGEST_HEAD.pack(major | 27, number)


_SHORT_HEADS = [bytes((byte,)) for byte in range(256)]


def _write(value: Any, append: Append) -> None:
    """Write a value by its own type."""
    if isinstance(value, dict):
        append(_head(MAP, len(value)))
        for key, item in value.items():
            _write_text(key, append)
            _write(item, append)
    elif isinstance(value, list | tuple):
        append(_head(LIST, len(value)))
        for item in value:
            _write(item, append)
    elif value is None:
        append(NULL)
    else:
        _writer_of(value)(value, append)


def _writer_of(value: Any) -> Callable[[Any, Append], None]:
    for kind, write in _WRITERS_BY_TYPE:
        if isinstance(value, kind):
            return write
    raise TypeError(f"CBOR cannot hold a {type(value).__name__}")


def _write_text(value: str, append: Append) -> None:
    data = value.encode()
    append(_head(TEXT, len(data)) + data)


def _write_bytes(value: bytes | str, append: Append) -> None:
    data = value.encode() if isinstance(value, str) else value
    append(_head(BYTES, len(data)))
    append(data)


def _write_integer(value: int, append: Append) -> None:
    append(_head(0, value) if value >= 0 else _head(NEGATIVE, -1 - value))


def _write_float(value: float, append: Append) -> None:
    append(_DOUBLE.pack(0xFB, value))


def _write_boolean(value: bool, append: Append) -> None:
    append(TRUE if value else FALSE)


def _write_timestamp(value: timestamps.Moment, append: Append) -> None:
    seconds = timestamps.unix(value)
    append(EPOCH)
    if seconds.__class__ is int:
        _write_integer(seconds, append)
    else:
        _write_float(seconds, append)


_WRITERS_BY_TYPE: tuple[tuple[Any, Callable[[Any, Append], None]], ...] = (
    (str, _write_text),
    (bool, _write_boolean),
    (int, _write_integer),
    (Timestamp, _write_timestamp),
    (float, _write_float),
    ((bytes, bytearray, memoryview), _write_bytes),
)


class CborWriter(ShapeCompiler):
    """Closures `(value, append)` that write a value of a shape."""

    def encoder(self, shape: Shape) -> Callable[[Any], bytes]:
        """From a value of a shape to a document."""
        write = self.closure(shape)
        assert write is not None

        def encode(value: Any) -> bytes:
            parts: list[bytes] = []
            write(value, parts.append)
            return b"".join(parts)

        return encode

    def document(self, shape: Shape) -> Closure:
        return _write

    def structure(self, shape: Shape) -> Closure:
        members = {}
        for name, member in shape.members.items():
            if not member.is_event_stream:
                key = (member.wire_name or name).encode()
                members[name] = (_head(TEXT, len(key)) + key, self.closure(member))

        def write(value: dict[str, Any], append: Append) -> None:
            present = [(members[name], item) for name, item in value.items() if item is not None and name in members]
            append(_head(MAP, len(present)))
            for (key, write_member), item in present:
                append(key)
                write_member(item, append)  # type: ignore[misc]

        return write

    def list(self, shape: Shape) -> Closure:
        write_item = self._nullable(shape.member)

        def write(value: Any, append: Append) -> None:
            append(_head(LIST, len(value)))
            for item in value:
                write_item(item, append)

        return write

    def map(self, shape: Shape) -> Closure:
        write_item = self._nullable(shape.value)

        def write(value: dict[str, Any], append: Append) -> None:
            append(_head(MAP, len(value)))
            for key, item in value.items():
                _write_text(key, append)
                write_item(item, append)

        return write

    def _nullable(self, shape: Shape) -> Callable[[Any, Append], None]:
        write = self.closure(shape)
        assert write is not None
        return lambda item, append: append(NULL) if item is None else write(item, append)

    def scalar(self, shape: Shape) -> Closure:
        return _SCALAR_WRITERS[shape.type]


_SCALAR_WRITERS: dict[str, Closure] = {
    "string": _write_text,
    "character": _write_text,
    "integer": _write_integer,
    "long": _write_integer,
    "float": _write_float,
    "double": _write_float,
    "boolean": _write_boolean,
    "timestamp": _write_timestamp,
    "blob": _write_bytes,
}


def loads(data: bytes) -> Any:
    """Decode one item that is the whole of `data`. Raises BadValue."""
    try:
        value, end = _item(data, 0, 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise malformed() from error
    if end != len(data):
        raise malformed()
    return value


def malformed() -> BadValue:
    return BadValue("Malformed CBOR document", "Cbor")


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The item at a position, and the position after it."""
    first = data[at]
    major, info = first & 0xE0, first & 0x1F
    at += 1
    if major == TEXT:
        if info < 24:  # most texts are keys
            return _checked(data[at : at + info], info).decode(), at + info
        chunk, at = _string(data, at, info)
        return chunk.decode(), at
    if major == 0xE0:
        return _simple(data, at, info)
    if major == MAP:
        return _map(data, at, info, depth + 1)
    if major == LIST:
        return _list(data, at, info, depth + 1)
    if major == BYTES:
        return _string(data, at, info)
    number, at = _number(data, at, info)
    if major == NEGATIVE:
        return -1 - number, at
    return (number, at) if major == 0 else _tagged(data, at, number, depth + 1)


def _number(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info < 24:
        return info, at
    if info > 27:
        raise malformed()
    end = at + (1 << (info - 24))
    return int.from_bytes(_checked(data[at:end], end - at), "big"), end


def _checked(chunk: bytes, length: int) -> bytes:
    if len(chunk) != length:
        raise malformed()
    return chunk


def _string(data: bytes, at: int, info: int) -> tuple[bytes, int]:
    """The bytes of a byte or text string."""
    if info == INDEFINITE:
        return _chunks(data, at)
    length, at = _number(data, at, info)
    return _checked(data[at : at + length], length), at + length


def _chunks(data: bytes, at: int) -> tuple[bytes, int]:
    chunks: list[bytes] = []
    while data[at] != BREAK:
        if data[at] & 0x1F == INDEFINITE:
            raise malformed()
        chunk, at = _string(data, at + 1, data[at] & 0x1F)
        chunks.append(chunk)
    return b"".join(chunks), at + 1


def _list(data: bytes, at: int, info: int, depth: int) -> tuple[list[Any], int]:
    count, at = _count(data, at, info, depth)
    items: list[Any] = []
    while count:
        if count < 0 and data[at] == BREAK:
            return items, at + 1
        item, at = _item(data, at, depth)
        items.append(item)
        count -= 1
    return items, at


def _map(data: bytes, at: int, info: int, depth: int) -> tuple[dict[str, Any], int]:
    count, at = _count(data, at, info, depth)
    result: dict[str, Any] = {}
    while count:
        if count < 0 and data[at] == BREAK:
            return result, at + 1
        key, at = _item(data, at, depth)
        if key.__class__ is not str:
            raise malformed()
        result[key], at = _item(data, at, depth)
        count -= 1
    return result, at


def _count(data: bytes, at: int, info: int, depth: int) -> tuple[int, int]:
    """How many items there are, -1 when that is told by a break. More than there are bytes left cannot be true."""
    if depth > DEPTH_LIMIT:
        raise BadValue("The CBOR document is nested too deeply", "Cbor")
    if info == INDEFINITE:
        return -1, at
    count, at = _number(data, at, info)
    if count > len(data) - at:
        raise malformed()
    return count, at


def _tagged(data: bytes, at: int, tag: int, depth: int) -> tuple[Any, int]:
    if depth > DEPTH_LIMIT:
        raise BadValue("The CBOR document is nested too deeply", "Cbor")
    value, at = _item(data, at, depth)
    is_time = tag == 1 and value.__class__ in (int, float)
    return (Timestamp(value) if is_time else value), at


def _simple(data: bytes, at: int, info: int) -> tuple[Any, int]:
    layout = _FLOATS.get(info)
    if layout is not None:
        return layout.unpack_from(data, at)[0], at + layout.size
    if info not in _SIMPLE:
        raise malformed()
    return _SIMPLE[info], at


class CborReader(JsonReader):
    """As for JSON, with CBOR's own bytes and times."""

    def scalar(self, shape: Shape) -> Closure | None:
        return _READERS.get(shape.type) or super().scalar(shape)


def _read_timestamp(value: Any) -> float:
    if value.__class__ in (Timestamp, float, int) and timestamps.EARLIEST <= value <= timestamps.LATEST:
        return float(value)
    raise BadValue("A timestamp is expected", "Timestamp")


def _read_bytes(value: Any) -> bytes:
    if value.__class__ is not bytes:
        raise BadValue("A byte string is expected", "Blob")
    return value


_READERS: dict[str, Closure] = {"timestamp": _read_timestamp, "blob": _read_bytes}
