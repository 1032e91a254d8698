"""What clients ask a cluster for, one item or a few: reads through the item cache, and writes through it to DynamoDB.

Each takes the request's arguments as they came, and gives the parts of its answer.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.dax.accelerator import Accelerator
from fogbank.services.dax.cache import Cache
from fogbank.services.dax.records import cluster_arn
from fogbank.services.dax.wire import answers, requests
from fogbank.services.dax.wire.expressions import Path
from fogbank.services.dax.wire.values import Item, Schema, key_bytes, read_key

Parts = list[Any]


async def may(ctx: Context, accelerator: Accelerator, action: str, **keys: str) -> None:
    """Raises AccessDenied unless the caller may do this with the cluster."""
    arn = cluster_arn(ctx, accelerator.name)
    await ctx.authorise(f"dax:{action}", arn, keys={f"dax:{key}": value for key, value in keys.items()})


async def shown(ctx: Context, accelerator: Accelerator, item: Item, schema: Schema, paths: list[Path]) -> Any:
    """An item in an answer: its values, or those at the paths that were asked for."""
    return answers.projected(item, paths) if paths else await accelerator.pack(ctx, item, schema)


async def get_item(ctx: Context, accelerator: Accelerator, table: bytes, key: bytes, options: Any) -> Parts:
    """The cache has whole items, and that there is none: paths are taken out of them here."""
    await may(ctx, accelerator, "GetItem")
    name = requests.text(table)
    schema = await accelerator.schema(ctx, name)
    params, paths = requests.read(options, schema)
    params |= {"TableName": name, "Key": read_key(key, schema)}
    item, capacity = await _read(ctx, accelerator, params, schema)
    answer: dict[int, Any] = {}
    if item is not None:
        answer[answers.ITEM] = await shown(ctx, accelerator, item, schema, paths)
    if capacity is not None:
        answer[answers.CAPACITY] = answers.capacity_bytes(capacity)
    return [answer]


async def _read(
    ctx: Context, accelerator: Accelerator, params: dict[str, Any], schema: Schema
) -> tuple[Item | None, dict[str, Any] | None]:
    """(item, consumed capacity, which nothing in the cache costs)"""
    place = (params["TableName"], key_bytes(params["Key"], schema))
    consistent = params.get("ConsistentRead")
    cache = accelerator.items
    if not consistent:
        known = cache.get(place, ctx.now(), (await accelerator.ttls(ctx))[0])
        if known is not Cache.MISSING:
            return known, None
    writes = cache.writes
    answer = await accelerator.ask(ctx, "GetItem", params)
    if not consistent:
        cache.fill(place, answer.get("Item"), ctx.now(), writes)
    return answer.get("Item"), answer.get("ConsumedCapacity")


async def put_item(
    ctx: Context, accelerator: Accelerator, table: bytes, key: bytes, values: bytes, options: Any
) -> Parts:
    await may(ctx, accelerator, "PutItem")
    name = requests.text(table)
    schema = await accelerator.schema(ctx, name)
    params, _ = requests.read(options, schema)
    item = await accelerator.unpack(ctx, key, values, schema)
    answer = await accelerator.ask(ctx, "PutItem", {**params, "TableName": name, "Item": item})
    accelerator.items.write((name, key_bytes(item, schema)), item, ctx.now())
    return await _written(ctx, accelerator, answer, schema, params)


async def update_item(ctx: Context, accelerator: Accelerator, table: bytes, key: bytes, options: Any) -> Parts:
    """Who asks for nothing back has the new item read for the cache."""
    await may(ctx, accelerator, "UpdateItem")
    name = requests.text(table)
    schema = await accelerator.schema(ctx, name)
    params, _ = requests.read(options, schema)
    item_key = read_key(key, schema)
    quiet = params.get("ReturnValues", "NONE") == "NONE"
    asked = {**params, "TableName": name, "Key": item_key, **({"ReturnValues": "ALL_NEW"} if quiet else {})}
    answer = await accelerator.ask(ctx, "UpdateItem", asked)
    place = (name, key_bytes(item_key, schema))
    if asked["ReturnValues"] == "ALL_NEW":
        accelerator.items.write(place, answer["Attributes"], ctx.now())
    else:
        accelerator.items.drop(place)
    if quiet:
        del answer["Attributes"]
    return await _written(ctx, accelerator, answer, schema, params)


async def delete_item(ctx: Context, accelerator: Accelerator, table: bytes, key: bytes, options: Any) -> Parts:
    await may(ctx, accelerator, "DeleteItem")
    name = requests.text(table)
    schema = await accelerator.schema(ctx, name)
    params, _ = requests.read(options, schema)
    item_key = read_key(key, schema)
    answer = await accelerator.ask(ctx, "DeleteItem", {**params, "TableName": name, "Key": item_key})
    accelerator.items.drop((name, key_bytes(item_key, schema)))
    return await _written(ctx, accelerator, answer, schema, params)


async def _written(
    ctx: Context, accelerator: Accelerator, answer: dict[str, Any], schema: Schema, params: dict[str, Any]
) -> Parts:
    out: dict[int, Any] = {}
    attributes = answer.get("Attributes")
    if attributes is not None and params.get("ReturnValues") in ("UPDATED_OLD", "UPDATED_NEW"):
        out[answers.ATTRIBUTES] = await accelerator.pack_some(ctx, attributes, schema)
    elif attributes is not None:
        out[answers.ATTRIBUTES] = await accelerator.pack(ctx, attributes, schema)
    if answer.get("ConsumedCapacity"):
        out[answers.CAPACITY] = answers.capacity_bytes(answer["ConsumedCapacity"])
    if answer.get("ItemCollectionMetrics"):
        out[answers.METRICS] = answers.metrics_bytes(answer["ItemCollectionMetrics"])
    return [out]
