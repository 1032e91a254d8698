"""What items were: for point-in-time recovery, and for backups while they are being made.

    history  (space, item's row, moment)    what the item was before the change at that moment: its row's value, or nothing
    moments  (space, moment, item's row)    the same by time, to be forgotten after the recovery period

A table with a `history_space` notes, with every change of an item, what was there before. The state at a moment is then, row by row, what
the first later change found there, or else what is there now; so it can be read in pieces, while the table goes on changing. Moments
are microseconds of the virtual clock, and never before the table's `history_floor`, which a backup sets behind itself.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel import keys
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.rows import Image
    from fogbank.services.dynamodb.schema import Layout, Table

MICROSECONDS = 1_000_000
CHUNK = 100
_DAY = 86400

history = service.collection("history", bytes)
moments = service.collection("history-moments", bytes)


def moment_of(seconds: float) -> int:
    return int(seconds * MICROSECONDS)


async def note(ctx: Context, layout: Layout, row: bytes, old: Image | None) -> None:
    """An item is about to change: keep what it was. Of several changes at one moment the first counts."""
    table = layout.table
    place = row[len(layout.prefix) :]
    moment = max(moment_of(ctx.now()), table.history_floor)
    if await history.get(ctx, table.history_space, place, moment) is None:
        history.put(ctx, b"" if old is None else old.raw, table.history_space, place, moment)
        moments.put(ctx, b"", table.history_space, moment, place)


class Piece(NamedTuple):
    """Rows' values as of a moment, in the order of their keys. `after` is where the next piece begins; None at the end."""

    values: list[bytes]
    after: bytes | None


async def piece_as_of(ctx: Context, table: Table, moment: int, after: bytes) -> Piece:
    """The items that there were at `moment`, from behind the row `after` on."""
    base = table.layout.prefix
    low = base + after + b"\0" if after else base
    rows = await ctx.tx.scan(low, keys.after_prefix(base), CHUNK)
    now = {row[len(base) :]: value for row, value in rows}
    last = max(now) if len(rows) == CHUNK else None
    before = await _befores(ctx, table, moment, after, last)
    merged = {**now, **before}
    values = [merged[place] for place in sorted(merged) if merged[place]]
    return Piece(values, last)


async def _befores(ctx: Context, table: Table, moment: int, after: bytes, last: bytes | None) -> dict[bytes, bytes]:
    """What rows were at the moment that changed since, for those behind `after` up to `last`."""
    found: dict[bytes, bytes] = {}
    start: tuple[Any, ...] | None = (after, 1 << 61) if after else None
    while True:
        page = await history.items(ctx, (bytes, int), table.history_space, after=start, limit=CHUNK)
        for (place, at), value in page:
            if last is not None and place > last:  # type: ignore[operator]
                return found
            if at > moment:  # type: ignore[operator]
                found.setdefault(place, value)  # type: ignore[arg-type]
        if len(page) < CHUNK:
            return found
        start = page[-1][0]


@service.task
async def forget_history(ctx: Context, payload: dict[str, Any]) -> None:
    """Once a day: forget what is older than the recovery period. In chunks."""
    from fogbank.services.dynamodb import tables

    table = await tables.tables.get(ctx, payload["table"])
    space = payload["space"]
    if table is None or table.history_space != space or table.recoverable_since is None:
        return
    oldest = moment_of(ctx.now() - table.recovery_days * _DAY)
    old = await moments.items(ctx, (int, bytes), space, until=(oldest,), limit=CHUNK)
    for (moment, place), _ in old:
        moments.delete(ctx, space, moment, place)
        history.delete(ctx, space, place, moment)
    await ctx.schedule("forget_history", payload, delay=0 if len(old) == CHUNK else _DAY, key=table.name)


async def purge(ctx: Context, space: int) -> None:
    """Nobody needs the history any more."""
    for collection in (history, moments):
        await ctx.schedule("purge", {"collection": collection.name, "space": space})
