"""Vector indexes: what they hold of an item, and how near two vectors are to each other.

    vector-items  (space), [index's partition key], the item's primary key
                  size as AWS counts it (4 bytes), the vector (4 bytes a number), the item or its projection as JSON

An item is in a vector index when it has the index's partition key, if the index has one, and a list of as many numbers as the index has
dimensions. Vectors are kept as 32-bit floats, as AWS keeps them, and compared one by one: what is found is exact.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from operator import mul
from typing import TYPE_CHECKING

import msgspec

from fogbank.kernel import keys
from fogbank.services.dynamodb.schema import Key, Table, VectorIndex, part
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.values import Item, Value, key_bytes

if TYPE_CHECKING:
    from fogbank.services.dynamodb.schema import Layout

vector_items = service.collection("vector-items", bytes)

COSINE, EUCLIDEAN, DOT_PRODUCT = "COSINE", "EUCLIDEAN", "DOT_PRODUCT"
_SIZE = _FLOAT = 4


def prefix(layout: Layout, index: VectorIndex) -> bytes:
    """What the rows of an index begin with."""
    scope = keys.encode(("dynamodb", vector_items.name, layout.account, layout.region))
    return scope + keys.encode((index.space,))


def partition(index: VectorIndex, value: Value | None) -> bytes:
    """What the rows of a partition begin with, after the prefix; nothing for an index without partition key."""
    return part(key_bytes(value)) if index.hash is not None and value is not None else b""


def row_of(table: Table, index: VectorIndex, item: Item, key: Key) -> bytes | None:
    """The key of an item's entry; None when the item is not in the index."""
    value = None
    if index.hash is not None:
        value = item.get(index.hash)
        if value is None or table.attributes[index.hash] not in value:
            return None
    if vector_of(index, item) is None:
        return None
    return prefix(table.layout, index) + partition(index, value) + key.partition + key.sort


def vector_of(index: VectorIndex, item: Item) -> array[float] | None:
    """The vector of an item, if it has one that fits."""
    numbers = item.get(index.attribute, {}).get("L")
    if numbers is None or len(numbers) != index.dimensions:
        return None
    return from_numbers(numbers)


def from_numbers(values: list[Value]) -> array[float] | None:
    """The vector in a list of numbers, None for any other list, and for numbers that 32 bits cannot hold."""
    try:
        vector = array("f", [float(value["N"]) for value in values])
    except (KeyError, ValueError, OverflowError):
        return None
    return vector if all(map(math.isfinite, vector)) else None


def kept(table: Table, index: VectorIndex, item: Item) -> Item:
    """What the index has of an item."""
    if index.projection == "ALL":
        return item
    own = {table.hash, table.range, index.hash, index.attribute, *index.filters, *index.included}
    return {name: value for name, value in item.items() if name in own}


def encode(vector: array[float], raw: bytes) -> bytes:
    """An entry's value; `raw` is an item as it is stored, whose size comes first."""
    return raw[:_SIZE] + vector.tobytes() + raw[_SIZE:]


def decode(index: VectorIndex, value: bytes) -> tuple[array[float], bytes]:
    vector, end = array("f"), _SIZE + index.dimensions * _FLOAT
    vector.frombytes(value[_SIZE:end])
    return vector, value[:_SIZE] + value[end:]


def with_spaces(indexes: tuple[VectorIndex, ...], spaces: Iterator[int], status: str) -> tuple[VectorIndex, ...]:
    """The same indexes for another table."""
    return tuple([msgspec.structs.replace(index, space=next(spaces), status=status) for index in indexes])


# -- nearness


def score(function: str, one: array[float], other: array[float]) -> float:
    """The distance, or the dot product, of two vectors. A vector of nothing but zeros has no direction: its cosine distance is 1."""
    if function == EUCLIDEAN:
        return math.dist(one, other)
    product = sum(map(mul, one, other))
    if function == DOT_PRODUCT:
        return product
    lengths = math.hypot(*one) * math.hypot(*other)
    return 1 - product / lengths if lengths else 1.0


def nearest_first(function: str, scored: float) -> float:
    """What to sort scores by, so that the nearest come first."""
    return -scored if function == DOT_PRODUCT else scored
