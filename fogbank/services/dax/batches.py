"""BatchGetItem, BatchWriteItem and transactions, through a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.dax.accelerator import Accelerator
from fogbank.services.dax.cache import Cache
from fogbank.services.dax.operations import Parts, may, shown
from fogbank.services.dax.wire import answers, requests
from fogbank.services.dax.wire.cbor import Malformed
from fogbank.services.dax.wire.expressions import Expressions, Path, projection
from fogbank.services.dax.wire.values import Item, Schema, key_bytes, read_key

_KINDS = {2: "Put", 7: "Delete", 9: "Update", 12: "ConditionCheck"}
_ON_FAILURE = (None, "NONE", "ALL_OLD")


class _Wanted:
    """What a BatchGetItem wants of one table, and what was found of it by key bytes."""

    def __init__(self, schema: Schema, consistent: bool, paths: list[Path], keys: list[bytes]) -> None:
        self.schema = schema
        self.consistent = consistent
        self.paths = paths
        self.keys = {key_bytes(key, schema): key for key in (read_key(data, schema) for data in keys)}
        self.found: dict[bytes, Item | None] = {}

    def open(self) -> dict[bytes, Item]:
        return {place: key for place, key in self.keys.items() if place not in self.found}


async def batch_get_item(ctx: Context, accelerator: Accelerator, tables: Any, options: Any) -> Parts:
    await may(ctx, accelerator, "BatchGetItem")
    wanted = {name: await _wanted(ctx, accelerator, name, given) for name, given in _map(tables).items()}
    await _look_up(ctx, accelerator, wanted)
    writes = accelerator.items.writes
    answer = await _ask_for_rest(ctx, accelerator, wanted, requests.read(options, ()).params)
    unprocessed = {
        name: [key_bytes(key, wanted[name].schema) for key in left["Keys"]]
        for name, left in (answer.get("UnprocessedKeys") or {}).items()
    }
    for name, items in (answer.get("Responses") or {}).items():
        wanted[name].found |= {key_bytes(item, wanted[name].schema): item for item in items}
    _keep(ctx, accelerator, wanted, unprocessed, writes)
    responses = {name: await _shown(ctx, accelerator, table) for name, table in wanted.items()}
    capacity = [answers.capacity_bytes(each) for each in answer.get("ConsumedCapacity") or ()]
    return [[responses, unprocessed], capacity]


async def _wanted(ctx: Context, accelerator: Accelerator, name: str, given: Any) -> _Wanted:
    if not isinstance(given, list) or len(given) != 3:
        raise Malformed("not a table's keys")
    consistent, paths, keys = given
    schema = await accelerator.schema(ctx, name)
    return _Wanted(schema, bool(consistent), projection(paths) if paths is not None else [], keys)


async def _look_up(ctx: Context, accelerator: Accelerator, wanted: dict[str, _Wanted]) -> None:
    ttl = (await accelerator.ttls(ctx))[0]
    for name, table in wanted.items():
        for place in () if table.consistent else table.keys:
            known = accelerator.items.get((name, place), ctx.now(), ttl)
            if known is not Cache.MISSING:
                table.found[place] = known


async def _ask_for_rest(
    ctx: Context, accelerator: Accelerator, wanted: dict[str, _Wanted], options: dict[str, Any]
) -> dict[str, Any]:
    rest = {
        name: {"Keys": list(table.open().values()), "ConsistentRead": table.consistent}
        for name, table in wanted.items()
        if table.open() or not table.keys
    }
    if wanted and not rest:
        return {}
    return await accelerator.ask(ctx, "BatchGetItem", {"RequestItems": rest, **options})


def _keep(
    ctx: Context, accelerator: Accelerator, wanted: dict[str, _Wanted], unprocessed: dict[str, list[bytes]], writes: int
) -> None:
    """Fill the cache with what was read, and with what is not there."""
    for name, table in wanted.items():
        for place in () if table.consistent else table.keys.keys() - set(unprocessed.get(name, ())):
            accelerator.items.fill((name, place), table.found.get(place), ctx.now(), writes)


async def _shown(ctx: Context, accelerator: Accelerator, table: _Wanted) -> list[Any]:
    """The items at the paths; or key and values of each, one after another."""
    out: list[Any] = []
    for place in table.keys:
        item = table.found.get(place)
        if item is not None:
            out += [] if table.paths else [place]
            out.append(await shown(ctx, accelerator, item, table.schema, table.paths))
    return out


async def batch_write_item(ctx: Context, accelerator: Accelerator, tables: Any, options: Any) -> Parts:
    """Per table, key and values one after another; what is to be deleted has no values."""
    await may(ctx, accelerator, "BatchWriteItem")
    schemas: dict[str, Schema] = {}
    asked: dict[str, list[dict[str, Any]]] = {}
    for name, given in _map(tables).items():
        schema = schemas[name] = await accelerator.schema(ctx, name)
        asked[name] = [await _write_of(ctx, accelerator, key, values, schema) for key, values in _pairs(given)]
    params = requests.read(options, ()).params
    answer = await accelerator.ask(ctx, "BatchWriteItem", {"RequestItems": asked, **params})
    unprocessed = answer.get("UnprocessedItems") or {}
    for name, writes in asked.items():
        for write in writes:
            _through(ctx, accelerator, name, schemas[name], write, write not in unprocessed.get(name, ()))
    left = {name: await _left(ctx, accelerator, writes, schemas[name]) for name, writes in unprocessed.items()}
    return [left, [answers.capacity_bytes(each) for each in answer.get("ConsumedCapacity") or ()], _metrics(answer)]


async def _write_of(
    ctx: Context, accelerator: Accelerator, key: bytes, values: bytes | None, schema: Schema
) -> dict[str, Any]:
    if values is None:
        return {"DeleteRequest": {"Key": read_key(key, schema)}}
    return {"PutRequest": {"Item": await accelerator.unpack(ctx, key, values, schema)}}


def _through(
    ctx: Context, accelerator: Accelerator, name: str, schema: Schema, write: dict[str, Any], done: bool
) -> None:
    item = write.get("PutRequest", {}).get("Item")
    place = (name, key_bytes(item or write["DeleteRequest"]["Key"], schema))
    if item is not None and done:
        accelerator.items.write(place, item, ctx.now())
    else:
        accelerator.items.drop(place)


async def _left(ctx: Context, accelerator: Accelerator, writes: list[dict[str, Any]], schema: Schema) -> list[Any]:
    out: list[Any] = []
    for write in writes:
        item = write.get("PutRequest", {}).get("Item")
        out.append(key_bytes(item or write["DeleteRequest"]["Key"], schema))
        out.append(None if item is None else await accelerator.pack(ctx, item, schema))
    return out


def _metrics(answer: dict[str, Any]) -> dict[str, list[bytes]]:
    given = answer.get("ItemCollectionMetrics") or {}
    return {name: [answers.metrics_bytes(each) for each in sizes] for name, sizes in given.items()}


# -- transactions


async def transact_get_items(
    ctx: Context, accelerator: Accelerator, tables: Any, keys: Any, projections: Any, options: Any
) -> Parts:
    """Past the cache, as AWS does it."""
    await may(ctx, accelerator, "GetItem", EnclosingOperation="TransactGetItems")
    gets, schemas, paths = [], [], []
    for table, key, given in _rows(tables, keys, projections):
        name = requests.text(table)
        schema = await accelerator.schema(ctx, name)
        expressions = Expressions()
        found = projection(given) if given is not None else []
        request = requests.Request({"TableName": name, "Key": read_key(key, schema)}, found)
        requests.narrow(request, expressions)
        gets.append({"Get": request.params})
        schemas.append(schema)
        paths.append(found)
    params = requests.read(options, ()).params
    answer = await accelerator.ask(ctx, "TransactGetItems", {"TransactItems": gets, **params})
    items = [
        await shown(ctx, accelerator, response["Item"], schema, wanted) if response.get("Item") is not None else None
        for response, schema, wanted in zip(answer["Responses"], schemas, paths, strict=True)
    ]
    return [[items, [answers.capacity_map(each) for each in answer.get("ConsumedCapacity") or ()]]]


async def transact_write_items(ctx: Context, accelerator: Accelerator, *columns: Any) -> Parts:
    """The columns: operations, tables, keys, values, return values (of no use), what to return on failure, conditions, updates, options."""
    operations, tables, keys, values, _, on_failure, conditions, updates, options = columns
    writes, places = [], []
    for row in _rows(operations, tables, keys, values, on_failure, conditions, updates):
        kind, name, key, write = await _transact_write(ctx, accelerator, row)
        await may(
            ctx,
            accelerator,
            f"{kind}Item" if kind != "ConditionCheck" else "ConditionCheckItem",
            EnclosingOperation="TransactWriteItems",
        )
        writes.append({kind: write})
        places.append((name, key))
    params = requests.read(options, ()).params
    try:
        answer = await accelerator.ask(ctx, "TransactWriteItems", {"TransactItems": writes, **params})
    except AWSError as error:
        await _pack_reasons(ctx, accelerator, error, [name for name, _ in places])
        raise
    for place, write in zip(places, writes, strict=True):
        if "Put" in write:
            accelerator.items.write(place, write["Put"]["Item"], ctx.now())
        elif "ConditionCheck" not in write:
            accelerator.items.drop(place)
    capacity = [answers.capacity_map(each) for each in answer.get("ConsumedCapacity") or ()]
    return [[None, capacity, _metrics(answer)]]


async def _pack_reasons(ctx: Context, accelerator: Accelerator, error: AWSError, tables: list[str]) -> None:
    """Put the items of a cancelled transaction's reasons, if it is one, in the form that clients take."""
    for name, reason in zip(tables, error.members.get("CancellationReasons") or (), strict=False):
        if reason.get("Item") is not None:
            item: Item = orjson.loads(orjson.dumps(reason["Item"]))
            reason["Item"] = await accelerator.pack(ctx, item, await accelerator.schema(ctx, name))


async def _transact_write(
    ctx: Context, accelerator: Accelerator, row: Sequence[Any]
) -> tuple[str, str, bytes, dict[str, Any]]:
    """(operation, table, key bytes, DynamoDB's parameters)"""
    operation, table, key, values, on_failure, condition, update = row
    kind, name = _KINDS.get(operation), requests.text(table)
    if kind is None:
        raise Malformed("an unknown operation")
    schema = await accelerator.schema(ctx, name)
    item_key = read_key(key, schema)
    params: dict[str, Any] = {"TableName": name}
    if kind == "Put":
        params["Item"] = await accelerator.unpack(ctx, key, values, schema)
    else:
        params["Key"] = item_key
    expressions = Expressions()
    if condition is not None:
        params["ConditionExpression"] = expressions.condition(condition)
    if update is not None:
        params["UpdateExpression"] = expressions.update(update)
    if on_failure is not None:
        params["ReturnValuesOnConditionCheckFailure"] = requests.choice(_ON_FAILURE, on_failure)
    requests.bind(params, expressions)
    return kind, name, key_bytes(item_key, schema), params


def _rows(first: Any, *others: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of columns, of which all but the first may not be there."""
    if not isinstance(first, list):
        raise Malformed("not a column")
    columns = [first, *([None] * len(first) if other is None else other for other in others)]
    if any(not isinstance(column, list) or len(column) != len(first) for column in columns):
        raise Malformed("columns of different lengths")
    return zip(*columns, strict=True)


def _map(tables: Any) -> dict[str, Any]:
    if not isinstance(tables, dict):
        raise Malformed("not a map of tables")
    return {requests.text(name): given for name, given in tables.items()}


def _pairs(given: Any) -> list[tuple[bytes, bytes | None]]:
    if not isinstance(given, list) or len(given) % 2:
        raise Malformed("not pairs of key and values")
    return list(zip(given[::2], given[1::2], strict=True))
