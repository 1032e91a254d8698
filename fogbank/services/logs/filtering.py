"""FilterLogEvents: events of a group that match a pattern, those of all its streams in order of time.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from heapq import heapify, heappop, heapreplace
from typing import Any, NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors, limits, patterns
from fogbank.services.logs.chunks import FOR_EVER, Event, Reader, Span
from fogbank.services.logs.protection.lens import Lens, asked_for
from fogbank.services.logs.records import (
    ON_GROUP,
    Answer,
    LogGroup,
    LogStream,
    Request,
    event_id,
    find,
    find_stream,
    streams,
)
from fogbank.services.logs.service import service

_FIRST_NEWEST = 1_704_067_200_000


def compiled(text: str | None) -> patterns.Pattern:
    """Raises InvalidParameterException for a pattern that is none."""
    try:
        return patterns.compile(text or "")
    except patterns.InvalidPattern as error:
        raise errors.invalid_pattern(str(error)) from None


class Place(NamedTuple):
    """Where an event is among those of its group."""

    ms: int
    stream: str
    nth: int


class Found(NamedTuple):
    stream: LogStream
    event: Event

    def shown(self, lens: Lens | None) -> Found:
        """As it looks through the lens."""
        if lens is None:
            return self
        return Found(self.stream, self.event._replace(message=lens.shown(self.event.message, self.event.ingested)))

    @property
    def place(self) -> Place:
        return Place(self.event.position.ms, self.stream.name, self.event.position.nth)


@service.operation(**ON_GROUP)
async def filter_log_events(ctx: Context, request: Request) -> Answer:
    group = await find(ctx, request)
    pattern = compiled(request.get("filterPattern"))
    among = await _streams(ctx, group, request)
    span = Span(request.get("startTime", 0), request.get("endTime", FOR_EVER - 1) + 1)
    newest_first, last = _direction(request)
    lens = await asked_for(ctx, group, request)
    found: list[Found] = []
    size = 0
    async for whole in merged(ctx, group, among, _from(span, last, newest_first), newest_first):
        each = whole.shown(lens)
        if last is not None and (each.place >= last if newest_first else each.place <= last):
            continue
        if pattern.match(each.event.message) is None:
            continue
        if len(found) == (request.get("limit") or limits.EVENTS) or (
            found and size + each.event.size > limits.ANSWER_BYTES
        ):
            return _answer(found, pages.token(json.dumps([newest_first, *found[-1].place])))
        found.append(each)
        size += each.event.size
    return _answer(found, None)


def _answer(found: list[Found], token: str | None) -> Answer:
    events = [
        {
            "logStreamName": each.stream.name,
            "timestamp": each.event.position.ms,
            "message": each.event.message,
            "ingestionTime": each.event.ingested,
            "eventId": event_id(each.stream, *each.event.position),
        }
        for each in found
    ]
    return {"events": events, "searchedLogStreams": [], "nextToken": token}


async def _streams(ctx: Context, group: LogGroup, request: Request) -> list[LogStream]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names is not None and prefix is not None:
        raise errors.invalid_parameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    if names is not None:
        return [await find_stream(ctx, group, name) for name in dict.fromkeys(names)]
    return await streams.scan(ctx, group.id, starts_with=prefix)


def _direction(request: Request) -> tuple[bool, Place | None]:
    """Whether the newest come first, and the place of the last one that was given out."""
    token = request.get("nextToken")
    if token is not None:
        newest_first, *place = json.loads(pages.position(token, errors.invalid_token()))
        return newest_first, Place(*place)
    newest_first = not request.get("startFromHead", True)
    if newest_first and request.get("startTime", 0) < _FIRST_NEWEST:
        raise errors.invalid_parameter(
            "startFromHead can be false only when startTime is on or after 2024-01-01T00:00:00Z."
        )
    return newest_first, None


def _from(span: Span, last: Place | None, newest_first: bool) -> Span:
    if last is None:
        return span
    return Span(span.start, min(span.end, last.ms + 1)) if newest_first else Span(max(span.start, last.ms), span.end)


async def merged(
    ctx: Context, group: LogGroup, among: list[LogStream], span: Span, newest_first: bool = False
) -> AsyncIterator[Found]:
    """The events of several streams in order."""
    sign = -1 if newest_first else 1
    waiting = [stream for stream in among if stream.count and stream.first < span.end and stream.last >= span.start]
    heap: list[tuple[Any, int, Any, AsyncIterator[Event]]] = []
    for index, stream in enumerate(waiting):
        events = Reader(ctx, group, stream).events(span, newest_first)
        event = await anext(events, None)
        if event is not None:
            heap.append((_order(Found(stream, event), sign), index, event, events))
    heapify(heap)
    while heap:
        _, index, event, events = heap[0]
        yield Found(waiting[index], event)
        following = await anext(events, None)
        if following is None:
            heappop(heap)
        else:
            heapreplace(heap, (_order(Found(waiting[index], following), sign), index, following, events))


class _Reversed(str):
    """A name that is ordered the other way round."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def _order(found: Found, sign: int) -> tuple[int, str, int]:
    ms, name, nth = found.place
    return sign * ms, name if sign > 0 else _Reversed(name), sign * nth
