"""The values of a query's fields: texts, numbers, booleans, moments, maps and lists. How they compare, sort and show. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import orjson

Value = Any
"""str, int, float, bool, Moment, dict, list; None for what is not there."""

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_CHUNK = re.compile(r"\d+|\D+")
_DECIMALS = 4


class Moment(int):
    """Milliseconds since 1970 that are shown as a date. What is calculated with it is a number."""

    __slots__ = ()

    def __str__(self) -> str:
        return date(self)


def date(ms: int) -> str:
    """`2026-11-21 10:15:30.123`, in UTC; the number itself where there is no such date."""
    try:
        moment = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return repr(int(ms))
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ms % 1000:03}"


def number(value: Value) -> int | float | None:
    """The number that a value is, or that its text says; None when there is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return int(value)
    except ValueError:
        found = float(value)
        return found if math.isfinite(found) else None


def text(value: Value) -> str | None:
    """A value as results show it; None when there is nothing to show."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Moment):
        return str(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return _decimal(value)
    return repr(value) if isinstance(value, int) else json_text(value)


def json_text(value: Value) -> str | None:
    """A value as JSON; None for what is nested too deeply."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return None


def _decimal(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    if value and abs(value) < 10**-_DECIMALS:
        return repr(value)
    rounded = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def is_true(value: Value) -> bool:
    """Texts are not true: a condition has to be one."""
    return not isinstance(value, str) and bool(value)


def equal(left: Value, right: Value) -> bool:
    """Two texts are compared as they are, a text and a number as numbers. What is not there equals nothing."""
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, bool) and isinstance(right, str):
        return right.lower() in (("true", "1") if left else ("false", "0"))
    if isinstance(right, bool) and isinstance(left, str):
        return equal(right, left)
    first, second = number(left), number(right)
    if first is None or second is None:
        return text(left) == text(right)
    return first == second


def order(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; None where one of them is not there. Numbers are compared as such, also in texts."""
    if left is None or right is None:
        return None
    first: Any = number(left)
    second: Any = number(right)
    if first is None or second is None:
        first, second = text(left) or "", text(right) or ""
    return (first > second) - (first < second)


Key = tuple[int, Any]


def sort_key(value: Value) -> Key:
    """Natural order: what is not there, then texts, their digits as numbers, then numbers.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html
    """
    if value is None:
        return 0, 0
    found = number(value)
    if found is not None:
        return 2, found
    chunks = _CHUNK.findall(text(value) or "")
    return 1, tuple((1, len(chunk), chunk) if chunk[0] in "0123456789" else (2, 0, chunk) for chunk in chunks)
