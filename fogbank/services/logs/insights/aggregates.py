"""The functions that `stats` summarises rows with. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from fogbank.services.logs.insights.rows import Row
from fogbank.services.logs.insights.values import Moment, Value, number, sort_key, text

Evaluate = Callable[[Row], Value]


class Summary(NamedTuple):
    """Summarises the rows of a group. `of` gives a row's value, None where rows are counted; `percent` is that of percentiles."""

    rows: list[Row]
    of: Evaluate | None
    percent: float

    def present(self) -> list[Value]:
        return [] if self.of is None else [value for row in self.rows if (value := self.of(row)) is not None]

    def numbers(self) -> list[float]:
        return [found for value in self.present() if (found := number(value)) is not None]


def _count(given: Summary) -> Value:
    return len(given.rows) if given.of is None else len(given.present())


def _count_distinct(given: Summary) -> Value:
    return len({text(value) for value in given.present()})


def _sum(given: Summary) -> Value:
    numbers = given.numbers()
    return math.fsum(numbers) if any(isinstance(found, float) for found in numbers) else sum(numbers)


def _avg(given: Summary) -> Value:
    numbers = given.numbers()
    return math.fsum(numbers) / len(numbers) if numbers else None


def _stddev(given: Summary) -> Value:
    numbers = given.numbers()
    if not numbers:
        return None
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((found - mean) ** 2 for found in numbers) / len(numbers))


def _extreme(choose: Callable[..., Value]) -> Callable[[Summary], Value]:
    """Of numbers where there are any, else of texts. Moments come out as numbers."""

    def call(given: Summary) -> Value:
        present = given.present()
        numbers = [found for value in present if (found := number(value)) is not None]
        if numbers:
            found = choose(numbers)
            return int(found) if isinstance(found, Moment) else found
        return choose(present, key=sort_key) if present else None

    return call


def percentile(values: list[float], percent: float) -> float | None:
    """The value that so many percent of them reach at most, between two of them by how near it is to each."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    below, part = int(at), at - int(at)
    if not part:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * part


def _in_time(choose: Callable[..., Row], name: str = "@timestamp") -> Callable[[Summary], Value]:
    """The value of the row that comes first or last by its time, among those that have one."""

    def call(given: Summary) -> Value:
        of = given.of
        rows = [] if of is None else [row for row in given.rows if of(row) is not None]
        return of(choose(rows, key=lambda row: number(row.get(name)) or 0)) if rows and of is not None else None

    return call


def _sorted(choose: Callable[..., Value]) -> Callable[[Summary], Value]:
    def call(given: Summary) -> Value:
        present = given.present()
        return choose(present, key=sort_key) if present else None

    return call


def _values(given: Summary) -> Value:
    return list(dict.fromkeys(text(value) for value in given.present()))


AGGREGATES: dict[str, Callable[[Summary], Value]] = {
    "count": _count,
    "count_distinct": _count_distinct,
    "count_over_time": _count,
    "sum": _sum,
    "sum_over_time": _sum,
    "avg": _avg,
    "min": _extreme(min),
    "max": _extreme(max),
    "stddev": _stddev,
    "pct": lambda given: percentile(given.numbers(), given.percent),
    "percentile": lambda given: percentile(given.numbers(), given.percent),
    "median": lambda given: percentile(given.numbers(), 50),
    "earliest": _in_time(min),
    "latest": _in_time(max),
    "sortsfirst": _sorted(min),
    "sortslast": _sorted(max),
    "values": _values,
}

PERCENTILES = ("pct", "percentile")
COUNTS = ("count", "count_over_time")
"""Those that may have no argument, or `*`."""
