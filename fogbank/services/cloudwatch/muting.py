"""Mute rules as they are stored, and what they hold back.

mute_rules   (name)
held_back    (alarm)         the change of an alarm whose actions were muted

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, Record, schedules
from fogbank.kernel.schedules import InvalidSchedule, Schedule
from fogbank.services.cloudwatch.alarm_records import Alarm, alarms, record
from fogbank.services.cloudwatch.service import service

SCHEDULED, ACTIVE, EXPIRED = "SCHEDULED", "ACTIVE", "EXPIRED"

_LEAST, _MOST = 60, 15 * 86_400
_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_WEEKDAY = re.compile(r"\b[0-7]\b")


class MuteRule(Record, frozen=True):
    """`schedule` is what was put: Expression, Duration, Timezone. Times are epoch seconds."""

    name: str
    schedule: dict[str, str]
    updated: float
    description: str = ""
    alarms: tuple[str, ...] = ()
    start: float | None = None
    expire: float | None = None
    tags: dict[str, str] = {}


class Held(Record, frozen=True):
    """The alarm before the first of the changes that were held back, and after the last one."""

    before: Alarm
    after: Alarm


rules = service.collection("mute_rules", MuteRule)
held_back = service.collection("held_back", Held)


# -- windows


def schedule_of(given: dict[str, str]) -> Schedule:
    """Raises InvalidSchedule. Cron expressions of mute rules have five fields, as cron has them, and any day may be given twice."""
    expression, zone = given["Expression"], given.get("Timezone") or "UTC"
    once = re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)", expression)
    if once is not None:
        return schedules.parse(f"at({once[1]}:00)", frozenset({"at"}), zone)
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    if not expression.startswith("cron(") or not expression.endswith(")") or len(fields) != 5:
        raise InvalidSchedule(
            f"{expression!r} is neither cron(minutes hours day month weekday) nor at(yyyy-MM-ddThh:mm)."
        )
    minutes, hours, day, month, weekday = fields
    if weekday == "*":
        return schedules.parse(f"cron({minutes} {hours} {day} {month} ? *)", zone=zone)
    if day != "*":
        raise InvalidSchedule("Only one of day-of-month and day-of-week can be given.")
    counted = _WEEKDAY.sub(lambda match: str(int(match[0]) % 7 + 1), weekday)
    return schedules.parse(f"cron({minutes} {hours} ? {month} {counted} *)", zone=zone)


def duration_of(text: str) -> int:
    """Seconds. Raises InvalidSchedule."""
    match = _DURATION.fullmatch(text)
    parts = [int(part or 0) for part in match.groups()] if match is not None else []
    seconds = sum(part * unit for part, unit in zip(parts, (86_400, 3600, 60, 1), strict=True)) if parts else 0
    if not _LEAST <= seconds <= _MOST:
        raise InvalidSchedule(f"The duration {text} is not between PT1M and P15D.")
    return seconds


def window(rule: MuteRule, now: float) -> float | None:
    """When the window ends that is open now; None when none is."""
    if (rule.start is not None and now < rule.start) or (rule.expire is not None and now >= rule.expire):
        return None
    duration = duration_of(rule.schedule["Duration"])
    begins = schedule_of(rule.schedule).after(now - duration)
    if begins is None or begins > now:
        return None
    return min(begins + duration, rule.expire or float("inf"))


def is_once(rule: MuteRule) -> bool:
    return rule.schedule["Expression"].startswith("at(")


def status(rule: MuteRule, now: float) -> str:
    if rule.expire is not None and now >= rule.expire:
        return EXPIRED
    if window(rule, now) is not None:
        return ACTIVE
    return EXPIRED if schedule_of(rule.schedule).after(now) is None else SCHEDULED


# -- what they hold back


async def _muted_until(ctx: Context, name: str) -> float | None:
    ends = [window(rule, ctx.now()) for rule in await rules.scan(ctx) if name in rule.alarms]
    return max((end for end in ends if end is not None), default=None)


async def holds_back(ctx: Context, before: Alarm, after: Alarm) -> bool:
    """Is the alarm muted? If so, what it would do waits for the end of the window."""
    until = await _muted_until(ctx, after.name)
    if until is None:
        return False
    waiting = await held_back.get(ctx, after.name)
    held_back.put(ctx, Held(before if waiting is None else waiting.before, after), after.name)
    await ctx.schedule("unmute", {"name": after.name}, at=until, key=after.name)
    record(ctx, after, "Action", "Actions are muted by an alarm mute rule", {"actionState": "Muted"})
    return True


async def released(ctx: Context, name: str) -> Held | None:
    """What was held back and can go now, with the alarm as it is; None while a window is open, or when there is nothing."""
    held, alarm, until = await held_back.get(ctx, name), await alarms.get(ctx, name), await _muted_until(ctx, name)
    if held is None:
        return None
    if until is not None and alarm is not None:
        await ctx.schedule("unmute", {"name": name}, at=until, key=name)
        return None
    held_back.delete(ctx, name)
    return None if alarm is None else Held(held.before, alarm)


async def look_again(ctx: Context, names: Any) -> None:
    """A rule has changed or is gone, which was for these alarms."""
    for name in names:
        if await held_back.get(ctx, name) is not None:
            await ctx.schedule("unmute", {"name": name}, key=name)
