"""The schemas of resource types: what AWS has of the properties of each (`tools/resource_schemas.py` gathers them).

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html

Two things are done with the properties that a template gives: texts become what the schema wants (`fitted`), as CloudFormation takes
"5" for a number; and what is not allowed is found (`violations`), in the words of AWS. What a schema says of several properties at once
(oneOf and the like) is left to the handlers.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import orjson

Schema = dict[str, Any]

_INTEGER = re.compile(r"[+-]?\d+")
_NAMES = {
    "array": "JSONArray",
    "boolean": "Boolean",
    "integer": "Integer",
    "null": "Null",
    "number": "Number",
    "object": "JSONObject",
    "string": "String",
}


@cache
def _schemas() -> dict[str, Schema]:
    packed = resources.files(__package__).joinpath("resource_schemas.json.xz").read_bytes()
    return orjson.loads(lzma.decompress(packed))  # type: ignore[no-any-return]


def schema(type_name: str) -> Schema | None:
    """The schema of a type, without what is only to be read. Not to be changed by who gets it."""
    return _schemas().get(type_name)


def tags_member(type_name: str) -> tuple[str, bool] | None:
    """(the property with the tags of such resources, whether it is a map); None where there are none that could be changed."""
    found = schema(type_name) or {}
    tagging = found.get("tagging", {})
    path = tagging.get("tagProperty", "/properties/Tags")
    name = path.rpartition("/")[2]
    if name not in found.get("properties", {}) or path in found.get("createOnlyProperties", []):
        return None
    if not tagging.get("taggable", True) or not tagging.get("tagUpdatable", True):
        return None
    return name, "items" not in _resolved(found, found["properties"][name])


# -- as the schema wants it


def fitted(type_name: str, properties: dict[str, Any], unknown: str = "") -> dict[str, Any]:
    """The properties with numbers and truth values where the schema has them, and texts where it has those.

    What cannot be read as what is wanted stays as it is, and so does `unknown`.
    """
    found = schema(type_name)
    return properties if found is None else _fitted(found, found, properties, unknown)


def _fitted(whole: Schema, node: Any, value: Any, unknown: str) -> Any:
    node = _resolved(whole, node)
    if isinstance(value, dict):
        return {name: _fitted(whole, _member(node, name), each, unknown) for name, each in value.items()}
    if isinstance(value, list):
        return [_fitted(whole, node.get("items", {}), each, unknown) for each in value]
    kinds = _kinds(node)
    if not kinds or _kind_of(value) in kinds or value == unknown:
        return value
    for kind in kinds:
        made = _AS[kind](value) if kind in _AS else None
        if made is not None:
            return made
    return value


def _as_boolean(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def _as_integer(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _as_number(value: Any) -> float | None:
    try:
        return _as_integer(value) if _as_integer(value) is not None else float(value)
    except ValueError:
        return None


def _as_string(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


_AS: dict[str, Callable[[Any], Any]] = {
    "boolean": _as_boolean,
    "integer": _as_integer,
    "number": _as_number,
    "string": _as_string,
}


# -- what it does not allow


def violations(type_name: str, properties: dict[str, Any]) -> list[str]:
    """What the schema does not allow of the properties, each as AWS tells it: `#/Name: expected type: String, found: JSONArray`."""
    found = schema(type_name)
    return [] if found is None else list(_violations(found, {"type": "object", **found}, properties, "#"))


def _violations(whole: Schema, node: Any, value: Any, path: str) -> Iterator[str]:
    node = _resolved(whole, node)
    kinds, kind = _kinds(node), _kind_of(value)
    if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
        yield f"{path}: expected type: {_NAMES[kinds[0]]}, found: {_NAMES[kind]}"
    elif isinstance(value, dict):
        yield from _of_object(whole, node, value, path)
    elif isinstance(value, list):
        yield from _of_size(node, "Items", "item count", value, path)
        for number, each in enumerate(value):
            yield from _violations(whole, node.get("items", {}), each, f"{path}/{number}")
    else:
        yield from _of_scalar(node, value, path)


def _of_object(whole: Schema, node: Schema, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in node.get("required", []):
        if name not in value:
            yield f"{path}: required key [{name}] not found"
    is_closed = node.get("additionalProperties") is False and "properties" in node
    for name, each in value.items():
        member = _member(node, name)
        if member is None and is_closed:
            yield f"{path}: extraneous key [{name}] is not permitted"
        else:
            yield from _violations(whole, member, each, f"{path}/{name}")


def _of_scalar(node: Schema, value: Any, path: str) -> Iterator[str]:
    if "enum" in node and value not in node["enum"]:
        yield f"{path}: {_as_string(value)} is not a valid enum value"
    if isinstance(value, str):
        yield from _of_size(node, "Length", "length", value, path)
        pattern = _pattern(node["pattern"]) if "pattern" in node else None
        if pattern is not None and pattern.search(value) is None:
            yield f"{path}: failed validation constraint for keyword [pattern]"
    elif not isinstance(value, bool) and value is not None:
        if value < node.get("minimum", value):
            yield f"{path}: {value} is not greater or equal to {node['minimum']}"
        if value > node.get("maximum", value):
            yield f"{path}: {value} is not less or equal to {node['maximum']}"


def _of_size(node: Schema, what: str, told: str, value: str | list[Any], path: str) -> Iterator[str]:
    size, least, most = len(value), node.get(f"min{what}"), node.get(f"max{what}")
    if least is not None and size < least:
        yield f"{path}: expected minimum {told}: {least}, found: {size}"
    if most is not None and size > most:
        yield f"{path}: expected maximum {told}: {most}, found: {size}"


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str] | None:
    """None for what only Java takes as a pattern."""
    try:
        return re.compile(text)
    except re.error:
        return None


# -- reading schemas


def _resolved(whole: Schema, node: Any) -> Schema:
    """The node, or what it refers to (`#/definitions/Tag`)."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = whole
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target.get(part, {})
        node = target
    return node if isinstance(node, dict) else {}


def _member(node: Schema, name: str) -> Any:
    """What an object may have under that name; None when nothing is said of it."""
    if name in node.get("properties", {}):
        return node["properties"][name]
    for pattern, member in node.get("patternProperties", {}).items():
        compiled = _pattern(pattern)
        if compiled is None or compiled.search(name) is not None:
            return member
    further = node.get("additionalProperties")
    return further if isinstance(further, dict) else None


def _kinds(node: Schema) -> list[str]:
    found = node.get("type", [])
    return [found] if isinstance(found, str) else found


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    for kind, python in (("boolean", bool), ("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, python):
            return kind
    return "object"
