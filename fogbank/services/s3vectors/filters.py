"""Metadata, and filters by it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-metadata-filtering.html"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection
from typing import Any

import orjson

from fogbank.services.s3vectors import errors, limits

Metadata = dict[str, Any]
Test = Callable[[Metadata], bool]

_ABSENT = object()
_MAX_DEPTH = 32


# -- metadata


def checked(key: str, given: Any, hidden: Collection[str]) -> bytes:
    """Metadata as JSON. Raises ValidationException for what is too large, or no string, number, boolean or list of these."""
    if given is None:
        return b""
    if not isinstance(given, dict):
        raise errors.invalid_record(key, "Metadata must be an object")
    if len(given) > limits.METADATA_KEYS:
        raise errors.invalid_record(key, f"Metadata must have at most {limits.METADATA_KEYS} keys")
    for name, value in given.items():
        if name not in hidden and not _is_filterable(value):
            reason = f"Filterable metadata value of '{name}' must be a string, number, boolean, or a list of these"
            raise errors.invalid_record(key, reason)
    text = orjson.dumps(given)
    if len(text) > limits.METADATA_BYTES:
        raise errors.invalid_record(key, f"Total metadata must have at most {limits.METADATA_BYTES} bytes")
    filterable = text if not hidden else orjson.dumps({name: given[name] for name in given if name not in hidden})
    if len(filterable) > limits.FILTERABLE_BYTES:
        raise errors.invalid_record(key, f"Filterable metadata must have at most {limits.FILTERABLE_BYTES} bytes")
    return text


def _is_filterable(value: Any) -> bool:
    return _is_primitive(value) or (isinstance(value, list) and all(map(_is_primitive, value)))


def _is_primitive(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# -- filters


def compiled(given: Any, hidden: Collection[str]) -> Test:
    """The test that a filter makes. Raises ValidationException."""
    return _compile(given, frozenset(hidden), 0)


def _compile(given: Any, hidden: frozenset[str], depth: int) -> Test:
    if not isinstance(given, dict) or not given:
        raise errors.invalid_filter("a filter must be an object that is not empty")
    if depth > _MAX_DEPTH:
        raise errors.invalid_filter("it is nested too deeply")
    return _all([_condition(name, value, hidden, depth) for name, value in given.items()])


def _condition(name: str, value: Any, hidden: frozenset[str], depth: int) -> Test:
    if name in ("$and", "$or"):
        if not isinstance(value, list) or not value:
            raise errors.invalid_filter(f"{name} takes a list of filters that is not empty")
        tests = [_compile(each, hidden, depth + 1) for each in value]
        return _all(tests) if name == "$and" else lambda metadata: any(test(metadata) for test in tests)
    if name.startswith("$"):
        raise errors.invalid_filter(f"unknown operator {name}")
    if name in hidden:
        raise errors.invalid_filter(f"'{name}' is a non-filterable metadata key")
    if not isinstance(value, dict):
        return _field(name, "$eq", value)
    if not value:
        raise errors.invalid_filter(f"'{name}' has no operator")
    return _all([_field(name, symbol, operand) for symbol, operand in value.items()])


def _all(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda metadata: all(test(metadata) for test in tests)


def _field(name: str, symbol: str, operand: Any) -> Test:
    """The test of one operator on one key."""
    make = _OPERATORS.get(symbol)
    if make is None:
        raise errors.invalid_filter(f"unknown operator {symbol}")
    holds = make(symbol, operand)
    return lambda metadata: holds(metadata.get(name, _ABSENT))


def _equal(symbol: str, operand: Any) -> Callable[[Any], bool]:
    if not _is_primitive(operand):
        raise errors.invalid_filter(f"{symbol} takes a string, a number or a boolean")
    return lambda value: _has(value, operand)


def _has(value: Any, wanted: Any) -> bool:
    """Is the value, or one of the values of a list, this one? True is not 1 here."""
    if isinstance(value, list):
        return any(_has(each, wanted) for each in value)
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)


def _ordered(symbol: str, operand: Any) -> Callable[[Any], bool]:
    if not _is_number(operand):
        raise errors.invalid_filter(f"{symbol} takes a number")
    compare = _COMPARISONS[symbol]
    return lambda value: _is_number(value) and compare(value, operand)


def _one_of(symbol: str, operand: Any) -> Callable[[Any], bool]:
    if not isinstance(operand, list) or not operand or not all(map(_is_primitive, operand)):
        raise errors.invalid_filter(f"{symbol} takes a list of strings, numbers or booleans that is not empty")
    return lambda value: any(_has(value, each) for each in operand)


def _exists(symbol: str, operand: Any) -> Callable[[Any], bool]:
    if not isinstance(operand, bool):
        raise errors.invalid_filter("$exists takes a boolean")
    return lambda value: (value is not _ABSENT) is operand


def _not(make: Callable[[str, Any], Callable[[Any], bool]]) -> Callable[[str, Any], Callable[[Any], bool]]:
    def negated(symbol: str, operand: Any) -> Callable[[Any], bool]:
        holds = make(symbol, operand)
        return lambda value: not holds(value)

    return negated


_COMPARISONS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}
_OPERATORS: dict[str, Callable[[str, Any], Callable[[Any], bool]]] = {
    "$eq": _equal,
    "$ne": _not(_equal),
    **dict.fromkeys(_COMPARISONS, _ordered),
    "$in": _one_of,
    "$nin": _not(_one_of),
    "$exists": _exists,
}
