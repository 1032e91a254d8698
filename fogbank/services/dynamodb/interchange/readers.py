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

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def reader(format: str, options: dict[str, Any], types: dict[str, str]) -> Reader:
    """A reader of one file. `types` are those of key attributes, by which CSV goes."""
    if format == "CSV":
        return CsvReader(options.get("Csv") or {}, types)
    return _from_json if format == "DYNAMODB_JSON" else _from_ion


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
