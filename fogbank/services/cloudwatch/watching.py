"""Which alarms have to look at a metric that has new values.

An alarm evaluates at the end of each of its periods while it has values to look at, and at the end of a minute with new values. One that
has none, and has said so, sleeps until its metric has a new value: so idle alarms cost nothing, however far the clock is moved.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudwatch.points import MINUTE, Identity, Metric, followers, identity_of, metrics
from fogbank.services.cloudwatch.service import service


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """When an alarm evaluates next (epoch seconds; 0 while it sleeps), and its period."""

    due: float
    period: int


watches = service.collection("watches", Watch, cached=True)


async def note(ctx: Context, metric: Metric) -> None:
    """The metric has new values."""
    for name in metric.alarms:
        watch = await watches.get(ctx, name)
        if watch is not None and not ctx.now() < watch.due <= _end(ctx, watch.period):
            await wake(ctx, name, watch.period, soon=True)


def _end(ctx: Context, period: int) -> float:
    """Of the present minute, or of the period where it is shorter."""
    step = min(period, MINUTE)
    return (ctx.now() // step + 1) * step


async def wake(ctx: Context, name: str, period: int, soon: bool = False) -> None:
    """Have the alarm evaluate when the period is over, or the minute."""
    due = _end(ctx, period) if soon else (ctx.now() // period + 1) * period
    watches.put(ctx, Watch(due, period), name)
    await ctx.schedule("evaluate", {"name": name}, at=due, key=name)


def sleep(ctx: Context, name: str, period: int) -> None:
    watches.put(ctx, Watch(0, period), name)


async def begin(
    ctx: Context, name: str, period: int, watched: list[Identity], followed: Sequence[tuple[str, str]] = ()
) -> None:
    """Watch the metrics, which need not have values yet; and all of those names (`followed`), also those that there will be."""
    for namespace, metric_name in followed:
        followers.put(ctx, b"", namespace, metric_name, name)
        watched = [*watched, *(identity_of(each) for each in await metrics.scan(ctx, namespace, metric_name))]
    for identity in watched:
        metric = await metrics.get(ctx, *identity.key) or Metric(*identity, ctx.ids.hex(16), -1)
        if name not in metric.alarms:
            metrics.put(ctx, msgspec.structs.replace(metric, alarms=(*metric.alarms, name)), *identity.key)
    await wake(ctx, name, period, soon=True)


async def end(ctx: Context, name: str, watched: list[Identity], followed: Sequence[tuple[str, str]] = ()) -> None:
    for namespace, metric_name in followed:
        followers.delete(ctx, namespace, metric_name, name)
        watched = [*watched, *(identity_of(each) for each in await metrics.scan(ctx, namespace, metric_name))]
    for identity in watched:
        metric = await metrics.get(ctx, *identity.key)
        if metric is not None:
            left = tuple(each for each in metric.alarms if each != name)
            metrics.put(ctx, msgspec.structs.replace(metric, alarms=left), *identity.key)
    watches.delete(ctx, name)
    await ctx.unschedule("evaluate", name)
