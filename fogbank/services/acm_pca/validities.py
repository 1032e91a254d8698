"""When a certificate begins and ends. Pure: times are aware datetimes in UTC.

https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

Validity = dict[str, Any]


def end(validity: Validity, start: datetime) -> datetime:
    """The end that a validity means, which is reckoned from `start`. Raises ValueError."""
    kind, value = validity["Type"], validity["Value"]
    try:
        if kind == "DAYS":
            return start + timedelta(days=value)
        if kind == "MONTHS":
            return _months_later(start, value)
        if kind == "YEARS":
            return _months_later(start, value * 12)
        return moment(validity)
    except OverflowError:
        raise ValueError("it is too far in the future.") from None


def moment(validity: Validity) -> datetime:
    """The moment of a validity that is one: ABSOLUTE (epoch seconds) or END_DATE (YYYYMMDDHHMMSS or YYMMDDHHMMSS). Raises ValueError."""
    kind, value = validity["Type"], validity["Value"]
    try:
        if kind == "ABSOLUTE":
            return datetime.fromtimestamp(value, UTC)
        if kind == "END_DATE":
            return _date(f"{value:012d}")
    except (OverflowError, OSError):
        raise ValueError("it is too far in the future.") from None
    raise ValueError(f"{kind} is a span of time, not a moment.")


def _date(digits: str) -> datetime:
    if len(digits) == 12:  # UTCTime: years from 50 on belong to the last century
        digits = ("19" if int(digits[:2]) >= 50 else "20") + digits
    if len(digits) != 14:
        raise ValueError("an end date has the form YYYYMMDDHHMMSS.")
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _months_later(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > 9999:
        raise ValueError("it is too far in the future.")
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)
