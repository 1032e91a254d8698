"""Parts of DynamoDB's answers as clients take them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.services.dax.wire import cbor
from fogbank.services.dax.wire.expressions import Path, at_path
from fogbank.services.dax.wire.values import Item, from_value

# the numbers of an answer's members
ITEM, CAPACITY, ATTRIBUTES, METRICS = 0, 1, 2, 3
ITEMS, COUNT, LAST_KEY, SCANNED_COUNT = 7, 8, 9, 10
_CAPACITY_MEMBERS = {
    "CapacityUnits": 1,
    "ReadCapacityUnits": 2,
    "WriteCapacityUnits": 3,
    "TableName": 4,
    "Table": 5,
    "GlobalSecondaryIndexes": 6,
    "LocalSecondaryIndexes": 7,
}


def projected(item: Item, paths: list[Path]) -> dict[int, Any]:
    """The values at the paths that lead to one, by the paths' numbers."""
    found = ((number, at_path(item, path)) for number, path in enumerate(paths))
    return {number: from_value(value) for number, value in found if value is not None}


def capacity_bytes(given: Mapping[str, Any]) -> bytes:
    """Consumed capacity, but for transactions."""
    table = given.get("Table")
    parts = [
        given["TableName"],
        given["CapacityUnits"],
        None if table is None else table["CapacityUnits"],
        _units(given.get("GlobalSecondaryIndexes")),
        _units(given.get("LocalSecondaryIndexes")),
    ]
    return b"".join(cbor.dumps(part) for part in parts)


def _units(indexes: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if indexes is None else {name: index["CapacityUnits"] for name, index in indexes.items()}


def capacity_map(given: Mapping[str, Any]) -> dict[int, Any]:
    """Consumed capacity of transactions."""
    out: dict[int, Any] = {}
    for name, number in _CAPACITY_MEMBERS.items():
        value = given.get(name)
        if name == "Table" and value is not None:
            value = capacity_map(value)
        elif name.endswith("Indexes") and value is not None:
            value = {index: capacity_map(units) for index, units in value.items()}
        if value is not None:
            out[number] = value
    return out


def metrics_bytes(given: Mapping[str, Any]) -> bytes:
    """The sizes of an item collection, whose key has one attribute."""
    (key,) = given["ItemCollectionKey"].values()
    low, high = given["SizeEstimateRangeGB"]
    return cbor.dumps(from_value(key)) + cbor.dumps(float(low)) + cbor.dumps(float(high))
