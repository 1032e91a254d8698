"""Schema documents: written from shapes, checked, and turned from OpenAPI 3 into JSON Schema draft 4. Pure.

An event of EventBridge becomes `AWSEvent`, whose detail is a component that is called after its type; objects in it are components, too.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema-create.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.services.schemas import errors
from fogbank.services.schemas.inference import Shape

Document = dict[str, Any]

OPENAPI = "OpenApi3"
JSON_SCHEMA = "JSONSchemaDraft4"
_DRAFT_4 = "http://json-schema.org/draft-04/schema#"
_COMPONENT = "#/components/schemas/"
_DEFINITION = "#/definitions/"
_ENVELOPE = frozenset({"detail-type", "source", "detail", "id", "time", "region", "account", "version", "resources"})


def is_envelope(shape: Shape) -> bool:
    """Is it the shape of an event as EventBridge sends it on?"""
    return shape["kind"] == "object" and shape["fields"].keys() >= _ENVELOPE


def type_name(text: str) -> str:
    """`Order Placed` -> `OrderPlaced`"""
    parts = re.findall(r"[A-Za-z0-9]+", text)
    return "".join(part[:1].upper() + part[1:] for part in parts) or "Event"


def openapi(shape: Shape, event: Document) -> Document:
    """The OpenAPI 3 document of a shape, of which `event` is an example."""
    title = type_name(event["detail-type"]) if is_envelope(shape) else "Event"
    components = _Components()
    if is_envelope(shape):
        components.add_envelope(shape, title, event)
    else:
        components.add("Event", shape)
    info = {"version": "1.0.0", "title": title}
    return {"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": components.found}}


class _Components:
    """The components of a document, by name."""

    def __init__(self) -> None:
        self.found: dict[str, Document] = {}

    def add_envelope(self, shape: Shape, title: str, event: Document) -> None:
        envelope = self.found["AWSEvent"] = {"type": "object", "required": sorted(shape["required"])}
        envelope["x-amazon-events-detail-type"] = event["detail-type"]
        envelope["x-amazon-events-source"] = event["source"]
        self._add_fields(
            envelope, "AWSEvent", {name: each for name, each in shape["fields"].items() if name != "detail"}
        )
        envelope["properties"]["detail"] = self.add(title, shape["fields"]["detail"])
        envelope["properties"] = dict(sorted(envelope["properties"].items()))

    def add(self, name: str, shape: Shape) -> Document:
        """What stands for the shape where it is used: a reference, for objects."""
        if shape["kind"] == "array":
            return {"type": "array", "items": self.add(f"{name}Item", shape["item"])}
        if shape["kind"] != "object":
            return _plain(shape)
        name = self._free(name)
        component = self.found[name] = {"type": "object"}
        if shape["required"]:
            component["required"] = sorted(shape["required"])
        self._add_fields(component, name, shape["fields"])
        return {"$ref": _COMPONENT + name}

    def _add_fields(self, component: Document, name: str, fields: dict[str, Shape]) -> None:
        component["properties"] = {field: self.add(type_name(field), fields[field]) for field in sorted(fields)}

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.found:
            number, free = number + 1, f"{name}_{number}"
        return free


def _plain(shape: Shape) -> Document:
    kind = shape["kind"]
    if kind == "date-time":
        return {"type": "string", "format": "date-time"}
    return {} if kind == "any" else {"type": kind}


def json_schema(document: Document) -> Document:
    """An OpenAPI 3 document as JSON Schema draft 4: the first of its components, the others as definitions."""
    components: dict[str, Document] = document.get("components", {}).get("schemas", {})
    name = "AWSEvent" if "AWSEvent" in components else next(iter(components), None)
    converted = {key: _converted(value) for key, value in components.items()}
    root = {} if name is None else converted.pop(name)
    title = document.get("info", {}).get("title", "Event")
    return {"$schema": _DRAFT_4, "title": title, "definitions": converted, **root}


def _converted(value: Any) -> Any:
    if isinstance(value, list):
        return [_converted(item) for item in value]
    if not isinstance(value, dict):
        return value
    converted = {key: _converted(each) for key, each in value.items() if key != "nullable"}
    reference = converted.get("$ref")
    if isinstance(reference, str):
        converted["$ref"] = reference.replace(_COMPONENT, _DEFINITION)
    if value.get("nullable") is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted


def checked(kind: str, content: str) -> Document:
    """The document in the content of a schema. Raises BadRequestException for what is none of its kind."""
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise errors.invalid_content(str(error)) from None
    if not isinstance(document, dict):
        raise errors.invalid_content("it is not a JSON object.")
    if kind == OPENAPI:
        _check_openapi(document)
    elif kind == JSON_SCHEMA:
        _check_json_schema(document)
    else:
        raise errors.unknown_type(kind)
    return document


def _check_openapi(document: Document) -> None:
    if not re.fullmatch(r"3\.\d+\.\d+", str(document.get("openapi", ""))):
        raise errors.invalid_content("openapi must be a version 3.x.x.")
    info = document.get("info")
    if not isinstance(info, dict) or not isinstance(info.get("title"), str) or not isinstance(info.get("version"), str):
        raise errors.invalid_content("info must have a title and a version.")
    if not isinstance(document.get("paths"), dict):
        raise errors.invalid_content("paths must be an object.")
    schemas = (document.get("components") or {}).get("schemas", {})
    if not isinstance(schemas, dict):
        raise errors.invalid_content("components.schemas must be an object.")
    _check_references(document, schemas)


def _check_references(value: Any, schemas: Document) -> None:
    """References lead to components of the document."""
    if isinstance(value, list):
        for item in value:
            _check_references(item, schemas)
    elif isinstance(value, dict):
        reference = value.get("$ref")
        is_local = isinstance(reference, str) and reference.startswith(_COMPONENT)
        if is_local and value["$ref"].removeprefix(_COMPONENT) not in schemas:
            raise errors.invalid_content(f"{reference} leads nowhere.")
        for each in value.values():
            _check_references(each, schemas)


def _check_json_schema(document: Document) -> None:
    schema = document.get("$schema", _DRAFT_4)
    if not isinstance(schema, str) or "draft-04" not in schema:
        raise errors.invalid_content("$schema must be that of draft 4.")
