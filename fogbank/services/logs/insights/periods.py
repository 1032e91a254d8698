"""Periods of time as queries write them (`5m`, `1hour`, `2 weeks`), and the grid that each of them lays over time. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

_UNITS: dict[str, tuple[str, ...]] = {
    "ms": ("ms", "msec", "millisecond"),
    "s": ("s", "sec", "second"),
    "m": ("m", "min", "minute"),
    "h": ("h", "hr", "hour"),
    "d": ("d", "day"),
    "w": ("w", "week"),
    "mo": ("mo", "mon", "month"),
    "q": ("q", "qtr", "quarter"),
    "y": ("y", "yr", "year"),
}
_NAMES = {name: unit for unit, names in _UNITS.items() for name in names}
_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
# 1970 began on a Thursday; weeks begin on Mondays
_FIRST_MONDAY = 4 * 86_400_000


class Period(NamedTuple):
    amount: int
    unit: str

    @property
    def ms(self) -> int:
        """Its length; months have 30 days, years 365."""
        if self.unit in _MS:
            return self.amount * _MS[self.unit]
        return self.amount * {"mo": 30, "q": 91, "y": 365}[self.unit] * 86_400_000


def unit_named(name: str) -> str | None:
    """The unit of that name or of its plural (`hrs`, but not `ss`); None when there is none."""
    if name in _NAMES:
        return _NAMES[name]
    return _NAMES.get(name[:-1]) if len(name) > 2 and name.endswith("s") else None


def floor(ms: int, period: Period) -> int:
    """The beginning of the period that a moment (ms) is in."""
    if period.unit in _MONTHS:
        return _floor_months(ms, period.amount * _MONTHS[period.unit])
    origin = _FIRST_MONDAY if period.unit == "w" else 0
    return (ms - origin) // period.ms * period.ms + origin


def ceil(ms: int, period: Period) -> int:
    """The end of the period that a moment is in; the moment itself where a period begins."""
    start = floor(ms, period)
    if start == ms:
        return ms
    if period.unit in _MONTHS:
        return _month(_months(start) + period.amount * _MONTHS[period.unit])
    return start + period.ms


def _floor_months(ms: int, length: int) -> int:
    return _month(_months(ms) // length * length)


def _months(ms: int) -> int:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.year * 12 + moment.month - 1


def _month(months: int) -> int:
    return int(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)
