"""Keeping traces for 30 days, and finding them again by id and by time. Everything here happens in a transaction.

A segment that comes again replaces what was known of it, unless that was whole and the new one is still in progress.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Container, Iterable
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.xray import encryption, limits
from fogbank.services.xray.documents import Document
from fogbank.services.xray.records import Known, Stored, days, segments, times, traces
from fogbank.services.xray.service import service
from fogbank.services.xray.traces import Trace, compiled

_DAY = 86400
_BATCH = 200
_GONE_AT_ONCE = 500

Place = tuple[int, str]
"""Of a trace in the index by time."""


async def keep(ctx: Context, documents: Iterable[Document], indexed: Container[str]) -> None:
    """Keep segments and subsegments that were sent. `indexed` has the ids of the traces that can be searched for."""
    seal = await encryption.sealer(ctx)
    kept: dict[str, list[Document]] = {}
    for document in documents:
        trace_id, is_whole = document["trace_id"], "end_time" in document
        before = await segments.get(ctx, trace_id, document["id"])
        if before is not None and before.is_whole and not is_whole:
            continue
        data, key = seal(orjson.dumps(document))
        segments.put(ctx, Stored(data, is_whole, key), trace_id, document["id"])
        kept.setdefault(trace_id, []).append(document)
    new = [trace_id for trace_id, each in kept.items() if await _note(ctx, trace_id, each, trace_id in indexed)]
    if new:
        await _remember(ctx, new)


async def _note(ctx: Context, trace_id: str, documents: list[Document], is_indexed: bool) -> bool:
    """Note what these documents say of their trace. Says whether it is a new one."""
    began = min(float(each["start_time"]) for each in documents)
    ended = max(float(each.get("end_time") or each["start_time"]) for each in documents)
    before = await traces.get(ctx, trace_id)
    if before is None or _is_over(ctx, before):
        time = _time_of(trace_id, began)
        times.put(ctx, b"", time, trace_id)
        traces.put(ctx, Known(time, began, ended, ctx.now(), len(documents), is_indexed), trace_id)
        return True
    known = msgspec.structs.replace(
        before,
        began=min(before.began, began),
        ended=max(before.ended, ended),
        revision=before.revision + len(documents),
        is_indexed=before.is_indexed or is_indexed,
    )
    traces.put(ctx, known, trace_id)
    return False


def _time_of(trace_id: str, start: float) -> int:
    """The time in a trace's id. Ids that OpenTelemetry made have none: then it is when the trace began."""
    encoded = int(trace_id[2:10], 16)
    return encoded if abs(encoded - start) <= limits.TRACE_SECONDS else int(start)


async def load(ctx: Context, trace_id: str, is_wanted: bool = False) -> tuple[Trace, Known] | None:
    """The trace of that id, and what is known of it. One that is not indexed is found only when it `is_wanted` all the same."""
    known = await traces.get(ctx, trace_id)
    if known is None or _is_over(ctx, known) or not (known.is_indexed or is_wanted):
        return None
    unseal = encryption.Unsealer(ctx)
    found = [orjson.loads(await unseal(stored.document, stored.key)) for stored in await segments.scan(ctx, trace_id)]
    return (compiled(trace_id, found, ctx.account), known) if found else None


async def started(
    ctx: Context,
    since: float,
    until: float,
    before: Place | None = None,
    is_meant: Callable[[Known], bool] = lambda known: True,
) -> AsyncIterator[tuple[Trace, Known]]:
    """The traces whose time is from `since` up to `until`, the last one first; those that come behind `before`, if it is given.

    Segments are read only of those that are meant.
    """
    bound: tuple[Any, ...] = (max(math.ceil(until), 0),) if before is None else before
    while True:
        rows: list[Any] = await times.items(
            ctx, (int, str), since=(max(int(since), 0),), until=bound, reverse=True, limit=_BATCH
        )
        for (_, trace_id), _ in rows:
            known = await traces.get(ctx, trace_id)
            found = await load(ctx, trace_id) if known is not None and is_meant(known) else None
            if found is not None:
                yield found
        if len(rows) < _BATCH:
            return
        bound = rows[-1][0]


def active(ctx: Context, since: float, until: float, before: Place | None = None) -> AsyncIterator[tuple[Trace, Known]]:
    """The traces that were under way at some moment from `since` up to `until`, the last one first, as `started` gives them."""

    def is_meant(known: Known) -> bool:
        return known.began < until and known.ended >= since

    return started(ctx, since - limits.TRACE_SECONDS, until + limits.TRACE_SECONDS, before, is_meant)


# -- the end of their time


def _is_over(ctx: Context, known: Known) -> bool:
    return known.received + limits.RETENTION_SECONDS <= ctx.now()


async def _remember(ctx: Context, new: list[str]) -> None:
    """Note the day on which these traces came."""
    day = int(ctx.now()) // _DAY
    if not await days.count(ctx, day, limit=1):
        await ctx.schedule("expire", {"day": day}, at=(day + 1) * _DAY + limits.RETENTION_SECONDS, key=str(day))
    for trace_id in new:
        days.put(ctx, b"", day, trace_id)


@service.task
async def expire(ctx: Context, payload: dict[str, Any]) -> None:
    """Drop what came on a day, a part at a time."""
    day = payload["day"]
    rows = await days.items(ctx, (str,), day, limit=_GONE_AT_ONCE)
    for (trace_id,), _ in rows:
        days.delete(ctx, day, trace_id)
        await _drop(ctx, str(trace_id))
    if len(rows) == _GONE_AT_ONCE:
        await ctx.schedule("expire", payload, key=str(day))


async def _drop(ctx: Context, trace_id: str) -> None:
    known = await traces.get(ctx, trace_id)
    if known is None or not _is_over(ctx, known):
        return
    times.delete(ctx, known.time, trace_id)
    traces.delete(ctx, trace_id)
    for (segment_id,), _ in await segments.items(ctx, (str,), trace_id):
        segments.delete(ctx, trace_id, segment_id)
