"""CBOR as DAX's clients write and read it: with decimal numbers, big integers, and DynamoDB's sets. Pure.

numbers          int or Decimal
Members          a set of DynamoDB's: its type (`SS`, `NS`, `BS`) and its members
Ordinal          a position in a list, in a document path
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any, NamedTuple

_SETS = {3321: "SS", 3322: "NS", 3323: "BS"}
_SET_TAGS = {kind: tag for tag, kind in _SETS.items()}
_ORDINAL, _DECIMAL, _POSITIVE, _NEGATIVE = 3324, 4, 2, 3
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_INDEFINITE, _BREAK = 31, 0xFF
_DEPTH = 64
# more digits than any number of DynamoDB's has; Python would take a second for a million of them
_LONGEST_NUMBER = 64


class Incomplete(Exception):
    """The bytes end before the value does."""


class Malformed(Exception):
    """These bytes are no value."""


class Members(NamedTuple):
    kind: str
    values: list[Any]


class Ordinal(NamedTuple):
    position: int


class Reader:
    """Values from bytes, one after another, from `at` on."""

    def __init__(self, data: bytes | bytearray, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, count: int) -> bytes:
        """The next bytes as they are. Raises Incomplete."""
        end = self.at + count
        if end > len(self.data):
            raise Incomplete
        taken = bytes(self.data[self.at : end])
        self.at = end
        return taken

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    @property
    def done(self) -> bool:
        return self.at >= len(self.data)

    def value(self, depth: int = 0) -> Any:
        """The next value. Raises Incomplete, Malformed."""
        if depth > _DEPTH:
            raise Malformed("too deep")
        head = self.take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        if info == _INDEFINITE:
            return self._indefinite(major, depth)
        number = self._number(info)
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major == 2:
            return self.take(number)
        if major == 3:
            return _text(self.take(number))
        if major == 4:
            return [self.value(depth + 1) for _ in range(number)]
        if major == 5:
            return {_key(self.value(depth + 1)): self.value(depth + 1) for _ in range(number)}
        return self._tagged(number, depth)

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info not in _LENGTHS:
            raise Malformed("a reserved length")
        return int.from_bytes(self.take(_LENGTHS[info]), "big")

    def _simple(self, info: int) -> Any:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info in _FLOATS:
            (value,) = _FLOATS[info].unpack(self.take(_FLOATS[info].size))
            return Decimal(repr(value))
        raise Malformed("an unknown simple value")

    def _indefinite(self, major: int, depth: int) -> Any:
        if not 2 <= major <= 5:
            raise Malformed("a number without a length")
        parts = []
        while not self._at_break():
            parts.append(self.value(depth + 1))
        if major == 4:
            return parts
        if major == 5 and len(parts) % 2 == 0:
            return {_key(key): value for key, value in zip(parts[::2], parts[1::2], strict=True)}
        if major == 2 and all(isinstance(part, bytes) for part in parts):
            return b"".join(parts)
        if major == 3 and all(isinstance(part, str) for part in parts):
            return "".join(parts)
        raise Malformed("a stream of something else")

    def _at_break(self) -> bool:
        if self.at >= len(self.data):
            raise Incomplete
        if self.data[self.at] != _BREAK:
            return False
        self.at += 1
        return True

    def _tagged(self, tag: int, depth: int) -> Any:
        value = self.value(depth + 1)
        if tag in (_POSITIVE, _NEGATIVE) and isinstance(value, bytes) and len(value) <= _LONGEST_NUMBER:
            number = int.from_bytes(value, "big")
            return number if tag == _POSITIVE else -1 - number
        if tag == _DECIMAL and isinstance(value, list) and len(value) == 2 and all(_is_integer(part) for part in value):
            return Decimal(f"{value[1]}E{value[0]}")
        if tag in _SETS and isinstance(value, list):
            return Members(_SETS[tag], value)
        if tag == _ORDINAL and _is_integer(value):
            return Ordinal(value)
        raise Malformed(f"tag {tag}")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _key(value: Any) -> Any:
    if isinstance(value, (str, int, bytes)):
        return value
    raise Malformed("a key that is neither text nor a number")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("text that is not UTF-8") from None


def loads(data: bytes) -> Any:
    """The one value that is there. Raises Malformed."""
    reader = Reader(data)
    try:
        return reader.value()
    except Incomplete:
        raise Malformed("the value is cut short") from None


def dumps(value: Any) -> bytes:
    out = bytearray()
    write(out, value)
    return bytes(out)


def write(out: bytearray, value: Any) -> None:
    """Append a value: what `Reader.value` gives, and floats."""
    if value is None:
        out.append(0xF6)
    elif isinstance(value, bool):
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _write_integer(out, value)
    elif isinstance(value, float):
        out.append(0xFB)
        out += _FLOATS[27].pack(value)
    elif isinstance(value, Decimal):
        _write_decimal(out, value)
    elif isinstance(value, str):
        data = value.encode()
        _head(out, 3, len(data))
        out += data
    elif isinstance(value, bytes):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, Members):
        _head(out, 6, _SET_TAGS[value.kind])
        _write_list(out, value.values)
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, each in value.items():
            write(out, key)
            write(out, each)
    else:
        _write_list(out, value)


def _write_list(out: bytearray, values: list[Any]) -> None:
    _head(out, 4, len(values))
    for value in values:
        write(out, value)


def _write_integer(out: bytearray, value: int) -> None:
    major, size = (0, value) if value >= 0 else (1, -1 - value)
    if size < 1 << 64:
        _head(out, major, size)
        return
    _head(out, 6, _POSITIVE + major)
    write(out, size.to_bytes((size.bit_length() + 7) // 8, "big"))


def _write_decimal(out: bytearray, value: Decimal) -> None:
    sign, digits, exponent = value.as_tuple()
    mantissa = int("".join(map(str, digits)))
    _head(out, 6, _DECIMAL)
    _write_list(out, [exponent, -mantissa if sign else mantissa])


def _head(out: bytearray, major: int, size: int) -> None:
    if size < 24:
        out.append(major << 5 | size)
        return
    for info, length in _LENGTHS.items():
        if size < 1 << 8 * length:
            out.append(major << 5 | info)
            out += size.to_bytes(length, "big")
            return
    raise ValueError("longer than CBOR can say")
