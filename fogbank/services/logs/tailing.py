"""StartLiveTail: events of some groups are pushed as they come, for three hours.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.logs import errors, limits
from fogbank.services.logs.chunks import Span
from fogbank.services.logs.filtering import compiled, merged
from fogbank.services.logs.patterns import Pattern
from fogbank.services.logs.protection.lens import lens_of
from fogbank.services.logs.records import (
    Answer,
    LogStream,
    Request,
    arn_of,
    group_named,
    groups,
    milliseconds,
    name_in,
    streams,
)
from fogbank.services.logs.service import service

_UPDATE_SECONDS = 1.0


class _Session(NamedTuple):
    """Which events of which groups. `counts` are how many events of each stream (by id) were there or were seen."""

    names: list[str]
    streams: list[str]
    prefixes: list[str]
    pattern: Pattern
    counts: dict[str, int]


def _resource(ctx: Context, request: Request) -> list[str]:
    return [f"{arn_of(ctx, name_in(ctx, each))}:log-stream:" for each in request["logGroupIdentifiers"]]


@service.operation(transaction=False, resource=_resource)
async def start_live_tail(ctx: Context, request: Request) -> Answer:
    return {"responseStream": _events(ctx, request, await ctx.transact(_begin, ctx, request))}


async def _begin(ctx: Context, request: Request) -> _Session:
    names = [name_in(ctx, each) for each in request["logGroupIdentifiers"]]
    chosen, prefixes = request.get("logStreamNames") or [], request.get("logStreamNamePrefixes") or []
    if (chosen or prefixes) and len(names) > 1:
        raise errors.invalid_parameter("Log streams can be chosen only when there is one log group.")
    if chosen and prefixes:
        raise errors.invalid_parameter("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
    counts: dict[str, int] = {}
    for name in names:
        group = await group_named(ctx, name)
        counts |= {stream.id: stream.count for stream in await streams.scan(ctx, group.id)}
    return _Session(names, chosen, prefixes, compiled(request.get("logEventFilterPattern")), counts)


async def _events(ctx: Context, request: Request, session: _Session) -> AsyncIterator[Answer]:
    names = ("logGroupIdentifiers", "logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern")
    start = {name: request[name] for name in names if request.get(name)}
    yield {"sessionStart": {**start, "requestId": ctx.request_id, "sessionId": ctx.ids.uuid()}}
    until = ctx.now() + limits.TAIL_SECONDS
    with ctx.watch("live-tail", ctx.request_id) as watch:
        while ctx.now() < until:
            await watch.wait(_UPDATE_SECONDS)
            found = await ctx.transact(_new, ctx, session)
            sampled = len(found) > limits.TAIL_EVENTS
            yield {
                "sessionUpdate": {
                    "sessionMetadata": {"sampled": sampled},
                    "sessionResults": found[:: -(-len(found) // limits.TAIL_EVENTS)] if sampled else found,
                }
            }


async def _new(ctx: Context, session: _Session) -> list[Answer]:
    """What has come since the last look."""
    found: list[Answer] = []
    for name in session.names:
        group = await groups.get(ctx, name)
        if group is None:
            continue
        among = [stream for stream in await streams.scan(ctx, group.id) if _has_new(session, stream)]
        lens = await lens_of(ctx, group)
        async for whole in merged(ctx, group, among, Span(milliseconds(ctx) - limits.PAST_MS)):
            each = whole.shown(lens)
            is_new = each.event.position.nth >= session.counts.get(each.stream.id, 0)
            if is_new and session.pattern.match(each.event.message) is not None:
                found.append(
                    {
                        "logStreamName": each.stream.name,
                        "logGroupIdentifier": f"{ctx.account}:{name}",
                        "message": each.event.message,
                        "timestamp": each.event.position.ms,
                        "ingestionTime": each.event.ingested,
                    }
                )
        session.counts.update({stream.id: stream.count for stream in among})
    return found


def _has_new(session: _Session, stream: LogStream) -> bool:
    if stream.count <= session.counts.get(stream.id, 0):
        return False
    if session.streams:
        return stream.name in session.streams
    return not session.prefixes or stream.name.startswith(tuple(session.prefixes))
