"""AWS's schedule expressions: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)`, `at(2030-01-01T00:00:00)`. Pure.

    schedules.parse("cron(0 9 ? * MON-FRI *)", zone="Europe/Berlin").after(moment)

A cron expression has six fields: minutes, hours, day of month, month, day of week, year. Of the two day fields one is `?`. `L` is the last
day of the month (of the week: Saturday), `3W` the weekday nearest to the 3rd, `LW` the last weekday, `6L` the last Friday, `6#2` the
second Friday; weekdays count from SUN = 1. Libraries for cron know none of `W`, years and AWS's weekdays together.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EXPRESSION = re.compile(r"(rate|cron|at)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"([1-9]\d*) (minute|hour|day)(s?)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_NTH = re.compile(r"(\w+)#([1-5])")
_LAST = re.compile(r"(\w+)L")
_NEAREST = re.compile(r"(\d+)W")

_DayTest = Callable[[date], bool]
_ALL = frozenset({"rate", "cron", "at"})


class InvalidSchedule(ValueError):
    """It is no schedule expression; the text says why."""


class Schedule(ABC):
    """When something happens. Moments are epoch seconds (UTC)."""

    @abstractmethod
    def after(self, moment: float, since: float = 0) -> float | None:
        """The first time after `moment`, None when there is none. `since` is when the schedule began, from which a rate counts."""


@lru_cache(maxsize=4096)
def parse(expression: str, kinds: frozenset[str] = _ALL, zone: str = "UTC") -> Schedule:
    """The schedule that an expression stands for; `kinds` are those that are allowed. Raises InvalidSchedule.

    The clock of a cron expression and of a single moment is that of `zone` (`Europe/Berlin`).
    """
    found = _EXPRESSION.fullmatch(expression)
    if found is None or found[1] not in kinds:
        raise InvalidSchedule(f"{expression!r} is no expression of the kind {', '.join(sorted(kinds))}.")
    if found[1] == "rate":
        return Rate(found[2])
    return Cron(found[2], _zone(zone)) if found[1] == "cron" else Once(found[2], _zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidSchedule(f"{name!r} is no time zone.") from None


class Rate(Schedule):
    """Every so many seconds. The unit agrees with its number: `1 minute`, `2 minutes`."""

    def __init__(self, text: str) -> None:
        found = _RATE.fullmatch(text)
        if found is None or (int(found[1]) > 1) != bool(found[3]):
            raise InvalidSchedule(f"{text!r} is no rate.")
        self.seconds = int(found[1]) * _SECONDS[found[2]]

    def after(self, moment: float, since: float = 0) -> float | None:
        periods = max((moment - since) // self.seconds + 1, 1)
        following = since + periods * self.seconds
        return following if following > moment else following + self.seconds  # the division was rounded


class Once(Schedule):
    """At one moment."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        try:
            self.moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp()
        except ValueError:
            raise InvalidSchedule(f"{text!r} is no date and time.") from None

    def after(self, moment: float, since: float = 0) -> float | None:
        return self.moment if self.moment > moment else None


class Cron(Schedule):
    """By the calendar. A time that a change of the clock leaves out does not come; one that it repeats comes once."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        fields = text.upper().split()
        if len(fields) != 6:
            raise InvalidSchedule("A cron expression has six fields.")
        minutes, hours, day, month, weekday, year = fields
        if (day == "?") == (weekday == "?"):
            raise InvalidSchedule("One of day-of-month and day-of-week must be ?, the other one must not.")
        self.zone = zone
        self.minutes = sorted(_numbers(minutes, 0, 59))
        self.hours = sorted(_numbers(hours, 0, 23))
        self.months = _numbers(month, 1, 12, _MONTHS)
        self.years = _numbers(year, _FIRST_YEAR, _LAST_YEAR)
        self.is_its_day = _by_date(day) if weekday == "?" else _by_weekday(weekday)

    def after(self, moment: float, since: float = 0) -> float | None:
        local = datetime.fromtimestamp(moment, self.zone)
        for day in self._days(local.date()):
            first_hour = local.hour if day == local.date() else 0
            for time in self._times(day, first_hour):
                if time > moment:
                    return time
        return None

    def _days(self, day: date) -> Iterator[date]:
        """The days that count, from that day on."""
        while day.year <= _LAST_YEAR:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = day.replace(day=1) + timedelta(days=_days_of(day))
            else:
                if self.is_its_day(day):
                    yield day
                day += timedelta(days=1)

    def _times(self, day: date, first_hour: int) -> Iterator[float]:
        for hour in self.hours:
            if hour >= first_hour:
                for minute in self.minutes:
                    time = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    moment = time.timestamp()
                    if self._is_there(time, moment):
                        yield moment

    def _is_there(self, time: datetime, moment: float) -> bool:
        """Does the clock show that time at all?"""
        return self.zone.key == "UTC" or datetime.fromtimestamp(moment, self.zone).hour == time.hour


# -- the fields of a cron expression


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers that a field stands for: `*`, `3`, `1-5`, `2/4`, `1-30/5`, and lists of these."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, last = _span(span, low, high, names or {}, open_ended=bool(slash))
        every = _number(step, 1, high, {}) if slash else 1
        if last < first:  # over the end: FRI-MON
            last += high - low + 1
        found.update((number - low) % (high - low + 1) + low for number in range(first, last + 1, every))
    return frozenset(found)


def _span(span: str, low: int, high: int, names: dict[str, int], open_ended: bool) -> tuple[int, int]:
    if span == "*":
        return low, high
    first, dash, last = span.partition("-")
    start = _number(first, low, high, names)
    if dash:
        return start, _number(last, low, high, names)
    return start, high if open_ended else start


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text)
    if value is None:
        value = int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else -1
    if not low <= value <= high:
        raise InvalidSchedule(f"{text!r} is not between {low} and {high}.")
    return value


def _by_date(field: str) -> _DayTest:
    if field == "L":
        return lambda day: day.day == _days_of(day)
    if field == "LW":
        return lambda day: day == _nearest_weekday(day, _days_of(day))
    if nearest := _NEAREST.fullmatch(field):
        wanted = _number(nearest[1], 1, 31, {})
        return lambda day: day == _nearest_weekday(day, wanted)
    days = _numbers(field, 1, 31)
    return lambda day: day.day in days


def _by_weekday(field: str) -> _DayTest:
    if field == "L":
        return lambda day: _weekday(day) == _WEEKDAYS["SAT"]
    if nth := _NTH.fullmatch(field):
        weekday, which = _number(nth[1], 1, 7, _WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == which
    if last := _LAST.fullmatch(field):
        weekday = _number(last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day > _days_of(day) - 7
    weekdays = _numbers(field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in weekdays


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _days_of(day: date) -> int:
    """How many days the day's month has."""
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date | None:
    """The Monday to Friday of the day's month that is nearest to the date; None when the month has no such date."""
    if wanted > _days_of(day):
        return None
    target = day.replace(day=wanted)
    shift = {6: -1, 7: 1}.get(target.isoweekday(), 0)
    moved = target + timedelta(days=shift)
    return moved if moved.month == day.month else target - timedelta(days=2 * shift)
