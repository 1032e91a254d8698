"""What a FIFO queue remembers for five minutes: which messages were sent, and which attempts to receive got what.

    deduplications  (queue id, period, scope, deduplication id)    Sent
    attempts        (queue id, period, attempt id)                 Attempt
    remembered      (queue id)                                     Remembered

A period is five minutes long, so what is remembered lies in the present period or in the one before, and one task per period forgets
the whole of it once it cannot matter any more.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.sqs import limits
from fogbank.services.sqs.messages import SECOND, Backlog, Message
from fogbank.services.sqs.queue import Queue
from fogbank.services.sqs.service import service

_PERIOD = limits.DEDUPLICATION_SECONDS * SECOND
_CHUNK = 500


class Sent(Record, frozen=True):
    """The message that was sent first under a deduplication id, and when (microseconds)."""

    id: str
    sequence: int
    at: int


class Attempt(Record, frozen=True):
    """What an attempt to receive got: (sequence number, receive, hidden until), and when (microseconds)."""

    got: list[tuple[int, int, int]]
    at: int


class Remembered(Record, frozen=True):
    """The last two periods of which anything is remembered, the later one first."""

    latest: int
    earlier: int = 0


deduplications = service.collection("deduplications", Sent)
attempts = service.collection("attempts", Attempt)
remembered = service.collection("remembered", Remembered, cached=True)


def _scope(queue: Queue, message: Message) -> str:
    """Whose messages are duplicates of each other: all of the queue's, or those of a group."""
    return (message.group or "") if queue.deduplicated_by_group else ""


async def sent_before(backlog: Backlog, message: Message) -> Sent | None:
    """The message of which this one is a duplicate."""
    key = (_scope(backlog.queue, message), message.deduplication or "")
    for period in await _periods(backlog):
        sent = await deduplications.get(backlog.ctx, backlog.queue.id, period, *key)
        if sent is not None and backlog.now - sent.at < _PERIOD:
            return sent
    return None


async def remember_sent(backlog: Backlog, message: Message, sequence: int) -> None:
    key = (_scope(backlog.queue, message), message.deduplication or "")
    period = await _present_period(backlog)
    sent = Sent(message.id, sequence, backlog.now)
    deduplications.put(backlog.ctx, sent, backlog.queue.id, period, *key)


async def attempt_before(backlog: Backlog, attempt_id: str) -> Attempt | None:
    """What the same attempt to receive got before."""
    for period in await _periods(backlog):
        attempt = await attempts.get(backlog.ctx, backlog.queue.id, period, attempt_id)
        if attempt is not None and backlog.now - attempt.at < _PERIOD:
            return attempt
    return None


async def remember_attempt(backlog: Backlog, attempt_id: str, got: list[tuple[int, int, int]]) -> None:
    period = await _present_period(backlog)
    attempts.put(backlog.ctx, Attempt(got, backlog.now), backlog.queue.id, period, attempt_id)


async def _periods(backlog: Backlog) -> list[int]:
    """The periods of which something is remembered that may matter now."""
    known = await remembered.get(backlog.ctx, backlog.queue.id)
    if known is None:
        return []
    present = backlog.now // _PERIOD
    return [period for period in (known.latest, known.earlier) if period >= present - 1]


async def _present_period(backlog: Backlog) -> int:
    """The present period, which is sure to be forgotten in time."""
    ctx, queue = backlog.ctx, backlog.queue.id
    present = backlog.now // _PERIOD
    known = await remembered.get(ctx, queue)
    if known is None or known.latest != present:
        remembered.put(ctx, Remembered(present, known.latest if known else 0), queue)
        await ctx.schedule("forget", {"queue": queue, "period": present}, at=(present + 2) * _PERIOD / SECOND)
    return present


@service.task
async def forget(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete what was remembered in a period, in chunks."""
    queue, period = payload["queue"], payload["period"]
    sent = await deduplications.items(ctx, (str, str), queue, period, limit=_CHUNK)
    for key, _ in sent:
        deduplications.delete(ctx, queue, period, *key)
    tried = await attempts.items(ctx, (str,), queue, period, limit=_CHUNK)
    for key, _ in tried:
        attempts.delete(ctx, queue, period, *key)
    if max(len(sent), len(tried)) == _CHUNK:
        await ctx.schedule("forget", payload)
        return
    known = await remembered.get(ctx, queue)
    if known is not None and known.latest <= period:
        remembered.delete(ctx, queue)
