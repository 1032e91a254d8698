"""BatchGetItem and BatchWriteItem: many items of several tables, each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fogbank.services.dynamodb import access, capacity, errors, lagging, limits, rows
from fogbank.services.dynamodb.access import itself
from fogbank.services.dynamodb.capacity import Consumption
from fogbank.services.dynamodb.expressions import Projection
from fogbank.services.dynamodb.items import collection_metrics, projected
from fogbank.services.dynamodb.parameters import Bindings, Request, refuse_mixture
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Key, Layout
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find
from fogbank.services.dynamodb.values import Item, take_in_item
from fogbank.services.dynamodb.writing import take_in_key

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]


def _refuse_duplicates(keys: list[Any]) -> None:
    if len(set(keys)) < len(keys):
        raise errors.validation("Provided list of item keys contains duplicates")


# -- reading


class _Reads(NamedTuple):
    """What is wanted of one table. `rest` is all of its request but the keys, for UnprocessedKeys."""

    name: str
    keys: list[Item]
    projection: Projection | None
    is_consistent: bool
    rest: Document


@service.operation(resource=itself)
async def batch_get_item(ctx: Context, request: Request) -> Document:
    for name, given in request["RequestItems"].items():
        await access.check(ctx, "BatchGetItem", {"TableName": name, **given})
    wanted = [_reads_of(name, given) for name, given in request["RequestItems"].items()]
    _refuse_mixed_tables(request["RequestItems"])
    if sum([len(reads.keys) for reads in wanted]) > limits.BATCH_GETS:
        raise errors.validation("Too many items requested for the BatchGetItem call")
    bound = [(reads, await _bound_keys(ctx, reads)) for reads in wanted]
    responses: Document = {}
    unprocessed: Document = {}
    consumed: list[Document] = []
    room = limits.BATCH_SIZE
    for reads, (layout, keys) in bound:
        images, room = await _read(ctx, reads, keys, room)
        found = [image for image in images if image is not None]
        responses[reads.name] = [projected(image, reads.projection) for image in found]
        if len(images) < len(keys):
            unprocessed[reads.name] = {**reads.rest, "Keys": reads.keys[len(images) :]}
        if capacity.is_wanted(request):
            consumption = _consumed_by(layout, images, reads.is_consistent)
            consumed.append(consumption.document(request["ReturnConsumedCapacity"]))
    return {"Responses": responses, "UnprocessedKeys": unprocessed, "ConsumedCapacity": consumed or None}


def _reads_of(name: str, given: Request) -> _Reads:
    bindings = Bindings(given, ("ProjectionExpression",), ("AttributesToGet",))
    projection = bindings.projection()
    bindings.finish()
    keys: list[Item] = given["Keys"]
    for key in keys:
        take_in_key(key)
    _refuse_duplicates([orjson.dumps(key, option=orjson.OPT_SORT_KEYS) for key in keys])
    rest = {member: value for member, value in given.items() if member != "Keys"}
    return _Reads(name, keys, projection, bool(given.get("ConsistentRead")), rest)


def _refuse_mixed_tables(given: Request) -> None:
    """One table with an expression and another with a legacy parameter is refused as well."""
    members = {member: True for table in given.values() for member in table}
    refuse_mixture(members, ("ProjectionExpression",), ("AttributesToGet",))


async def _bound_keys(ctx: Context, reads: _Reads) -> tuple[Layout, list[Key]]:
    layout = (await find(ctx, reads.name)).layout
    return layout, [layout.key_in_request(key) for key in reads.keys]


async def _read(ctx: Context, reads: _Reads, keys: list[Key], room: int) -> tuple[list[Image | None], int]:
    """The images of keys, as many as there is room for (bytes), and the room that is left."""
    images: list[Image | None] = []
    read = rows.read_late if lagging.is_stale(ctx, reads.rest) else rows.read
    for key in keys:
        if room <= 0:
            break
        image = await read(ctx, key)
        images.append(image)
        room -= image.size if image else 0
    return images, room


def _consumed_by(layout: Layout, images: list[Image | None], is_consistent: bool) -> Consumption:
    consumption = Consumption(layout.table.name)
    for image in images:
        consumption.add(capacity.read_units(image.size if image else 0, consistent=is_consistent))
    return consumption


# -- writing


class _Write(NamedTuple):
    """One put (`image`) or deletion (`key`)."""

    key: Item
    image: Image | None

    def bind(self, layout: Layout) -> Key:
        if self.image is None:
            return layout.key_in_request(self.key)
        item = self.image.item
        layout.check_key({name: item[name] for name in layout.names if name in item})
        layout.check_index_keys(item)
        return layout.key_of(item)


@service.operation(resource=itself)
async def batch_write_item(ctx: Context, request: Request) -> Document:
    for name, requests in request["RequestItems"].items():
        await access.check(ctx, "BatchWriteItem", {"TableName": name, "Writes": requests})
    given = {name: list(_writes_of(requests)) for name, requests in request["RequestItems"].items()}
    if sum(map(len, given.values())) > limits.BATCH_WRITES:
        raise errors.validation("Too many items requested for the BatchWriteItem call")
    bound = [(name, *await _bound_writes(ctx, name, writes)) for name, writes in given.items()]
    _refuse_duplicates([key.row for _, _, writes in bound for key, _ in writes])
    consumed: list[Document] = []
    metrics: Document = {}
    counts = capacity.is_wanted(request)
    for name, layout, writes in bound:
        consumption = Consumption(layout.table.name)
        for key, write in writes:
            old = await rows.read(ctx, key) if counts or not layout.is_plain else None
            changes = await rows.replace(ctx, layout, key, old, write.image)
            if counts:
                consumption.add_write(old, write.image, changes)
        if counts:
            consumed.append(consumption.document(request["ReturnConsumedCapacity"]))
        if request.get("ReturnItemCollectionMetrics") == "SIZE":
            metrics[name] = list(_metrics(layout, [write for _, write in writes]))
    metrics = {name: found for name, found in metrics.items() if found}
    return {"UnprocessedItems": {}, "ConsumedCapacity": consumed or None, "ItemCollectionMetrics": metrics or None}


def _writes_of(requests: list[Request]) -> Iterator[_Write]:
    for request in requests:
        put, delete = request.get("PutRequest"), request.get("DeleteRequest")
        if (put is None) == (delete is None):
            raise errors.several_datatypes()
        if put is not None:
            item = put["Item"]
            size = take_in_item(item)
            if size > limits.ITEM_SIZE:
                raise errors.item_too_large()
            yield _Write({}, Image.of(item, size))
        elif delete is not None:
            take_in_key(delete["Key"])
            yield _Write(delete["Key"], None)


async def _bound_writes(ctx: Context, name: str, writes: list[_Write]) -> tuple[Layout, list[tuple[Key, _Write]]]:
    layout = (await find(ctx, name)).layout
    return layout, [(write.bind(layout), write) for write in writes]


def _metrics(layout: Layout, writes: list[_Write]) -> Iterator[Document]:
    for write in writes:
        metrics = collection_metrics(layout, write.key if write.image is None else write.image.item)
        if metrics is not None:
            yield metrics
