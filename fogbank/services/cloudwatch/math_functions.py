"""The functions of metric math on values that are there: numbers, series, and lists of series. Values in, values out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

from __future__ import annotations

import math
import operator
import statistics
from bisect import bisect
from collections.abc import Callable
from itertools import pairwise
from time import gmtime
from typing import Any

from fogbank.services.cloudwatch.series import Series, like

Value = Any
"""A float, a Series, a list of Series, or a text."""


class BadExpression(ValueError):
    """An expression that cannot be computed."""


def as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def tried(function: Callable[..., float], *numbers: float) -> float | None:
    """None where there is no result: a division by zero, a logarithm of nothing."""
    try:
        result = function(*numbers)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return float(result) if isinstance(result, int | float) and math.isfinite(result) else None


def each(value: Value, function: Callable[[float], float]) -> Value:
    if isinstance(value, list):
        return [each(item, function) for item in value]
    if isinstance(value, dict):
        return like({moment: tried(function, number) for moment, number in value.items()}, value)
    return tried(function, value)


def combined(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Series meet where both have values; a list meets what is no list in each of its series."""
    if isinstance(left, list):
        if isinstance(right, list):
            if len(left) != len(right):
                raise BadExpression("Arrays of different lengths")
            return [combined(function, one, other) for one, other in zip(left, right, strict=True)]
        return [combined(function, one, right) for one in left]
    if isinstance(right, list):
        return [combined(function, left, other) for other in right]
    if isinstance(left, dict) and isinstance(right, dict):
        met = {moment: tried(function, left[moment], right[moment]) for moment in left if moment in right}
        return like(met, left, right)
    if isinstance(left, dict):
        return like({moment: tried(function, number, right) for moment, number in left.items()}, left)
    if isinstance(right, dict):
        return like({moment: tried(function, left, number) for moment, number in right.items()}, right)
    result = tried(function, left, right)
    if result is None:
        raise BadExpression("The result is no number")
    return result


# -- of many values one


def _over(function: Callable[[list[float]], float]) -> Callable[[Value], Value]:
    """Of a series a number, of several series a series."""

    def apply(value: Value) -> Value:
        if isinstance(value, dict):
            return function(list(value.values())) if value else 0.0
        moments = sorted({moment for series in value for moment in series})
        return Series(
            {moment: function([series[moment] for series in value if moment in series]) for moment in moments}
        )

    return apply


def _deviation(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def _ends(newest: bool) -> Callable[[Value], Value]:
    return lambda value: (
        value[-1 if newest else 0] if isinstance(value, list) else value[(max if newest else min)(value)]
    )


# -- along a series


def _steps(function: Callable[[float, float, float], float | None]) -> Callable[[Value], Value]:
    """From each point to the next: `function(seconds, before, after)`."""

    def apply(value: Value) -> Value:
        if isinstance(value, list):
            return [apply(series) for series in value]
        steps = pairwise(sorted(value.items()))
        after = {later: function(later - earlier, one, other) for (earlier, one), (later, other) in steps}
        return like(after, value)

    return apply


def _running_sum(value: Value) -> Value:
    if isinstance(value, list):
        return [_running_sum(series) for series in value]
    total, sums = 0.0, {}
    for moment in sorted(value):
        total += value[moment]
        sums[moment] = total
    return like(sums, value)


def _clock(part: Callable[[Any], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        if isinstance(value, list):
            return [apply(series) for series in value]
        return like({moment: float(part(gmtime(moment))) for moment in value}, value)

    return apply


def _epoch(value: Value) -> Value:
    return [_epoch(series) for series in value] if isinstance(value, list) else like({at: at for at in value}, value)


FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "ABS": lambda value: each(value, abs),
    "CEIL": lambda value: each(value, math.ceil),
    "FLOOR": lambda value: each(value, math.floor),
    "LOG": lambda value: each(value, math.log),
    "LOG10": lambda value: each(value, math.log10),
    "AVG": _over(statistics.fmean),
    "MAX": _over(max),
    "MIN": _over(min),
    "SUM": _over(math.fsum),
    "STDDEV": _over(_deviation),
    "DATAPOINT_COUNT": _over(lambda values: float(len(values))),
    "METRIC_COUNT": lambda value: float(len(as_list(value))),
    "DIFF": _steps(lambda seconds, before, after: after - before),
    "DIFF_TIME": _steps(lambda seconds, before, after: seconds),
    "RATE": _steps(lambda seconds, before, after: (after - before) / seconds),
    "RUNNING_SUM": _running_sum,
    "FIRST": _ends(newest=False),
    "LAST": _ends(newest=True),
    "REMOVE_EMPTY": lambda value: [series for series in value if series],
    "MINUTE": _clock(lambda at: at.tm_min),
    "HOUR": _clock(lambda at: at.tm_hour),
    "DAY": _clock(lambda at: at.tm_wday + 1),
    "DATE": _clock(lambda at: at.tm_mday),
    "MONTH": _clock(lambda at: at.tm_mon),
    "YEAR": _clock(lambda at: at.tm_year),
    "EPOCH": _epoch,
}

_SORTED_BY = ("AVG", "MAX", "MIN", "SUM")

# -- arrays


def sort(series: list[Series], by: str, order: str, limit: float | None = None) -> list[Series]:
    """SORT(series, AVG, DESC[, limit]): those without values come last."""
    if by not in _SORTED_BY or order not in ("ASC", "DESC"):
        raise BadExpression("SORT takes AVG, MAX, MIN or SUM, and ASC or DESC")
    known = sorted((one for one in series if one), key=FUNCTIONS[by], reverse=order == "DESC")
    whole = known + [one for one in series if not one]
    return whole if limit is None else whole[: int(limit)]


def cut(series: list[Series], start: float, end: float | None = None) -> list[Series]:
    """SLICE(series, start[, end]), counted from 0, without the end."""
    return series[int(start) : None if end is None else int(end)]


def choose(condition: Value, branches: list[Value]) -> Value:
    """IF(condition, then[, else]): point by point where something is a series."""
    if isinstance(condition, list):
        parts = [
            [branch[nth] if isinstance(branch, list) else branch for branch in branches]
            for nth in range(len(condition))
        ]
        return [choose(one, part) for one, part in zip(condition, parts, strict=True)]
    if not isinstance(condition, dict):
        return branches[0] if condition else branches[1] if len(branches) > 1 else Series()
    chosen: dict[float, float | None] = {}
    for moment, holds in condition.items():
        branch = branches[0] if holds else branches[1] if len(branches) > 1 else None
        chosen[moment] = branch.get(moment) if isinstance(branch, dict) else branch
    return like(chosen, condition)


# -- gaps


def fill(series: Series, moments: list[float], how: Value) -> Series:
    """A value for each of the moments: those of another series, a number, REPEAT or LINEAR."""
    known = sorted(series)
    return like({at: series[at] if at in series else _gap(series, known, at, how) for at in moments}, series)


def _gap(series: Series, known: list[float], moment: float, how: Value) -> float | None:
    """What stands for a value that is missing; `known` are the moments of those that are there."""
    if isinstance(how, dict):
        found: float | None = how.get(moment)
        return found
    if not isinstance(how, str):
        return float(how)
    place = bisect(known, moment)
    before = known[place - 1] if place else None
    after = known[place] if place < len(known) else None
    if how == "REPEAT" or before is None or after is None:
        return None if before is None else series[before]
    share = (moment - before) / (after - before)
    return series[before] + share * (series[after] - series[before])


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "Pow": operator.pow,
    "Eq": lambda a, b: float(a == b),
    "NotEq": lambda a, b: float(a != b),
    "Lt": lambda a, b: float(a < b),
    "LtE": lambda a, b: float(a <= b),
    "Gt": lambda a, b: float(a > b),
    "GtE": lambda a, b: float(a >= b),
    "And": lambda a, b: float(bool(a and b)),
    "Or": lambda a, b: float(bool(a or b)),
}
