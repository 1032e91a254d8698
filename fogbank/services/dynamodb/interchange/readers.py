"""Items out of the lines of imported files: CSV, DynamoDB JSON, Ion.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from fogbank.services.dynamodb.interchange import ion
from fogbank.services.dynamodb.interchange.lines import Malformed
from fogbank.services.dynamodb.values import Item

# What gives the item of a line, or None for a line that has none. Raises Malformed.
Reader = Callable[[bytes], "Item | None"]

# the members of a line that PutItem has besides the item
_CONDITION: dict[str, type] = {
    "ConditionExpression": str,
    "ExpressionAttributeNames": Mapping,
    "ExpressionAttributeValues": Mapping,
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def reader(format: str, options: dict[str, Any], types: dict[str, str]) -> Reader:
    """A reader of one file. `types` are those of key attributes, by which CSV goes."""
    if format == "CSV":
        return CsvReader(options.get("Csv") or {}, types)
    return _from_json if format == "DYNAMODB_JSON" else _from_ion


def put_reader(format: str) -> Callable[[bytes], dict[str, Any] | None]:
    """A reader of puts, as bulk operations have them: an Item, and the members of its condition, if it has one."""
    return _put_from_json if format == "DYNAMODB_JSON" else _put_from_ion


def _put_from_json(line: bytes) -> dict[str, Any] | None:
    if not line.strip():
        return None
    try:
        return _put_of(orjson.loads(line))
    except ValueError as error:
        raise Malformed(str(error)) from error


def _put_from_ion(line: bytes) -> dict[str, Any] | None:
    if not line.strip():
        return None
    try:
        put = _put_of(ion.parse(line))
        structs = [name for name in ("Item", "ExpressionAttributeValues") if name in put]
        plain: dict[str, Any] = {name: ion.to_item(put[name]) for name in structs}
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if "ExpressionAttributeNames" in put:
        plain["ExpressionAttributeNames"] = {key: str(name) for key, name in put["ExpressionAttributeNames"].items()}
    if "ConditionExpression" in put:
        plain["ConditionExpression"] = str(put["ConditionExpression"])
    return plain


def _put_of(document: Any) -> dict[str, Any]:
    """What counts of a line. Raises Malformed for members of other types."""
    put = {"Item": _item_of(document)}
    for name, kind in _CONDITION.items():
        if name in document:
            if not isinstance(document[name], kind):
                raise Malformed(f"{name} of an unexpected type")
            put[name] = document[name]
    if not all(isinstance(name, str) for name in put.get("ExpressionAttributeNames", {}).values()):
        raise Malformed("ExpressionAttributeNames of an unexpected type")
    return put


def _from_json(line: bytes) -> Item | None:
    if not line.strip():
        return None
    try:
        document = orjson.loads(line)
    except ValueError as error:
        raise Malformed(str(error)) from error
    return _item_of(document)


def _from_ion(line: bytes) -> Item | None:
    if not line.strip():
        return None
    try:
        return ion.to_item(_item_of(ion.parse(line)))
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error


def _item_of(document: Any) -> Any:
    item = document.get("Item") if isinstance(document, Mapping) else None
    if not isinstance(item, Mapping):
        raise Malformed("a line without an Item")
    return item


class CsvReader:
    """All columns but keys of the table and its indexes are strings. Without a list of headers the first line has them."""

    def __init__(self, options: dict[str, Any], types: dict[str, str]) -> None:
        self._delimiter = options.get("Delimiter", ",")
        self._headers: list[str] | None = options.get("HeaderList")
        self._types = types

    def __call__(self, line: bytes) -> Item | None:
        line = line.removeprefix(_BYTE_ORDER_MARK).removesuffix(b"\r")
        if not line:
            return None
        fields = self._fields(line)
        if self._headers is None:
            self._headers = fields
            return None
        if len(fields) != len(self._headers):
            raise Malformed(f"{len(fields)} columns where the header has {len(self._headers)}")
        pairs = zip(self._headers, fields, strict=True)
        return {name: {self._types.get(name, "S"): field} for name, field in pairs}

    def _fields(self, line: bytes) -> list[str]:
        try:
            return next(csv.reader([line.decode()], delimiter=self._delimiter, strict=True))
        except (csv.Error, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from error
