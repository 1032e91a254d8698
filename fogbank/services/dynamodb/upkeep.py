"""Long work on many rows, done in small transactions one after another: removing a space, filling a new index or expiry space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import keys
from fogbank.services.dynamodb import expiry, rows, tables
from fogbank.services.dynamodb.schema import Index, Table
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.storage.base import Pair

# rows of one transaction: items of 400 KB make this 40 MB
CHUNK = 100


@service.task
async def purge(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete the rows of a space that nobody reads any more."""
    collection = service.collections[payload["collection"]]
    base = collection.prefix(ctx) + keys.encode((payload["space"],))
    found = await ctx.tx.scan(base, keys.after_prefix(base), CHUNK)
    for key, _ in found:
        ctx.tx.delete(key)
    if len(found) == CHUNK:
        await ctx.schedule("purge", payload)


@service.task
async def backfill_index(ctx: Context, payload: dict[str, Any]) -> None:
    """Give a new index the entries of the items that are there already. Writes keep it up to date meanwhile."""
    table = await tables.tables.get(ctx, payload["table"])
    index = None if table is None else table.index(payload["index"])
    if table is None or index is None or index.space != payload["space"]:
        return
    found = await _chunk(ctx, table, payload["start"])
    layout = table.layout.indexes[index.name]
    for _, value in found:
        image = rows.Image.stored(value)
        row = layout.row_of(image.item, table.layout.key_of(image.item))
        if row is not None and layout.accepts(image.item):
            ctx.tx.put(row, rows.entry(layout, image).raw)
    if len(found) == CHUNK:
        await ctx.schedule("backfill_index", {**payload, "start": found[-1][0]})
        return
    _finish(ctx, table, index)


def _finish(ctx: Context, table: Table, built: Index) -> None:
    done = msgspec.structs.replace(built, status="ACTIVE", is_backfilling=False)
    indexes = tuple([done if index.name == built.name else index for index in table.indexes])
    tables.put(ctx, table, status="ACTIVE", indexes=indexes)


@service.task
async def backfill_expiries(ctx: Context, payload: dict[str, Any]) -> None:
    """Note when the items expire that were there before the table had a time to live."""
    table = await tables.tables.get(ctx, payload["table"])
    if table is None or table.ttl is None or table.ttl_space != payload["space"]:
        return
    found = await _chunk(ctx, table, payload["start"])
    for _, value in found:
        item = rows.Image.stored(value).item
        await expiry.track(ctx, table, table.layout.key_of(item), None, item)
    if len(found) == CHUNK:
        await ctx.schedule("backfill_expiries", {**payload, "start": found[-1][0]})
        return
    tables.put(ctx, table, is_enabling_ttl=False)


async def _chunk(ctx: Context, table: Table, after: bytes) -> list[Pair]:
    """Rows of a table's items, after a row."""
    base = table.layout.prefix
    return await ctx.tx.scan(after + b"\0" if after else base, keys.after_prefix(base), CHUNK)
