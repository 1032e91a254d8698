"""The metrics of CloudWatch Logs itself: what came in and what was forwarded, by minute.

What came in is counted from the streams once a minute, so that a writer has nothing to do for it but to begin the count.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, metrics
from fogbank.services.logs.records import LogGroup, LogStream, Request, groups, streams
from fogbank.services.logs.service import service

NAMESPACE = "AWS/Logs"
_MINUTE = 60
_MINUTE_MS = 60_000


def begins_minute(stream: LogStream, now: int) -> bool:
    """Is this (ms) the first time in its minute that the stream is written to?"""
    return stream.ingested // _MINUTE_MS != now // _MINUTE_MS


async def begin(ctx: Context, group: LogGroup, now: int) -> None:
    """Have the minute of `now` (ms) counted when it is over."""
    minute = now // _MINUTE_MS
    await ctx.schedule("meter", {"group": group.name, "minute": minute}, at=(minute + 1) * _MINUTE, key=group.name)


@service.task
async def meter(ctx: Context, payload: Request) -> None:
    group = await groups.get(ctx, payload["group"])
    if group is None:
        return
    count = size = 0
    for stream in await streams.scan(ctx, group.id):
        if stream.count > stream.metered:
            count += stream.count - stream.metered
            size += stream.received - stream.metered_size
            counted = msgspec.structs.replace(stream, metered=stream.count, metered_size=stream.received)
            streams.put(ctx, counted, group.id, stream.name)
    await _put(ctx, group.name, {"IncomingLogEvents": count, "IncomingBytes": size}, payload["minute"] * _MINUTE)


async def forwarded(ctx: Context, group: str, count: int, size: int) -> None:
    """Events of a group were delivered, packed to that many bytes."""
    await _put(ctx, group, {"ForwardedLogEvents": count, "ForwardedBytes": size}, ctx.now())


async def _put(ctx: Context, group: str, values: dict[str, int], moment: float) -> None:
    """For the group, and for the account as a whole."""
    measured: list[metrics.Measured] = [
        (name, float(value), "Bytes" if name.endswith("Bytes") else "None", dimensions)
        for name, value in values.items()
        for dimensions in ({"LogGroupName": group}, {})
    ]
    await metrics.put(ctx, NAMESPACE, measured, moment)
