"""The events of a stream, as they lie in the store: a row for what one request wrote of one minute.

The key of a chunk is (stream id, time of its first event in ms, number of its first event in the stream). No chunk reaches into another
minute, so a range of time begins at the start of its minute, and the events of a minute are put in order when they are read. Writing
1,000 lines costs one row. A chunk is a MessagePack array: [ingestion time in ms, number of the data key or 0, [[time, message], ...]];
the last is bytes when it is encrypted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.services.logs import limits, sealing
from fogbank.services.logs.records import LogGroup, LogStream, chunks

Line = tuple[int, str]
"""A time in milliseconds, and a message."""

FOR_EVER = 1 << 60

MINUTE = 60_000
_STRIDE = 64

_encode = msgspec.msgpack.Encoder().encode
_lines = msgspec.msgpack.Decoder(list[tuple[int, str]]).decode
_bytes = msgspec.msgpack.Decoder(bytes).decode


class _Chunk(msgspec.Struct, frozen=True, array_like=True):
    ingested: int
    key: int
    lines: msgspec.Raw


_chunk = msgspec.msgpack.Decoder(_Chunk).decode


class Position(NamedTuple):
    """Where an event is in its stream: by its time, then by the order in which they came."""

    ms: int
    nth: int


class Event(NamedTuple):
    position: Position
    message: str
    ingested: int

    @property
    def size(self) -> int:
        return len(self.message.encode()) + limits.EVENT_OVERHEAD


class Seen(NamedTuple):
    """Events as filters see them: with what is sensitive masked, and besides as transformers make them."""

    plain: list[Line]
    transformed: list[Line]

    def of(self, on_transformed: bool) -> list[Line]:
        return self.transformed if on_transformed else self.plain


class Span(NamedTuple):
    """Events from `start` up to before `end` (ms)."""

    start: int = 0
    end: int = FOR_EVER


Row = tuple[tuple[int, int], bytes]


async def append(ctx: Context, group: LogGroup, stream: LogStream, lines: list[Line], now: int) -> int:
    """Write events, which are in order, behind those that are there. Returns the bytes that they take."""
    key = await sealing.key_of(ctx, group, group.key) if group.key else None
    nth, size = stream.count, 0
    for _, of_minute in groupby(lines, lambda line: line[0] // MINUTE):
        part = list(of_minute)
        packed = _encode(part)
        lines_field = packed if key is None else _encode(sealing.seal(key, packed))
        chunks.put(ctx, _encode((now, group.key, msgspec.Raw(lines_field))), stream.id, part[0][0], nth)
        nth += len(part)
        size += sum(len(message.encode()) + limits.EVENT_OVERHEAD for _, message in part)
    return size


class Reader:
    """Reads the events of a stream in order, minute by minute."""

    def __init__(self, ctx: Context, group: LogGroup, stream: LogStream) -> None:
        self._ctx = ctx
        self._group = group
        self._stream = stream
        self._keys: dict[int, bytes] = {}

    async def events(self, span: Span, newest_first: bool = False) -> AsyncIterator[Event]:
        span = Span(max(span.start, self._group.oldest(self._ctx.now())), span.end)
        async for rows in self._minutes(span, newest_first):
            found = [
                event for row in rows for event in await self._opened(row) if span.start <= event.position.ms < span.end
            ]
            for event in sorted(found, reverse=newest_first):
                yield event

    async def part(self, span: Span, since: tuple[int, ...], most: int) -> tuple[list[Event], tuple[int, ...] | None]:
        """At least `most` events from that place on, as they lie, and the place to go on from; None at the end.

        For who reads all of them, and puts them in order afterwards.
        """
        span = Span(max(span.start, self._group.oldest(self._ctx.now())), span.end)
        first = max(since, (span.start // MINUTE * MINUTE,))
        rows = await chunks.items(self._ctx, (int, int), self._stream.id, since=first, until=(span.end,), limit=_STRIDE)
        found: list[Event] = []
        for (ms, nth), value in rows:
            opened = await self._opened(((int(ms), int(nth)), value))
            found += [event for event in opened if span.start <= event.position.ms < span.end]
            if len(found) >= most:
                return found, (int(ms), int(nth) + 1)
        return found, (int(rows[-1][0][0]), int(rows[-1][0][1]) + 1) if len(rows) == _STRIDE else None

    async def _minutes(self, span: Span, newest_first: bool) -> AsyncIterator[list[Row]]:
        """The chunks of each minute."""
        pending: list[Row] = []
        async for row in self._rows(span, newest_first):
            if pending and pending[0][0][0] // MINUTE != row[0][0] // MINUTE:
                yield pending
                pending = []
            pending.append(row)
        if pending:
            yield pending

    async def _rows(self, span: Span, newest_first: bool) -> AsyncIterator[Row]:
        since: tuple[int, ...] = (span.start // MINUTE * MINUTE,)
        until: tuple[int, ...] = (span.end,)
        while True:
            rows = await chunks.items(
                self._ctx, (int, int), self._stream.id, since=since, until=until, limit=_STRIDE, reverse=newest_first
            )
            for (ms, nth), value in rows:
                yield (int(ms), int(nth)), value
            if len(rows) < _STRIDE:
                return
            ms, nth = rows[-1][0]
            if newest_first:
                until = (int(ms), int(nth))
            else:
                since = (int(ms), int(nth) + 1)

    async def _opened(self, row: Row) -> Iterator[Event]:
        (_, nth), value = row
        chunk = _chunk(value)
        packed: bytes | msgspec.Raw = chunk.lines
        if chunk.key:
            if chunk.key not in self._keys:
                self._keys[chunk.key] = await sealing.key_of(self._ctx, self._group, chunk.key)
            packed = sealing.unseal(self._keys[chunk.key], _bytes(chunk.lines))
        return (
            Event(Position(ms, nth + index), text, chunk.ingested) for index, (ms, text) in enumerate(_lines(packed))
        )


async def remove(ctx: Context, stream_id: str, before: int, most: int) -> list[bytes]:
    """Remove up to `most` chunks that begin before then (ms). Returns them."""
    rows = await chunks.items(ctx, (int, int), stream_id, until=(before,), limit=most)
    for key, _ in rows:
        chunks.delete(ctx, stream_id, *key)
    return [value for _, value in rows]
