"""OpenAPI documents, of version 2 and 3, as API Gateway reads them. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

Document = dict[str, Any]

INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
AUTH_TYPE = "x-amazon-apigateway-authtype"
ANY = "x-amazon-apigateway-any-method"
VALIDATOR = "x-amazon-apigateway-request-validator"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put")


class Unreadable(ValueError):
    """The document is none of OpenAPI; the text says why."""


def document_of(data: bytes) -> Document:
    """JSON or YAML. Raises Unreadable."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = _yaml(data)
    if not isinstance(found, dict) or not isinstance(found.get("paths", {}), dict):
        raise Unreadable("Invalid OpenAPI input.")
    if not str(found.get("swagger", "")).startswith("2") and not str(found.get("openapi", "")).startswith("3"):
        raise Unreadable("Invalid OpenAPI input: swagger must be 2.0, or openapi 3.0.x")
    return found


def _yaml(data: bytes) -> Any:
    import yaml

    try:
        return _plain(yaml.safe_load(data))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"Invalid OpenAPI input: {error}") from error


def _plain(value: Any) -> Any:
    """YAML's keys may be numbers (`200:`), and its values dates."""
    if isinstance(value, dict):
        return {
            str(name).lower() if isinstance(name, bool) else str(name): _plain(each) for name, each in value.items()
        }
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def is_version_3(document: Document) -> bool:
    return "openapi" in document


def base_path(document: Document) -> str:
    """Without a slash at its end: `/v1`; empty when there is none."""
    if not is_version_3(document):
        return str(document.get("basePath") or "").rstrip("/")
    server = (document.get("servers") or [{}])[0]
    variables = server.get("variables") or {}
    if "basePath" in variables:
        return (
            "/" + str(variables["basePath"].get("default", "")).strip("/")
            if variables["basePath"].get("default")
            else ""
        )
    path = re.sub(r"^\w+://[^/]*", "", str(server.get("url") or ""))
    return re.sub(r"\{\w+\}", "", path).rstrip("/")


def schemas(document: Document) -> Document:
    found = (document.get("components") or {}).get("schemas") if is_version_3(document) else document.get("definitions")
    return found or {}


def security_schemes(document: Document) -> Document:
    if is_version_3(document):
        return (document.get("components") or {}).get("securitySchemes") or {}
    return document.get("securityDefinitions") or {}


def referred(document: Document, value: Any) -> Any:
    """What `$ref` names within the document, else the value itself. Raises Unreadable."""
    for _ in range(20):
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return value
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or part not in found:
                raise Unreadable(f"Unable to resolve {value['$ref']}")
            found = found[part]
        value = found
    raise Unreadable("references go in circles")


def operations(document: Document) -> Iterator[tuple[str, str, Document, list[Document]]]:
    """(path, verb in upper case or ANY, operation, its parameters with those of its path)"""
    for path, item in (document.get("paths") or {}).items():
        item = referred(document, item) or {}
        shared = [referred(document, each) for each in item.get("parameters") or []]
        for name, operation in item.items():
            if name.lower() in VERBS or name == ANY:
                own = [referred(document, each) for each in operation.get("parameters") or []]
                names = {(each.get("name"), each.get("in")) for each in own}
                kept = [each for each in shared if (each.get("name"), each.get("in")) not in names]
                yield path, "ANY" if name == ANY else name.upper(), operation, [*kept, *own]


def security_of(document: Document, operation: Document) -> list[Document]:
    """What an operation asks for: its own, else that of the document."""
    found: list[Document] = operation.get("security", document.get("security")) or []
    return found


def model_name(reference: Any) -> str | None:
    """`#/definitions/Pet` -> `Pet`."""
    if not isinstance(reference, dict) or not isinstance(reference.get("$ref"), str):
        return None
    return str(reference["$ref"]).rpartition("/")[2]
