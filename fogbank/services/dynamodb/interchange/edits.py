"""What changed in a table during a time, out of its history, for incremental exports.

Of several changes to an item only the outcome counts: what it was before the first, and what it was after the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fogbank.services.dynamodb.history import CHUNK, history

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table


class Edit(NamedTuple):
    """An item's rows' values before and after; empty where there was none. `moment` is that of the last change (microseconds)."""

    moment: int
    old: bytes
    new: bytes


class Edits(NamedTuple):
    """In the order of keys. `after` is where the next piece begins; None at the end."""

    edits: list[Edit]
    after: bytes | None


async def edits_between(ctx: Context, table: Table, since: int, until: int, after: bytes) -> Edits:
    """The items that changed at `since` or later, and before `until`, from behind the row `after` on."""
    edits: list[Edit] = []
    for _ in range(CHUNK):
        start = (after,) if after else None
        found = await history.items(ctx, (bytes, int), table.history_space, after=start, limit=1)
        if not found:
            return Edits(edits, None)
        after = found[0][0][0]  # type: ignore[assignment]
        edit = await _edit(ctx, table, after, since, until)
        if edit is not None:
            edits.append(edit)
    return Edits(edits, after)


async def _edit(ctx: Context, table: Table, place: bytes, since: int, until: int) -> Edit | None:
    """None when there was no change, or an item came and went within the time."""
    space = table.history_space
    first = await history.scan(ctx, space, place, since=(since,), until=(until,), limit=1)
    if not first:
        return None
    last = await history.items(ctx, (int,), space, place, since=(since,), until=(until,), limit=1, reverse=True)
    later = await history.scan(ctx, space, place, since=(until,), limit=1)
    new = later[0] if later else await ctx.tx.get(table.layout.prefix + place) or b""
    if not first[0] and not new:
        return None
    return Edit(last[0][0][0], first[0], new)  # type: ignore[arg-type]
