"""Projections: the parts of an item that a list of paths names, at their places."""

from __future__ import annotations

from typing import Any

from fogbank.services.dynamodb.expressions.scope import Steps
from fogbank.services.dynamodb.expressions.tree import Step
from fogbank.services.dynamodb.values import Item, Value

# a step leads to another level, or (None) to all that is there
Level = dict[Step, Any]


def tree_of(paths: list[Steps]) -> Level:
    """Paths that do not overlap, as one tree. Indexes of one list come in ascending order."""
    root: Level = {}
    for path in sorted(paths):
        level = root
        for step in path[:-1]:
            level = level.setdefault(step, {})
        level[path[-1]] = None
    return root


def project(item: Item, level: Level) -> Item:
    """A new item of only these parts. Elements of a list move together."""
    found: Item = {}
    for name, below in level.items():
        value = item.get(name)  # type: ignore[arg-type]
        if value is not None and below is not None:
            value = _part(value, below)
        if value is not None:
            found[name] = value  # type: ignore[index]
    return found


def _part(value: Value, level: Level) -> Value | None:
    """The parts of a map or list; None when nothing of it is wanted, or it is neither."""
    members = value.get("M")
    if members is not None:
        found = project(members, level)
        return {"M": found} if found else None
    elements = value.get("L")
    if elements is None:
        return None
    parts = [
        elements[index] if below is None else _part(elements[index], below)
        for index, below in level.items()
        if index.__class__ is int and index < len(elements)  # type: ignore[operator]
    ]
    kept = [part for part in parts if part is not None]
    return {"L": kept} if kept else None
