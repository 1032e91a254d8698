"""Filters of DescribeParameters and GetParametersByPath. Pure.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from fogbank.services.ssm import errors, names
from fogbank.services.ssm.parameter import Parameter
from fogbank.services.ssm.tiers import TIERS

Filter = dict[str, Any]
Test = Callable[[Parameter], bool]

_TYPES = ("String", "StringList", "SecureString")
_TEXT = ("BeginsWith", "Equals")
_NAME = ("BeginsWith", "Contains", "Equals")
_PATH = ("Recursive", "OneLevel")

_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda text, value: text == value,
    "BeginsWith": lambda text, value: text.startswith(value),
    "Contains": lambda text, value: value in text,
}
_READERS: dict[str, Callable[[Parameter], str]] = {
    "Name": lambda parameter: parameter.name.removeprefix("/"),
    "Type": lambda parameter: parameter.latest.type,
    "KeyId": lambda parameter: parameter.latest.key or "",
    "Tier": lambda parameter: parameter.latest.tier,
    "DataType": lambda parameter: parameter.latest.data_type,
}


# -- DescribeParameters


def described(request: dict[str, Any]) -> list[Test]:
    """The tests of a DescribeParameters request; a parameter has to pass all. Raises InvalidFilter..., ValidationException."""
    old, new = request.get("Filters") or [], request.get("ParameterFilters") or []
    if old and new:
        raise errors.two_kinds_of_filters()
    _check_once(new)
    return [_old_test(entry) for entry in old] + [_described_test(entry) for entry in new]


def _old_test(entry: Filter) -> Test:
    option = "BeginsWith" if entry["Key"] == "Name" else "Equals"
    return _comparison(entry["Key"], option, entry["Values"])


def _described_test(entry: Filter) -> Test:
    key = entry["Key"]
    if key.startswith("tag:"):
        return _tag_test(key.removeprefix("tag:"), entry)
    if key == "Path":
        return _path_test(entry)
    if key not in _READERS:
        raise errors.invalid_filter_key(key, ["Path", *_READERS])
    option = _option(entry, _NAME if key == "Name" else _TEXT)
    return _comparison(key, option, _values(entry))


def _comparison(key: str, option: str, values: list[str]) -> Test:
    read, compare = _READERS[key], _COMPARISONS[option]
    _check_values(key, option, values)
    wanted = [value.removeprefix("/") if key == "Name" and option != "Contains" else value for value in values]
    return lambda parameter: any(compare(read(parameter), value) for value in wanted)


def _tag_test(tag: str, entry: Filter) -> Test:
    _option(entry, _TEXT)
    compare, values = _COMPARISONS[entry.get("Option", "Equals")], entry.get("Values") or []
    return lambda parameter: (
        tag in parameter.tags and (not values or any(compare(parameter.tags[tag], value) for value in values))
    )


def _path_test(entry: Filter) -> Test:
    recursive = _option(entry, _PATH, "OneLevel") == "Recursive"
    prefixes = [names.check_path(value) for value in _values(entry)]
    return lambda parameter: any(names.is_below(parameter.name, prefix, recursive) for prefix in prefixes)


# -- GetParametersByPath


class Choice(NamedTuple):
    """A parameter passes: in the version with this label, or in the latest for None."""

    label: str | None


class ByPath(NamedTuple):
    tests: list[Test]
    labels: list[str]

    def choose(self, parameter: Parameter) -> Choice | None:
        if not all(test(parameter) for test in self.tests):
            return None
        if not self.labels:
            return Choice(None)
        return next((Choice(label) for label in self.labels if label in parameter.labels), None)


def by_path(given: Iterable[Filter]) -> ByPath:
    """What a GetParametersByPath request lets through. Raises InvalidFilter..., ValidationException."""
    tests: list[Test] = []
    labels: list[str] = []
    _check_once(given)
    for entry in given:
        key = entry["Key"]
        if key == "Label":
            _option(entry, ("Equals",))
            labels = _values(entry)
        elif key in ("Type", "KeyId"):
            tests.append(_comparison(key, _option(entry, _TEXT), _values(entry)))
        else:
            raise errors.invalid_filter_key(key, ["Type", "KeyId", "Label"])
    return ByPath(tests, labels)


# -- checks


def _check_once(given: Iterable[Filter]) -> None:
    seen = set()
    for entry in given:
        if entry["Key"] in seen:
            raise errors.repeated_filter(entry["Key"])
        seen.add(entry["Key"])


def _option(entry: Filter, valid: tuple[str, ...], default: str = "Equals") -> str:
    option: str = entry.get("Option", default)
    if option not in valid:
        raise errors.invalid_filter_option(option, valid)
    return option


def _values(entry: Filter) -> list[str]:
    values: list[str] = entry.get("Values") or []
    if not values:
        raise errors.missing_filter_value(entry["Key"])
    return values


def _check_values(key: str, option: str, values: list[str]) -> None:
    """Of types and tiers there are few, so that a value which is none of them is a mistake."""
    valid = {"Type": _TYPES, "Tier": TIERS}.get(key)
    if valid is None or option != "Equals":
        return
    for value in values:
        if value not in valid:
            raise errors.invalid_filter_value(value, valid)
