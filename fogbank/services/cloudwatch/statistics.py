"""What can be said of a number of values: sums, averages, percentiles, trimmed means. Values in, values out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import ceil
from typing import NamedTuple

Weighted = list[tuple[float, float]]
"""Values, each with how often it occurred."""


class Summary(NamedTuple):
    """`values` is empty when only statistics are known (a set of them was put), and there are no percentiles then."""

    samples: float
    sum: float
    minimum: float
    maximum: float
    values: Weighted
    is_complete: bool = True


def of_values(values: Weighted) -> Summary:
    count = sum(weight for _, weight in values)
    numbers = [value for value, _ in values]
    return Summary(count, sum(value * weight for value, weight in values), min(numbers), max(numbers), values)


def merged(parts: Iterable[Summary]) -> Summary | None:
    """All of them together; None of none."""
    known = list(parts)
    if not known:
        return None
    return Summary(
        sum(part.samples for part in known),
        sum(part.sum for part in known),
        min(part.minimum for part in known),
        max(part.maximum for part in known),
        [pair for part in known for pair in part.values],
        all(part.is_complete for part in known),
    )


PLAIN: dict[str, Callable[[Summary], float]] = {
    "SampleCount": lambda all: all.samples,
    "Sum": lambda all: all.sum,
    "Average": lambda all: all.sum / all.samples if all.samples else 0.0,
    "Minimum": lambda all: all.minimum,
    "Maximum": lambda all: all.maximum,
}

_SIMPLE = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)", re.IGNORECASE)
_RANGE = re.compile(r"(TM|WM|TC|TS|PR)\(([\d.]*)(%?):([\d.]*)(%?)\)")


class Bounds(NamedTuple):
    """A part of the values: percent of them in order, or, `is_absolute`, those between two values."""

    low: float | None
    high: float | None
    is_absolute: bool = False


class Extended(NamedTuple):
    kind: str
    bounds: Bounds


def parse(name: str) -> Callable[[Summary], float | None] | None:
    """What computes the statistic of that name; None when there is none of that name."""
    if name in PLAIN:
        return PLAIN[name]
    extended = _extended(name)
    return None if extended is None else lambda all: _computed(extended, all)


def samples_needed(name: str) -> float:
    """How many make a percentile meaningful, 0 where the statistic is none.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    extended = None if name in PLAIN else _extended(name)
    share = (extended.bounds.high or 0) / 100 if extended is not None and extended.kind == "p" else 0
    if not 0 < share < 1:
        return 0.0
    return round(10 / (1 - share) if share >= 0.5 else 10 / share, 6)


def _extended(name: str) -> Extended | None:
    if name == "IQM":
        return Extended("tm", Bounds(25, 75))
    match = _SIMPLE.fullmatch(name)
    if match:
        return Extended(match[1].lower(), Bounds(None, float(match[2])))
    match = _RANGE.fullmatch(name)
    if match is None or not (match[2] or match[4]):
        return None
    is_percent = bool(match[3] or match[5])
    if match[1] == "PR" and is_percent:
        return None
    try:
        low, high = (float(text) if text else None for text in (match[2], match[4]))
    except ValueError:
        return None
    return Extended(match[1].lower(), Bounds(low, high, not is_percent))


def _computed(extended: Extended, all: Summary) -> float | None:
    """None for a set of statistics that does not tell its values, unless it is of a single one."""
    if not all.is_complete and all.minimum != all.maximum:
        return None
    values = sorted(all.values) if all.is_complete else [(all.minimum, all.samples)]
    if extended.kind == "p":
        return percentile(values, extended.bounds.high or 0)
    kept = _within(values, extended.bounds)
    count = sum(weight for _, weight in kept)
    if extended.kind == "pr":
        return 100 * count / all.samples
    if extended.kind == "tc":
        return count
    total = sum(value * weight for value, weight in kept)
    if extended.kind == "ts":
        return total
    if extended.kind == "wm" and kept:
        low, high = kept[0][0], kept[-1][0]
        return sum(min(max(value, low), high) * weight for value, weight in values) / all.samples
    return total / count if count else None


def percentile(values: Weighted, percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed. `values` are in order."""
    rank = max(ceil(sum(weight for _, weight in values) * percent / 100), 1)
    seen = 0.0
    for value, weight in values:
        seen += weight
        if seen >= rank:
            return value
    return values[-1][0]


def _within(values: Weighted, bounds: Bounds) -> Weighted:
    low, high = bounds.low, bounds.high
    if bounds.is_absolute:
        return [pair for pair in values if (low is None or pair[0] > low) and (high is None or pair[0] <= high)]
    count = sum(weight for _, weight in values)
    start, end = count * (low or 0) / 100, count * (100 if high is None else high) / 100
    kept, seen = [], 0.0
    for value, weight in values:
        overlap = min(seen + weight, end) - max(seen, start)
        if overlap > 0:
            kept.append((value, overlap))
        seen += weight
    return kept
