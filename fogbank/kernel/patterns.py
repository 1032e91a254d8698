"""The language of event patterns: EventBridge rules and archives, Pipes and Lambda filters, SNS filter policies. Pure.

    matches = patterns.compile('{"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}')
    matches({"source": "shop", "detail": {"total": 150}})

A pattern is an object of fields; a field has an object of further fields, or an array of which one item has to fit. What fits where is
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html; what that page leaves open, and
the words in which a pattern is refused, are those of AWS's own implementation (https://github.com/aws/event-ruler), with the place
of the fault as its JSON parser tells it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

from fogbank.identity import located_json
from fogbank.identity.located_json import Lines, Member, Node
from fogbank.kernel.pattern_nodes import (
    Fields,
    Leaf,
    Test,
    cidr,
    ends,
    ends_alike,
    is_alike,
    is_exactly,
    is_number,
    starts,
    starts_alike,
    typed,
    wildcard,
)

Dialect = frozenset[str]
"""The match types that are known, and those that `anything-but` takes inside of it (`anything-but prefix`)."""

_MATCH_TYPES = frozenset(
    {"anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "numeric", "prefix", "suffix", "wildcard"}
)
_WITH_WILDCARDS = frozenset({"wildcard", "anything-but wildcard"})
_EXCLUDED = frozenset({f"anything-but {name}" for name in ("equals-ignore-case", "prefix", "suffix", "wildcard")})
EVENTBRIDGE: Dialect = _MATCH_TYPES | _EXCLUDED
SNS: Dialect = EVENTBRIDGE
PIPES: Dialect = _MATCH_TYPES - _WITH_WILDCARDS
LAMBDA: Dialect = EVENTBRIDGE - _WITH_WILDCARDS

_NUMBER_LIMIT = 5e9
_SHOWN = 500
_RESERVED = _MATCH_TYPES | {"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"}
_RESERVED |= {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"}
_RESERVED |= {"ip-address-in-range", "ip-address-not-in-range"}


class InvalidPattern(ValueError):
    """`reason` is what is wrong; the whole text says where, too."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{reason}\n at {place}" if place else reason)
        self.reason = reason


class Pattern:
    """A compiled pattern: call it with an event.

    combinations   how many patterns without `$or` it stands for
    """

    def __init__(self, root: Fields) -> None:
        self._root = root
        self.combinations = root.combinations

    def __call__(self, event: dict[str, Any]) -> bool:
        return self._root.fits(event)

    def strings(self, field: str) -> frozenset[str] | None:
        """The only texts that an event's top-level `field` may have; None when it may have others, or any."""
        leaf = dict(self._root.fields).get(field)
        return leaf.strings if isinstance(leaf, Leaf) and leaf.only_strings else None


@lru_cache(maxsize=4096)
def compile(document: str, dialect: Dialect = EVENTBRIDGE) -> Pattern:
    """The pattern in a JSON text. Raises InvalidPattern."""
    reader = _Reader(document, dialect)
    return Pattern(reader.pattern())


_TEXT_TESTS: dict[str, Callable[[str], Test]] = {
    "cidr": cidr,
    "equals-ignore-case": is_alike,
    "exactly": is_exactly,
    "prefix": starts,
    "suffix": ends,
    "wildcard": wildcard,
}
_NAMES = {"cidr": "prefix", "exactly": "exact"}  # as their refusals call them
_IGNORING_CASE = {"prefix": starts_alike, "suffix": ends_alike}


class _Reader:
    """Reads one pattern. A refusal says where the parser was: behind the first character of a value, or behind its end."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect

    def refuse(self, reason: str, offset: int) -> NoReturn:
        line, column = Lines(self.text).at(offset)
        shown = self.text[:_SHOWN]
        cut = f"[truncated {len(self.text) - _SHOWN} chars]" if len(self.text) > _SHOWN else ""
        raise InvalidPattern(reason, f'[Source: (String)"{shown}"{cut}; line: {line}, column: {column + 1}]')

    def pattern(self) -> Fields:
        try:
            root = located_json.parse(self.text)
        except json.JSONDecodeError as error:
            self.refuse(_malformed(self.text, error), error.pos + 1)
        except ValueError as error:
            raise InvalidPattern(str(error)) from None
        if not root.is_object:
            self.refuse("Filter is not an object", _behind(root))
        return self.fields(root, ())

    def fields(self, node: Node, reserved: frozenset[str] | tuple[()]) -> Fields:
        """An object of fields. Inside of an `$or` some names are reserved."""
        if not node.members:
            self.refuse("Empty objects are not allowed", node.end)
        fields: dict[str, Leaf | Fields] = {}
        alternatives: list[list[Fields]] = []
        for member in node.members:
            if member.name == "$or":
                alternatives.append(self.alternatives(member.value))
                continue
            if member.name in reserved:
                self.refuse(
                    f"{member.name} is Ruler reserved fieldName which cannot be used inside $or.", _behind(member.value)
                )
            fields[member.name] = self.field(member, reserved)
        return Fields(list(fields.items()), alternatives)

    def field(self, member: Member, reserved: frozenset[str] | tuple[()]) -> Leaf | Fields:
        if member.value.is_object:
            return self.fields(member.value, reserved)
        if member.value.is_array:
            return self.leaf(member.value)
        self.refuse(f'"{member.name}" must be an object or an array', _behind(member.value))

    def alternatives(self, node: Node) -> list[Fields]:
        if not node.is_array:
            self.refuse("It must be an Array followed with $or.", _behind(node))
        for item in node.items:
            if not item.is_object:
                self.refuse("Only JSON object is allowed in array of $or relationship.", _behind(item))
        if len(node.items) < 2:
            self.refuse("There must have at least 2 Objects in $or relationship.", node.end)
        return [self.fields(item, _RESERVED) for item in node.items]

    def leaf(self, node: Node) -> Leaf:
        exact: list[Any] = []
        tests: list[Test] = []
        exists: set[bool] = set()
        for item in node.items:
            if item.is_array:
                self.refuse("Match value must be String, number, true, false, or null", _behind(item))
            if not item.is_object:
                exact.append(item.value)
                continue
            member = self.only_member(item, "Match expression name not found")
            if member.name == "exists" and "exists" in self.dialect:
                exists.add(self.existence(member.value))
            else:
                tests.append(self.test(member))
            self.close(item)
        if not node.items:
            self.refuse("Empty arrays are not allowed", node.end)
        return Leaf(exact, tests, exists)

    def only_member(self, node: Node, refusal: str) -> Member:
        if not node.members:
            self.refuse(refusal, node.end)
        return node.members[0]

    def close(self, node: Node, refusal: str = "Only one key allowed in match expression") -> None:
        """An expression has one member."""
        if len(node.members) > 1:
            self.refuse(refusal, _behind(node.members[1].value))

    def existence(self, node: Node) -> bool:
        if not isinstance(node.value, bool):
            self.refuse("exists match pattern must be either true or false.", _behind(node))
        return node.value

    def test(self, member: Member) -> Test:
        name, value = member.name, member.value
        if name not in self.dialect:
            self.refuse(f"Unrecognized match type {name}", _behind(value))
        if name == "numeric":
            return self.numeric(value)
        if name == "anything-but":
            return self.anything_but(value)
        if name in _IGNORING_CASE and value.is_object:
            return self.ignoring_case(name, value)
        return self.of_text(_TEXT_TESTS[name], value, f"{_NAMES.get(name, name)} match pattern must be a string")

    def of_text(self, make: Callable[[str], Test], node: Node, refusal: str) -> Test:
        if not isinstance(node.value, str):
            self.refuse(refusal, _behind(node))
        try:
            return make(node.value)
        except ValueError as error:
            self.refuse(str(error), node.end)

    def ignoring_case(self, name: str, node: Node) -> Test:
        """`{"prefix": {"equals-ignore-case": "x"}}`"""
        member = self.only_member(node, f"{name.capitalize()} expression name not found")
        if member.name != "equals-ignore-case":
            self.refuse(f"Unsupported {name} pattern: {member.name}", _behind(member.value))
        self.close(node)
        return self.of_text(_IGNORING_CASE[name], member.value, "equals-ignore-case match pattern must be a string")

    # -- anything-but

    def anything_but(self, node: Node) -> Test:
        if node.is_object:
            excluded = self.excluded_tests(node)
            return lambda value: not any(test(value) for test in excluded)
        if not node.is_array and not isinstance(node.value, str) and not is_number(node.value):
            self.refuse("Value of anything-but must be an array or single string/number value.", _behind(node))
        values = node.each()
        for item in values:
            if not isinstance(item.value, str) and not self.number(item):
                self.refuse("Inside anything but list, start|null|boolean is not supported.", _behind(item))
        if len({isinstance(item.value, str) for item in values}) != 1:
            reason = "Inside anything but list, either all values are number or string, mixed type is not supported"
            self.refuse(reason, node.end)
        named = frozenset(typed(item.value) if is_number(item.value) else item.value for item in values)
        return lambda value: (value if isinstance(value, str) else typed(value)) not in named

    def excluded_tests(self, node: Node) -> list[Test]:
        """`{"anything-but": {"prefix": ["a", "b"]}}`"""
        member = self.only_member(node, "Anything-But expression name not found")
        name, value = member.name, member.value
        if f"anything-but {name}" not in self.dialect:
            self.refuse(f"Unsupported anything-but pattern: {name}", _behind(value))
        if value.is_object or value.value is None or isinstance(value.value, bool):
            self.refuse("Value of anything-but must be an array or single string/number value.", _behind(value))
        self.close(node, "Too many elements in numeric expression")
        return [self.excluded(name, item) for item in value.each()]

    def excluded(self, name: str, node: Node) -> Test:
        refusal = "prefix/suffix match pattern must be a string"
        if name == "wildcard":
            refusal = "wildcard match pattern must be a string"
        elif name == "equals-ignore-case":
            refusal = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        elif node.value == "":
            self.refuse("Null prefix/suffix not allowed", node.end)
        return self.of_text(_TEXT_TESTS[name], node, refusal)

    # -- numbers

    def number(self, node: Node) -> bool:
        """Is it a number? Raises InvalidPattern for one that is too large to be compared."""
        if is_number(node.value) and abs(node.value) > _NUMBER_LIMIT:
            self.refuse("Value must be between -5.0E9 and 5.0E9, inclusive", node.end)
        return is_number(node.value)

    def numeric(self, node: Node) -> Test:
        """`["=", 1]`, `["<", 1]`, `[">=", 1, "<", 2]`"""
        if not node.is_array:
            self.refuse("Value of numeric must be an array.", _behind(node))
        operator, limit = self.comparison(node, 0, "Invalid member in numeric match: ")
        if operator not in _COMPARISONS:
            self.refuse(
                f"Unrecognized numeric range operator: {operator}", _behind(node.items[1]) if limit else node.end
            )
        first = self.compared(operator, limit, node)
        if len(node.items) == 2:
            return first
        if not operator.startswith(">"):
            self.refuse("Too many elements in numeric expression", _behind(node.items[2]))
        return self.range(node, first)

    def range(self, node: Node, first: Test) -> Test:
        operator, limit = self.comparison(node, 2, "Bad value in numeric range: ")
        if operator not in ("<", "<="):
            self.refuse(f"Bad numeric range operator: {operator}", _behind(node.items[2]))
        second = self.compared(operator, limit, node)
        if len(node.items) > 4:
            self.refuse("Too many terms in numeric range expression", _behind(node.items[4]))
        if node.items[1].value >= node.items[3].value:
            self.refuse("Bottom must be less than top", node.end)
        return lambda value: first(value) and second(value)

    def comparison(self, node: Node, at: int, refusal: str) -> tuple[str, Node | None]:
        """An operator and what stands behind it, if anything does."""
        if len(node.items) <= at:
            self.refuse(f"{refusal}]", node.end)
        operator = node.items[at]
        if not isinstance(operator.value, str):
            self.refuse(refusal + self.text[operator.start : operator.end], _behind(operator))
        return operator.value, node.items[at + 1] if len(node.items) > at + 1 else None

    def compared(self, operator: str, limit: Node | None, node: Node) -> Test:
        if limit is None or not self.number(limit):
            name = "equals" if operator == "=" else operator
            self.refuse(f"Value of {name} must be numeric", node.end if limit is None else _behind(limit))
        fits, bound = _COMPARISONS[operator], limit.value
        return lambda value: is_number(value) and fits(value, bound)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _behind(node: Node) -> int:
    """Where the parser is when it has seen what kind of value it is."""
    return node.start + 1 if node.is_object or node.is_array or isinstance(node.value, str) else node.end


def _malformed(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text):
        return "Unexpected end-of-input"
    character = text[error.pos]
    expected = {
        "Expecting property name enclosed in double quotes": "was expecting double-quote to start field name",
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
        "Expecting ',' delimiter": "was expecting comma to separate entries",
    }.get(error.msg, "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
    return f"Unexpected character ('{character}' (code {ord(character)})): {expected}"
