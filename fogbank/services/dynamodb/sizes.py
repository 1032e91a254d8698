"""How many items a table or index has, and how large they are.

AWS counts about every six hours. Here a small space is counted whenever it is described; a large one by a task, at most every six
hours, when somebody asks: neither writes nor descriptions pay for counting.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fogbank.kernel import Record, keys
from fogbank.services.dynamodb.descriptions import Size
from fogbank.services.dynamodb.schema import Table, entries, items
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.vectors import vector_items

if TYPE_CHECKING:
    from fogbank.kernel import Collection, Context

COUNTED_AT_ONCE = 1000
BYTES_AT_ONCE = 4 * 1024 * 1024
MAX_AGE = 6 * 3600.0
# items of 400 KB make this 20 MB
_CHUNK = 50


class Count(Record, frozen=True):
    """The last count of a large space, and when it was made (epoch seconds)."""

    items: int
    bytes: int
    at: float


counts = service.collection("counts", Count)


async def sizes_of(ctx: Context, table: Table) -> dict[int, Size]:
    """The sizes of a table and its indexes, by space."""
    spaces = [(items, table.space), *[(entries, index.space) for index in table.indexes]]
    spaces += [(vector_items, index.space) for index in table.vectors]
    return {space: await _size(ctx, collection, space) for collection, space in spaces}


async def _size(ctx: Context, collection: Collection[bytes], space: int) -> Size:
    size, rest = await _count(ctx, collection, space)
    if rest is None:
        return size
    count = await counts.get(ctx, space)
    if count is None or count.at < ctx.now() - MAX_AGE:
        await ctx.schedule("count_items", {"collection": collection.name, "space": space}, key=str(space))
    return Size(count.items, count.bytes) if count else Size()


async def _count(
    ctx: Context, collection: Collection[bytes], space: int, start: bytes = b""
) -> tuple[Size, bytes | None]:
    """Count from a row on, not too much at once: what was counted, and the row to go on from."""
    base = collection.prefix(ctx) + keys.encode((space,))
    start, end = start or base, keys.after_prefix(base)
    count = total = 0
    while count < COUNTED_AT_ONCE and total < BYTES_AT_ONCE:
        rows = await ctx.tx.scan(start, end, _CHUNK)
        count += len(rows)
        total += sum([int.from_bytes(value[:4], "big") for _, value in rows])
        if len(rows) < _CHUNK:
            return Size(count, total), None
        start = rows[-1][0] + b"\0"
    return Size(count, total), start


@service.task(transaction=False)
async def count_items(ctx: Context, payload: dict[str, Any]) -> None:
    collection = service.collections[payload["collection"]]
    space: int = payload["space"]
    count = total = 0
    rest: bytes | None = b""
    while rest is not None:
        size, rest = await ctx.transact(_count, ctx, collection, space, rest)
        count, total = count + size.items, total + size.bytes
        await asyncio.sleep(0)
    await ctx.transact(_keep, ctx, space, Size(count, total))


async def _keep(ctx: Context, space: int, size: Size) -> None:
    counts.put(ctx, Count(size.items, size.bytes, ctx.now()), space)
