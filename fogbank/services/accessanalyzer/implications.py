"""Conditions as they limit a set of requests: does one follow from others?

Only what certainly follows is said to. Known are equality and likeness of strings and ARNs, IP ranges, Booleans, and bounds of numbers
and dates; any other test follows only from itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from fogbank.identity.conditions import texts
from fogbank.services.accessanalyzer.globs import within

Follows = Callable[[str, str], bool]


class Test(msgspec.Struct, frozen=True):
    """One operator on one key, both in lower case, and its values."""

    operator: str
    key: str
    values: tuple[str, ...]


def of_block(block: dict[str, Any]) -> tuple[Test, ...]:
    """The tests of a Condition element."""
    return tuple(
        Test(operator.lower(), key.lower(), tuple(texts(values)))
        for operator, tests in block.items()
        for key, values in tests.items()
    )


def implied(wanted: Test, given: tuple[Test, ...]) -> bool:
    """Whether `wanted` holds for every request for which all of `given` hold."""
    return any(_follows(test, wanted) for test in given if test.key == wanted.key)


def _follows(given: Test, wanted: Test) -> bool:
    if given.operator == wanted.operator and set(given.values) == set(wanted.values):
        return True
    prefix, operator = _split(given.operator)
    if _split(wanted.operator)[0] != prefix:
        return not _is_strict(wanted) and _is_strict(given) and _follows(given, _strict(wanted))
    rule = _RULES.get((operator, _split(wanted.operator)[1]))
    if rule is None:
        return False
    negated, follows = rule
    if negated:
        return all(any(follows(mine, theirs) for mine in given.values) for theirs in wanted.values)
    return all(any(follows(mine, theirs) for theirs in wanted.values) for mine in given.values)


def _split(operator: str) -> tuple[str, str]:
    """What goes around an operator's name (`forallvalues:`, `ifexists`), and the name."""
    qualifier, colon, name = operator.rpartition(":")
    suffix = "ifexists" if name.endswith("ifexists") else ""
    return qualifier + colon + suffix, name.removesuffix("ifexists")


def _is_strict(test: Test) -> bool:
    return not test.operator.endswith("ifexists")


def _strict(test: Test) -> Test:
    """The same without IfExists: what fulfils this one fulfils that one too."""
    return msgspec.structs.replace(test, operator=test.operator.removesuffix("ifexists"))


# -- when one value's fulfilment means another's


def _same(mine: str, theirs: str) -> bool:
    return mine == theirs


def _same_any_case(mine: str, theirs: str) -> bool:
    return mine.lower() == theirs.lower()


def _contains(theirs_outer: Follows) -> Follows:
    """For negated operators, where the given test has to shut out at least as much."""
    return lambda mine, theirs: theirs_outer(theirs, mine)


def _network_within(mine: str, theirs: str) -> bool:
    try:
        inner: Any = ipaddress.ip_network(mine, strict=False)
        outer: Any = ipaddress.ip_network(theirs, strict=False)
    except ValueError:
        return False
    return inner.version == outer.version and inner.subnet_of(outer)


def _at_most(mine: str, theirs: str) -> bool:
    one, other = _moment_or_number(mine), _moment_or_number(theirs)
    return one is not None and other is not None and one <= other


def _at_least(mine: str, theirs: str) -> bool:
    return _at_most(theirs, mine)


def _moment_or_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


# (given, wanted) -> (negated, when a value of the given test means one of the wanted)
_RULES: dict[tuple[str, str], tuple[bool, Follows]] = {
    ("stringequals", "stringequals"): (False, _same),
    ("stringequals", "stringequalsignorecase"): (False, _same_any_case),
    ("stringequals", "stringlike"): (False, within),
    ("stringequalsignorecase", "stringequalsignorecase"): (False, _same_any_case),
    ("stringlike", "stringlike"): (False, within),
    ("stringnotequals", "stringnotequals"): (True, _same),
    ("stringnotlike", "stringnotequals"): (True, _contains(within)),
    ("stringnotlike", "stringnotlike"): (True, _contains(within)),
    **{(one, other): (False, within) for one in ("arnequals", "arnlike") for other in ("arnequals", "arnlike")},
    **{
        (one, other): (True, _contains(within))
        for one in ("arnnotequals", "arnnotlike")
        for other in ("arnnotequals", "arnnotlike")
    },
    ("bool", "bool"): (False, _same_any_case),
    ("ipaddress", "ipaddress"): (False, _network_within),
    ("notipaddress", "notipaddress"): (True, _contains(_network_within)),
    **{
        (f"{kind}{one}", f"{kind}{other}"): (False, follows)
        for kind in ("numeric", "date")
        for one, other, follows in (
            ("equals", "equals", _same),
            ("lessthan", "lessthan", _at_most),
            ("lessthan", "lessthanequals", _at_most),
            ("lessthanequals", "lessthanequals", _at_most),
            ("equals", "lessthanequals", _at_most),
            ("greaterthan", "greaterthan", _at_least),
            ("greaterthan", "greaterthanequals", _at_least),
            ("greaterthanequals", "greaterthanequals", _at_least),
            ("equals", "greaterthanequals", _at_least),
        )
    },
}
