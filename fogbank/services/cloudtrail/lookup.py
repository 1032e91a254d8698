"""LookupEvents: the event history by time, and by one of its attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.kernel import Context, call_records, pages
from fogbank.services.cloudtrail import errors, limits
from fogbank.services.cloudtrail.history import Event, Place, backwards
from fogbank.services.cloudtrail.service import service

Request = dict[str, Any]
Test = Callable[[Event], bool]

_ATTRIBUTES: dict[str, Callable[[Event, str], bool]] = {
    "EventId": lambda event, value: event.id == value,
    "EventName": lambda event, value: event.name == value,
    "ReadOnly": lambda event, value: str(event.reads).lower() == value.lower(),
    "Username": lambda event, value: event.user == value,
    "ResourceType": lambda event, value: any(kind == value for kind, _ in event.subjects),
    "ResourceName": lambda event, value: any(name == value for _, name in event.subjects),
    "EventSource": lambda event, value: event.source == value,
    "AccessKeyId": lambda event, value: event.access_key == value,
}


@service.operation(transaction=False)
async def lookup_events(ctx: Context, request: Request) -> Request:
    """The newest first. API_LookupEvents. AWS shows events within minutes; here those of this process are there at once."""
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise errors.invalid_lookup("You can only specify one lookup attribute.")
    await call_records.recorder_of(ctx.app).put()
    return await ctx.transact(_looked_up, ctx, request, [_test(each) for each in attributes])


def _test(attribute: dict[str, str]) -> Test:
    matches, value = _ATTRIBUTES[attribute["AttributeKey"]], attribute["AttributeValue"]
    return lambda event: matches(event, value)


async def _looked_up(ctx: Context, request: Request, tests: list[Test]) -> Request:
    now = ctx.now()
    start = max(request.get("StartTime") or 0, now - limits.HISTORY_SECONDS)
    end = request.get("EndTime")
    end = now if end is None else end
    if (request.get("StartTime") or 0) > end:
        raise errors.invalid_time_range()
    if request.get("EventCategory"):
        return {"Events": []}  # Insights events are told of by ListInsightsData
    limit = request.get("MaxResults") or limits.PAGE
    token = request.get("NextToken")
    place, index = (None, 0) if token is None else _position(token)
    found: list[Event] = []
    looked_at = 0
    async for here, events in backwards(ctx, start, end, place):
        begin = index if here == place else len(events) - 1
        for index in range(begin, -1, -1):
            event = events[index]
            if start <= event.time <= end and all(test(event) for test in tests):
                if len(found) == limit:
                    return _page(found, here, index)
                found.append(event)
        looked_at += 1
        if looked_at == limits.CHUNKS_LOOKED_AT:
            return _page(found, here, -1)
    return _page(found)


def _position(token: str) -> tuple[Place, int]:
    """The chunk where a page begins, and the event of it; events are told from there backwards."""
    time, ident, index = pages.position(token, errors.invalid_next_token()).split("/")
    return (int(time), ident), int(index)


def _page(found: list[Event], place: Place | None = None, index: int = 0) -> Request:
    page: Request = {"Events": [_told(event) for event in found]}
    if place is not None:
        page["NextToken"] = pages.token(f"{place[0]}/{place[1]}/{index}")
    return page


def _told(event: Event) -> Request:
    return {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": str(event.reads).lower(),
        "AccessKeyId": event.access_key or None,
        "EventTime": int(event.time),
        "EventSource": event.source,
        "Username": event.user or None,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in event.subjects],
        "CloudTrailEvent": event.record.decode(),
    }
