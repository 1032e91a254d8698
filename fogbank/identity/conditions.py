"""The Condition element: operators on condition keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html. All tests of a block have to
hold; of the values in one test, one has to match (for negated operators: none may).
"""

from __future__ import annotations

import binascii
import ipaddress
import operator
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from fogbank.identity.wildcards import AnyOf, Keys

# Does a value of the request match one of the policy's?
Match = Callable[[str, Keys], bool]
Quantifier = Literal["", "forallvalues", "foranyvalue"]

_OPERATOR = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")


class Test:
    """One operator on one key."""

    __slots__ = ("_if_exists", "_match", "_negated", "_quantifier", "key")

    def __init__(self, key: str, match: Match, negated: bool, quantifier: Quantifier, if_exists: bool) -> None:
        self.key = key
        self._match = match
        self._negated = negated
        self._quantifier = quantifier
        self._if_exists = if_exists

    def holds(self, keys: Keys) -> bool:
        found = keys.get(self.key)
        values = (found,) if isinstance(found, str) else found or ()
        if self._quantifier == "forallvalues":  # of none, too
            return all(self._match(value, keys) != self._negated for value in values)
        if not values:
            return self._if_exists or (self._negated and self._quantifier == "")
        if self._quantifier == "foranyvalue":
            return any(self._match(value, keys) != self._negated for value in values)
        return any(self._match(value, keys) for value in values) != self._negated


class NullTest:
    """`Null`: is the key absent (true) or present (false)?"""

    __slots__ = ("_wanted", "key")

    def __init__(self, key: str, values: list[str]) -> None:
        self.key = key
        self._wanted = {value.lower() == "true" for value in values}

    def holds(self, keys: Keys) -> bool:
        return (not keys.get(self.key)) in self._wanted


def compile_block(block: dict[str, Any], variables: bool) -> tuple[Test | NullTest, ...]:
    """The tests of a Condition element, `{operator: {key: value or values}}`. Raises ValueError for an unknown operator."""
    return tuple(
        _compile(name.lower(), key.lower(), texts(values), variables)
        for name, tests in block.items()
        for key, values in tests.items()
    )


def texts(values: Any) -> list[str]:
    """A value or a list of values of a policy as text; JSON's true is "true"."""
    listed = values if isinstance(values, list | tuple) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]


def is_operator(name: str) -> bool:
    """Whether there is such an operator, with its prefix and suffix."""
    found = _OPERATOR.fullmatch(name.lower())
    return name.lower() == "null" or (found is not None and found[2] in _OPERATORS)


def _compile(name: str, key: str, values: list[str], variables: bool) -> Test | NullTest:
    if name == "null":
        return NullTest(key, values)
    found = _OPERATOR.fullmatch(name)
    if found is None or found[2] not in _OPERATORS:
        raise ValueError(f"Invalid Condition type : {name}.")
    factory, negated = _OPERATORS[found[2]]
    quantifier: Any = found[1] or ""
    return Test(key, factory(values, variables), negated, quantifier, found[3] is not None)


# -- how values are compared


def _equals(values: list[str], variables: bool) -> Match:
    return AnyOf(values, wildcards=False, variables=variables).matches


def _equals_any_case(values: list[str], variables: bool) -> Match:
    return AnyOf(values, wildcards=False, variables=variables, ignore_case=True).matches


def _like(values: list[str], variables: bool) -> Match:
    return AnyOf(values, variables=variables).matches


def _arn(values: list[str], variables: bool) -> Match:
    """The six parts of an ARN match one by one; a wildcard does not reach over a colon."""
    patterns = [[AnyOf([part], variables=variables) for part in _arn_parts(value)] for value in values]

    def match(value: str, keys: Keys) -> bool:
        parts = value.split(":", 5)
        return any(
            len(pattern) == len(parts)
            and all(one.matches(part, keys) for one, part in zip(pattern, parts, strict=True))
            for pattern in patterns
        )

    return match


_ARN_COLON = re.compile(r":(?![^{}]*\})")


def _arn_parts(pattern: str) -> list[str]:
    """The parts of an ARN pattern, not cut at the colon of a variable; a single `*` stands for all six."""
    return ["*"] * 6 if pattern == "*" else _ARN_COLON.split(pattern, maxsplit=5)


def _compare(parse: Callable[[str], Any], relation: Callable[[Any, Any], bool]) -> Callable[[list[str], bool], Match]:
    """Values of an ordered kind. What cannot be parsed matches nothing."""

    def factory(values: list[str], variables: bool) -> Match:
        bounds = [bound for bound in map(parse, values) if bound is not None]

        def match(value: str, keys: Keys) -> bool:
            given = parse(value)
            return given is not None and any(relation(given, bound) for bound in bounds)

        return match

    return factory


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(text: str) -> float | None:
    """An ISO 8601 date, or epoch seconds, as epoch seconds."""
    number = _number(text)
    if number is not None:
        return float(number)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _bytes(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _within(given: Any, network: Any) -> bool:
    return given.version == network.version and given.subnet_of(network)


def _kinds() -> Iterable[tuple[str, Callable[[list[str], bool], Match], bool]]:
    """Every operator in lower case: its name, how it matches, whether it is negated."""
    yield from (("stringequals", _equals, False), ("stringnotequals", _equals, True))
    yield from (
        ("stringequalsignorecase", _equals_any_case, False),
        ("stringnotequalsignorecase", _equals_any_case, True),
    )
    yield from (("stringlike", _like, False), ("stringnotlike", _like, True))
    yield from (
        ("arnequals", _arn, False),
        ("arnlike", _arn, False),
        ("arnnotequals", _arn, True),
        ("arnnotlike", _arn, True),
    )
    yield ("bool", _equals_any_case, False)
    yield ("binaryequals", _compare(_bytes, operator.eq), False)
    yield from (("ipaddress", _compare(_network, _within), False), ("notipaddress", _compare(_network, _within), True))
    for prefix, parse in (("numeric", _number), ("date", _date)):
        yield (f"{prefix}equals", _compare(parse, operator.eq), False)
        yield (f"{prefix}notequals", _compare(parse, operator.eq), True)
        yield (f"{prefix}lessthan", _compare(parse, operator.lt), False)
        yield (f"{prefix}lessthanequals", _compare(parse, operator.le), False)
        yield (f"{prefix}greaterthan", _compare(parse, operator.gt), False)
        yield (f"{prefix}greaterthanequals", _compare(parse, operator.ge), False)


_OPERATORS = {name: (factory, negated) for name, factory, negated in _kinds()}
