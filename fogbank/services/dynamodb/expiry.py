"""When items expire. A table with a time to live keeps, for every item that has one, a row at (its expiry space, expiry second, the item's
row), and has one task due at the first of them. Removing what expired is done in `ttl.py`.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogbank.services.dynamodb import numbers
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Key, Table
    from fogbank.services.dynamodb.values import Item

expiries = service.collection("expiries", bytes)

# AWS does not delete what expired more than five years ago: it is taken for a mistake
TOO_LONG_AGO = 5 * 365.25 * 86400
_LATEST = 10**12


def expiry_of(attribute: str, item: Item | None) -> int | None:
    """The epoch second at which an item expires; None when it has no such number."""
    text = None if item is None else item.get(attribute, {}).get("N")
    if text is None:
        return None
    second = int(numbers.parse(text))
    return second if 0 < second < _LATEST else None


async def track(ctx: Context, table: Table, key: Key, old: Item | None, new: Item | None) -> None:
    """Keep the rows of a table with a time to live in step with a write."""
    assert table.ttl is not None
    before, after = expiry_of(table.ttl, old), expiry_of(table.ttl, new)
    if before == after:
        return
    if before is not None:
        expiries.delete(ctx, table.ttl_space, before, key.row)
    if after is not None and after > ctx.now() - TOO_LONG_AGO:
        expiries.put(ctx, b"", table.ttl_space, after, key.row)
        await plan(ctx, table, (after, key.row))


async def plan(ctx: Context, table: Table, added: tuple[int, bytes] | None = None) -> None:
    """Have the task run when the first item expires; after adding a row, only if that is now the first."""
    rows = await expiries.items(ctx, (int, bytes), table.ttl_space, limit=1)
    if not rows or (added is not None and rows[0][0] != added):
        return
    second = rows[0][0][0]
    await ctx.schedule("expire_items", {"table": table.name}, at=max(float(second), ctx.now()), key=table.name)
