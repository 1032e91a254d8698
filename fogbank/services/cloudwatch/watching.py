"""Which alarms have to look at a metric that has new values.

An alarm evaluates at the end of each of its periods while it has values to look at. One that has none, and has said so, sleeps until its
metric has a new value: so idle alarms cost nothing, however far the clock is moved.
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudwatch.points import Identity, Metric, metrics
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
        if watch is not None and watch.due <= ctx.now():
            await wake(ctx, name, watch.period)


async def wake(ctx: Context, name: str, period: int) -> None:
    """Have the alarm evaluate when the period is over."""
    due = (ctx.now() // period + 1) * period
    watches.put(ctx, Watch(due, period), name)
    await ctx.schedule("evaluate", {"name": name}, at=due, key=name)


def sleep(ctx: Context, name: str, period: int) -> None:
    watches.put(ctx, Watch(0, period), name)


async def begin(ctx: Context, name: str, period: int, watched: list[Identity]) -> None:
    """Watch the metrics, which need not have values yet."""
    for identity in watched:
        metric = await metrics.get(ctx, *identity.key) or Metric(*identity, ctx.ids.hex(16), -1)
        if name not in metric.alarms:
            metrics.put(ctx, msgspec.structs.replace(metric, alarms=(*metric.alarms, name)), *identity.key)
    await wake(ctx, name, period)


async def end(ctx: Context, name: str, watched: list[Identity]) -> None:
    for identity in watched:
        metric = await metrics.get(ctx, *identity.key)
        if metric is not None:
            left = tuple(each for each in metric.alarms if each != name)
            metrics.put(ctx, msgspec.structs.replace(metric, alarms=left), *identity.key)
    watches.delete(ctx, name)
    await ctx.unschedule("evaluate", name)
