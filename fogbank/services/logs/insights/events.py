"""Events as the rows of queries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.logs import errors
from fogbank.services.logs.chunks import Event, Position, Reader, Span
from fogbank.services.logs.insights.discovery import discovered
from fogbank.services.logs.insights.rows import Fields, Row, flattened
from fogbank.services.logs.insights.values import Moment, Value
from fogbank.services.logs.protection.lens import Lens, lens_of
from fogbank.services.logs.records import STANDARD, LogGroup, LogStream, find_stream, group_named, groups, streams
from fogbank.services.logs.transforming.operations import Transformer, transformer_of

_STRIDE = 2000
"""How many events one transaction reads, or a chunk more, so that nobody waits long for it."""


def seconds(start: int, end: int) -> Span:
    """From the beginning of one second to the end of another."""
    return Span(start * 1000, (end + 1) * 1000)


class View(NamedTuple):
    """How the events of a group look: through a lens, with the fields that transformers give them."""

    log: str
    group: LogGroup
    lens: Lens | None
    transformer: Transformer | None

    def discovered(self, stream: str, event: Event) -> Fields:
        """Fields are discovered in groups of the class Standard only."""
        if self.group.kind != STANDARD:
            return {}
        if self.transformer is not None:
            found = self.transformer.fields(event.message, stream, event.ingested)
            if found is not None:
                return flattened(found)
        return discovered(self.group.name, event.message)


class Seen:
    """An event as a source of rows. `event` is as it looks."""

    __slots__ = ("event", "stream", "unmasked", "view")

    def __init__(self, view: View, stream: str, event: Event) -> None:
        self.view = view
        self.stream = stream
        self.event = event
        self.unmasked: str | None = None
        if view.lens is not None:
            self.unmasked = event.message
            self.event = event._replace(message=view.lens.shown(event.message, event.ingested))

    def system(self, name: str) -> Value:
        read = _SYSTEM.get(name)
        return None if read is None else read(self)

    def discovered(self) -> Fields:
        return self.view.discovered(self.stream, self.event)

    @property
    def place(self) -> tuple[int, str, int]:
        return self.event.position.ms, self.stream, self.event.position.nth


_SYSTEM: dict[str, Callable[[Seen], Value]] = {
    "@message": lambda seen: seen.event.message,
    "@timestamp": lambda seen: Moment(seen.event.position.ms),
    "@ingestionTime": lambda seen: Moment(seen.event.ingested),
    "@logStream": lambda seen: seen.stream,
    "@log": lambda seen: seen.view.log,
    "@ptr": lambda seen: _pointer(seen.view.group.name, seen.stream, seen.event.position),
}


def _pointer(group: str, stream: str, position: Position) -> str:
    return pages.token(json.dumps([group, stream, *position]))


async def view_of(ctx: Context, group: LogGroup, unmask: bool = False) -> View:
    lens = None if unmask else await lens_of(ctx, group)
    return View(f"{ctx.account}:{group.name}", group, lens, await transformer_of(ctx, group))


async def of_groups(ctx: Context, names: Sequence[str], span: Span) -> tuple[list[Row], int]:
    """The events of groups, the newest first, and their size in bytes. Groups that are not there any more have none."""
    found: list[Seen] = []
    size = 0
    for name in names:
        opened = await ctx.transact(_opened, ctx, name, span)
        if opened is None:
            continue
        view, among = opened
        for stream in among:
            reader = Reader(ctx, view.group, stream)
            since: tuple[int, ...] | None = ()
            while since is not None:
                events, since = await ctx.transact(reader.part, span, since, _STRIDE)
                found += [Seen(view, stream.name, event) for event in events]
                size += sum(event.size for event in events)
                await asyncio.sleep(0)  # others have their turn
    found.sort(key=attrgetter("place"), reverse=True)
    return [Row(source=seen) for seen in found], size


async def _opened(ctx: Context, name: str, span: Span) -> tuple[View, list[LogStream]] | None:
    """How a group looks, and its streams that may have events of that time."""
    group = await groups.get(ctx, name)
    if group is None:
        return None
    among = [
        stream
        for stream in await streams.scan(ctx, group.id)
        if stream.count and stream.first < span.end and stream.last >= span.start
    ]
    return await view_of(ctx, group), among


async def at_pointer(ctx: Context, pointer: str, unmask: bool = False) -> Row:
    """The event that an `@ptr` leads to. Raises InvalidParameterException, ResourceNotFoundException."""
    name, stream_name, ms, nth = json.loads(
        pages.position(pointer, errors.invalid_parameter("The specified log record pointer is invalid."))
    )
    group = await group_named(ctx, name)
    stream = await find_stream(ctx, group, stream_name)
    async for event in Reader(ctx, group, stream).events(Span(ms, ms + 1)):
        if event.position == Position(ms, nth):
            return Row(source=Seen(await view_of(ctx, group, unmask), stream.name, event))
    raise errors.not_found("log record")
