"""Values and what may be done with them.

A value is None (NULL), MISSING (a path that leads nowhere), bool, int, Decimal, float, str, Timestamp, or a dict or list of a JSON or
Parquet object. All fields of CSV are str: where a number is wanted a str is read as one, so that `s.amount > 1000` compares numbers
and `s.amount > '1000'` texts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Any

import orjson

from fogbank.services.s3.select import errors, timestamps
from fogbank.services.s3.select.timestamps import Timestamp

Number = int | Decimal | float


class Missing:
    """Not even NULL."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
INT_MAX = 2**63 - 1


def is_absent(value: Any) -> bool:
    return value is None or value is MISSING


# -- comparing

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(symbol: str, left: Any, right: Any) -> bool | None:
    """True, False, or None when one of them is absent. What cannot be compared is different, and neither less nor more."""
    if left is None or right is None or left is MISSING or right is MISSING:
        return None
    if left.__class__ is not right.__class__:
        left, right = _alike(left, right)
    try:
        return COMPARISONS[symbol](left, right)
    except TypeError:
        return symbol == "<>"


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """A text beside something else is read as that, if it can be."""
    if isinstance(left, str):
        right, left = _alike(right, left)
        return left, right
    if isinstance(right, str):
        if isinstance(left, Timestamp):
            return left, timestamps.parse(right) or right
        if isinstance(left, bool):
            return left, {"true": True, "false": False}.get(right.lower(), right)
        if is_number(left):
            found = number_of(right)
            return left, right if found is None else found
    elif isinstance(left, bool) is not isinstance(right, bool):
        return str(left), right  # a truth value is no number
    return left, right


# -- numbers


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def number_of(text: str) -> Number | None:
    """The number that a text says; None for what is no number."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = Decimal(text.strip())
    except DecimalException:
        return None
    return found if found.is_finite() else None


def numeric(value: Any) -> Number:
    """An operand of arithmetic. Raises CastFailed for a text that is no number, else IncorrectSqlFunctionArgumentType."""
    if is_number(value):
        return value
    if not isinstance(value, str):
        raise errors.refusal("IncorrectSqlFunctionArgumentType")
    found = number_of(value)
    if found is None:
        raise errors.refusal("CastFailed", f"Value: {value!r}")
    return found


def calculate(symbol: str, left: Any, right: Any) -> Any:
    """Arithmetic. Nothing comes of what is absent. Raises IntegerOverflow, and ExternalEvalException for a division by zero."""
    if is_absent(left) or is_absent(right):
        return None
    if symbol == "||":
        return f"{text_of(left)}{text_of(right)}"
    first, second = numeric(left), numeric(right)
    if isinstance(first, float) or isinstance(second, float):
        first, second = float(first), float(second)
    try:
        return checked(_ARITHMETIC[symbol](first, second))
    except (ZeroDivisionError, DecimalException):
        raise errors.refusal("ExternalEvalException", "Division by zero.") from None


def _divide(left: Any, right: Any) -> Any:
    """Integers divide to an integer, towards zero."""
    if not (isinstance(left, int) and isinstance(right, int)):
        return left / right
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) is (right < 0) else -quotient


def _remainder(left: Any, right: Any) -> Any:
    """With the sign of the dividend."""
    if isinstance(left, int) and isinstance(right, int):
        return left - right * _divide(left, right)
    return left % right if isinstance(left, Decimal) else left - right * int(left / right)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}


def checked(value: Any) -> Any:
    """Integers have 64 bits."""
    if isinstance(value, int) and not -INT_MAX - 1 <= value <= INT_MAX:
        raise errors.refusal("IntegerOverflow")
    return value


# -- casts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference-conversion.html


def cast(value: Any, kind: str) -> Any:
    """The value as another type. Raises CastFailed."""
    if value is None or value is MISSING:
        return value
    try:
        return _CASTS[kind](value)
    except (ValueError, OverflowError, DecimalException, TypeError):
        raise errors.refusal("CastFailed", f"Value: {text_of(value)!r}, type: {kind.upper()}") from None


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        value = int(value) if value.isdigit() else Decimal(value.strip())
    elif isinstance(value, Timestamp | dict | list):
        raise TypeError
    return checked(int(value))


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower()) or _is_false(value)
    if is_number(value):
        return bool(value)
    if isinstance(value, bool):
        return value
    raise TypeError


def _is_false(text: str) -> bool:
    if text.strip().lower() != "false":
        raise ValueError(text)
    return False


def _to_decimal(value: Any) -> Decimal:
    found = Decimal(str(value) if isinstance(value, float | bool) else value)
    if not found.is_finite():
        raise ValueError(value)
    return found


def _to_timestamp(value: Any) -> Timestamp:
    found = value if isinstance(value, Timestamp) else timestamps.parse(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(value)
    return found


_CASTS: dict[str, Callable[[Any], Any]] = {
    "int": _to_int,
    "bool": _to_bool,
    "string": lambda value: text_of(value),
    "float": lambda value: float(value),
    "decimal": _to_decimal,
    "timestamp": _to_timestamp,
}


# -- texts


def text_of(value: Any) -> str:
    """The value as CSV writes it: nothing for what is absent, JSON for what has members."""
    if isinstance(value, str):
        return value
    if is_absent(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if -20 < (value.adjusted() if value else 0) < 20 else str(value)
    if isinstance(value, dict | list):
        return json_of(value).decode()
    return str(value)


def json_of(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(text_of(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Timestamp | datetime | date):
        return str(value)
    return None
