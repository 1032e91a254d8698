"""Timestamps as Ion has them, with a precision: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-date.html"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import total_ordering
from typing import NamedTuple

from fogbank.services.s3.select import errors

# In the order of growing precision; the last two are parts of the offset.
PRECISIONS = ("year", "month", "day", "hour", "minute", "second")
PARTS = (*PRECISIONS, "timezone_hour", "timezone_minute")

_ISO = re.compile(
    r"(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T?|T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)))?", re.ASCII
)


@total_ordering
class Timestamp(NamedTuple):
    """A moment, known to `precision`. Moments compare, whatever is known of them."""

    moment: datetime
    precision: str = "second"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.moment == other.moment

    def __lt__(self, other: tuple[object, ...]) -> bool:
        return isinstance(other, Timestamp) and self.moment < other.moment

    def __hash__(self) -> int:
        return hash(self.moment)

    def __str__(self) -> str:
        """ISO 8601 with as much as is known."""
        date = self.moment.strftime("%Y-%m-%d") if self.moment.year > 999 else self.moment.isoformat()[:10]
        if self.precision in ("year", "month", "day"):
            return {"year": f"{date[:4]}T", "month": f"{date[:7]}T", "day": f"{date}T"}[self.precision]
        time = self.moment.strftime("%H:%M" if self.precision != "second" else "%H:%M:%S")
        fraction = f".{self.moment.microsecond:06}".rstrip("0") if self.moment.microsecond else ""
        return f"{date}T{time}{fraction}{_offset(self.moment, ':') or 'Z'}"


def parse(text: str) -> Timestamp | None:
    """A timestamp in ISO 8601, cut off after any part; None for what is none."""
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    given = (year, month, day, hour, minute, second)
    precision = PRECISIONS[sum(part is not None for part in given) - 1]
    microseconds = round(float(fraction) * 1e6) % 1_000_000 if fraction else 0
    try:
        moment = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), microseconds,
            tzinfo=_zone(offset),
        )  # fmt: skip
    except ValueError:
        return None
    return Timestamp(moment, precision)


def _zone(offset: str | None) -> timezone:
    if offset in (None, "Z", ""):
        return UTC
    assert offset is not None
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def add(part: str, quantity: int, stamp: Timestamp) -> Timestamp:
    """DATE_ADD: the result is as precise as it has to be."""
    precision = max(stamp.precision, part, key=PRECISIONS.index)
    try:
        if part in ("year", "month"):
            return Timestamp(_add_months(stamp.moment, quantity * (12 if part == "year" else 1)), precision)
        return Timestamp(stamp.moment + timedelta(**{f"{part}s": quantity}), precision)
    except (ValueError, OverflowError):
        raise errors.refusal("IllegalSqlFunctionArgument") from None


def _add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def difference(part: str, first: Timestamp, second: Timestamp) -> int:
    """DATE_DIFF: how many whole parts lie between the two; negative when the first is later."""
    if first.moment > second.moment:
        return -difference(part, second, first)
    if part in ("year", "month"):
        months = (second.moment.year - first.moment.year) * 12 + second.moment.month - first.moment.month
        months -= _add_months(first.moment, months) > second.moment
        return months // 12 if part == "year" else months
    return (second.moment - first.moment) // timedelta(**{f"{part}s": 1})


def extract(part: str, stamp: Timestamp) -> int:
    if not part.startswith("timezone"):
        return int(getattr(stamp.moment, part))
    minutes = int((stamp.moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign = -1 if minutes < 0 else 1
    return sign * (abs(minutes) // 60 if part == "timezone_hour" else abs(minutes) % 60)


# -- TO_STRING

_SYMBOL = re.compile(r"y{1,4}|M{1,5}|d{1,2}|a|h{1,2}|H{1,2}|m{1,2}|s{1,2}|S{1,9}|n|X{1,5}|x{1,5}")


def pattern(text: str) -> Callable[[Timestamp], str]:
    """What writes timestamps by a format pattern. Raises the codes that begin with Evaluator."""
    writers: list[Callable[[datetime], str]] = []
    at = 0
    while at < len(text):
        if text[at] == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise errors.refusal("EvaluatorUnterminatedTimestampFormatPatternToken")
            writers.append(_constant(text[at + 1 : end] or "'"))
            at = end + 1
        elif text[at].isascii() and text[at].isalpha():
            at = _add_symbol(text, at, writers)
        else:
            writers.append(_constant(text[at]))
            at += 1
    return lambda stamp: "".join(write(stamp.moment) for write in writers)


def _constant(text: str) -> Callable[[datetime], str]:
    return lambda moment: text


def _add_symbol(text: str, at: int, writers: list[Callable[[datetime], str]]) -> int:
    found = _SYMBOL.match(text, at)
    if found is None or (found[0] == "yyy"):
        raise errors.refusal("EvaluatorInvalidTimestampFormatPatternSymbol", f"Symbol: {text[at]}")
    end = found.end()
    if end < len(text) and text[end] == text[at]:
        raise errors.refusal("EvaluatorInvalidTimestampFormatPattern", f"Pattern: {text}")
    writers.append(_writer(found[0]))
    return end


def _writer(symbol: str) -> Callable[[datetime], str]:
    if symbol in _WRITERS:
        return _WRITERS[symbol]
    length = len(symbol)
    if symbol[0] == "S":
        return lambda moment: f"{moment.microsecond:06}000"[:length]
    colon = ":" if length in (3, 5) else ""
    zero = "Z" if symbol[0] == "X" else ""

    def offset(moment: datetime) -> str:
        written = _offset(moment, colon)
        if not written:
            return zero or ("+00" if length == 1 else f"+00{colon}00")
        return written[:3] if length == 1 else written

    return offset


def _offset(moment: datetime, colon: str) -> str:
    """`+07:00`; empty for UTC."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}" if minutes else ""


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "yy": lambda moment: f"{moment.year % 100:02}",
    "y": lambda moment: str(moment.year),
    "yyyy": lambda moment: f"{moment.year:04}",
    "M": lambda moment: str(moment.month),
    "MM": lambda moment: f"{moment.month:02}",
    "MMM": lambda moment: calendar.month_abbr[moment.month],
    "MMMM": lambda moment: calendar.month_name[moment.month],
    "MMMMM": lambda moment: calendar.month_name[moment.month][0],
    "d": lambda moment: str(moment.day),
    "dd": lambda moment: f"{moment.day:02}",
    "a": lambda moment: "AM" if moment.hour < 12 else "PM",
    "h": lambda moment: str(moment.hour % 12 or 12),
    "hh": lambda moment: f"{moment.hour % 12 or 12:02}",
    "H": lambda moment: str(moment.hour),
    "HH": lambda moment: f"{moment.hour:02}",
    "m": lambda moment: str(moment.minute),
    "mm": lambda moment: f"{moment.minute:02}",
    "s": lambda moment: str(moment.second),
    "ss": lambda moment: f"{moment.second:02}",
    "n": lambda moment: str(moment.microsecond * 1000),
}
