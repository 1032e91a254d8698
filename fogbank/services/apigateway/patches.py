"""Patch operations: what all updates are made of. Tables say which paths a kind of resource has. Pure.

https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fogbank.services.apigateway import errors

Document = dict[str, Any]
Operation = dict[str, Any]
Change = Callable[[Document, list[str], str, "str | None"], None]
"""Changes a document: given the segments of the path (unescaped), the operation, and the value (None where there is none)."""


class Rule(NamedTuple):
    """`path` may have `{}` for a segment that is a name; `ops` are the operations that it takes."""

    path: str
    ops: str
    change: Change


# -- what the values are


def text(value: str) -> str:
    return value


def whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise errors.bad_request(f"Invalid patch value '{value}'. Must be a whole number.") from None


def number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise errors.bad_request(f"Invalid patch value '{value}'. Must be a number.") from None


def boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise errors.bad_request(f"Invalid patch value '{value}'. Must be one of: [true, false]")
    return value.lower() == "true"


def one_of(*allowed: str) -> Callable[[str], str]:
    def convert(value: str) -> str:
        if value not in allowed:
            raise errors.bad_request(f"Invalid patch value '{value}'. Must be one of: [{', '.join(allowed)}]")
        return value

    return convert


# -- kinds of paths


def value(path: str, convert: Callable[[str], Any] = text, ops: str = "replace", **default: Any) -> Rule:
    """A member at that place in the document; removed, it is gone, or has the `default` again."""

    def change(document: Document, segments: list[str], op: str, given: str | None) -> None:
        parent, name = _parent(document, segments), segments[-1]
        if op == "remove":
            parent.pop(name, None)
            parent.update({name: default["default"]} if default else {})
        else:
            parent[name] = None if given is None else convert(given)

    return Rule(path, ops, change)


def entry(path: str, convert: Callable[[str], Any] = text) -> Rule:
    """An entry of a map, under its own name."""
    return value(path, convert, "add replace remove")


def member(path: str) -> Rule:
    """A member of a list of texts: named by itself in the path, or by its index."""

    def change(document: Document, segments: list[str], op: str, given: str | None) -> None:
        parent, name = _parent(document, segments[:-1]), segments[-2]
        members = list(parent.get(name) or [])
        at = _index(members, segments[-1])
        if op == "add" and at is None:
            members.append(segments[-1])
        elif op == "replace" and at is not None:
            members[at] = given or segments[-1]
        elif op == "remove" and at is not None:
            del members[at]
        elif op != "add":
            raise errors.not_found(f"Invalid patch path: there is no {segments[-1]}")
        parent[name] = members

    return Rule(path, "add replace remove", change)


def listed(path: str) -> Rule:
    """A list of texts: values are added to it and removed from it."""

    def change(document: Document, segments: list[str], op: str, given: str | None) -> None:
        parent, name = _parent(document, segments), segments[-1]
        members = [each for each in parent.get(name) or [] if each != given]
        if op == "replace":
            members = []
        parent[name] = members if op == "remove" else [*members, given]

    return Rule(path, "add replace remove", change)


def _index(members: list[str], name: str) -> int | None:
    if name in members:
        return members.index(name)
    return int(name) if name.isdecimal() and int(name) < len(members) else None


def _parent(document: Document, segments: Sequence[str]) -> Document:
    for segment in segments[:-1]:
        inner = document.get(segment)
        if inner is None:
            inner = document[segment] = {}
        document = inner
    return document


# -- the engine


def segments_of(path: str) -> list[str]:
    return [segment.replace("~1", "/").replace("~0", "~") for segment in path.split("/")[1:]]


def _fits(rule: Rule, segments: list[str]) -> bool:
    pattern = rule.path.split("/")[1:]
    return len(pattern) == len(segments) and all(
        part in ("{}", segment) for part, segment in zip(pattern, segments, strict=True)
    )


def patched(document: Document, operations: Sequence[Operation] | None, rules: Sequence[Rule]) -> Document:
    """The document with all operations applied, in their order; the one that was given is left as it was.

    Raises BadRequestException for a path that the rules do not have, or not for that operation, and for values of the wrong kind.
    """
    document = copy.deepcopy(document)
    for operation in operations or ():
        op, path = operation.get("op", "replace"), operation.get("path") or ""
        segments = segments_of(path)
        rule = next((rule for rule in rules if op in rule.ops.split() and _fits(rule, segments)), None)
        if rule is None:
            allowed = sorted({rule.path.replace("{}", "{name}") for rule in rules if op in rule.ops.split()})
            raise errors.invalid_patch(path, op, allowed)
        given = operation.get("from") if op == "copy" else operation.get("value")
        rule.change(document, segments, op, given)
    return document
