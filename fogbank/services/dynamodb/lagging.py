"""Stale reads, under adversarial consistency only: what rows were until a moment ago.

    previous  (row)  Previous: when the row of an item or index entry changed last, and what it was before

A read that does not ask for consistency may see rows as they were before their last change, if that was less than `LATEST` seconds ago.
What is older is forgotten by a task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fogbank.kernel import Record, adversary
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.rows import Image
    from fogbank.services.dynamodb.schema import Key, Layout
    from fogbank.storage.base import Pair

Scan = Callable[[bytes, bytes, int, bool], Awaitable["list[Pair]"]]

LATEST = 1.0
CHANCE = 0.5
_CHUNK = 200


class Previous(Record, frozen=True):
    """When a row changed (epoch seconds), and its value before; empty for none."""

    at: float
    raw: bytes


previous = service.collection("previous", Previous, scope="global")


async def note(ctx: Context, layout: Layout, key: Key, old: Image | None, new: Image | None) -> None:
    """An item is about to change: keep its row and those of its index entries as they are."""
    rows = {key.row}
    for index in layout.indexes.values():
        rows |= {
            row for image in (old, new) if image is not None and (row := index.row_of(image.item, key)) is not None
        }
    if not await previous.count(ctx, limit=1):
        await ctx.at(account="", region="").schedule("forget_previous", delay=LATEST)
    for row in rows:
        previous.put(ctx, Previous(ctx.now(), await ctx.tx.get(row) or b""), row)


@service.task
async def forget_previous(ctx: Context, payload: dict[str, Any]) -> None:
    """Forget what nobody may see any more."""
    found = await previous.items(ctx, (bytes,), limit=_CHUNK)
    for (row,), kept in found:
        if kept.at <= ctx.now() - LATEST:
            previous.delete(ctx, row)
    if await previous.count(ctx, limit=1):
        await ctx.schedule("forget_previous", delay=LATEST)


def is_stale(ctx: Context, request: dict[str, Any]) -> bool:
    """Is this read to see what was before?"""
    return not request.get("ConsistentRead") and adversary.strikes(ctx, CHANCE)


async def get(ctx: Context, row: bytes) -> bytes | None:
    """A row as it was before it changed, if that was a moment ago."""
    kept = await previous.get(ctx, row)
    if kept is None or kept.at <= ctx.now() - LATEST:
        return await ctx.tx.get(row)
    return kept.raw or None


async def scan(ctx: Context, low: bytes, high: bytes, limit: int, reverse: bool) -> list[Pair]:
    """Rows from `low` to before `high`, those that changed a moment ago as they were before."""
    kept = await previous.items(ctx, (bytes,), since=(low,), until=(high,))
    before: dict[Any, bytes] = {row: value.raw for (row,), value in kept if value.at > ctx.now() - LATEST}
    now = await ctx.tx.scan(low, high, limit + len(before), reverse)
    merged = {**dict(now), **before}
    return [(row, merged[row]) for row in sorted(merged, reverse=reverse) if merged[row]][:limit]


def scanner(ctx: Context, request: dict[str, Any]) -> Scan:
    """What reads rows for a request: from `low` to before `high`, up to a limit, in reverse or not."""
    return partial(scan, ctx) if is_stale(ctx, request) else ctx.tx.scan
