"""Metric streams at work: when a minute is over, what was measured is brought to Firehose, with the role of each stream."""

from __future__ import annotations

import json
import logging
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudwatch import points, stream_formats
from fogbank.services.cloudwatch.metric_streams import RUNNING, MetricStream, arn_of, streams
from fogbank.services.cloudwatch.points import MINUTE, Identity
from fogbank.services.cloudwatch.reading import computing
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.stream_formats import Place, Point
from fogbank.services.cloudwatch.stream_notes import changes

log = logging.getLogger("fogbank.cloudwatch")

_PART = 500
_POINTS = 400
"""In a record: some 300 bytes each, in a format with few statistics."""


@service.task
async def write_streams(ctx: Context, payload: dict[str, Any]) -> None:
    """What changed in minutes that are over. What Firehose does not take is lost, as on AWS after some time."""
    current = int(ctx.now()) // MINUTE * MINUTE
    rows = await changes.items(ctx, (int, str, str, str), until=(current,), limit=_PART)
    running = [stream for stream in await streams.scan(ctx) if stream.state == RUNNING]
    found: dict[str, list[Point]] = {}
    for key, _ in rows:
        changes.delete(ctx, *key)
        identity = Identity(str(key[1]), str(key[2]), _dimensions(str(key[3])))
        for stream in running:
            if stream.wants(identity.namespace, identity.name):
                found.setdefault(stream.name, []).extend(await _measured(ctx, stream, identity, int(key[0])))
    for stream in running:
        await _send(ctx, stream, found.get(stream.name, []))
    if len(rows) == _PART:
        await ctx.schedule("write_streams", {}, key="")
    elif await changes.count(ctx, limit=1):
        await ctx.schedule("write_streams", {}, at=current + MINUTE, key="")


def _dimensions(text: str) -> points.Dimensions:
    return tuple((name, value) for name, value in json.loads(text))


async def _measured(ctx: Context, stream: MetricStream, identity: Identity, minute: int) -> list[Point]:
    """One for each unit."""
    found = await points.read(ctx, identity, minute, minute + MINUTE, MINUTE)
    names = stream.further_statistics(identity.namespace, identity.name)
    made = []
    for (_, unit), summary in found.items():
        further = {name: value for name in names if (value := computing(name)(summary)) is not None}
        made.append(
            Point(*identity, minute, unit, summary.samples, summary.sum, summary.minimum, summary.maximum, further)
        )
    return made


async def _send(ctx: Context, stream: MetricStream, found: list[Point]) -> None:
    arn = arn_of(ctx, stream.name)
    place = Place(stream.name, arn, ctx.account, ctx.region)
    name = stream.firehose.rpartition("/")[2]
    scope = ctx.at(account=stream.firehose.split(":")[4], region=stream.firehose.split(":")[3])
    for start in range(0, len(found), _POINTS):
        data = stream_formats.encoded(stream.format, place, found[start : start + _POINTS])
        request = {"DeliveryStreamName": name, "Records": [{"Data": data}]}
        try:
            scope.principal = await ctx.assume(stream.role, service="streams.metrics.cloudwatch", source_arn=arn)
            await ctx.undoing(_put, scope, request)
        except AWSError as error:
            log.info("%s does not take metrics of %s: %s", stream.firehose, arn, error)


async def _put(scope: Context, request: dict[str, Any]) -> None:
    await scope.call("firehose", "PutRecordBatch", request, as_caller=True)
