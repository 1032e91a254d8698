"""The fast way to read a JSON request: msgspec decoders on types made from the model, which validate while they parse.

A decoder accepts only what is right in every respect, so what it returns needs no further check. Whatever it refuses, wrong
or merely unusual, is read again by `json_values`, which knows AWS's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict

import msgspec
from msgspec import Meta

from fogbank.protocols.compiler import AGGREGATES, Closure, ShapeCompiler, each_item, each_value
from fogbank.protocols.model import Shape
from fogbank.protocols.patterns import is_quick, matcher, translated
from fogbank.protocols.scalars import INT64, BadValue, integers
from fogbank.protocols.timestamps import EARLIEST, LATEST, parse

Decode = Callable[[bytes], Any]


class TypeBuilder:
    """Types for shapes. One builder serves a whole service, so that operations share their shapes' types.

    `documents` are shapes whose values stay plain JSON; with `enums` false any string passes for an enum.
    """

    def __init__(self, documents: frozenset[str] = frozenset(), enums: bool = True) -> None:
        self._documents = documents
        self._enums = enums
        self._structures: dict[str, Any] = {}
        self._building: set[str] = set()
        self._validating: dict[str, bool] = {}

    def decoder(self, shape: Shape) -> Decode:
        return msgspec.json.Decoder(self.type_of(shape)).decode

    def validates(self, shape: Shape) -> bool:
        """Does the decoder check all that the model says of a shape? Not where a pattern is too slow for Python's `re`."""
        known = self._validating.get(shape.name)
        if known is None:
            known = self._validating[shape.name] = not any(map(_needs_slow_pattern, self._reachable(shape)))
        return known

    def _reachable(self, shape: Shape) -> Iterator[Shape]:
        """The scalar shapes that a body of this shape may hold."""
        seen = {shape.name}
        waiting = [shape]
        while waiting:
            each = waiting.pop()
            parts = self._parts(each)
            if not parts:
                yield each
            waiting += [part for part in parts if part.type not in AGGREGATES or part.name not in seen]
            seen.update(part.name for part in parts)

    def _parts(self, shape: Shape) -> list[Shape]:
        if shape.is_document or shape.name in self._documents:
            return []
        if shape.type == "structure":
            return [member for member in shape.members.values() if member.location is None]
        if shape.type == "list":
            return [shape.member]
        return [shape.key, shape.value] if shape.type == "map" else []

    def type_of(self, shape: Shape) -> Any:
        if shape.is_document or shape.name in self._documents:
            return Any
        if shape.type == "structure":
            return self._structure(shape)
        if shape.type in ("list", "map"):
            return self._collection(shape)
        return self._scalar(shape)

    def _structure(self, shape: Shape) -> Any:
        """A TypedDict, registered while it is still empty so that recursive shapes find it."""
        known = self._structures.get(shape.name)
        if known is None:
            known = self._structures[shape.name] = TypedDict(shape.name, {})  # type: ignore[operator]
            members = {name: member for name, member in shape.members.items() if member.location is None}
            required = {name for name in shape.required if name in members}
            keys = {name: member.wire_name or name for name, member in members.items()}
            known.__annotations__ = {
                keys[name]: (Required if name in required else NotRequired)[self.type_of(member)]  # type: ignore[misc]
                for name, member in members.items()
            }
            known.__required_keys__ = frozenset(keys[name] for name in required)
            known.__optional_keys__ = frozenset(keys.values()) - known.__required_keys__
        return known

    def _collection(self, shape: Shape) -> Any:
        if shape.name in self._building:  # a list of itself: no such type can be written down
            return Any
        self._building.add(shape.name)
        try:
            if shape.type == "list":
                plain: Any = list[self.type_of(shape.member)]  # type: ignore[misc]
            else:
                plain = dict[self.type_of(shape.key), self.type_of(shape.value)]  # type: ignore[misc]
        finally:
            self._building.discard(shape.name)
        return _constrained(plain, min_length=_positive(shape.get("min")), max_length=shape.get("max"))

    def _scalar(self, shape: Shape) -> Any:
        kind = shape.type
        if kind in ("string", "character"):
            return self._string(shape)
        if kind == "blob":
            return _constrained(bytes, min_length=_positive(shape.get("min")), max_length=shape.get("max"))
        if kind in ("integer", "long"):
            room = integers(shape)
            low, high = shape.get("min", room[0]), shape.get("max", room[-1])
            return _constrained(int, ge=max(int(low), INT64[0]), le=min(int(high), INT64[-1]))
        if kind in ("float", "double"):
            return _constrained(float, ge=shape.get("min"), le=shape.get("max"))
        if kind == "timestamp":
            return _constrained(float, ge=EARLIEST, le=LATEST) if _is_numeric(shape) else str
        return bool

    def _string(self, shape: Shape) -> Any:
        if shape.get("enum") and self._enums:
            return Literal[tuple(shape.get("enum"))]  # type: ignore[misc]
        pattern = None if shape.get("enum") else shape.get("pattern")
        return _constrained(
            str,
            min_length=_positive(shape.get("min")),
            max_length=shape.get("max"),
            pattern=translated(pattern) if pattern and is_quick(pattern) else None,
        )


class Finisher(ShapeCompiler):
    """Closures for what a decoder leaves: members known by another name on the wire, and dates as text.

    None, for most shapes, where nothing is left to do. Raises BadValue.
    """

    def structure(self, shape: Shape) -> Closure | None:
        body = {name: member for name, member in shape.members.items() if member.location is None}
        members = {member.wire_name or name: (name, self.closure(member)) for name, member in body.items()}
        if all(wire_name == name and finish is None for wire_name, (name, finish) in members.items()):
            return None

        def finish(value: Any) -> Any:
            result = {}
            for wire_name, item in value.items():
                name, convert = members[wire_name]
                result[name] = item if convert is None else convert(item)
            return result

        return finish

    def list(self, shape: Shape) -> Closure | None:
        return each_item(self.closure(shape.member))

    def map(self, shape: Shape) -> Closure | None:
        return each_value(self.closure(shape.value))

    def scalar(self, shape: Shape) -> Closure | None:
        if shape.type == "timestamp" and not _is_numeric(shape):
            return _timestamp
        return None


def _needs_slow_pattern(shape: Shape) -> bool:
    pattern = shape.get("pattern")
    return bool(pattern) and not shape.get("enum") and not is_quick(pattern) and matcher(pattern) is not None


def _is_numeric(shape: Shape) -> bool:
    return shape.get("timestampFormat", "unixTimestamp") == "unixTimestamp"


def _timestamp(text: str) -> float:
    try:
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise BadValue("STRING_VALUE cannot be converted to Timestamp", "Timestamp", text) from error


def _constrained(plain: Any, **constraints: Any) -> Any:
    present = {name: value for name, value in constraints.items() if value is not None}
    return Annotated[plain, Meta(**present)] if present else plain


def _positive(bound: int | None) -> int | None:
    """A lower bound of a length, None where it says nothing."""
    return bound if bound and bound > 0 else None
