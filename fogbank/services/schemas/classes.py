"""What code is generated from: the classes of an OpenAPI 3 document. Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

Document = dict[str, Any]


class Type(msgspec.Struct, frozen=True):
    """`kind` is string, number, integer, boolean, time, any, array (of `item`), or class (`name`)."""

    kind: str
    name: str = ""
    item: Type | None = None


class Field(msgspec.Struct, frozen=True):
    """A field by its name in JSON (`detail-type`), and the words of that name (detail, type)."""

    name: str
    words: tuple[str, ...]
    type: Type

    def camel(self) -> str:
        return self.words[0] + "".join(word.capitalize() for word in self.words[1:])

    def pascal(self) -> str:
        return "".join(word.capitalize() for word in self.words)

    def snake(self) -> str:
        return "_".join(self.words)


class Class(msgspec.Struct, frozen=True):
    name: str
    fields: tuple[Field, ...]


def classes_of(document: Document) -> list[Class]:
    """The components that are objects, by name."""
    components: Document = document.get("components", {}).get("schemas", {})
    return [
        Class(_identifier(name), tuple(_field(key, each) for key, each in component.get("properties", {}).items()))
        for name, component in sorted(components.items())
        if isinstance(component, dict) and component.get("type", "object") == "object"
    ]


def package_of(schema_name: str) -> tuple[str, ...]:
    """`com.shop@OrderPlaced` -> schema, com, shop, orderplaced"""
    return ("schema", *(part.lower() for part in re.findall(r"[A-Za-z0-9]+", schema_name)))


def _field(name: str, schema: Document) -> Field:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    words = tuple(part.lower() for part in parts) or ("field",)
    return Field(name, words if not words[0][0].isdigit() else ("n", *words), _type(schema))


def _type(schema: Any) -> Type:
    if not isinstance(schema, dict):
        return Type("any")
    if isinstance(schema.get("$ref"), str):
        return Type("class", _identifier(schema["$ref"].rpartition("/")[2]))
    kind = schema.get("type")
    if kind == "array":
        return Type("array", item=_type(schema.get("items")))
    if kind == "string" and schema.get("format") == "date-time":
        return Type("time")
    return Type(kind if kind in ("string", "number", "integer", "boolean") else "any")


def _identifier(name: str) -> str:
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII)
    return cleaned if not cleaned[:1].isdigit() else f"_{cleaned}"
