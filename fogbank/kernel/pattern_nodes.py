"""What event patterns are compiled to: fields, leaves and tests of values. See `fogbank.kernel.patterns` for the language."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

Test = Callable[[Any], bool]
"""Does a value (text, number, true, false or null) fit?"""

_ABSENT: Any = object()


class Leaf:
    """The array of a field: one of its items has to fit one of the event's values.

    strings, others   the values that are named; the others with their type, as 1, 1.0 and true are equal to Python
    absent, present   whether there is to be no value, or any
    """

    def __init__(self, exact: list[Any], tests: list[Test], exists: set[bool]) -> None:
        self.strings = frozenset(value for value in exact if isinstance(value, str))
        self.others = frozenset(typed(value) for value in exact if not isinstance(value, str))
        self.tests = tuple(tests)
        self.present, self.absent = True in exists, False in exists
        self.only_strings = not (self.others or self.tests or exists)
        self.is_absence: bool = self.absent and not (exact or tests or self.present)
        self.combinations = 1

    def fits(self, found: Any) -> bool:
        if isinstance(found, str):
            return self.present or found in self.strings or any(test(found) for test in self.tests)
        values = list(_values(found))
        if not values:
            return self.absent
        return self.present or any(self._fits(value) for value in values)

    def _fits(self, value: Any) -> bool:
        named = value in self.strings if isinstance(value, str) else typed(value) in self.others
        return named or any(test(value) for test in self.tests)


class Fields:
    """An object: all of its fields have to fit, and of each `$or` one.

    Of an array in the event one element has to fit as a whole. What only says that fields are absent has to fit all of them.
    """

    def __init__(self, fields: list[tuple[str, Leaf | Fields]], alternatives: list[list[Fields]]) -> None:
        self.fields = tuple(fields)
        self.alternatives = tuple(alternatives)
        self.is_absence: bool = not alternatives and all(node.is_absence for _, node in fields)
        one_of_each = [sum(option.combinations for option in options) for options in alternatives]
        self.combinations: int = prod([*one_of_each, *(node.combinations for _, node in fields)])

    def fits(self, found: Any) -> bool:
        if isinstance(found, dict):
            return self._fits(found)
        if isinstance(found, list) and (elements := list(_objects(found))):
            return (all if self.is_absence else any)(self._fits(element) for element in elements)
        return self._fits({})

    def _fits(self, event: dict[str, Any]) -> bool:
        for name, node in self.fields:
            if not node.fits(event.get(name, _ABSENT)):
                return False
        return all(any(option._fits(event) for option in options) for options in self.alternatives)


def typed(value: Any) -> tuple[type, Any]:
    return (type(value), value) if value is None or isinstance(value, bool) else (float, value)


def _values(found: Any) -> Iterator[Any]:
    """The values of a field: those of an array one by one, of arrays in it, too. An object is no value."""
    if isinstance(found, list):
        for item in found:
            yield from _values(item)
    elif found is not _ABSENT and not isinstance(found, dict):
        yield found


def _objects(found: list[Any]) -> Iterator[dict[str, Any]]:
    for item in found:
        if isinstance(item, dict):
            yield item
        elif isinstance(item, list):
            yield from _objects(item)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text_test(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def starts(text: str) -> Test:
    return _text_test(lambda value: value.startswith(text))


def ends(text: str) -> Test:
    return _text_test(lambda value: value.endswith(text))


def is_alike(text: str) -> Test:
    lower = text.lower()
    return _text_test(lambda value: value.lower() == lower)


def starts_alike(text: str) -> Test:
    lower = text.lower()
    return _text_test(lambda value: value.lower().startswith(lower))


def ends_alike(text: str) -> Test:
    lower = text.lower()
    return _text_test(lambda value: value.lower().endswith(lower))


def wildcard(text: str) -> Test:
    """`*` is any text, `\\*` an asterisk, `\\\\` a backslash. Raises ValueError."""
    parts, at = [], 0
    while at < len(text):
        if text[at] == "*":
            if text[at + 1 : at + 2] == "*":
                raise ValueError(f"Consecutive wildcard characters at pos {at + 1}")
            parts.append(".*")
        elif text[at] == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "\\"):
                raise ValueError(f"Invalid escape character at pos {at}")
            parts.append(re.escape(text[at]))
        else:
            parts.append(re.escape(text[at]))
        at += 1
    expression = re.compile("".join(parts), re.DOTALL)
    return _text_test(lambda value: expression.fullmatch(value) is not None)


def is_exactly(text: str) -> Test:
    return lambda value: value == text


def cidr(text: str) -> Test:
    """Raises ValueError."""
    address, slash, bits = text.partition("/")
    if not slash or "/" in bits:
        raise ValueError("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?\d+", bits):
        raise ValueError("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        raise ValueError("Malformed CIDR, mask bits must not be negative")
    try:
        network = ipaddress.ip_network((address, 0))
    except ValueError:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            raise ValueError(f"Nonstandard IP address: {address}") from None
    if int(bits) > network.max_prefixlen:
        raise ValueError(f"IPv{network.version} mask bits must be < {network.max_prefixlen + 1}")
    wanted = ipaddress.ip_network((address, int(bits)), strict=False)

    def is_within(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in wanted
        except ValueError:
            return False

    return _text_test(is_within)
