"""When a secret is rotated next. Pure: rules and a moment go in, the window of the next rotation comes out.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html. All times are epoch seconds, all days
those of UTC. A window is [start, end); a rotation takes place when it opens. Cron expressions are on the hour and for every year:
their minutes are 0, their year is *.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from fogbank.kernel.schedules import Cron
from fogbank.services.secretsmanager import limits

_UTC = ZoneInfo("UTC")
_DAY = 86_400
_HOUR = 3_600
_RATE = re.compile(r"rate\(\s*(\d+)\s+(hours?|days?)\s*\)")
_CRON = re.compile(r"cron\((.*)\)")
_DURATION = re.compile(r"(\d+)h")


class Window(NamedTuple):
    start: float
    end: float


class _Starts(Protocol):
    """When windows open, and whether that is several times a day."""

    hourly: bool

    def after(self, moment: float) -> float: ...


class Days:
    """Every so many days, at midnight."""

    hourly = False

    def __init__(self, days: int) -> None:
        self.days = days

    def after(self, moment: float) -> float:
        return moment // _DAY * _DAY + self.days * _DAY


class Hours:
    """Every so many hours, counted from midnight."""

    hourly = True

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def after(self, moment: float) -> float:
        midnight, step = moment // _DAY * _DAY, self.hours * _HOUR
        return midnight + ((moment - midnight) // step + 1) * step


class Calendar:
    """By a cron expression."""

    def __init__(self, cron: Cron) -> None:
        self.cron = cron
        self.hourly = len(cron.hours) > 1

    def after(self, moment: float) -> float:
        found = self.cron.after(moment)
        if found is None:
            raise ValueError("the cron expression is about no day that there is.")
        return found


class Schedule(NamedTuple):
    """When windows open, and how many hours they stay open (None: an hour, or to the end of the day)."""

    starts: _Starts
    hours: int | None

    def next(self, moment: float) -> Window:
        """The first window that opens after the moment."""
        start = self.starts.after(moment)
        if self.hours is not None:
            return Window(start, start + self.hours * _HOUR)
        return Window(start, start + _HOUR if self.starts.hourly else start // _DAY * _DAY + _DAY)


def parse(rules: dict[str, Any]) -> Schedule:
    """The schedule that RotationRules describe. Raises ValueError with the reason."""
    days = rules.get("AutomaticallyAfterDays")
    starts = Days(days) if days is not None else _starts(rules["ScheduleExpression"])
    schedule = Schedule(starts, _hours(rules.get("Duration")))
    _check_window(schedule)
    return schedule


def _starts(expression: str) -> _Starts:
    if rate := _RATE.fullmatch(expression):
        return _rate(int(rate[1]), rate[2])
    if cron := _CRON.fullmatch(expression):
        return _calendar(cron[1])
    raise ValueError("the schedule must be a rate() or cron() expression.")


def _rate(number: int, unit: str) -> _Starts:
    if unit.startswith("hour"):
        if number < limits.ROTATION_HOURS:
            raise ValueError(f"a rate must be at least {limits.ROTATION_HOURS} hours.")
        return Hours(number)
    if not 1 <= number <= limits.ROTATION_DAYS:
        raise ValueError(f"a rate must be between 1 and {limits.ROTATION_DAYS} days.")
    return Days(number)


def _calendar(text: str) -> Calendar:
    calendar = Calendar(Cron(text, _UTC))
    minutes, *_, year = text.split()
    if minutes != "0":
        raise ValueError("the minutes of a cron expression must be 0.")
    if year != "*":
        raise ValueError("the year of a cron expression must be *.")
    _check_gaps(calendar.cron.hours)
    return calendar


def _check_gaps(hours: Sequence[int]) -> None:
    """`hours` are those of a day, in order."""
    following = [*hours[1:], hours[0] + 24]
    if any(later - earlier < limits.ROTATION_HOURS for earlier, later in zip(hours, following, strict=True)):
        raise ValueError(f"rotations must be at least {limits.ROTATION_HOURS} hours apart.")


def _hours(duration: str | None) -> int | None:
    if duration is None:
        return None
    found = _DURATION.fullmatch(duration)
    if found is None or not 1 <= int(found[1]) <= 24:
        raise ValueError("the duration must be between 1h and 24h.")
    return int(found[1])


def _check_window(schedule: Schedule) -> None:
    """A window must not extend into the next day, nor into the next window."""
    first = schedule.next(0)
    if first.end > first.start // _DAY * _DAY + _DAY:
        raise ValueError("the rotation window must not extend into the next UTC day.")
    if first.end > schedule.starts.after(first.start):
        raise ValueError("the rotation window must not extend into the next rotation window.")
