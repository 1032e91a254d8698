"""The functions of queries, by name. Each takes values and returns one; what it cannot do with them is None. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from fogbank.services.logs.insights.values import Moment, Value, is_true, json_text, number, order, text

Implementation = Callable[..., Value]


class Function(NamedTuple):
    """`least` and `most` are how many arguments it takes."""

    call: Implementation
    least: int
    most: int


def _numeric(calculate: Callable[..., float]) -> Implementation:
    """A function of numbers. None where a value is no number, or the result is none."""

    def call(*values: Value) -> Value:
        numbers = [number(value) for value in values]
        if any(found is None for found in numbers):
            return None
        try:
            result = calculate(*numbers)
            return None if isinstance(result, complex) or not math.isfinite(result) else result
        except (ValueError, ZeroDivisionError, OverflowError):
            return None

    return call


def _textual(calculate: Callable[..., Value]) -> Implementation:
    """A function of texts. None where the first one is not there."""

    def call(*values: Value) -> Value:
        texts = [text(value) for value in values]
        return None if texts[0] is None else calculate(*(found or "" for found in texts))

    return call


def _power(base: float, exponent: float) -> float:
    """Whole as long as that is exact."""
    result = math.pow(base, exponent)
    return int(result) if abs(result) < 2**53 and result.is_integer() else result


ARITHMETIC: dict[str, Implementation] = {
    "+": _numeric(lambda a, b: a + b),
    "-": _numeric(lambda a, b: a - b),
    "*": _numeric(lambda a, b: a * b),
    "/": _numeric(lambda a, b: a / b),
    "%": _numeric(math.fmod),
    "^": _numeric(_power),
}

# -- texts


def _substr(found: str, start: str, length: str | None = None) -> Value:
    begin = number(start)
    size = None if length is None else number(length)
    if begin is None or begin < 0 or (length is not None and size is None):
        return None
    return found[int(begin) :] if size is None else found[int(begin) : int(begin) + int(size)]


def _replace(found: str, old: str, new: str) -> str:
    return found.replace(old, new) if old else found


def _concat(*values: Value) -> str:
    return "".join(text(value) or "" for value in values)


_SPACES = " \t\n\r\f\v"

_TEXTS: dict[str, Function] = {
    "isempty": Function(lambda value: text(value) in (None, ""), 1, 1),
    "isblank": Function(lambda value: not (text(value) or "").strip(), 1, 1),
    "concat": Function(_concat, 1, 100),
    "ltrim": Function(_textual(lambda found, chars=_SPACES: found.lstrip(chars)), 1, 2),
    "rtrim": Function(_textual(lambda found, chars=_SPACES: found.rstrip(chars)), 1, 2),
    "trim": Function(_textual(lambda found, chars=_SPACES: found.strip(chars)), 1, 2),
    "strlen": Function(_textual(len), 1, 1),
    "toupper": Function(_textual(str.upper), 1, 1),
    "tolower": Function(_textual(str.lower), 1, 1),
    "substr": Function(_textual(_substr), 2, 3),
    "replace": Function(_textual(_replace), 3, 3),
    "strcontains": Function(_textual(lambda found, part: int(part in found)), 2, 2),
}

# -- moments


def _moment(value: Value) -> Moment | None:
    found = number(value)
    return None if found is None else Moment(int(found))


_MOMENTS: dict[str, Function] = {
    "frommillis": Function(_moment, 1, 1),
    "tomillis": Function(lambda value: None if number(value) is None else int(number(value) or 0), 1, 1),
}

# -- JSON


def _json_parse(value: Value) -> Value:
    if isinstance(value, dict | list):
        return value
    try:
        return orjson.loads(text(value) or "")
    except orjson.JSONDecodeError:
        return None


def _json_stringify(value: Value) -> Value:
    return None if value is None else json_text(int(value) if isinstance(value, Moment) else value)


_JSON: dict[str, Function] = {
    "jsonparse": Function(_json_parse, 1, 1),
    "jsonstringify": Function(_json_stringify, 1, 1),
}

# -- IP addresses


def _address(value: Value) -> Any:
    try:
        return ipaddress.ip_address(text(value) or "")
    except ValueError:
        return None


def _is_in(subnet_type: type) -> Implementation:
    """Is it an address of that kind, or of any, in the subnet?"""

    def call(value: Value, subnet: Value) -> bool:
        address = _address(value)
        try:
            network = ipaddress.ip_network(text(subnet) or "", strict=False)
        except ValueError:
            return False
        return address is not None and isinstance(network, subnet_type) and address in network

    return call


_ANY_NETWORK: Any = ipaddress.IPv4Network | ipaddress.IPv6Network
_ADDRESSES: dict[str, Function] = {
    "isvalidip": Function(lambda value: _address(value) is not None, 1, 1),
    "isvalidipv4": Function(lambda value: isinstance(_address(value), ipaddress.IPv4Address), 1, 1),
    "isvalidipv6": Function(lambda value: isinstance(_address(value), ipaddress.IPv6Address), 1, 1),
    "isipinsubnet": Function(_is_in(_ANY_NETWORK), 2, 2),
    "isipv4insubnet": Function(_is_in(ipaddress.IPv4Network), 2, 2),
    "isipv6insubnet": Function(_is_in(ipaddress.IPv6Network), 2, 2),
}

# -- numbers, and what is there


def _extreme(sign: int) -> Implementation:
    def call(*values: Value) -> Value:
        found: Value = None
        for value in values:
            if value is not None and (found is None or (order(value, found) or 0) * sign > 0):
                found = value
        return found

    return call


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


_NUMBERS: dict[str, Function] = {
    "abs": Function(_numeric(abs), 1, 1),
    "ceil": Function(_numeric(math.ceil), 1, 1),
    "floor": Function(_numeric(math.floor), 1, 1),
    "log": Function(_numeric(math.log), 1, 1),
    "sqrt": Function(_numeric(math.sqrt), 1, 1),
    "greatest": Function(_extreme(1), 1, 100),
    "least": Function(_extreme(-1), 1, 100),
}

FUNCTIONS: dict[str, Function] = {
    **_TEXTS,
    **_MOMENTS,
    **_JSON,
    **_ADDRESSES,
    **_NUMBERS,
    "ispresent": Function(lambda value: value is not None, 1, 1),
    "coalesce": Function(_coalesce, 1, 100),
    "if": Function(lambda condition, then, otherwise: then if is_true(condition) else otherwise, 3, 3),
}
