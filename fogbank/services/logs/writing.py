"""PutLogEvents. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.logs import chunks, embedded, errors, limits, metering, metric_filters, subscriptions
from fogbank.services.logs.account import rules
from fogbank.services.logs.policies import ON_WRITTEN
from fogbank.services.logs.protection import findings
from fogbank.services.logs.protection.lens import lens_of
from fogbank.services.logs.records import (
    Answer,
    LogGroup,
    LogStream,
    Request,
    find,
    find_stream,
    milliseconds,
    streams,
)
from fogbank.services.logs.service import service
from fogbank.services.logs.transforming.operations import transformer_of


class Batch(NamedTuple):
    """The events that are taken, and what is said about those that are not."""

    lines: list[chunks.Line]
    rejected: Answer


@service.operation(**ON_WRITTEN)
async def put_log_events(ctx: Context, request: Request) -> Answer:
    """Sequence tokens are not looked at, as on AWS now."""
    group = await find(ctx, request)
    stream = await find_stream(ctx, group, request["logStreamName"])
    lines = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
    check(lines)
    now = milliseconds(ctx)
    batch = sorted_out(lines, now, group.oldest(ctx.now()))
    if batch.lines:
        stream = await write(ctx, group, stream, batch.lines, now)
    return {
        "nextSequenceToken": f"{stream.count:056}",
        "rejectedLogEventsInfo": batch.rejected or None,
    }


def check(lines: list[chunks.Line]) -> None:
    """Raise InvalidParameterException for a batch that is refused as a whole."""
    sizes = [len(message.encode()) for _, message in lines]
    if max(sizes) > limits.EVENT_BYTES:
        raise errors.event_too_large(max(sizes))
    size = sum(sizes) + limits.EVENT_OVERHEAD * len(lines)
    if size > limits.BATCH_BYTES:
        raise errors.upload_too_large(size)
    if any(earlier[0] > later[0] for earlier, later in pairwise(lines)):
        raise errors.not_chronological()


def sorted_out(lines: list[chunks.Line], now: int, oldest: int) -> Batch:
    """Leave out what is too old, expired or too new. `lines` are in order, so what is taken is a slice."""
    too_old = sum(ms < now - limits.PAST_MS for ms, _ in lines)
    expired = sum(ms < oldest for ms, _ in lines)
    end = sum(ms <= now + limits.FUTURE_MS for ms, _ in lines)
    rejected: Answer = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    if end < len(lines):
        rejected["tooNewLogEventStartIndex"] = end
    taken = lines[max(too_old, expired) : end]
    if taken and taken[-1][0] - taken[0][0] > limits.SPAN_MS:
        raise errors.span_too_long()
    return Batch(taken, rejected)


async def write(ctx: Context, group: LogGroup, stream: LogStream, lines: list[chunks.Line], now: int) -> LogStream:
    size = await chunks.append(ctx, group, stream, lines, now)
    written = LogStream(
        stream.name,
        stream.id,
        stream.created,
        min(stream.first or lines[0][0], lines[0][0]),
        max(stream.last, lines[-1][0]),
        now,
        stream.count + len(lines),
        stream.size + size,
        stream.received + size,
        stream.metered,
        stream.metered_size,
    )
    streams.put(ctx, written, group.id, stream.name)
    if metering.begins_minute(stream, now):
        await metering.begin(ctx, group, now)
    found = await rules.get(ctx)
    is_plain = found is None and not group.protections and not group.transformers
    seen = chunks.Seen(lines, lines) if is_plain else await _as_seen(ctx, group, stream, lines, now)
    if found is None or not any(each.counts(group.name) for each in found.unmeasured):
        await embedded.measure(ctx, seen.plain)
    await metric_filters.measure(ctx, group, seen)
    await subscriptions.forward(ctx, group, stream, seen, found)
    return written


async def _as_seen(ctx: Context, group: LogGroup, stream: LogStream, lines: list[chunks.Line], now: int) -> chunks.Seen:
    """The events as filters see them where there are policies."""
    lens, transformer = await lens_of(ctx, group), await transformer_of(ctx, group)
    plain = lines
    if lens is not None:
        await findings.report(ctx, lens, lines, now)
        plain = [(ms, lens.shown(message, now)) for ms, message in lines]
    if transformer is None:
        return chunks.Seen(plain, plain)
    return chunks.Seen(plain, [(ms, transformer.text(message, stream.name, now)) for ms, message in plain])
