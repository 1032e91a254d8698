"""Scalars as text: what headers, query strings, path labels, forms and XML elements are made of."""

from __future__ import annotations

from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable
from math import isfinite
from typing import Any

from fogbank.protocols import timestamps
from fogbank.protocols.model import Shape

Reader = Callable[[str], Any]
Writer = Callable[[Any], str]


class BadValue(ValueError):
    """A value on the wire is not what its shape says. `wanted` is the shape's type in AWS's words (`Integer`)."""

    def __init__(self, message: str, wanted: str = "", text: str = "", member: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.wanted = wanted
        self.text = text
        self.member = member


JAVA_NAMES = {
    "string": "String",
    "character": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
    "blob": "Blob",
    "timestamp": "Timestamp",
}


INT32 = range(-(2**31), 2**31)
INT64 = range(-(2**63), 2**63)


def integers(shape: Shape) -> range:
    """The integers that fit a shape: 32 bits or 64, or as many as its model asks for."""
    room = INT32 if shape.type == "integer" else INT64
    low, high = int(shape.get("min", 0)), int(shape.get("max", 0))
    return room if low in room and high in room else INT64


def reader(shape: Shape) -> Reader | None:
    """Text -> value, raising BadValue; None where the text is the value."""
    read = _integer_reader(shape) if shape.type in ("integer", "long") else _READERS.get(shape.type)
    if read is None:
        return None
    wanted = JAVA_NAMES[shape.type]

    def checked(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, OverflowError) as error:
            raise BadValue(f"{text} cannot be converted to {wanted}", wanted, text) from error

    return checked


def writer(shape: Shape, timestamp_format: str) -> Writer | None:
    """Value -> text; None where the value is the text. `timestamp_format` is the protocol's for this place."""
    if shape.type == "timestamp":
        return timestamps.formatter(shape.get("timestampFormat", timestamp_format))
    return _WRITERS.get(shape.type)


def is_json_header(shape: Shape) -> bool:
    """Is this a header that holds base64 of a JSON document? (In bodies `jsonvalue` strings are plain strings.)"""
    return bool(shape.get("jsonvalue")) and shape.location == "header"


def read_blob(text: str) -> bytes:
    return b64decode(text.encode("ascii"), validate=True)


def write_blob(value: bytes | str) -> str:
    if isinstance(value, str):
        value = value.encode()
    return b2a_base64(value, newline=False).decode("ascii")


def write_float(value: Any) -> str:
    """A float as AWS writes it: the three non-numbers have names."""
    number = float(value)
    return repr(number) if isfinite(number) else non_finite_name(number)


def non_finite_name(number: float) -> str:
    if number != number:
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _read_boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in ("true", "1"):
        return True
    if lowered in ("false", "0"):
        return False
    raise ValueError(text)


def _integer_reader(shape: Shape) -> Reader:
    room = integers(shape)

    def read(text: str) -> int:
        if not text.isascii() or "_" in text or len(text) > 40 or int(text) not in room:
            raise ValueError(text)
        return int(text)

    return read


def _read_float(text: str) -> float:
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return float(text)


def _write_boolean(value: Any) -> str:
    return "true" if value else "false"


_READERS: dict[str, Reader] = {
    "float": _read_float,
    "double": _read_float,
    "boolean": _read_boolean,
    "blob": read_blob,
    "timestamp": timestamps.parse,
}

_WRITERS: dict[str, Writer] = {
    "integer": str,
    "long": str,
    "float": write_float,
    "double": write_float,
    "boolean": _write_boolean,
    "blob": write_blob,
}
