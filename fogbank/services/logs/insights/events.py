"""Events as the rows of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors
from fogbank.services.logs.chunks import Event, Position, Reader, Span
from fogbank.services.logs.filtering import Found, Place, merged
from fogbank.services.logs.insights.discovery import discovered
from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.values import Moment
from fogbank.services.logs.records import STANDARD, LogGroup, LogStream, find_stream, group_named, groups, streams

_STRIDE = 2000
"""How many events one transaction reads, so that nobody waits long for it."""


def seconds(start: int, end: int) -> Span:
    """From the beginning of one second to the end of another."""
    return Span(start * 1000, (end + 1) * 1000)


async def of_groups(ctx: Context, names: Sequence[str], span: Span, unmasks: bool = False) -> tuple[list[Row], int]:
    """The events of groups, the newest first, and their size in bytes. Groups that are not there any more have none."""
    found: list[tuple[int, Row]] = []
    size = 0
    for name in names:
        group = await ctx.transact(groups.get, ctx, name)
        last: Place | None = None
        while group is not None:
            part = await ctx.transact(_part, ctx, group, span, last)
            found += [(each.event.position.ms, row_of(ctx, group, each.stream, each.event)) for each in part]
            size += sum(each.event.size for each in part)
            if len(part) < _STRIDE:
                break
            last = part[-1].place
    found.sort(key=lambda item: -item[0])
    return [row for _, row in found], size


async def _part(ctx: Context, group: LogGroup, span: Span, last: Place | None) -> list[Found]:
    """The newest events before that place."""
    among = await streams.scan(ctx, group.id)
    if last is not None:
        span = Span(span.start, min(span.end, last.ms + 1))
    found: list[Found] = []
    async for each in merged(ctx, group, among, span, newest_first=True):
        if last is not None and each.place >= last:
            continue
        found.append(each)
        if len(found) == _STRIDE:
            break
    return found


def row_of(ctx: Context, group: LogGroup, stream: LogStream, event: Event) -> Row:
    """Fields are discovered in groups of the class Standard only."""
    fields = {
        "@timestamp": Moment(event.position.ms),
        "@message": event.message,
        "@ingestionTime": Moment(event.ingested),
        "@logStream": stream.name,
        "@log": f"{ctx.account}:{group.name}",
        "@ptr": pages.token(json.dumps([group.name, stream.name, *event.position])),
    }
    return Row(fields, partial(discovered, group.name, event.message)) if group.kind == STANDARD else Row(fields)


async def at_pointer(ctx: Context, pointer: str) -> Row:
    """The event that an `@ptr` leads to. Raises InvalidParameterException, ResourceNotFoundException."""
    name, stream_name, ms, nth = json.loads(
        pages.position(pointer, errors.invalid_parameter("The specified log record pointer is invalid."))
    )
    group = await group_named(ctx, name)
    stream = await find_stream(ctx, group, stream_name)
    async for event in Reader(ctx, group, stream).events(Span(ms, ms + 1)):
        if event.position == Position(ms, nth):
            return row_of(ctx, group, stream, event)
    raise errors.not_found("log record")
