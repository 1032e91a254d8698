"""BatchGetItem and BatchWriteItem: many items of several tables, each for itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fogbank.kernel.service import itself
from fogbank.services.dynamodb import access, capacity, errors, lagging, limits, metering, rows, throttling
from fogbank.services.dynamodb.capacity import Consumption
from fogbank.services.dynamodb.errors import AWSError
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
    allowance = _Allowance(limits.BATCH_SIZE)
    for reads, (layout, keys) in bound:
        consumption = Consumption(layout.table.name)
        images = await _read(ctx, reads, layout, keys, allowance, consumption)
        found = [image for image in images if image is not None]
        responses[reads.name] = [projected(image, reads.projection) for image in found]
        if len(images) < len(keys):
            unprocessed[reads.name] = {**reads.rest, "Keys": reads.keys[len(images) :]}
        if capacity.is_wanted(request):
            consumed.append(consumption.document(request["ReturnConsumedCapacity"]))
    allowance.require_success()
    return {"Responses": responses, "UnprocessedKeys": unprocessed, "ConsumedCapacity": consumed or None}


class _Allowance:
    """What a batch may still read (bytes), whether it did anything, and how it was refused more."""

    __slots__ = ("did_something", "refusal", "room")

    def __init__(self, room: int) -> None:
        self.room = room
        self.did_something = False
        self.refusal: AWSError | None = None

    async def has(self, ctx: Context, work: Callable[..., Awaitable[None]], *args: Any) -> bool:
        """Do one part of the batch, if there is capacity for it."""
        try:
            await ctx.undoing(work, ctx, *args)
        except AWSError as error:
            if not errors.is_throttled(error):
                raise
            self.refusal = error
            return False
        self.did_something = True
        return True

    def require_success(self) -> None:
        """Raise the refusal if it was all that there was."""
        if self.refusal is not None and not self.did_something:
            raise self.refusal


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
    layout.check_paths(reads.projection)
    return layout, [layout.key_in_request(key) for key in reads.keys]


async def _read(
    ctx: Context, reads: _Reads, layout: Layout, keys: list[Key], allowance: _Allowance, consumption: Consumption
) -> list[Image | None]:
    """The images of keys, as many as there is room and capacity for."""
    images: list[Image | None] = []
    read = rows.read_late if lagging.is_stale(ctx, reads.rest) else rows.read
    for key in keys:
        if allowance.room <= 0:
            break
        image = await read(ctx, key)
        size = image.size if image else 0
        own = Consumption(layout.table.name).add(capacity.read_units(size, consistent=reads.is_consistent))
        if not await allowance.has(ctx, throttling.spend, layout.table, throttling.READ, own, key.partition):
            break
        metering.consumed(ctx, layout.table, throttling.READ, own)
        consumption.include(own)
        images.append(image)
        allowance.room -= size
    return images


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
    unprocessed: Document = {}
    allowance = _Allowance(0)
    counts = throttling.counts(ctx, request)
    for name, layout, writes in bound:
        consumption = Consumption(layout.table.name)
        left: list[Request] = []
        for (key, write), given in zip(writes, request["RequestItems"][name], strict=True):
            if not counts:
                await _write(ctx, layout, key, write)
            elif not await allowance.has(ctx, _counted_write, layout, key, write, consumption):
                left.append(given)
        if left:
            unprocessed[name] = left
        if capacity.is_wanted(request):
            consumed.append(consumption.document(request["ReturnConsumedCapacity"]))
        if request.get("ReturnItemCollectionMetrics") == "SIZE":
            metrics[name] = list(_metrics(layout, [write for _, write in writes]))
    allowance.require_success()
    metrics = {name: found for name, found in metrics.items() if found}
    return {
        "UnprocessedItems": unprocessed,
        "ConsumedCapacity": consumed or None,
        "ItemCollectionMetrics": metrics or None,
    }


async def _write(ctx: Context, layout: Layout, key: Key, write: _Write) -> None:
    """Put or delete an item, where nobody counts."""
    old = None if layout.is_plain else await rows.read(ctx, key)
    changes = await rows.replace(ctx, layout, key, old, write.image)
    own = Consumption(layout.table.name).add_write(old, write.image, changes)
    metering.consumed(ctx, layout.table, throttling.WRITE, own)


async def _counted_write(ctx: Context, layout: Layout, key: Key, write: _Write, consumption: Consumption) -> None:
    old = await rows.read(ctx, key)
    changes = await rows.replace(ctx, layout, key, old, write.image)
    own = Consumption(layout.table.name).add_write(old, write.image, changes)
    await throttling.spend(ctx, layout.table, throttling.WRITE, own, key.partition)
    metering.consumed(ctx, layout.table, throttling.WRITE, own)
    consumption.include(own)


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
