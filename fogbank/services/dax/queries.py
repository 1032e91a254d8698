"""Query and Scan through a cluster: what was answered is answered again until its time is over, whatever is written meanwhile.

So it is at AWS: items of the item cache and results of the query cache have nothing to do with each other.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.dax.accelerator import Accelerator
from fogbank.services.dax.cache import Cache
from fogbank.services.dax.operations import Parts, may
from fogbank.services.dax.wire import answers, cbor, requests
from fogbank.services.dax.wire.expressions import Expressions
from fogbank.services.dax.wire.requests import Request
from fogbank.services.dax.wire.values import Item, Schema, from_value, key_bytes


async def query(ctx: Context, accelerator: Accelerator, table: bytes, condition: Any, options: Any) -> Parts:
    return await _select(ctx, accelerator, "Query", table, condition, options)


async def scan(ctx: Context, accelerator: Accelerator, table: bytes, options: Any) -> Parts:
    return await _select(ctx, accelerator, "Scan", table, None, options)


async def _select(
    ctx: Context, accelerator: Accelerator, operation: str, table: bytes, condition: Any, options: Any
) -> Parts:
    await may(ctx, accelerator, operation)
    name = requests.text(table)
    schema = await accelerator.schema(ctx, name)
    expressions = Expressions()
    request = requests.read(options, schema, expressions)
    if condition is not None:
        request.params["KeyConditionExpression"] = expressions.condition(condition)
    request.params["TableName"] = name
    requests.bind(request.params, expressions)
    requests.narrow(request, expressions)
    answer, cached = await _answer(ctx, accelerator, operation, request.params)
    return [await _shown(ctx, accelerator, answer, request, schema, cached)]


async def _answer(
    ctx: Context, accelerator: Accelerator, operation: str, params: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """(DynamoDB's answer, is it from the cache)"""
    if params.get("ConsistentRead"):
        return await accelerator.ask(ctx, operation, params), False
    place = (operation, orjson.dumps(params, option=orjson.OPT_SORT_KEYS))
    known = accelerator.queries.get(place, ctx.now(), (await accelerator.ttls(ctx))[1])
    if known is not Cache.MISSING:
        return known, True
    answer = await accelerator.ask(ctx, operation, params)
    accelerator.queries.write(place, answer, ctx.now())
    return answer, False


async def _shown(
    ctx: Context, accelerator: Accelerator, answer: dict[str, Any], request: Request, schema: Schema, cached: bool
) -> dict[int, Any]:
    out: dict[int, Any] = {answers.COUNT: answer["Count"], answers.SCANNED_COUNT: answer["ScannedCount"]}
    if "Items" in answer:
        out[answers.ITEMS] = [await _item(ctx, accelerator, item, request, schema) for item in answer["Items"]]
    if answer.get("LastEvaluatedKey"):
        out[answers.LAST_KEY] = _last_key(answer["LastEvaluatedKey"], request, schema)
    if answer.get("ConsumedCapacity") and not cached:
        out[answers.CAPACITY] = answers.capacity_bytes(answer["ConsumedCapacity"])
    return out


async def _item(ctx: Context, accelerator: Accelerator, item: Item, request: Request, schema: Schema) -> Any:
    """What is at the paths, or the key and the rest."""
    if request.paths:
        return answers.projected(item, request.paths)
    return [key_bytes(item, schema), await accelerator.pack(ctx, item, schema)]


def _last_key(key: Item, request: Request, schema: Schema) -> bytes:
    if "IndexName" in request.params:
        return cbor.dumps({name: from_value(value) for name, value in key.items()})
    return key_bytes(key, schema)
