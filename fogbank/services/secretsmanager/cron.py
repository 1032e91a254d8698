"""AWS's cron expressions as Secrets Manager takes them: on the hour, on days by date or by weekday, in every year. Pure.

Six fields: minutes (0), hours, day of month, month, day of week, year (*). Of the two day fields one is `?`. `L` is the last day of the
month, `3W` the weekday nearest to the 3rd, `6L` the last Friday, `6#2` the second Friday; weekdays count from SUN = 1.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html#rotate-secrets_schedule-cron
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6} | {
    "JUL": 7,
    "AUG": 8,
    "SEP": 9,
    "OCT": 10,
    "NOV": 11,
    "DEC": 12,
}
_NTH = re.compile(r"(\w+)#([1-5])")
_LAST = re.compile(r"(\w+)L")
_NEAREST = re.compile(r"(\d+)W")
_FARTHEST_DAYS = 366 * 28
"""A date that comes at all comes within the cycle of weekdays and leap years."""

_DayTest = Callable[[date], bool]


class Cron:
    """An expression (what is in the parentheses). `hours` are those of the days that it is about. Raises ValueError."""

    def __init__(self, expression: str) -> None:
        fields = expression.upper().split()
        if len(fields) != 6:
            raise ValueError("a cron expression has six fields.")
        minutes, hours, day, month, weekday, year = fields
        if minutes != "0":
            raise ValueError("the minutes of a cron expression must be 0.")
        if year != "*":
            raise ValueError("the year of a cron expression must be *.")
        if (day == "?") == (weekday == "?"):
            raise ValueError("one of day-of-month and day-of-week must be ?, the other one must not.")
        self.hours = _numbers(hours, 0, 23)
        self._months = _numbers(month, 1, 12, _MONTHS)
        self._day_fits = _by_date(day) if weekday == "?" else _by_weekday(weekday)

    def after(self, moment: datetime) -> datetime:
        """The first time after the moment, in its time zone. Raises ValueError when there is none (the 30th of February)."""
        day = moment.date()
        for _ in range(_FARTHEST_DAYS):
            if day.month in self._months and self._day_fits(day):
                for hour in sorted(self.hours):
                    found = datetime(day.year, day.month, day.day, hour, tzinfo=moment.tzinfo)
                    if found > moment:
                        return found
            day += timedelta(days=1)
        raise ValueError("the cron expression is about no day that there is.")


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers that a field stands for: `*`, `3`, `1-5`, `2/4`, and lists of these."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, last = _span(span, low, high, names or {}, open_ended=bool(slash))
        found.update(range(first, last + 1, _number(step, 1, high, {}) if slash else 1))
    return frozenset(found)


def _span(span: str, low: int, high: int, names: dict[str, int], open_ended: bool) -> tuple[int, int]:
    if span == "*":
        return low, high
    first, dash, last = span.partition("-")
    start = _number(first, low, high, names)
    if dash:
        return start, _number(last, start, high, names)
    return start, high if open_ended else start


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text)
    if value is None:
        value = int(text) if text.isdecimal() else -1
    if not low <= value <= high:
        raise ValueError(f"{text!r} is not between {low} and {high}.")
    return value


def _by_date(field: str) -> _DayTest:
    if field == "L":
        return lambda day: day.day == _last_day(day)
    if nearest := _NEAREST.fullmatch(field):
        wanted = _number(nearest[1], 1, 31, {})
        return lambda day: day == _nearest_weekday(day, wanted)
    days = _numbers(field, 1, 31)
    return lambda day: day.day in days


def _by_weekday(field: str) -> _DayTest:
    if nth := _NTH.fullmatch(field):
        weekday, which = _number(nth[1], 1, 7, _WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == which
    if last := _LAST.fullmatch(field):
        weekday = _number(last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day > _last_day(day) - 7
    weekdays = _numbers(field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in weekdays


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date | None:
    """The Monday to Friday of the day's month that is nearest to the date; None when the month has no such date."""
    if wanted > _last_day(day):
        return None
    target = day.replace(day=wanted)
    shift = {6: -1, 7: 1}.get(target.isoweekday(), 0)
    moved = target + timedelta(days=shift)
    return moved if moved.month == day.month else target - timedelta(days=2 * shift)
