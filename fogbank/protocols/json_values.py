"""JSON documents: responses written, and requests read the slow, exact way.

The fast way to read is `json_types`; what it refuses comes here, where AWS's words for the defect are found, and where
oddities that AWS accepts (nulls, numbers for dates in other spellings) are accepted.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson

from fogbank.protocols import timestamps
from fogbank.protocols.compiler import Closure, ShapeCompiler
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import JAVA_NAMES, BadValue, integers, non_finite_name, read_blob, write_blob

Fragment = orjson.Fragment


class JsonWriter(ShapeCompiler):
    """Closures that turn a service's value into one for orjson; None where it already is.

    `documents` are the names of shapes that are plain JSON already. A Fragment stands for any value.
    """

    def __init__(self, documents: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._documents = documents

    def structure(self, shape: Shape) -> Closure | None:
        if shape.is_document or shape.name in self._documents:
            return None
        members = {
            name: (member.wire_name or name, self.closure(member))
            for name, member in shape.members.items()
            if member.location is None and not member.is_event_stream
        }

        def write(value: Any) -> Any:
            if value.__class__ is Fragment:
                return value
            result = {}
            for name, item in value.items():
                entry = members.get(name)
                if entry is not None and item is not None:
                    wire_name, convert = entry
                    result[wire_name] = item if convert is None else convert(item)
            return result

        return write

    def list(self, shape: Shape) -> Closure | None:
        convert = self.closure(shape.member)
        if convert is None or shape.name in self._documents:
            return None

        def write(value: Any) -> Any:
            if value.__class__ is Fragment:
                return value
            return [None if item is None else convert(item) for item in value]

        return write

    def map(self, shape: Shape) -> Closure | None:
        convert = self.closure(shape.value)
        if convert is None or shape.name in self._documents:
            return None

        def write(value: Any) -> Any:
            if value.__class__ is Fragment:
                return value
            return {key: None if item is None else convert(item) for key, item in value.items()}

        return write

    def scalar(self, shape: Shape) -> Closure | None:
        if shape.type == "timestamp":
            return _timestamp_writer(shape)
        return _WRITERS.get(shape.type)


def _timestamp_writer(shape: Shape) -> Closure:
    name = shape.get("timestampFormat", "unixTimestamp")
    return timestamps.unix if name == "unixTimestamp" else timestamps.formatter(name)


def _write_float(value: Any) -> Any:
    if value.__class__ is Fragment:
        return value
    number = value if value.__class__ in (float, int) else float(value)
    return number if isfinite(number) else non_finite_name(number)


def _write_blob(value: Any) -> Any:
    return value if value.__class__ is Fragment else write_blob(value)


_WRITERS: dict[str, Closure] = {"blob": _write_blob, "float": _write_float, "double": _write_float}


class JsonReader(ShapeCompiler):
    """Closures that turn parsed JSON into parameters, raising BadValue in AWS's words where a type is wrong."""

    def __init__(self, documents: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._documents = documents

    def structure(self, shape: Shape) -> Closure | None:
        if shape.is_document or shape.name in self._documents:
            return None
        members = {
            member.wire_name or name: (name, self.closure(member))
            for name, member in shape.members.items()
            if member.location is None
        }

        def read(value: Any) -> Any:
            if value.__class__ is not dict:
                raise BadValue(_misplaced(value, shape))
            result = {}
            for wire_name, item in value.items():
                entry = members.get(wire_name)
                if entry is not None and item is not None:
                    name, convert = entry
                    result[name] = item if convert is None else convert(item)
            return result

        return read

    def list(self, shape: Shape) -> Closure | None:
        if shape.name in self._documents:
            return None
        convert = self.closure(shape.member)

        def read(value: Any) -> Any:
            if value.__class__ is not list:
                raise BadValue(_misplaced(value, shape))
            if convert is None:
                return value
            return [None if item is None else convert(item) for item in value]

        return read

    def map(self, shape: Shape) -> Closure | None:
        if shape.name in self._documents:
            return None
        convert = self.closure(shape.value)

        def read(value: Any) -> Any:
            if value.__class__ is not dict:
                raise BadValue(_misplaced(value, shape))
            if convert is None:
                return value
            return {key: None if item is None else convert(item) for key, item in value.items()}

        return read

    def scalar(self, shape: Shape) -> Closure | None:
        return _integer_reader(shape) if shape.type in ("integer", "long") else _READERS[shape.type]


def _misplaced(value: Any, shape: Shape) -> str:
    """AWS's words for a value of the wrong kind."""
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    if shape.type in ("structure", "list", "map"):
        return "Unexpected value type in payload"
    return f"{_token(value)} cannot be converted to {JAVA_NAMES[shape.type]}"


def _token(value: Any) -> str:
    """The name of a JSON scalar's token, as AWS's parser calls it."""
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "NUMBER_VALUE"


def _refuse(value: Any, wanted: str) -> BadValue:
    if isinstance(value, dict):
        return BadValue("Start of structure or map found where not expected.", wanted)
    if isinstance(value, list):
        return BadValue("Start of list found where not expected", wanted)
    return BadValue(f"{_token(value)} cannot be converted to {wanted}", wanted)


def _read_string(value: Any) -> str:
    if value.__class__ is not str:
        raise _refuse(value, "String")
    return value


def _read_boolean(value: Any) -> bool:
    if value.__class__ is not bool:
        raise _refuse(value, "Boolean")
    return value


def _integer_reader(shape: Shape) -> Closure:
    room = integers(shape)

    def read(value: Any) -> int:
        if value.__class__ is int and value in room:
            return value
        if value.__class__ is float and value.is_integer() and int(value) in room:
            return int(value)
        raise _refuse(value, JAVA_NAMES[shape.type])

    return read


def _float_reader(wanted: str) -> Closure:
    def read(value: Any) -> float:
        if value.__class__ is float or value.__class__ is int:
            return float(value)
        if value in ("NaN", "Infinity", "-Infinity"):
            return float(value)
        raise _refuse(value, wanted)

    return read


def _read_blob(value: Any) -> bytes:
    try:
        return read_blob(_read_string(value))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue("Invalid Base64 value", "Blob") from error


def _read_timestamp(value: Any) -> float:
    try:
        if value.__class__ is float or value.__class__ is int:
            return timestamps.checked(float(value))
        if value.__class__ is str:
            return timestamps.parse(value)
    except (ValueError, OverflowError):
        pass
    raise _refuse(value, "Timestamp")


_READERS: dict[str, Closure] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "float": _float_reader("Float"),
    "double": _float_reader("Double"),
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}


def parse_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise BadValue("Unparseable JSON document", "Json") from error
