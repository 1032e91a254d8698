"""Checks of conditions: operators, keys, and whether they go together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from fogbank.identity.conditions import is_operator
from fogbank.services.accessanalyzer.validation import condition_values, keys
from fogbank.services.accessanalyzer.validation.keys import Key
from fogbank.services.accessanalyzer.validation.tree import Document, Spot, Statement, Test
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

_OPERATOR: Final = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")

# What kind of values an operator compares, by the beginning of its name.
_FAMILIES: Final = (
    ("string", "String"),
    ("arn", "Arn"),
    ("bool", "Boolean"),
    ("date", "Date"),
    ("numeric", "Numeric"),
    ("ipaddress", "IpAddress"),
    ("notipaddress", "IpAddress"),
    ("binary", "Binary"),
)
# Which of these suit a key's type, the usual one first.
_SUITABLE: Final = {
    "String": ("String", "Arn"),
    "ARN": ("Arn", "String"),
    "Bool": ("Boolean",),
    "Date": ("Date", "Numeric"),
    "Numeric": ("Numeric",),
    "IPAddress": ("IpAddress",),
    "Binary": ("Binary",),
}


class Operator(msgspec.Struct, frozen=True):
    """An operator taken apart: `name` in lower case without qualifier and suffix."""

    name: str
    qualifier: str
    if_exists: bool

    @property
    def family(self) -> str:
        return next((family for prefix, family in _FAMILIES if self.name.startswith(prefix)), "")


def operator_of(text: str) -> Operator | None:
    found = _OPERATOR.fullmatch(text.lower())
    if found is None or not (is_operator(text) or found[2] == "null"):
        return None
    return Operator(found[2], found[1] or "", found[3] is not None)


def check(document: Document) -> Iterator[Finding]:
    for statement in document.statements:
        yield from _duplicates(statement)
        yield from _operators(statement)
        for test in statement.tests():
            operator = operator_of(test.operator)
            yield from _key(test)
            if operator is not None:
                yield from _values(test, operator)
                yield from _together(test, operator, keys.look_up(test.key))
            yield from _actions(statement, test)


def _operators(statement: Statement) -> Iterator[Finding]:
    block = statement.get("Condition")
    for text, spot, _ in block.members() if block is not None else ():
        operator = operator_of(text)
        if operator is None:
            yield finding("INVALID_CONDITION_OPERATOR", spot, operator=text)
        elif operator.name == "null" and operator.if_exists:
            yield finding("NULL_WITH_IF_EXISTS", spot)
        elif operator.name == "null" and operator.qualifier:
            yield finding("NULL_WITH_QUALIFIER", spot)


def _duplicates(statement: Statement) -> Iterator[Finding]:
    """Keys that come twice under one operator, apart from their spelling."""
    spots: dict[tuple[str, str], dict[str, Spot]] = defaultdict(dict)
    for test in statement.tests():
        spots[test.operator, test.key.lower()][test.key] = test.key_spot
    for same in spots.values():
        if len(same) > 1:
            yield finding("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", *same.values(), key=next(iter(same)))


def _key(test: Test) -> Iterator[Finding]:
    key, spot = test.key, test.key_spot
    vendor, colon, name = key.partition(":")
    if not colon or not name:
        yield finding("INVALID_CONDITION_KEY_FORMAT", spot)
    elif key.lower() == "aws:arn":
        yield finding("UNSUPPORTED_GLOBAL_CONDITION_KEY", spot)
    elif keys.is_global(key):
        if keys.look_up(key) is None:
            yield finding("INVALID_GLOBAL_CONDITION_KEY", spot, key=key)
    elif not keys.is_of_provider(key):
        if keys.owner(key) is None:
            yield finding("INVALID_SERVICE", spot, service=vendor)
        elif keys.look_up(key) is None:
            yield finding("INVALID_SERVICE_CONDITION_KEY", spot, key=key, service=vendor)


def _values(test: Test, operator: Operator) -> Iterator[Finding]:
    if not test.values.each():
        code = "EMPTY_ARRAY_CONDITION"
        code += f"_{operator.qualifier.upper()}" if operator.qualifier else "_IFEXISTS" if operator.if_exists else ""
        yield finding(code, test.values.spot, key=test.key)
        return
    yield from condition_values.check(test, operator.name, operator.family)


def _together(test: Test, operator: Operator, key: Key | None) -> Iterator[Finding]:
    """Whether the operator suits the key's type and the number of its values."""
    if key is None or operator.name == "null":
        return
    suitable = _SUITABLE.get(key.type, ())
    if suitable and operator.family not in suitable:
        words = {"type": suitable[0], "operator": test.operator, "key": test.key}
        yield finding("TYPE_MISMATCH", test.operator_spot, **words)
    if key.many and not operator.qualifier:
        yield finding("MISSING_QUALIFIER", test.key_spot, key=test.key)
    if not key.many and operator.qualifier == "forallvalues":
        yield finding("FORALLVALUES_WITH_SINGLE_VALUED_KEY", test.key_spot, key=test.key)


def _actions(statement: Statement, test: Test) -> Iterator[Finding]:
    """Actions whose requests never have the key. Only those that are named in full are looked at."""
    if keys.is_global(test.key) or keys.look_up(test.key) is None:
        return
    named = [action for action in statement.texts("Action") if not any(wild in action.value for wild in "*?")]
    deaf = [action for action in named if not keys.knows(action.value, test.key)]
    if deaf:
        words = {"actions": ", ".join(action.value for action in deaf), "key": test.key}
        yield finding(
            "UNSUPPORTED_ACTION_FOR_CONDITION_KEY", *(action.spot for action in deaf), test.values.spot, **words
        )
