"""The event history: the management events of 90 days, which an account has without doing anything.

chunks   (time in us of its first event, id)   Chunk    events that follow upon each other, compressed together

A chunk grows until it has its number of events; where the clock went back, a new one begins. What is too old goes when a new one begins.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, Record
from fogbank.services.cloudtrail import limits, subjects
from fogbank.services.cloudtrail.service import service


class Event(Record, frozen=True):
    """One event: what it is looked up by, and its record (JSON). `time` in epoch seconds."""

    id: str
    name: str
    source: str
    time: float
    reads: bool
    user: str
    access_key: str
    subjects: list[tuple[str, str]]
    record: bytes


class Chunk(Record, frozen=True):
    """`last` is the time (us) of its last event; `data` what `packed` made of them."""

    last: int
    count: int
    data: bytes


chunks = service.collection("chunks", Chunk)

_decode = msgspec.msgpack.Decoder(list[Event]).decode
_encode = msgspec.msgpack.Encoder().encode
_FASTEST = 1
_GONE_AT_ONCE = 20

Place = tuple[int, str]


def packed(events: Sequence[Event]) -> bytes:
    return zlib.compress(_encode(events), _FASTEST)


def unpacked(data: bytes) -> list[Event]:
    return _decode(zlib.decompress(data))


def event_of(time: float, record: dict[str, Any]) -> Event:
    """A record of `kernel/call_records.py`, with what it is looked up by."""
    return Event(
        record["eventID"],
        record["eventName"],
        record["eventSource"],
        time,
        record["readOnly"],
        subjects.user_of(record),
        record["userIdentity"].get("accessKeyId", ""),
        subjects.of_record(record),
        orjson.dumps(record, default=lambda _: None),  # what no JSON can tell is not told
    )


async def keep(ctx: Context, events: Sequence[Event]) -> None:
    """Add events, in the order of their times, to the history of the context's account and Region."""
    newest = await chunks.items(ctx, (int, str), limit=1, reverse=True)
    if newest:
        ((time, ident), chunk), first = newest[0], _micros(events[0])
        room = limits.CHUNK_EVENTS - chunk.count
        if room > 0 and chunk.last <= first:
            _write(ctx, (int(time), str(ident)), [*unpacked(chunk.data), *events[:room]])
            events = events[room:]
    for begin in range(0, len(events), limits.CHUNK_EVENTS):
        part = events[begin : begin + limits.CHUNK_EVENTS]
        _write(ctx, (_micros(part[0]), ctx.ids.hex(8)), part)
        await _forget_old(ctx)


def _write(ctx: Context, place: Place, events: Sequence[Event]) -> None:
    chunks.put(ctx, Chunk(_micros(events[-1]), len(events), packed(events)), *place)


def _micros(event: Event) -> int:
    return int(event.time * 1_000_000)


async def _forget_old(ctx: Context) -> None:
    oldest = int((ctx.now() - limits.HISTORY_SECONDS) * 1_000_000)
    for place, chunk in await chunks.items(ctx, (int, str), until=(oldest,), limit=_GONE_AT_ONCE):
        if chunk.last < oldest:
            chunks.delete(ctx, *place)


async def backwards(
    ctx: Context, start: float, end: float, first: Place | None
) -> AsyncIterator[tuple[Place, list[Event]]]:
    """Chunks that may have events of these times (epoch seconds, both included), the newest first, or beginning with `first`."""
    earliest = int(start * 1_000_000)
    # ids are of one length: whatever is longer comes right behind
    until: tuple[Any, ...] = (int(end * 1_000_000) + 1,) if first is None else (first[0], first[1] + "0")
    while found := await chunks.items(ctx, (int, str), until=until, limit=1, reverse=True):
        (time, ident), chunk = found[0]
        if chunk.last < earliest:
            return
        place = int(time), str(ident)
        yield place, unpacked(chunk.data)
        until = place
