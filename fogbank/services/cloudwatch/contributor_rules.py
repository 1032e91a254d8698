"""The definitions of Contributor Insights rules. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import json_paths

_KEYS = 4
_FILTERS = 4
_VALUES = 10
_SCHEMA = {"Name": "CloudWatchLogRule", "Version": 1}

Match = Callable[[Any], bool]
"""Does the value of a field, or json_paths.ABSENT, fit?"""


class BadRule(ValueError):
    """A definition that is none."""


class Definition(NamedTuple):
    """`fields` are the names of the fields of a line in the Common Log Format, by their place, from 1."""

    groups: tuple[str, ...]
    is_json: bool
    fields: dict[int, str]
    keys: tuple[str, ...]
    value_of: str | None
    filters: tuple[tuple[str, Match], ...]

    @property
    def aggregate(self) -> str:
        return "SUM" if self.value_of else "COUNT"


def parse(text: str) -> Definition:
    """Raises BadRule."""
    try:
        document = orjson.loads(text)
    except ValueError:
        raise BadRule("The RuleDefinition is not valid JSON.") from None
    if not isinstance(document, dict) or document.get("Schema") != _SCHEMA:
        raise BadRule(f"The Schema of the RuleDefinition must be {json.dumps(_SCHEMA)}.")
    contribution = document.get("Contribution")
    if not isinstance(contribution, dict):
        raise BadRule("The RuleDefinition must have a Contribution.")
    form = document.get("LogFormat")
    if form not in ("JSON", "CLF"):
        raise BadRule("The LogFormat must be JSON or CLF.")
    fields = _fields(document.get("Fields") or {}) if form == "CLF" else {}
    definition = Definition(
        _groups(document),
        form == "JSON",
        fields,
        _keys(contribution),
        _value_of(document, contribution),
        _filters(contribution),
    )
    for name in (*definition.keys, *(name for name, _ in definition.filters), *filter(None, [definition.value_of])):
        _check_field(definition, name)
    return definition


def _groups(document: dict[str, Any]) -> tuple[str, ...]:
    names, arns = document.get("LogGroupNames"), document.get("LogGroupARNs")
    if bool(names) == bool(arns):
        raise BadRule("Exactly one of LogGroupNames and LogGroupARNs must be specified.")
    given = names or arns
    if not isinstance(given, list) or not all(isinstance(name, str) and name for name in given):
        raise BadRule("The log groups must be an array of strings.")
    return tuple(name if names else name.partition(":log-group")[2][1:].removesuffix(":*") for name in given)


def _fields(given: Any) -> dict[int, str]:
    if not isinstance(given, dict) or not all(place.isdigit() and int(place) > 0 for place in given):
        raise BadRule("Fields must map places of the log line to names.")
    return {int(place): str(name) for place, name in given.items()}


def _keys(contribution: dict[str, Any]) -> tuple[str, ...]:
    keys = contribution.get("Keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= _KEYS or not all(isinstance(key, str) for key in keys):
        raise BadRule(f"Keys must have between 1 and {_KEYS} fields.")
    return tuple(keys)


def _value_of(document: dict[str, Any], contribution: dict[str, Any]) -> str | None:
    how, field = str(document.get("AggregateOn", "Count")).lower(), contribution.get("ValueOf")
    if how not in ("count", "sum"):
        raise BadRule("AggregateOn must be Count or Sum.")
    if (how == "sum") != (field is not None):
        raise BadRule("ValueOf must be specified when, and only when, AggregateOn is Sum.")
    return None if field is None else str(field)


def _check_field(definition: Definition, name: str) -> None:
    if not definition.is_json and name not in definition.fields.values():
        raise BadRule(f"The field {name} is not among the Fields.")
    try:
        if definition.is_json:
            json_paths.check(name)
    except ValueError as error:
        raise BadRule(f"{error}.") from None


# -- filters


def _filters(contribution: dict[str, Any]) -> tuple[tuple[str, Match], ...]:
    given = contribution.get("Filters") or []
    if not isinstance(given, list) or len(given) > _FILTERS:
        raise BadRule(f"Filters must be an array of no more than {_FILTERS} filters.")
    return tuple(_filter(each) for each in given)


def _filter(given: Any) -> tuple[str, Match]:
    tests = [name for name in given if name != "Match"] if isinstance(given, dict) else []
    if len(tests) != 1 or not isinstance(given.get("Match"), str) or tests[0] not in _TESTS:
        raise BadRule(f"A filter has a Match, and one of {', '.join(_TESTS)}.")
    return given["Match"], _TESTS[tests[0]](given[tests[0]])


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not 0 < len(given) <= _VALUES:
        raise BadRule(f"A filter has between 1 and {_VALUES} values.")
    return [as_text(each) for each in given]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _one_of(given: Any) -> Match:
    wanted = set(_texts(given))
    return lambda value: value is not json_paths.ABSENT and as_text(value) in wanted


def _none_of(given: Any) -> Match:
    unwanted = set(_texts(given))
    return lambda value: value is not json_paths.ABSENT and as_text(value) not in unwanted


def _starting(given: Any) -> Match:
    starts = tuple(_texts(given))
    return lambda value: value is not json_paths.ABSENT and as_text(value).startswith(starts)


def _compared(holds: Callable[[float, float], bool]) -> Callable[[Any], Match]:
    def build(given: Any) -> Match:
        bound = _number(given)
        if bound is None:
            raise BadRule("A filter compares with a number.")

        def match(value: Any) -> bool:
            number = None if value is json_paths.ABSENT else _number(value)
            return number is not None and holds(number, bound)

        return match

    return build


def _presence(given: Any) -> Match:
    if not isinstance(given, bool):
        raise BadRule("IsPresent is true or false.")
    return lambda value: (value is not json_paths.ABSENT) is given


_TESTS: dict[str, Callable[[Any], Match]] = {
    "In": _one_of,
    "NotIn": _none_of,
    "StartsWith": _starting,
    "GreaterThan": _compared(lambda value, bound: value > bound),
    "LessThan": _compared(lambda value, bound: value < bound),
    "EqualTo": _compared(lambda value, bound: value == bound),
    "NotEqualTo": _compared(lambda value, bound: value != bound),
    "IsPresent": _presence,
}

# -- events


def contribution(definition: Definition, document: dict[str, Any]) -> tuple[tuple[str, ...], float] | None:
    """(keys, value) of an event that the rule is about, else None."""
    if not all(match(_at(definition, document, name)) for name, match in definition.filters):
        return None
    keys = [_at(definition, document, name) for name in definition.keys]
    value = 1.0 if definition.value_of is None else _number(_at(definition, document, definition.value_of))
    if value is None or any(key is json_paths.ABSENT or key is None for key in keys):
        return None
    return tuple(as_text(key) for key in keys), value


def _at(definition: Definition, document: dict[str, Any], name: str) -> Any:
    if definition.is_json:
        return json_paths.extract(name, document)
    return document.get(name, json_paths.ABSENT)
