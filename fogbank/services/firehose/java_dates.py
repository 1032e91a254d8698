"""Dates in the patterns of Java's DateTimeFormatter, which prefixes are written in. Pure.

https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")


class BadPattern(ValueError):
    """It is no pattern of Java's."""


def _number(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, width: str(value(moment)).zfill(width)


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02}" if width == 2 else str(moment.year).zfill(width)


def _week_year(moment: datetime, width: int) -> str:
    year = moment.isocalendar().year
    return f"{year % 100:02}" if width == 2 else str(year).zfill(width)


def _named(number: Callable[[datetime], int], short: str, long: str) -> Callable[[datetime, int], str]:
    def text(moment: datetime, width: int) -> str:
        if width <= 2:
            return str(number(moment)).zfill(width)
        name = moment.strftime(long)
        return moment.strftime(short) if width == 3 else name[0] if width == 5 else name

    return text


def _weekday(moment: datetime, width: int) -> str:
    name = moment.strftime("%A")
    return name[0] if width == 5 else name if width == 4 else moment.strftime("%a")


def _offset(moment: datetime, width: int) -> str:
    """`+0900`; from five letters on with a colon, and Z for none."""
    text = moment.strftime("%z")
    if width < 4:
        return text
    colon = f"{text[:3]}:{text[3:]}"
    return f"GMT{'' if colon == '+00:00' else colon}" if width == 4 else "Z" if colon == "+00:00" else colon


def _iso_offset(moment: datetime, width: int) -> str:
    text = moment.strftime("%z")
    if text == "+0000":
        return "Z"
    if width == 1:
        return text[:3] if text[3:] == "00" else text
    return text if width in (2, 4) else f"{text[:3]}:{text[3:]}"


_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "u": _year,
    "Y": _week_year,
    "M": _named(lambda moment: moment.month, "%b", "%B"),
    "L": _named(lambda moment: moment.month, "%b", "%B"),
    "Q": _number(lambda moment: (moment.month + 2) // 3),
    "w": _number(lambda moment: moment.isocalendar().week),
    "W": _number(lambda moment: (moment.day - 1 + moment.replace(day=1).weekday()) // 7 + 1),
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "d": _number(lambda moment: moment.day),
    "E": _weekday,
    "e": _number(lambda moment: moment.isoweekday() % 7 + 1),
    "a": lambda moment, _: moment.strftime("%p"),
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "K": _number(lambda moment: moment.hour % 12),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": lambda moment, width: f"{moment.microsecond:06}".ljust(9, "0")[:width],
    "n": _number(lambda moment: moment.microsecond * 1000),
    "G": lambda _, width: "Anno Domini" if width == 4 else "A" if width == 5 else "AD",
    "V": lambda moment, _: str(moment.tzinfo),
    "z": lambda moment, _: moment.tzname() or "",
    "Z": _offset,
    "X": _iso_offset,
}


def formatted(pattern: str, moment: datetime) -> str:
    """The moment (in its own zone) as the pattern has it. Raises BadPattern."""
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if found is None:
            raise BadPattern(f"Pattern ends with an incomplete string literal: {pattern}")
        parts.append(_token(found, moment))
        place = found.end()
    return "".join(parts)


def _token(found: re.Match[str], moment: datetime) -> str:
    quoted, letter = found.group(1), found.group(2)
    if quoted is not None:
        return quoted.replace("''", "'") or "'"
    if letter is None:
        return found.group()
    write = _LETTERS.get(letter)
    if write is None:
        raise BadPattern(f"Unknown pattern letter: {letter}")
    return write(moment, len(found.group()))
