"""Metrics and their values, as they lie in the store.

    followers (namespace, name, alarm)              alarms on all metrics of that name, whatever their dimensions
    metrics   (namespace, name, dimensions)         a metric: what identifies it, and its id
    points    (metric id, second, unit, nth)        what was measured in one minute (of high resolution: in one second)

A row of points holds up to 256 different values with their counts, so that percentiles are exact, or a statistic set; writing to a minute
that has a row adds to it. So a thousand invocations cost a row, not a thousand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from fogbank.kernel import Context, Record
from fogbank.services.cloudwatch import statistics, stream_notes
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.statistics import Summary, Weighted

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in order of the names."""

MINUTE = 60
_DAY = 86_400
_KEPT_DAYS = 455
_FINE = ((MINUTE, 3 * 3600), (300, 15 * _DAY), (3600, 63 * _DAY))
_LISTED_DAYS = 14
_VALUES = 256
_REMOVED = 1024


class Metric(Record, frozen=True):
    """`seen` is the day (since 1970) of its latest value. `alarms` are the names of those that watch it."""

    namespace: str
    name: str
    dimensions: Dimensions
    id: str
    seen: int
    alarms: tuple[str, ...] = ()


class Points(Record, frozen=True):
    """`values` is empty for statistic sets."""

    count: float
    sum: float
    minimum: float
    maximum: float
    values: list[tuple[float, float]] = []


class Identity(NamedTuple):
    namespace: str
    name: str
    dimensions: Dimensions

    @property
    def key(self) -> tuple[str, str, str]:
        return self.namespace, self.name, json.dumps(self.dimensions)


class Sample(NamedTuple):
    """`second` is when it was measured. `step` is 60, or 1 for high resolution."""

    second: int
    unit: str
    summary: Summary
    step: int = MINUTE


metrics = service.collection("metrics", Metric, cached=True)
points = service.collection("points", Points)
followers = service.collection("followers", bytes)


def identity_of(metric: Metric) -> Identity:
    return Identity(metric.namespace, metric.name, metric.dimensions)


def dimensions_of(given: Iterable[dict[str, str]]) -> Dimensions:
    return tuple(sorted((each["Name"], each["Value"]) for each in given))


async def add(ctx: Context, identity: Identity, samples: list[Sample]) -> Metric:
    """Write what was measured. Returns the metric."""
    metric = await _metric(ctx, identity, max(sample.second for sample in samples))
    for sample in samples:
        await _add(ctx, metric, sample)
        await stream_notes.note(ctx, identity.key, sample.second)
    return metric


async def _metric(ctx: Context, identity: Identity, second: int) -> Metric:
    metric = await metrics.get(ctx, *identity.key)
    day = second // _DAY
    if metric is None:
        if not await metrics.scan(ctx, limit=1):
            await ctx.schedule("expire", {}, delay=_DAY, key="")
        rows = await followers.items(ctx, (str,), identity.namespace, identity.name)
        metric = Metric(*identity, ctx.ids.hex(16), day, tuple(str(key[0]) for key, _ in rows))
    elif metric.seen >= day:
        return metric
    else:
        metric = Metric(*identity, metric.id, day, metric.alarms)
    metrics.put(ctx, metric, *identity.key)
    return metric


async def _add(ctx: Context, metric: Metric, sample: Sample) -> None:
    second = sample.second // sample.step * sample.step
    rows = await points.items(ctx, (int,), metric.id, second, sample.unit, limit=1, reverse=True)
    nth = int(rows[0][0][0]) if rows else 0
    row = rows[0][1] if rows else None
    summary = sample.summary
    if row is not None and (len(row.values) >= _VALUES or bool(row.values) != summary.is_complete):
        row, nth = None, nth + 1
    if row is not None:
        merged = statistics.merged([_summary(row), summary])
        assert merged is not None
        summary = merged._replace(values=_counted(merged.values))
    stored = Points(summary.samples, summary.sum, summary.minimum, summary.maximum, summary.values)
    points.put(ctx, stored, metric.id, second, sample.unit, nth)


def _counted(values: Weighted) -> Weighted:
    """Each value once."""
    counts: dict[float, float] = {}
    for value, weight in values:
        counts[value] = counts.get(value, 0) + weight
    return list(counts.items())


def _summary(row: Points) -> Summary:
    return Summary(row.count, row.sum, row.minimum, row.maximum, row.values, bool(row.values))


async def read(
    ctx: Context, identity: Identity, start: float, end: float, period: int, origin: float = 0, unit: str | None = None
) -> dict[tuple[float, str], Summary]:
    """What was measured from `start` up to before `end`, by (beginning of a period, unit). Periods are counted from `origin`."""
    metric = await metrics.get(ctx, *identity.key)
    if metric is None:
        return {}
    since = max(int(start), oldest(ctx.now(), period))
    if since >= end:
        return {}
    rows = await points.items(ctx, (int, str, int), metric.id, since=(since,), until=(int(-(-end // 1)),))
    parts: dict[tuple[float, str], list[Summary]] = {}
    for (second, of, _), row in rows:
        if unit is None or unit == of:
            begins = origin + (int(second) - origin) // period * period
            parts.setdefault((begins, str(of)), []).append(_summary(row))
    return {place: whole for place, each in parts.items() if (whole := statistics.merged(each)) is not None}


def oldest(now: float, period: int) -> int:
    """From when on (epoch seconds) there are values of that period: the older they are, the coarser they are kept.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    kept = next((age for step, age in _FINE if period % step), _KEPT_DAYS * _DAY)
    return int(now - kept) // period * period


@service.task
async def expire(ctx: Context, payload: dict[str, object]) -> None:
    """Once a day: take away what is older than fifteen months, and metrics that have nothing left."""
    oldest = int(ctx.now()) - _KEPT_DAYS * _DAY
    rows = await metrics.scan(ctx)
    is_done = True
    for metric in rows:
        old = await points.items(ctx, (int, str, int), metric.id, until=(oldest,), limit=_REMOVED)
        for key, _ in old:
            points.delete(ctx, metric.id, *key)
        is_done = is_done and len(old) < _REMOVED
        if metric.seen < oldest // _DAY and not metric.alarms:
            metrics.delete(ctx, *identity_of(metric).key)
    if rows:
        await ctx.schedule("expire", {}, delay=_DAY if is_done else 0, key="")


def is_listed(metric: Metric, now: float) -> bool:
    """Metrics without values for two weeks are not listed any more."""
    return metric.seen >= 0 and metric.seen >= now // _DAY - _LISTED_DAYS
