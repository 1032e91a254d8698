"""Consumed capacity: what AWS would charge for a read or write, worked out only for those who ask.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.services.dynamodb.rows import Change, Image

READ_UNIT = 4096
WRITE_UNIT = 1024

Document = dict[str, Any]


def is_wanted(request: Document) -> bool:
    return request.get("ReturnConsumedCapacity", "NONE") != "NONE"


def read_units(size: int, *, consistent: bool = False, transactional: bool = False) -> float:
    """Of one read of so many bytes: at least one unit, half of it when eventually consistent, two in a transaction."""
    units = -(-max(size, 1) // READ_UNIT)
    if transactional:
        return units * 2.0
    return float(units) if consistent else units * 0.5


def write_units(before: int, after: int) -> float:
    """Of a write that replaces so many bytes by so many: the larger of both counts."""
    return float(-(-max(before, after, 1) // WRITE_UNIT))


class Consumption:
    """Units consumed of one table and its indexes, by one request."""

    __slots__ = ("indexes", "local", "name", "table")

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = 0.0
        self.indexes: dict[str, float] = {}
        self.local: set[str] = set()

    def add(self, units: float, index: str | None = None, is_local: bool = False) -> Consumption:
        if index is None:
            self.table += units
        else:
            self.indexes[index] = self.indexes.get(index, 0.0) + units
            if is_local:
                self.local.add(index)
        return self

    def add_write(
        self, old: Image | None, new: Image | None, changes: Iterable[Change], factor: float = 1.0
    ) -> Consumption:
        """A write of an item, and what it did to indexes: an entry that moved is a deletion and an insertion.

        `factor` is that of transactions, which applies to the table alone.
        """
        self.add(write_units(old.size if old else 0, new.size if new else 0) * factor)
        for change in changes:
            if change.has_moved:
                units = write_units(change.old_size, 0) + write_units(0, change.new_size)
            else:
                units = write_units(change.old_size, change.new_size)
            self.add(units, change.into.name, not change.into.is_global)
        return self

    def include(self, other: Consumption) -> None:
        """Of the same table, by another part of the request."""
        self.table += other.table
        for name, units in other.indexes.items():
            self.indexes[name] = self.indexes.get(name, 0.0) + units
        self.local |= other.local

    def shown(self, request: Document) -> Document | None:
        """What the answer to a request on one item or page tells of it; nothing unless it was asked for."""
        return self.document(request["ReturnConsumedCapacity"]) if is_wanted(request) else None

    def document(self, mode: str, direction: str | None = None) -> Document:
        """A ConsumedCapacity. `mode` is TOTAL or INDEXES; `direction` (Read, Write) names the units of transactions."""
        total = self.table + sum(self.indexes.values())
        document: Document = {"TableName": self.name, "CapacityUnits": total}
        if direction is not None:
            document[f"{direction}CapacityUnits"] = total
        if mode == "INDEXES":
            document["Table"] = _units(self.table, direction)
            shared = {name: _units(units, direction) for name, units in self.indexes.items() if name not in self.local}
            local = {name: _units(units, direction) for name, units in self.indexes.items() if name in self.local}
            document["GlobalSecondaryIndexes"] = shared or None
            document["LocalSecondaryIndexes"] = local or None
        return document


def _units(units: float, direction: str | None) -> Document:
    document: Document = {"CapacityUnits": units}
    if direction is not None:
        document[f"{direction}CapacityUnits"] = units
    return document
