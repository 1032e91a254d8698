"""The functions of S3 Select: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-sql-functions.html

Scalars take their arguments as values; `word` is the keyword that some have (a date part, what TRIM trims). Aggregates take one value
after another and give a result at the end; they pass over NULL and MISSING.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from fogbank.services.s3.select import errors, timestamps
from fogbank.services.s3.select.timestamps import Timestamp
from fogbank.services.s3.select.values import calculate, compare, is_absent, numeric


class Function(NamedTuple):
    """`least` and `most` arguments; an absent argument makes the result NULL, unless the function is `open` to those."""

    call: Callable[..., Any]
    least: int
    most: int
    open: bool = False


def function(name: str, count: int) -> Function:
    """Raises UnsupportedFunction and EvaluatorInvalidArguments."""
    found = _FUNCTIONS.get(name)
    if found is None:
        raise errors.refusal("UnsupportedFunction", f"Function: {name}")
    if not found.least <= count <= found.most:
        raise errors.refusal("EvaluatorInvalidArguments", f"Function: {name}")
    return found


# -- conditional


def _coalesce(word: str, *values: Any) -> Any:
    return next((value for value in values if not is_absent(value)), None)


def _nullif(word: str, first: Any, second: Any) -> Any:
    return None if compare("=", first, second) else first


# -- texts


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise errors.refusal("IncorrectSqlFunctionArgumentType")
    return value


def _substring(word: str, text: Any, start: Any, length: Any = None) -> str:
    """Counted from 1; a smaller start is 1."""
    begin = max(int(numeric(start)), 1) - 1
    if length is None:
        return _text(text)[begin:]
    if numeric(length) < 0:
        raise errors.refusal("IllegalSqlFunctionArgument")
    return _text(text)[begin : begin + int(numeric(length))]


def _trim(side: str, text: Any, characters: Any = " ") -> str:
    strip = {"LEADING": str.lstrip, "TRAILING": str.rstrip, "BOTH": str.strip}[side]
    return strip(_text(text), _text(characters))


# -- dates


def _stamp(value: Any) -> Timestamp:
    """A timestamp, or a text that says one."""
    found = timestamps.parse(value) if isinstance(value, str) else value
    if isinstance(found, Timestamp):
        return found
    raise errors.refusal("ValueParseFailure" if isinstance(value, str) else "IncorrectSqlFunctionArgumentType")


def _date_add(part: str, quantity: Any, stamp: Any) -> Timestamp:
    if part not in timestamps.PRECISIONS:
        raise errors.refusal("ParseExpectedDatePart", f"Part: {part}")
    return timestamps.add(part, int(numeric(quantity)), _stamp(stamp))


def _date_diff(part: str, first: Any, second: Any) -> int:
    if part not in timestamps.PRECISIONS:
        raise errors.refusal("ParseExpectedDatePart", f"Part: {part}")
    return timestamps.difference(part, _stamp(first), _stamp(second))


_pattern = lru_cache(maxsize=64)(timestamps.pattern)

_FUNCTIONS: dict[str, Function] = {
    "COALESCE": Function(_coalesce, 1, 1000, open=True),
    "NULLIF": Function(_nullif, 2, 2, open=True),
    "CHAR_LENGTH": Function(lambda word, text: len(_text(text)), 1, 1),
    "CHARACTER_LENGTH": Function(lambda word, text: len(_text(text)), 1, 1),
    "LOWER": Function(lambda word, text: _text(text).lower(), 1, 1),
    "UPPER": Function(lambda word, text: _text(text).upper(), 1, 1),
    "SUBSTRING": Function(_substring, 2, 3),
    "TRIM": Function(_trim, 1, 2),
    "DATE_ADD": Function(_date_add, 2, 2),
    "DATE_DIFF": Function(_date_diff, 2, 2),
    "EXTRACT": Function(lambda part, stamp: timestamps.extract(part, _stamp(stamp)), 1, 1),
    "TO_STRING": Function(lambda word, stamp, pattern: _pattern(_text(pattern))(_stamp(stamp)), 2, 2),
    "TO_TIMESTAMP": Function(lambda word, text: _stamp(text), 1, 1),
    # UTCNOW is what the clock said when the query began: the compiler puts it in.
}


# -- aggregates


class Count:
    def __init__(self) -> None:
        self.result: Any = 0

    def add(self, value: Any) -> None:
        self.result += 1


class Sum:
    """NULL when there is nothing to add."""

    def __init__(self) -> None:
        self.result: Any = None

    def add(self, value: Any) -> None:
        self.result = numeric(value) if self.result is None else calculate("+", self.result, value)


class Average:
    def __init__(self) -> None:
        self._sum = Sum()
        self._count = 0

    def add(self, value: Any) -> None:
        self._sum.add(value)
        self._count += 1

    @property
    def result(self) -> Any:
        """Not cut to an integer, as a division is."""
        total = self._sum.result
        return (
            None if total is None else calculate("/", Decimal(total) if isinstance(total, int) else total, self._count)
        )


class Extreme:
    """MIN and MAX of numbers; a text counts as the number that it says."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self.result: Any = None

    def add(self, value: Any) -> None:
        known = value if isinstance(value, Timestamp) else numeric(value)
        if self.result is None or compare(self._symbol, known, self.result):
            self.result = known


AGGREGATES: dict[str, Callable[[], Any]] = {
    "AVG": Average,
    "COUNT": Count,
    "MAX": lambda: Extreme(">"),
    "MIN": lambda: Extreme("<"),
    "SUM": Sum,
}
