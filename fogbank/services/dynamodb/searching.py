"""SearchVectors. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html"""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from fogbank.kernel import keys
from fogbank.kernel.service import itself
from fogbank.services.dynamodb import access, capacity, errors, limits, vectors
from fogbank.services.dynamodb.expressions import Projection
from fogbank.services.dynamodb.items import projected
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Table, VectorIndex
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find, living
from fogbank.services.dynamodb.values import Value, take_in

if TYPE_CHECKING:
    from array import array

    from fogbank.kernel import Context

Document = dict[str, Any]

_CHUNK = 500


@service.operation(resource=itself)
async def search_vectors(ctx: Context, request: Request) -> Document:
    """The items whose vectors are nearest to another one, of those that have the values that are asked for."""
    found = await access.check(ctx, "SearchVectors", request)
    bindings = Bindings(request, ("ProjectionExpression", "SearchConditionExpression"))
    projection = bindings.projection()
    wanted = _values(bindings)
    bindings.finish()
    table = await find(ctx, request["TableName"]) if found is None else living(found)
    index = _index(table, request["IndexName"])
    _check(table, index, request["TopK"], wanted)
    vector = _vector(index, request["SearchVector"])
    nearest, size = await _nearest(ctx, table, index, vector, wanted, request["TopK"])
    answer: Document = {"SearchResults": [_result(image, scored, projection) for scored, _, image in nearest]}
    if capacity.is_wanted(request):
        answer["ConsumedCapacity"] = {"VectorSearchRequestBytes": float(size)}
    return answer


def _values(bindings: Bindings) -> dict[str, Value]:
    """The values that attributes are to have: the condition is made of equalities."""
    condition = bindings.search_condition()
    wanted: dict[str, Value] = {}
    for term in condition.terms if condition is not None else ():
        if term.operator != "=" or len(term.path) > 1:
            raise errors.validation("Invalid comparator used in SearchConditionExpression")
        value = term.operands[0]({}, bindings.values)
        assert value is not None
        wanted[term.name] = value
    return wanted


def _index(table: Table, name: str) -> VectorIndex:
    index = table.vector_index(name)
    if index is None or index.status == "DELETING":
        raise errors.no_such_index(name)
    if index.is_backfilling or index.status == "CREATING":
        raise errors.validation(f"Cannot search backfilling vector index: {name}")
    return index


def _check(table: Table, index: VectorIndex, top: int, wanted: dict[str, Value]) -> None:
    if not 1 <= top <= limits.VECTORS_FOUND:
        raise errors.validation("Provided TopK value is out of valid range")
    if index.hash is not None and index.hash not in wanted:
        raise errors.validation("SearchConditionExpression must be provided when SearchSchema has a HASH key")
    for name, value in wanted.items():
        if name not in (index.hash, *index.filters):
            raise errors.validation(f"SearchConditionExpression can only name attributes of the SearchSchema: {name}")
        if table.attributes[name] not in value:
            raise errors.key_condition_schema()


def _vector(index: VectorIndex, values: list[Value]) -> array[float]:
    for value in values:
        take_in(value)
    vector = vectors.from_numbers(values)
    if vector is None or len(vector) != index.dimensions:
        raise errors.validation(
            f"SearchVector must be a list of {index.dimensions} numbers, as vector index {index.name} has it"
        )
    return vector


async def _nearest(
    ctx: Context, table: Table, index: VectorIndex, vector: array[float], wanted: dict[str, Value], top: int
) -> tuple[list[tuple[float, bytes, Image]], int]:
    """(score, row, item) of the nearest items, the nearest first, and how many bytes were looked at."""
    base = vectors.prefix(table.layout, index) + vectors.partition(index, wanted.get(index.hash or ""))
    low, high = base, keys.after_prefix(base)
    best: list[tuple[float, bytes, Image]] = []
    size = 0
    while True:
        chunk = await ctx.tx.scan(low, high, _CHUNK)
        for row, value in chunk:
            size += len(value)
            other, raw = vectors.decode(index, value)
            image = Image.stored(raw)
            if all(image.item.get(name) == given for name, given in wanted.items()):
                best.append((vectors.score(index.function, vector, other), row, image))
        best = nsmallest(top, best, key=lambda each: (vectors.nearest_first(index.function, each[0]), each[1]))
        if len(chunk) < _CHUNK:
            return best, size
        low = chunk[-1][0] + b"\0"


def _result(image: Image, scored: float, projection: Projection | None) -> Document:
    return {"Item": projected(image, projection), "Score": scored}
