"""The model's constraints (required, enum, pattern, length, range), checked before any handler runs, in AWS's words."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NamedTuple

from fogbank.protocols.compiler import AGGREGATES, Closure, ShapeCompiler
from fogbank.protocols.model import Shape
from fogbank.protocols.patterns import matcher
from fogbank.protocols.scalars import is_json_header


class Violation(NamedTuple):
    """One broken constraint: the `kind` of trait (required, enum, pattern, length, range), AWS's path to the `member`
    (`keySchema.1.member.attributeName`), its `value` and shape."""

    kind: str
    member: str
    value: Any
    constraint: str
    shape: Shape | None = None

    def __str__(self) -> str:
        shown = "null" if self.value is None else f"'{_java(self.value, self.shape)}'"
        return f"Value {shown} at '{self.member}' failed to satisfy constraint: {self.constraint}"


Found = list[Violation]
Check = Callable[[Any, str, Found], None]
CheckItems = Callable[[Iterable[Any], Any, str, Found], None]

NULL = "Member must not be null"


class Rule(NamedTuple):
    """One constraint of a shape: the trait, what breaks it, and AWS's words for it."""

    kind: str
    breaks: Callable[[Any], bool]
    words: str


def violations_message(violations: list[Violation]) -> str:
    """AWS's one sentence about all of them."""
    noun = "error" if len(violations) == 1 else "errors"
    return f"{len(violations)} validation {noun} detected: {'; '.join(map(str, violations))}"


class Checker(ShapeCompiler):
    """Closures `(value, path, found)` that append what a value breaks to `found`; None where nothing can be broken.

    `documents` are shapes that are not looked into; with `enums` false any string passes for an enum.
    """

    def __init__(self, documents: frozenset[str] = frozenset(), enums: bool = True) -> None:
        super().__init__(documents)
        self._enums = enums

    def nothing(self, *arguments: Any) -> Any:
        return None

    def structure(self, shape: Shape) -> Closure | None:
        return None if shape.is_event_stream else self.members(shape, shape.members)

    def members(self, shape: Shape, names: Container[str]) -> Check | None:
        """The check of some of a structure's members."""
        required = [(name, lower_camel(name)) for name in shape.required if name in shape.members and name in names]
        checks = {
            name: (lower_camel(name), member, *self._parts(member))
            for name, member in shape.members.items()
            if name in names and self.closure(member) is not None
        }
        if not required and not checks:
            return None

        def check(value: Any, path: str, found: Found) -> None:
            if value.__class__ is not dict:
                return
            for name, shown in required:
                if value.get(name) is None:
                    found.append(Violation("required", _join(path, shown), None, NULL))
            for name, item in value.items():
                entry = checks.get(name)
                if entry is None or item is None:
                    continue
                shown, member, rules, inner = entry
                for rule in rules:
                    if rule.breaks(item):
                        found.append(Violation(rule.kind, _join(path, shown), item, rule.words, member))
                if inner is not None:
                    inner(item, _join(path, shown), found)

        return check

    def _parts(self, shape: Shape) -> tuple[Sequence[Rule], Closure | None]:
        """The check of a value in parts: the rules of a scalar, or the closure of what is none."""
        return ((), self.closure(shape)) if shape.type in AGGREGATES else (self._rules(shape), None)

    def list(self, shape: Shape) -> Check:
        own = self._own(shape)
        items = self._items(shape, shape.member, "Member must satisfy constraint")
        entries = self._entries(shape, shape.member)

        def check(value: Any, path: str, found: Found) -> None:
            own(value, path, found)
            if items is not None:
                items(value, value, path, found)
            entries(enumerate(value, 1), path, found)

        return check

    def map(self, shape: Shape) -> Check:
        own = self._own(shape)
        keys = self._items(shape, shape.key, "Map keys must satisfy constraint")
        values = self._items(shape, shape.value, "Map value must satisfy constraint")
        entries = self._entries(shape, shape.value)

        def check(value: Any, path: str, found: Found) -> None:
            own(value, path, found)
            if keys is not None:
                keys(value, value, path, found)
            if values is not None:
                values(value.values(), value, path, found)
            entries(value.items(), path, found)

        return check

    def _entries(self, shape: Shape, member: Shape) -> Callable[[Iterable[tuple[Any, Any]], str, Found], None]:
        """The check of a collection's members one by one: for nulls, and of what structures and collections hold."""
        inner = self.closure(member) if member.type in AGGREGATES else None
        refuses_null = not shape.get("sparse")

        def check(entries: Iterable[tuple[Any, Any]], path: str, found: Found) -> None:
            for label, item in entries:
                if item is None:
                    if refuses_null:
                        found.append(Violation("required", f"{path}.{label}.member", None, NULL))
                elif inner is not None:
                    inner(item, f"{path}.{label}.member", found)

        return check

    def scalar(self, shape: Shape) -> Check | None:
        return self._own(shape) if self._rules(shape) else None

    def _own(self, shape: Shape) -> Check:
        """The check of a value's own constraints."""
        rules = self._rules(shape)

        def check(value: Any, path: str, found: Found) -> None:
            for rule in rules:
                if rule.breaks(value):  # a generator would cost more than all the rest
                    found.append(Violation(rule.kind, path, value, rule.words, shape))

        return check

    def _items(self, shape: Shape, member: Shape, words: str) -> CheckItems | None:
        """The check of a collection's scalars. AWS shows the collection, whichever of them is wrong, and all their constraints."""
        rules = self._rules(member) if member.type not in AGGREGATES else ()
        if not rules:
            return None
        constraint = f"{words}: [{', '.join(rule.words for rule in reversed(rules))}]"

        def check(items: Iterable[Any], value: Any, path: str, found: Found) -> None:
            broken = (rule.kind for item in items if item is not None for rule in rules if rule.breaks(item))
            kind = next(broken, None)
            if kind is not None:
                found.append(Violation(kind, path, value, constraint, shape))

        return check

    def _rules(self, shape: Shape) -> Sequence[Rule]:
        """A value's own constraints, in the order in which AWS names them."""
        if is_json_header(shape) or shape.is_streaming:
            return ()
        if shape.type in ("integer", "long", "float", "double"):
            return _bounds(shape, "range", "Member must have value", lambda value: value)
        if shape.type not in ("string", "blob", *AGGREGATES):
            return ()
        lengths = _bounds(shape, "length", "Member must have length", len)
        if shape.type != "string":
            return lengths
        return [*self._enum(shape), *_pattern(shape), *lengths]

    def _enum(self, shape: Shape) -> Sequence[Rule]:
        values = shape.get("enum")
        if not values or not self._enums:
            return ()
        allowed = frozenset(values)
        words = f"Member must satisfy enum value set: [{', '.join(values)}]"
        return [Rule("enum", lambda value: value not in allowed, words)]


def lower_camel(name: str) -> str:
    """`TableName` -> `tableName`, as AWS's validator names members."""
    return name[:1].lower() + name[1:]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _pattern(shape: Shape) -> Sequence[Rule]:
    text = shape.get("pattern")
    matches = matcher(text) if text and not shape.get("enum") else None
    if matches is None:
        return ()
    return [
        Rule("pattern", lambda value: not matches(value), f"Member must satisfy regular expression pattern: {text}")
    ]


def _bounds(shape: Shape, kind: str, words: str, measure: Callable[[Any], Any]) -> list[Rule]:
    rules = []
    lowest, highest = shape.get("min"), shape.get("max")
    if lowest is not None and (kind == "range" or lowest > 0):
        rules.append(Rule(kind, lambda value: measure(value) < lowest, f"{words} greater than or equal to {lowest}"))
    if highest is not None:
        rules.append(Rule(kind, lambda value: measure(value) > highest, f"{words} less than or equal to {highest}"))
    return rules


def _java(value: Any, shape: Shape | None) -> str:
    """A value as Java prints it, since that is what AWS's messages hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        member = shape.member if shape is not None and shape.type == "list" else None
        return f"[{', '.join(_java(item, member) for item in value)}]"
    if isinstance(value, dict):
        if shape is not None and shape.type == "structure":
            members = shape.members
            parts = [f"{lower_camel(name)}={_java(item, members.get(name))}" for name, item in value.items()]
            return f"{shape.name}({', '.join(parts)})"
        item_shape = shape.value if shape is not None and shape.type == "map" else None
        return "{" + ", ".join(f"{key}={_java(item, item_shape)}" for key, item in value.items()) + "}"
    return "null" if value is None else str(value)
