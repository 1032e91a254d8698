"""How what a resource is differs from what its template asked for. Pure.

Only what the template says is compared: what a service added by itself is no drift. Lists are compared as sets, since most of them are
kept as such; what a list has that the template does not say was added by somebody.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_PropertyDifference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

ADD, REMOVE, NOT_EQUAL = "ADD", "REMOVE", "NOT_EQUAL"

_ABSENT = object()


class Difference(NamedTuple):
    """`path` is a JSON pointer; the values are texts, those of lists and mappings JSON, `null` where there is none."""

    path: str
    expected: str
    actual: str
    type: str


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[Difference]:
    """What was asked for against what there is."""
    expected, actual = _alike(expected, actual)
    if actual is _ABSENT or actual is None:
        if expected not in ("", [], {}, False, None):
            yield Difference(path, shown(expected), "null", REMOVE)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        for name, each in expected.items():
            yield from differences(each, actual.get(name, _ABSENT), f"{path}/{name}")
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _of_lists(expected, actual, path)
    elif shown(expected) != shown(actual):
        yield Difference(path, shown(expected), shown(actual), NOT_EQUAL)


def _alike(expected: Any, actual: Any) -> tuple[Any, Any]:
    """Both in the same form, where one is JSON in a text, or a list of one that the other has without the list (as policies may)."""
    for one, other in ((expected, actual), (actual, expected)):
        if isinstance(one, dict | list) and isinstance(other, str):
            parsed = _parsed(other, type(one))
            if parsed is not None:
                return (one, parsed) if one is expected else (parsed, one)
    if isinstance(expected, list) and len(expected) == 1 and isinstance(actual, str):
        return expected[0], actual
    if isinstance(actual, list) and len(actual) == 1 and isinstance(expected, str):
        return expected, actual[0]
    return expected, actual


def _parsed(text: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, kind) else None


def _of_lists(expected: list[Any], actual: list[Any], path: str) -> Iterator[Difference]:
    added = dict(enumerate(actual))
    missing: dict[int, Any] = {}
    for number, each in enumerate(expected):
        same = next((at for at, other in added.items() if not any(differences(each, other))), None)
        if same is None:
            missing[number] = each
        else:
            del added[same]
    for number, each in missing.items():
        partner = _partner(each, number, added)
        if partner is None:
            yield Difference(f"{path}/{number}", shown(each), "null", REMOVE)
        else:
            yield from differences(each, added.pop(partner), f"{path}/{number}")
    for number, each in added.items():
        yield Difference(f"{path}/{number}", "null", shown(each), ADD)


def _partner(wanted: Any, number: int, left: dict[int, Any]) -> int | None:
    """Where the item is that has become of the wanted one: the one with its key, or the one in its place."""
    if isinstance(wanted, dict) and "Key" in wanted:
        return next(
            (at for at, each in left.items() if isinstance(each, dict) and each.get("Key") == wanted["Key"]), None
        )
    return number if number in left and type(left[number]) is type(wanted) else None


def shown(value: Any) -> str:
    """A value as text; numbers and truth values as templates may write them."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
