"""The `metadata` of CreateTable in the terms of the Iceberg REST catalog. API_s3Buckets_IcebergMetadata."""

from __future__ import annotations

from typing import Any

from fogbank.services.s3tables import errors
from fogbank.services.s3tables.iceberg.metadata import Document, Draft


def draft_of(given: Document) -> Draft:
    """Raises BadRequestException. Exactly one of the two kinds of schema is given."""
    iceberg = given.get("iceberg") or {}
    simple, full = iceberg.get("schema"), iceberg.get("schemaV2")
    if (simple is None) is (full is None):
        raise errors.bad_metadata("either schema or schemaV2 must be specified")
    return Draft(
        _full_schema(full) if full is not None else _simple_schema(simple or {}),
        _spec(iceberg.get("partitionSpec")),
        _order(iceberg.get("writeOrder")),
        iceberg.get("properties") or {},
    )


def _simple_schema(given: Document) -> Document:
    """Primitive types only, ids as they please."""
    fields = [_field(field) for field in given["fields"]]
    if any(field["id"] is None for field in fields):
        fields = [{**field, "id": number} for number, field in enumerate(fields, 1)]
    return {"fields": fields}


def _full_schema(given: Document) -> Document:
    schema: Document = {"fields": [_field(field) for field in given["fields"]]}
    if given.get("identifierFieldIds"):
        schema["identifier-field-ids"] = given["identifierFieldIds"]
    return schema


def _field(given: Document) -> Document:
    field: Document = {
        "id": given.get("id"),
        "name": given["name"],
        "required": bool(given.get("required")),
        "type": given["type"],
    }
    return {**field, "doc": given["doc"]} if given.get("doc") else field


def _spec(given: Document | None) -> Document | None:
    return None if given is None else {"fields": [_partition_field(field) for field in given["fields"]]}


def _partition_field(given: Document) -> Document:
    field: Document = {"source-id": given["sourceId"], "transform": given["transform"], "name": given["name"]}
    number: Any = given.get("fieldId")
    return field if number is None else {**field, "field-id": number}


def _order(given: Document | None) -> Document | None:
    if given is None:
        return None
    fields = [
        {
            "source-id": field["sourceId"],
            "transform": field["transform"],
            "direction": field["direction"],
            "null-order": field["nullOrder"],
        }
        for field in given["fields"]
    ]
    return {"fields": fields}
