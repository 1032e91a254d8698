"""Schedules as they are kept, and when they are due.

schedules   (group, name)   Schedule

A schedule that is enabled has one task, `fire`, at its next moment. The moment is kept beside the time when its target is invoked, which in
a flexible window is a while later. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, Record, schedules
from fogbank.services.scheduler import errors, limits
from fogbank.services.scheduler.service import service

ENABLED = "ENABLED"
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")


class Schedule(Record, frozen=True):
    """Times are epoch seconds. `target` and `window` are as they were asked for; `completion` is what follows the last invocation."""

    group: str
    name: str
    expression: str
    target: dict[str, Any]
    window: dict[str, Any]
    created: float
    modified: float
    zone: str = "UTC"
    state: str = ENABLED
    start: float | None = None
    end: float | None = None
    description: str | None = None
    key: str | None = None
    completion: str = "NONE"
    token: str = ""

    @property
    def is_once(self) -> bool:
        return self.expression.startswith("at(")


kept = service.collection("schedules", Schedule)


def schedule_arn(ctx: Context, group: str, name: str) -> str:
    return f"arn:{ctx.partition}:scheduler:{ctx.region}:{ctx.account}:schedule/{group}/{name}"


async def find_schedule(ctx: Context, group: str, name: str) -> Schedule:
    """Raises ResourceNotFoundException."""
    schedule = await kept.get(ctx, group, name)
    if schedule is None:
        raise errors.no_such_schedule(name)
    return schedule


def parsed(expression: str, zone: str) -> schedules.Schedule:
    """Raises InvalidSchedule. Unlike the rules of EventBridge, Scheduler takes `rate(1 minutes)`."""
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        expression = f"rate({int(rate[1])} {rate[2]}{'s' * (int(rate[1]) != 1)})"
    return schedules.parse(expression, zone=zone)


# -- when


def following(schedule: Schedule, after: float) -> float | None:
    """The first moment after `after` at which the schedule is due, None when there is none any more.

    A rate begins with the start date, or at once, when the schedule is made. A one-time schedule knows neither start nor end.
    """
    times = parsed(schedule.expression, schedule.zone)
    if schedule.is_once:
        return times.after(after)
    begin = schedule.created if schedule.start is None else schedule.start
    if isinstance(times, schedules.Rate):
        moment = begin if begin > after else times.after(after, begin)
    else:
        moment = times.after(max(after, begin - 1e-6))
    return None if moment is None or (schedule.end is not None and moment > schedule.end) else moment


def first(ctx: Context, schedule: Schedule) -> float | None:
    """The first moment of a schedule that was just made or changed: of a new one also a moment of the last minute, if it comes once,
    or the one at which its rate begins."""
    if schedule.modified != schedule.created:
        return following(schedule, ctx.now())
    grace = limits.PRECISION_SECONDS if schedule.is_once else 1e-6
    return following(schedule, schedule.created - grace)


async def arrange(ctx: Context, schedule: Schedule, moment: float | None) -> None:
    """Have the schedule fire for that moment, or not at all."""
    await cancel(ctx, schedule)
    if moment is None or schedule.state != ENABLED:
        return
    payload = {"group": schedule.group, "name": schedule.name, "moment": moment}
    delay = window_seconds(schedule) * ctx.ids.random.random()
    await ctx.schedule("fire", payload, at=max(moment + delay, ctx.now()), key=_key(schedule))


def window_seconds(schedule: Schedule) -> float:
    """How long after its moment the target may be invoked."""
    return 60.0 * schedule.window.get("MaximumWindowInMinutes", 0)


async def cancel(ctx: Context, schedule: Schedule) -> None:
    await ctx.unschedule("fire", _key(schedule))


def _key(schedule: Schedule) -> str:
    return f"{schedule.group}/{schedule.name}"
