"""Events as the rows of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors
from fogbank.services.logs.chunks import Position, Reader, Span
from fogbank.services.logs.filtering import Found, Place, merged
from fogbank.services.logs.insights.discovery import discovered
from fogbank.services.logs.insights.rows import Fields, Row, flattened
from fogbank.services.logs.insights.values import Moment
from fogbank.services.logs.protection.lens import Lens, lens_of
from fogbank.services.logs.records import STANDARD, LogGroup, find_stream, group_named, groups, streams
from fogbank.services.logs.transforming.operations import Transformer, transformer_of

_STRIDE = 2000
"""How many events one transaction reads, so that nobody waits long for it."""


def seconds(start: int, end: int) -> Span:
    """From the beginning of one second to the end of another."""
    return Span(start * 1000, (end + 1) * 1000)


class View(NamedTuple):
    """How the events of a group look: through a lens, with the fields that transformers give them."""

    account: str
    group: LogGroup
    lens: Lens | None
    transformer: Transformer | None

    def row(self, found: Found) -> Row:
        """Fields are discovered in groups of the class Standard only."""
        seen = found.shown(self.lens)
        event, group = seen.event, self.group
        fields = {
            "@timestamp": Moment(event.position.ms),
            "@message": event.message,
            "@ingestionTime": Moment(event.ingested),
            "@logStream": found.stream.name,
            "@log": f"{self.account}:{group.name}",
            "@ptr": pages.token(json.dumps([group.name, found.stream.name, *event.position])),
        }
        unmasked = found.event.message if self.lens is not None else None
        return Row(fields, partial(self.discovered, seen) if group.kind == STANDARD else dict, unmasked)

    def discovered(self, seen: Found) -> Fields:
        message = seen.event.message
        if self.transformer is not None:
            found = self.transformer.fields(message, seen.stream.name, seen.event.ingested)
            if found is not None:
                return flattened(found)
        return discovered(self.group.name, message)


async def view_of(ctx: Context, group: LogGroup, unmask: bool = False) -> View:
    lens = None if unmask else await lens_of(ctx, group)
    return View(ctx.account, group, lens, await transformer_of(ctx, group))


async def of_groups(ctx: Context, names: Sequence[str], span: Span) -> tuple[list[Row], int]:
    """The events of groups, the newest first, and their size in bytes. Groups that are not there any more have none."""
    found: list[tuple[int, Row]] = []
    size = 0
    for name in names:
        group = await ctx.transact(groups.get, ctx, name)
        if group is None:
            continue
        view = await ctx.transact(view_of, ctx, group)
        part = await ctx.transact(_part, ctx, group, span, None)
        while part:
            found += [(each.event.position.ms, view.row(each)) for each in part]
            size += sum(each.event.size for each in part)
            part = await ctx.transact(_part, ctx, group, span, part[-1].place) if len(part) == _STRIDE else []
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


async def at_pointer(ctx: Context, pointer: str, unmask: bool = False) -> Row:
    """The event that an `@ptr` leads to. Raises InvalidParameterException, ResourceNotFoundException."""
    name, stream_name, ms, nth = json.loads(
        pages.position(pointer, errors.invalid_parameter("The specified log record pointer is invalid."))
    )
    group = await group_named(ctx, name)
    stream = await find_stream(ctx, group, stream_name)
    async for event in Reader(ctx, group, stream).events(Span(ms, ms + 1)):
        if event.position == Position(ms, nth):
            return (await view_of(ctx, group, unmask)).row(Found(stream, event))
    raise errors.not_found("log record")
