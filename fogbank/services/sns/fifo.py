"""What a FIFO topic remembers: the last sequence number, and for five minutes which messages were published.

    sequences       (topic id)                                     the last sequence number
    deduplications  (topic id, period, scope, deduplication id)    Published
    remembered      (topic id)                                     Remembered

A period is five minutes long, so what is remembered lies in the present period or in the one before, and one task per period forgets
the whole of it once it cannot matter any more.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.sns import limits
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import Topic

_PERIOD = limits.DEDUPLICATION_SECONDS
_CHUNK = 500


class Published(Record, frozen=True):
    """The message that was published first under a deduplication id, and when (epoch seconds)."""

    id: str
    sequence: int
    at: float


class Remembered(Record, frozen=True):
    """The last two periods of which anything is remembered, the later one first."""

    latest: int
    earlier: int = 0


sequences = service.collection("sequences", int)
deduplications = service.collection("deduplications", Published)
remembered = service.collection("remembered", Remembered, cached=True)


async def next_sequence(ctx: Context, topic: Topic) -> int:
    """The time in microseconds, made unique within the topic."""
    last = await sequences.get(ctx, topic.id) or 0
    sequence = max(int(ctx.now() * 1e6), last + 1)
    sequences.put(ctx, sequence, topic.id)
    return sequence


def _scope(topic: Topic, group: str) -> str:
    """Whose messages are duplicates of each other: all of the topic's, or those of a group."""
    return group if topic.deduplicated_by_group else ""


async def published_before(ctx: Context, topic: Topic, group: str, token: str) -> Published | None:
    """The message of which this one is a duplicate."""
    known = await remembered.get(ctx, topic.id)
    now = ctx.now()
    for period in () if known is None else (known.latest, known.earlier):
        found = await deduplications.get(ctx, topic.id, period, _scope(topic, group), token)
        if found is not None and now - found.at < _PERIOD:
            return found
    return None


async def remember(ctx: Context, topic: Topic, group: str, token: str, published: Published) -> None:
    period = int(ctx.now() // _PERIOD)
    known = await remembered.get(ctx, topic.id)
    if known is None or known.latest != period:
        remembered.put(ctx, Remembered(period, known.latest if known else 0), topic.id)
        await ctx.schedule("forget", {"topic": topic.id, "period": period}, at=(period + 2) * _PERIOD)
    deduplications.put(ctx, published, topic.id, period, _scope(topic, group), token)


@service.task
async def forget(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete what was remembered in a period, in chunks."""
    topic, period = payload["topic"], payload["period"]
    rows = await deduplications.items(ctx, (str, str), topic, period, limit=_CHUNK)
    for key, _ in rows:
        deduplications.delete(ctx, topic, period, *key)
    if len(rows) == _CHUNK:
        await ctx.schedule("forget", payload)
        return
    known = await remembered.get(ctx, topic)
    if known is not None and known.latest <= period:
        remembered.delete(ctx, topic)
