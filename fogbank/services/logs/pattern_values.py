"""What filter patterns compare with: words with `*`, numbers, regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable

Test = Callable[[str], bool]

_REGEX = re.compile(r"[A-Za-z0-9\s:_#=@/;,\-^$?\[\]{}|\\*+.]+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


class InvalidPattern(ValueError):
    """A pattern that CloudWatch Logs would not take."""


def number(text: str) -> float | None:
    """The number that a text is; None when it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def regex(source: str) -> re.Pattern[str]:
    """The expression between two `%`. Raises InvalidPattern for what is not supported: groups, other symbols."""
    if not _REGEX.fullmatch(source):
        raise InvalidPattern(f"Unsupported regular expression: {source}")
    try:
        return re.compile(source)
    except re.error as error:
        raise InvalidPattern(f"Unsupported regular expression: {error}") from None


def wild(text: str) -> Test:
    """Is it this text, in which `*` stands for any characters?"""
    if "*" not in text:
        return lambda value: value == text
    pieces = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    return lambda value: pieces.fullmatch(value) is not None


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def comparison(operator: str, literal: str, quoted: bool) -> Test:
    """The test `<operator> <literal>`. Raises InvalidPattern."""
    wanted = None if quoted else number(literal)
    if operator in _ORDER:
        if wanted is None:
            raise InvalidPattern(f"{operator} needs a number")
        return _ordered(_ORDER[operator], wanted)
    test = _equality(literal, quoted, wanted)
    return test if operator == "=" else lambda value: not test(value)


def _ordered(fits: Callable[[float, float], bool], limit: float) -> Test:
    def test(value: str) -> bool:
        found = number(value)
        return found is not None and fits(found, limit)

    return test


def _equality(literal: str, quoted: bool, wanted: float | None) -> Test:
    if not quoted and len(literal) > 2 and literal[0] == literal[-1] == "%":
        expression = regex(literal[1:-1])
        return lambda value: expression.search(value) is not None
    if wanted is not None:
        return lambda value: value == literal or number(value) == wanted
    return wild(literal)
