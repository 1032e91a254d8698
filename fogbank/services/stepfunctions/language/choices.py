"""The rules of Choice states in JSONPath. https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fogbank.identity import wildcards
from fogbank.identity.wildcards import Wildcard
from fogbank.protocols import timestamps
from fogbank.services.stepfunctions.language import paths
from fogbank.services.stepfunctions.language.failure import runtime
from fogbank.services.stepfunctions.language.paths import Missing, Scope

Rule = dict[str, Any]

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_PATH = "Path"
_ANY_TEXT = Wildcard(many=True)


def moment(text: Any) -> float | None:
    """The epoch second of an RFC 3339 timestamp, None for what is none."""
    if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return timestamps.parse(text)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": _truth,
    "Timestamp": moment,
}
COMPARISONS = {
    f"{kind}{order}": (reader, compare)
    for kind, reader in _READERS.items()
    for order, compare in _ORDERS.items()
    if kind != "Boolean" or order == "Equals"
}
TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: moment(value) is not None,
}
OPERATORS = (*COMPARISONS, *(f"{name}{_PATH}" for name in COMPARISONS), *TESTS, "IsPresent", "StringMatches")


def holds(rule: Rule, scope: Scope) -> bool:
    """Is the condition of a rule met? Raises Broken."""
    if "And" in rule:
        return all(holds(each, scope) for each in rule["And"])
    if "Or" in rule:
        return any(holds(each, scope) for each in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], scope)
    name = next(key for key in rule if key in OPERATORS)
    if name == "IsPresent":
        return _is_present(rule["Variable"], scope) is rule[name]
    return _compares(name, _value(rule["Variable"], scope), rule[name], scope)


def _compares(name: str, value: Any, given: Any, scope: Scope) -> bool:
    if name in TESTS:
        return TESTS[name](value) is given
    if name == "StringMatches":
        return isinstance(value, str) and _pattern(str(given)).fullmatch(value) is not None
    if name.endswith(_PATH):
        name, given = name[: -len(_PATH)], _value(given, scope)
    reader, compare = COMPARISONS[name]
    left, right = reader(value), reader(given)
    return left is not None and right is not None and compare(left, right)


def _is_present(path: str, scope: Scope) -> bool:
    try:
        paths.find(path, scope)
    except Missing:
        return False
    return True


def _value(path: str, scope: Scope) -> Any:
    try:
        return paths.find(path, scope)
    except (Missing, ValueError):
        raise runtime(
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        ) from None


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    r"""`*` stands for any characters, `\*` for itself."""
    parts = re.split(r"(\\.|\*)", text)
    return re.compile(wildcards.regex(_ANY_TEXT if part == "*" else _plain(part) for part in parts), re.DOTALL)


def _plain(part: str) -> str:
    return part[1:] if part.startswith("\\") and len(part) == 2 else part
