"""The model's constraints (required, enum, pattern, length, range), checked before any handler runs, in AWS's words."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple

from fogbank.protocols.compiler import Closure, ShapeCompiler
from fogbank.protocols.model import Shape
from fogbank.protocols.patterns import matcher
from fogbank.protocols.scalars import is_json_header


class Violation(NamedTuple):
    """One broken constraint. `member` is AWS's path to it (`keySchema.1.member.attributeName`), `kind` the trait broken."""

    kind: str
    member: str
    value: Any
    constraint: str

    def __str__(self) -> str:
        shown = "null" if self.value is None else f"'{_java(self.value)}'"
        return f"Value {shown} at '{self.member}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any, str, list[Violation]], None]


def violations_message(violations: list[Violation]) -> str:
    """AWS's one sentence about all of them."""
    noun = "error" if len(violations) == 1 else "errors"
    return f"{len(violations)} validation {noun} detected: {'; '.join(map(str, violations))}"


class Checker(ShapeCompiler):
    """Closures `(value, path, found)` that append what a value breaks to `found`; None where nothing can be broken.

    `documents` are shapes that are not looked into; with `enums` false any string passes for an enum.
    """

    def __init__(self, documents: frozenset[str] = frozenset(), enums: bool = True) -> None:
        super().__init__()
        self._documents = documents
        self._enums = enums

    def nothing(self, *arguments: Any) -> Any:
        return None

    def structure(self, shape: Shape) -> Closure | None:
        if shape.is_document or shape.is_event_stream or shape.name in self._documents:
            return None
        return self.members(shape, shape.members)

    def members(self, shape: Shape, names: Container[str]) -> Check | None:
        """The check of some of a structure's members."""
        required = [(name, lower_camel(name)) for name in shape.required if name in shape.members and name in names]
        checks = {
            name: (lower_camel(name), self.closure(member)) for name, member in shape.members.items() if name in names
        }
        checks = {name: entry for name, entry in checks.items() if entry[1] is not None}
        if not required and not checks:
            return None

        def check(value: Any, path: str, found: list[Violation]) -> None:
            if value.__class__ is not dict:
                return
            for name, shown in required:
                if value.get(name) is None:
                    found.append(Violation("required", _join(path, shown), None, "Member must not be null"))
            for name, item in value.items():
                entry = checks.get(name)
                if entry is not None and item is not None:
                    entry[1](item, _join(path, entry[0]), found)  # type: ignore[misc]

        return check

    def list(self, shape: Shape) -> Closure | None:
        if shape.name in self._documents:
            return None
        length = _length(shape)
        element = self.closure(shape.member)
        sparse = bool(shape.get("sparse"))

        def check(value: Any, path: str, found: list[Violation]) -> None:
            if length is not None:
                length(value, path, found)
            for position, item in enumerate(value, 1):
                if item is None:
                    if not sparse:
                        found.append(_null_member(f"{path}.{position}.member"))
                elif element is not None:
                    element(item, f"{path}.{position}.member", found)

        return check

    def map(self, shape: Shape) -> Closure | None:
        if shape.name in self._documents:
            return None
        length = _length(shape)
        key_check = self.closure(shape.key)
        value_check = self.closure(shape.value)
        sparse = bool(shape.get("sparse"))

        def check(value: Any, path: str, found: list[Violation]) -> None:
            if length is not None:
                length(value, path, found)
            for key, item in value.items():
                if key_check is not None:
                    _check_key(key, path, found, key_check)
                if item is None:
                    if not sparse:
                        found.append(_null_member(f"{path}.{key}.member"))
                elif value_check is not None:
                    value_check(item, f"{path}.{key}.member", found)

        return check

    def scalar(self, shape: Shape) -> Closure | None:
        if is_json_header(shape) or shape.is_streaming:
            return None
        if shape.type == "string":
            checks = [self._enum(shape), _pattern(shape), _length(shape)]
        elif shape.type == "blob":
            checks = [_length(shape)]
        elif shape.type in ("integer", "long", "float", "double"):
            checks = [_range(shape)]
        else:
            return None
        return _all_of([check for check in checks if check is not None])

    def _enum(self, shape: Shape) -> Check | None:
        values = shape.get("enum")
        if not values or not self._enums:
            return None
        allowed = frozenset(values)
        constraint = f"Member must satisfy enum value set: [{', '.join(values)}]"

        def check(value: Any, path: str, found: list[Violation]) -> None:
            if value not in allowed:
                found.append(Violation("enum", path, value, constraint))

        return check


def lower_camel(name: str) -> str:
    """`TableName` -> `tableName`, as AWS's validator names members."""
    return name[:1].lower() + name[1:]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _null_member(path: str) -> Violation:
    return Violation("required", path, None, "Member must not be null")


def _check_key(key: str, path: str, found: list[Violation], check: Closure) -> None:
    """A broken key is shown as one of the map's values: AWS says `Map keys must satisfy constraint: [...]`."""
    broken: list[Violation] = []
    check(key, path, broken)
    if broken:
        constraints = ", ".join(violation.constraint for violation in broken)
        found.append(Violation("key", path, key, f"Map keys must satisfy constraint: [{constraints}]"))


def _all_of(checks: list[Check]) -> Check | None:
    if len(checks) < 2:
        return checks[0] if checks else None

    def check(value: Any, path: str, found: list[Violation]) -> None:
        for each in checks:
            each(value, path, found)

    return check


def _pattern(shape: Shape) -> Check | None:
    text = shape.get("pattern")
    matches = matcher(text) if text and not shape.get("enum") else None
    if matches is None:
        return None
    constraint = f"Member must satisfy regular expression pattern: {text}"

    def check(value: Any, path: str, found: list[Violation]) -> None:
        if not matches(value):
            found.append(Violation("pattern", path, value, constraint))

    return check


def _length(shape: Shape) -> Check | None:
    return _bounds(shape, "length", "length ", len)


def _range(shape: Shape) -> Check | None:
    return _bounds(shape, "range", "value ", lambda value: value)


def _bounds(shape: Shape, kind: str, noun: str, measure: Callable[[Any], Any]) -> Check | None:
    lowest, highest = shape.get("min"), shape.get("max")
    if (lowest is None or (kind == "length" and lowest <= 0)) and highest is None:
        return None
    too_small = f"Member must have {noun}greater than or equal to {lowest}"
    too_large = f"Member must have {noun}less than or equal to {highest}"

    def check(value: Any, path: str, found: list[Violation]) -> None:
        size = measure(value)
        if lowest is not None and size < lowest:
            found.append(Violation(kind, path, value, too_small))
        elif highest is not None and size > highest:
            found.append(Violation(kind, path, value, too_large))

    return check


def _java(value: Any) -> str:
    """A value as Java prints it, since that is what AWS's messages hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_java, value)) + "]"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)
