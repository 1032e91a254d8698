"""JSON documents: responses written, and requests read the slow, exact way.

The fast way to read is `json_types`; what it refuses comes here, where AWS's words for the defect are found, and where
oddities that AWS accepts (nulls, numbers for dates in other spellings) are accepted.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson

from fogbank.protocols import timestamps
from fogbank.protocols.compiler import Closure, ShapeCompiler, each_item, each_value
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import JAVA_NAMES, BadValue, integers, non_finite_name, read_blob, write_blob

Fragment = orjson.Fragment


class JsonWriter(ShapeCompiler):
    """Closures that turn a service's value into one for orjson; None where it already is. A Fragment stands for any value."""

    def structure(self, shape: Shape) -> Closure:
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
        return _or_fragment(each_item(self.closure(shape.member)))

    def map(self, shape: Shape) -> Closure | None:
        return _or_fragment(each_value(self.closure(shape.value)))

    def scalar(self, shape: Shape) -> Closure | None:
        if shape.type == "timestamp":
            return _timestamp_writer(shape)
        return _WRITERS.get(shape.type)


def _or_fragment(convert: Closure | None) -> Closure | None:
    return convert and (lambda value: value if value.__class__ is Fragment else convert(value))


def _timestamp_writer(shape: Shape) -> Closure:
    name = shape.get("timestampFormat", "unixTimestamp")
    return timestamps.unix if name == "unixTimestamp" else timestamps.formatter(name)


def _write_float(value: Any) -> Any:
    number = value if value.__class__ in (float, int) else float(value)
    return number if isfinite(number) else non_finite_name(number)


_WRITERS: dict[str, Closure | None] = {
    "blob": _or_fragment(write_blob),
    "float": _or_fragment(_write_float),
    "double": _or_fragment(_write_float),
}


class JsonReader(ShapeCompiler):
    """Closures that turn parsed JSON into parameters, raising BadValue in AWS's words where a type is wrong."""

    def structure(self, shape: Shape) -> Closure:
        members = {
            member.wire_name or name: (name, self.closure(member))
            for name, member in shape.members.items()
            if member.location is None
        }

        def read(value: dict[str, Any]) -> dict[str, Any]:
            result = {}
            for wire_name, item in value.items():
                entry = members.get(wire_name)
                if entry is not None and item is not None:
                    name, convert = entry
                    result[name] = item if convert is None else convert(item)
            return result

        return _expecting(dict, read)

    def list(self, shape: Shape) -> Closure:
        return _expecting(list, each_item(self.closure(shape.member)))

    def map(self, shape: Shape) -> Closure:
        return _expecting(dict, each_value(self.closure(shape.value)))

    def scalar(self, shape: Shape) -> Closure | None:
        return _integer_reader(shape) if shape.type in ("integer", "long") else _READERS[shape.type]


def _expecting(kind: type, convert: Closure | None) -> Closure:
    def read(value: Any) -> Any:
        if value.__class__ is not kind:
            raise _refusal(value)
        return value if convert is None else convert(value)

    return read


def _token(value: Any) -> str:
    """The name of a JSON scalar's token, as AWS's parser calls it."""
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "NUMBER_VALUE"


def _refusal(value: Any, wanted: str = "") -> BadValue:
    """AWS's words for a value of the wrong type; without `wanted` for one in the place of a structure, a list or a map."""
    if isinstance(value, dict):
        return BadValue("Start of structure or map found where not expected.", wanted)
    if isinstance(value, list):
        return BadValue("Start of list found where not expected", wanted)
    if not wanted:
        return BadValue("Unexpected value type in payload")
    return BadValue(f"{_token(value)} cannot be converted to {wanted}", wanted)


def _read_string(value: Any) -> str:
    if value.__class__ is not str:
        raise _refusal(value, "String")
    return value


def _read_boolean(value: Any) -> bool:
    if value.__class__ is not bool:
        raise _refusal(value, "Boolean")
    return value


def _integer_reader(shape: Shape) -> Closure:
    room = integers(shape)

    def read(value: Any) -> int:
        if value.__class__ is int and value in room:
            return value
        if value.__class__ is float and value.is_integer() and int(value) in room:
            return int(value)
        raise _refusal(value, JAVA_NAMES[shape.type])

    return read


def _float_reader(wanted: str) -> Closure:
    def read(value: Any) -> float:
        if value.__class__ is float or value.__class__ is int:
            return float(value)
        if value in ("NaN", "Infinity", "-Infinity"):
            return float(value)
        raise _refusal(value, wanted)

    return read


def _read_blob(value: Any) -> bytes:
    text = _read_string(value)
    try:
        return read_blob(text)
    except ValueError as error:
        raise BadValue("Invalid Base64 value", "Blob") from error


def _read_timestamp(value: Any) -> float:
    try:
        if value.__class__ is float or value.__class__ is int:
            return timestamps.checked(float(value))
        if value.__class__ is str:
            return timestamps.parse(value)
    except (ValueError, OverflowError):
        pass
    raise _refusal(value, "Timestamp")


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
