"""GetItem, PutItem, UpdateItem, DeleteItem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from fogbank.kernel.service import itself
from fogbank.services.dynamodb import access, capacity, errors, lagging, metering, rows, throttling
from fogbank.services.dynamodb.capacity import Consumption
from fogbank.services.dynamodb.expressions import Projection
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Layout
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find, living
from fogbank.services.dynamodb.writing import Change, Delete, Put, Write, take_in_key

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]

# the members of a GetItem that asks for whole items
_WHOLE = frozenset({"TableName", "Key", "ConsistentRead", "ReturnConsumedCapacity"})


@service.operation(resource=itself)
async def get_item(ctx: Context, request: Request) -> Document:
    found = await access.check(ctx, "GetItem", request)
    return await read(ctx, found, request)


async def read(ctx: Context, found: Table | None, request: Request) -> Document:
    """Get an item, for whoever may do so. `found` is its table, if known."""
    projection = None if request.keys() <= _WHOLE else _projection(request)
    given = request["Key"]
    key = found.layout.quick_key(given) if found is not None and len(given) == len(found.layout.names) else None
    if key is None:
        take_in_key(given)
    table = await find(ctx, request["TableName"]) if found is None else living(found)
    if projection is not None:
        table.layout.check_paths(projection)
    if key is None:
        key = table.layout.key_in_request(given)
    image = await (rows.read_late if lagging.is_stale(ctx, request) else rows.read)(ctx, key)
    answer: Document = {} if image is None else {"Item": projected(image, projection)}
    units = capacity.read_units(image.size if image else 0, consistent=bool(request.get("ConsistentRead")))
    if throttling.counts(ctx, request):
        consumption = Consumption(table.name).add(units)
        await throttling.spend_at_once(ctx, table, throttling.READ, consumption, key.partition)
        answer["ConsumedCapacity"] = consumption.shown(request)
    metering.consumed_of_table(ctx, table, throttling.READ, units)
    return answer


def _projection(request: Request) -> Projection | None:
    bindings = Bindings(request, ("ProjectionExpression",), ("AttributesToGet",))
    projection = bindings.projection()
    bindings.finish()
    return projection


def projected(image: Image, projection: Projection | None) -> orjson.Fragment | Document:
    """An item for an answer; without a projection it is not even decoded."""
    return image.fragment if projection is None else projection.apply(image.item)


@service.operation(resource=itself)
async def put_item(ctx: Context, request: Request) -> Document:
    found = await access.check(ctx, "PutItem", request)
    _require_old_values(request)
    return await write(ctx, found, request, Put(request))


@service.operation(resource=itself)
async def delete_item(ctx: Context, request: Request) -> Document:
    found = await access.check(ctx, "DeleteItem", request)
    _require_old_values(request)
    return await write(ctx, found, request, Delete(request))


@service.operation(resource=itself)
async def update_item(ctx: Context, request: Request) -> Document:
    found = await access.check(ctx, "UpdateItem", request)
    return await write(ctx, found, request, Change(request))


def _require_old_values(request: Request) -> None:
    if request.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise errors.validation("Return values set to invalid value")


async def write(ctx: Context, found: Table | None, request: Request, write: Write) -> Document:
    """Put, change or delete an item, for whoever may do so, and answer as the request asks. `found` is its table, if known."""
    table = await find(ctx, request["TableName"]) if found is None else living(found)
    layout = table.layout
    key = write.bind(layout)
    returns = request.get("ReturnValues", "NONE")
    counts = throttling.counts(ctx, request)
    # a blind write to a table without indexes need not look at what it replaces
    blind = layout.is_plain and not (write.needs_old or counts or returns != "NONE")
    old = None if blind else await rows.read(ctx, key)
    try:
        new = write.work_out(old, layout)
    except errors.AWSError as error:
        if errors.is_failed_condition(error):
            metering.condition_failed(ctx, table)
        raise
    changes = await rows.replace(ctx, layout, key, old, new)
    answer: Document = {}
    if returns != "NONE":
        answer["Attributes"] = _attributes(returns, write, old, new)
    consumption = Consumption(table.name).add_write(old, new, changes)
    if counts:
        await throttling.spend_at_once(ctx, table, throttling.WRITE, consumption, key.partition)
        answer["ConsumedCapacity"] = consumption.shown(request)
    metering.consumed(ctx, table, throttling.WRITE, consumption)
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        answer["ItemCollectionMetrics"] = collection_metrics(layout, (new or old or Image.of(write.key, 0)).item)
    return answer


def _attributes(returns: str, write: Write, old: Image | None, new: Image | None) -> Any:
    """What ReturnValues asks for; None when there is nothing of it."""
    shown = old if returns.endswith("OLD") else new
    if shown is None:
        return None
    if returns.startswith("ALL"):
        return shown.fragment
    update = write.update if isinstance(write, Change) else None
    if update is None or new is None:
        return None
    return update.touched(old.item if old else {}, new.item, shown.item) or None


def collection_metrics(layout: Layout, item: Document) -> Document | None:
    """Only tables with a local index have item collections whose size matters. AWS estimates it; so do we, at its least."""
    if all(index.is_global for index in layout.indexes.values()):
        return None
    name = layout.hash.name
    return {"ItemCollectionKey": {name: item[name]}, "SizeEstimateRangeGB": [0.0, 1.0]}
