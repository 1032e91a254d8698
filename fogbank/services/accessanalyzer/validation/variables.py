"""Checks of policy variables (`${aws:username, 'nobody'}`): their form, and whether they may stand where they do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fogbank.services.accessanalyzer.validation.conditions import operator_of
from fogbank.services.accessanalyzer.validation.tree import Document, Place, Statement
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)(\}?)")
_SYMBOL: Final = re.compile(r"[^\w:./=+@-]")
# `${*}`, `${?}` and `${$}` stand for the characters themselves
_LITERALS: Final = ("*", "?", "$")


def check(document: Document) -> Iterator[Finding]:
    for statement in document.statements:
        for name in ("Resource", "NotResource"):
            for place in statement.texts(name):
                yield from _variables(document, place)
        for place in _elsewhere(statement):
            found = _VARIABLE.search(place.value)
            if found is not None:
                yield finding("VARIABLE_UNSUPPORTED_IN_ELEMENT", place.spot, variable=found[0])
        yield from _conditions(document, statement)


def _elsewhere(statement: Statement) -> Iterator[Place]:
    """The strings in elements that take no variables."""
    yield from statement.texts("Sid", "Effect", "Action", "NotAction")
    for _, place in statement.principals():
        yield place


def _conditions(document: Document, statement: Statement) -> Iterator[Finding]:
    for test in statement.tests():
        operator = operator_of(test.operator)
        for place in test.values.texts():
            if "${" not in place.value:
                continue
            if operator is not None and operator.family not in ("String", "Arn"):
                yield finding("INVALID_VARIABLE_FOR_OPERATOR", place.spot)
            else:
                yield from _variables(document, place)


def _variables(document: Document, place: Place) -> Iterator[Finding]:
    for found in _VARIABLE.finditer(place.value):
        spot = place.part(found.start(), len(found[0]))
        if not found[2]:
            yield finding("MISSING_BRACE_IN_VARIABLE", spot)
        elif not document.has_variables:
            yield finding("VARIABLE_UNSUPPORTED_IN_VERSION", spot)
        elif not found[1].strip():
            yield finding("EMPTY_VARIABLE", spot, variable=found[0])
        elif found[1] not in _LITERALS:
            for code, words in _form(found[1]):
                yield finding(code, spot, **words)


def _form(inner: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What is wrong with what stands between the braces."""
    name, comma, default = inner.partition(",")
    value = default.strip()
    if comma and not (len(value) > 1 and value[0] == value[-1] == "'"):
        yield "MISSING_QUOTE_IN_VARIABLE", {}
    if " " in name:
        yield "UNSUPPORTED_SPACE_IN_VARIABLE", {}
    symbol = _SYMBOL.search(name.replace(" ", ""))
    if symbol is not None:
        yield "UNSUPPORTED_SYMBOL_IN_VARIABLE", {"symbol": symbol[0]}
