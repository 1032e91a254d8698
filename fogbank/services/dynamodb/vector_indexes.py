"""Definitions of vector indexes: from requests, in descriptions, coming and going by UpdateTable.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearchWorkingWith.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import keys
from fogbank.services.dynamodb import creation, errors, rows, table_errors, tables, vectors
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Table, VectorIndex, attributes_used
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_CHUNK = 100


# -- changing


async def change(ctx: Context, table: Table, updates: list[Document], request: Document) -> Table:
    """The table's record with the vector indexes that UpdateTable adds and removes; one at a time."""
    if not updates:
        return table
    if len(updates) > 1:
        raise table_errors.too_many_index_changes()
    update = updates[0]
    if len(update) != 1:
        raise errors.invalid_parameters("One of VectorIndexUpdate.Create, .Delete must be specified")
    if "Create" in update:
        return await _create(ctx, table, update["Create"], request)
    return await _delete(ctx, table, update["Delete"]["IndexName"])


async def _create(ctx: Context, table: Table, definition: Document, request: Document) -> Table:
    given = creation.attribute_types(request.get("AttributeDefinitions") or [])
    attributes = {**table.attributes, **given}
    index = creation.vector_index(definition, attributes, table.on_demand, tables.new_spaces(ctx))
    index = msgspec.structs.replace(index, status="CREATING", is_backfilling=True)
    creation.check_vector_indexes((*table.vectors, index), [each.name for each in table.indexes])
    used = {name: attributes[name] for name in index.keys}
    await ctx.schedule("fill_vector_index", {"table": table.name, "space": index.space, "start": b""})
    return msgspec.structs.replace(table, attributes={**table.attributes, **used}, vectors=(*table.vectors, index))


async def _delete(ctx: Context, table: Table, name: str) -> Table:
    index = table.vector_index(name)
    if index is None:
        raise errors.no_such_resource()
    await ctx.schedule("remove_vector_index", {"table": table.name, "space": index.space})
    return _with(table, msgspec.structs.replace(index, status="DELETING"))


def _with(table: Table, changed: VectorIndex) -> Table:
    indexes = [changed if index.space == changed.space else index for index in table.vectors]
    return msgspec.structs.replace(table, vectors=tuple(indexes))


async def _find(ctx: Context, payload: Document) -> tuple[Table, VectorIndex] | None:
    table = await tables.tables.get(ctx, payload["table"])
    for index in table.vectors if table is not None else ():
        if table is not None and index.space == payload["space"]:
            return table, index
    return None


@service.task
async def fill_vector_index(ctx: Context, payload: Document) -> None:
    """Give a new index the entries of the items that are there already. Writes keep it up to date meanwhile."""
    found = await _find(ctx, payload)
    if found is None:
        return
    table, index = found
    base = table.layout.prefix
    start = payload["start"] + b"\0" if payload["start"] else base
    chunk = await ctx.tx.scan(start, keys.after_prefix(base), _CHUNK)
    for _, raw in chunk:
        image = Image.stored(raw)
        rows.put_vector(ctx.tx.writes, table, index, table.layout.key_of(image.item), image)
    if len(chunk) == _CHUNK:
        await ctx.schedule("fill_vector_index", {**payload, "start": chunk[-1][0]})
        return
    tables.put(ctx, _with(table, msgspec.structs.replace(index, status="ACTIVE", is_backfilling=False)))
    await ctx.schedule("activate_table", {"table": table.name, "id": table.id})


@service.task
async def remove_vector_index(ctx: Context, payload: Document) -> None:
    found = await _find(ctx, payload)
    if found is None:
        return
    table, index = found
    left = tuple([each for each in table.vectors if each.space != index.space])
    rest = msgspec.structs.replace(table, vectors=left)
    tables.put(ctx, rest, attributes=attributes_used(rest))
    await ctx.schedule("purge", {"collection": vectors.vector_items.name, "space": index.space})
    await ctx.schedule("activate_table", {"table": table.name, "id": table.id})
