"""New table metadata. Ids are given out here, so that what a client sends need not have any."""

from __future__ import annotations

from typing import Any

from fogbank.services.s3tables.errors import bad_metadata

Document = dict[str, Any]

FORMAT_VERSION = 2
FIRST_PARTITION_ID = 1000
UNPARTITIONED: Document = {"spec-id": 0, "fields": []}
UNSORTED: Document = {"order-id": 0, "fields": []}


class Draft:
    """What a table is to be made with, in the terms of the Iceberg REST catalog."""

    def __init__(
        self, schema: Document, spec: Document | None, order: Document | None, properties: dict[str, str]
    ) -> None:
        self.schema = schema
        self.spec = spec
        self.order = order
        self.properties = properties


def create(draft: Draft, uuid: str, location: str, milliseconds: int) -> Document:
    """The metadata of a new table. Raises BadRequestException."""
    properties = {name: value for name, value in draft.properties.items() if name != "format-version"}
    schema = numbered(draft.schema)
    columns = column_ids(schema)
    spec = _spec(draft.spec, columns)
    order = _order(draft.order, columns)
    return {
        "format-version": _format_version(draft.properties),
        "table-uuid": uuid,
        "location": location,
        "last-sequence-number": 0,
        "last-updated-ms": milliseconds,
        "last-column-id": max(columns, default=0),
        "current-schema-id": 0,
        "schemas": [schema],
        "default-spec-id": 0,
        "partition-specs": [spec],
        "last-partition-id": last_partition_id([spec]),
        "default-sort-order-id": order["order-id"],
        "sort-orders": [order],
        "properties": properties,
        "current-snapshot-id": None,
        "refs": {},
        "snapshots": [],
        "statistics": [],
        "partition-statistics": [],
        "snapshot-log": [],
        "metadata-log": [],
    }


def _format_version(properties: dict[str, str]) -> int:
    version = properties.get("format-version", str(FORMAT_VERSION))
    if version not in ("1", "2", "3"):
        raise bad_metadata(f"format version {version}")
    return int(version)


# -- schemas


def numbered(schema: Document) -> Document:
    """The schema with an id for each field: those that it has, if all have one, else new ones."""
    fields = schema.get("fields") or []
    if not fields:
        raise bad_metadata("a schema must have fields")
    given = [field.get("id") for field in all_fields(schema)]
    if not all(isinstance(each, int) and each > 0 for each in given) or len(set(given)) < len(given):
        fields = _Numbering().fields(fields)
    names = [field.get("name") for field in fields]
    if not all(names) or len(set(names)) < len(names):
        raise bad_metadata("the names of fields must be unique")
    rest = {name: schema[name] for name in ("identifier-field-ids",) if schema.get(name)}
    return {"type": "struct", "schema-id": 0, "fields": fields, **rest}


class _Numbering:
    """Gives out ids level by level, as Iceberg does."""

    def __init__(self) -> None:
        self._last = 0

    def _next(self) -> int:
        self._last += 1
        return self._last

    def fields(self, fields: list[Document]) -> list[Document]:
        numbers = [self._next() for _ in fields]
        return [
            {**field, "id": number, "type": self._type(field["type"])}
            for number, field in zip(numbers, fields, strict=True)
        ]

    def _type(self, kind: Any) -> Any:
        if not isinstance(kind, dict):
            return kind
        if kind.get("type") == "struct":
            return {**kind, "fields": self.fields(kind.get("fields") or [])}
        if kind.get("type") == "list":
            return {**kind, "element-id": self._next(), "element": self._type(kind["element"])}
        if kind.get("type") == "map":
            key, value = self._next(), self._next()
            types = {"key": self._type(kind["key"]), "value": self._type(kind["value"])}
            return {**kind, "key-id": key, "value-id": value, **types}
        raise bad_metadata(f"type {kind.get('type')}")


def all_fields(kind: Any) -> list[Document]:
    """All fields of a struct, nested ones and the elements of lists and maps, too: documents with an `id`."""
    if not isinstance(kind, dict):
        return []
    if kind.get("type") == "list":
        return [{"id": kind.get("element-id")}, *all_fields(kind.get("element"))]
    if kind.get("type") == "map":
        ends = [{"id": kind.get("key-id")}, {"id": kind.get("value-id")}]
        return [*ends, *all_fields(kind.get("key")), *all_fields(kind.get("value"))]
    fields = kind.get("fields") or []
    return [*fields, *(nested for field in fields for nested in all_fields(field.get("type")))]


def column_ids(schema: Document) -> set[int]:
    return {field["id"] for field in all_fields(schema) if isinstance(field.get("id"), int)}


# -- partitions and order


def _spec(given: Document | None, columns: set[int]) -> Document:
    fields = (given or UNPARTITIONED).get("fields") or []
    return {"spec-id": 0, "fields": with_partition_ids(fields, columns, FIRST_PARTITION_ID - 1)}


def with_partition_ids(fields: list[Document], columns: set[int], last: int) -> list[Document]:
    """Partition fields, those without an id numbered after `last`."""
    found = []
    for field in fields:
        if field.get("source-id") not in columns:
            raise bad_metadata(f"partition field {field.get('name')} has no source column")
        number = field.get("field-id")
        if number is None:
            last = number = last + 1
        last = max(last, number)
        found.append({**field, "field-id": number})
    return found


def last_partition_id(specs: list[Document]) -> int:
    numbers = [field["field-id"] for spec in specs for field in spec["fields"]]
    return max(numbers, default=FIRST_PARTITION_ID - 1)


def _order(given: Document | None, columns: set[int]) -> Document:
    fields = (given or UNSORTED).get("fields") or []
    for field in fields:
        if field.get("source-id") not in columns:
            raise bad_metadata("a sort field has no source column")
    return {"order-id": 1, "fields": fields} if fields else UNSORTED
