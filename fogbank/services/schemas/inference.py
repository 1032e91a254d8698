"""Schemas from events: what kinds of values they have, in a form that further events are merged into. Pure.

A shape is {"kind": "object", "fields": {name: shape}, "required": [names]}, {"kind": "array", "item": shape} or {"kind": one of string,
date-time, number, boolean, any}. Of two events a field is required when both have it; where they differ in kind anything goes.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schemas-infer.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from typing import Any

Shape = dict[str, Any]

ANY: Shape = {"kind": "any"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def infer(value: Any) -> Shape:
    """The shape of one JSON value."""
    if isinstance(value, dict):
        fields = {name: infer(each) for name, each in value.items()}
        return {"kind": "object", "fields": fields, "required": list(fields)}
    if isinstance(value, list):
        return {"kind": "array", "item": infer_all(value)}
    if isinstance(value, bool):
        return {"kind": "boolean"}
    if isinstance(value, int | float):
        return {"kind": "number"}
    if isinstance(value, str):
        return {"kind": "date-time" if _TIME.fullmatch(value) else "string"}
    return ANY


def infer_all(values: Iterable[Any]) -> Shape:
    """The shape that fits all of the values; of none it is anything."""
    shapes = [infer(value) for value in values]
    return reduce(merge, shapes) if shapes else ANY


def merge(one: Shape, other: Shape) -> Shape:
    """The shape of what has one shape or the other."""
    if one == other:
        return one
    kinds = {one["kind"], other["kind"]}
    if kinds == {"object"}:
        return _merged_objects(one, other)
    if kinds == {"array"}:
        return {"kind": "array", "item": _merged_items(one["item"], other["item"])}
    return {"kind": "string"} if kinds == {"string", "date-time"} else ANY


def _merged_items(one: Shape, other: Shape) -> Shape:
    """An empty array says nothing of its items."""
    if one == ANY:
        return other
    return one if other == ANY else merge(one, other)


def _merged_objects(one: Shape, other: Shape) -> Shape:
    ours, theirs = one["fields"], other["fields"]
    fields = {name: merge(shape, theirs[name]) if name in theirs else shape for name, shape in ours.items()}
    required = [name for name in one["required"] if name in other["required"]]
    return {"kind": "object", "fields": {**theirs, **fields}, "required": required}
