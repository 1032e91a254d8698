"""Time series, as queries compute them, and what their labels may say.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

Moment = float
"""Epoch seconds."""


class Series(dict[Moment, float]):
    """Values by time. `label` is what it is called where several come from one expression, `properties` what it is made of."""

    label: str = ""
    properties: Mapping[str, str] = {}

    def named(self, label: str, properties: Mapping[str, str] | None = None) -> Series:
        self.label = label
        self.properties = properties or {}
        return self


def like(values: Mapping[Moment, float | None], *others: object) -> Series:
    """Values, where there are any, under the name of the first of the others that is a series."""
    found = Series({moment: number for moment, number in values.items() if number is not None})
    named = next((other for other in others if isinstance(other, Series)), None)
    return found if named is None else found.named(named.label, named.properties)


_DYNAMIC = re.compile(r"\$\{([A-Z_]+)(?:\('([^']*)'\))?\}")
_NUMBERS: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "DATAPOINT_COUNT": len,
}


def labelled(text: str, series: Series, plain: str, zone: str = "+0000") -> str:
    """The label with its `${...}` filled in; `plain` is what it is without a label of its own. Unknown ones stay as they are."""

    def replaced(match: re.Match[str]) -> str:
        if match[1] == "LABEL":
            return plain
        if match[1] == "PROP":
            return series.properties.get(match[2] or "", match[0])
        found = _dynamic(match[1], series, zone) if match[2] is None else None
        return match[0] if found is None else found

    return _DYNAMIC.sub(replaced, text)


def _dynamic(name: str, series: Series, zone: str) -> str | None:
    if name.endswith("_RELATIVE"):
        return None
    if not series:
        return "--"
    if name in _NUMBERS:
        return spelled(_NUMBERS[name](list(series.values())))
    places = {"FIRST": min(series), "LAST": max(series)}
    places |= {"MIN": min(series, key=series.__getitem__), "MAX": max(series, key=series.__getitem__)}
    if name in places:
        return spelled(series[places[name]])
    if name == "MIN_MAX_RANGE":
        return f"{spelled(min(series.values()))} - {spelled(max(series.values()))}"
    if name == "FIRST_LAST_RANGE":
        return f"{spelled(series[min(series)])} - {spelled(series[max(series)])}"
    if name == "FIRST_LAST_TIME_RANGE":
        return f"{_clock(min(series), zone)} - {_clock(max(series), zone)}"
    moment = places.get(name.removesuffix("_TIME"))
    return None if moment is None else _clock(moment, zone)


def spelled(number: float) -> str:
    """Up to six significant digits, without a trailing `.0`."""
    return f"{number:.6g}"


def _clock(moment: Moment, zone: str) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(offset(zone)).strftime("%Y-%m-%d %H:%M:%S")


def offset(zone: str) -> tzinfo | None:
    """`+0130`, as label options give time zones. Raises ValueError."""
    return datetime.strptime(zone, "%z").tzinfo
