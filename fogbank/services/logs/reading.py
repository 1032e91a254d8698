"""GetLogEvents: a stream, forwards and backwards.

A token is a direction and a position: what lies behind the event there, or before it. At either end it comes back as it was given.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.logs import errors, limits
from fogbank.services.logs.chunks import FOR_EVER, Event, Position, Reader, Span
from fogbank.services.logs.protection.lens import Lens, asked_for
from fogbank.services.logs.records import ON_GROUP, Answer, Request, find, find_stream
from fogbank.services.logs.service import service

_TOKEN = re.compile(r"([fb])/(\d{20})(\d{36})/s")


class _Bookmark(NamedTuple):
    is_forward: bool
    position: Position


def _token(bookmark: _Bookmark) -> str:
    """56 digits between what tells the direction and the end, as AWS's are."""
    return f"{'f' if bookmark.is_forward else 'b'}/{bookmark.position.ms:020}{bookmark.position.nth + 1:036}/s"


def _bookmark(token: str) -> _Bookmark:
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[2]) > FOR_EVER or int(match[3]) > FOR_EVER:
        raise errors.invalid_token()
    return _Bookmark(match[1] == "f", Position(int(match[2]), int(match[3]) - 1))


@service.operation(**ON_GROUP)
async def get_log_events(ctx: Context, request: Request) -> Answer:
    group = await find(ctx, request)
    stream = await find_stream(ctx, group, request["logStreamName"])
    lens = await asked_for(ctx, group, request)
    span = Span(request.get("startTime", 0), request.get("endTime", FOR_EVER))
    token = request.get("nextToken")
    if token is None:
        at = _Bookmark(request.get("startFromHead", False), Position(span.start, -1))
        started = None
    else:
        at = started = _bookmark(token)
    events = await _read(
        Reader(ctx, group, stream), span, at.is_forward, started, request.get("limit") or limits.EVENTS
    )
    first, last = (events[0].position, events[-1].position) if events else (at.position, at.position)
    return {
        "events": [described(event, lens) for event in events],
        "nextForwardToken": _token(_Bookmark(True, last)),
        "nextBackwardToken": _token(_Bookmark(False, first)),
    }


async def _read(reader: Reader, span: Span, is_forward: bool, start: _Bookmark | None, most: int) -> list[Event]:
    """Up to `most` events, and up to what fits into an answer; oldest first."""
    found: list[Event] = []
    size = 0
    async for event in reader.events(_narrowed(span, start), newest_first=not is_forward):
        if start is not None and (event.position <= start.position if is_forward else event.position >= start.position):
            continue
        if len(found) == most or (found and size + event.size > limits.ANSWER_BYTES):
            break
        found.append(event)
        size += event.size
    return found if is_forward else found[::-1]


def _narrowed(span: Span, start: _Bookmark | None) -> Span:
    if start is None:
        return span
    ms = start.position.ms
    return Span(max(span.start, ms), span.end) if start.is_forward else Span(span.start, min(span.end, ms + 1))


def described(event: Event, lens: Lens | None) -> Answer:
    message = event.message if lens is None else lens.shown(event.message, event.ingested)
    return {"timestamp": event.position.ms, "message": message, "ingestionTime": event.ingested}
