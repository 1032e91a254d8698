"""Metric math. A series is a dict of values by time (epoch seconds); an expression is of numbers, series, and lists of series.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping
from itertools import pairwise
from time import gmtime
from typing import Any, NamedTuple

Series = dict[float, float]
Value = Any
"""A float, a Series, a list of Series, or a text."""


class BadExpression(ValueError):
    """An expression that cannot be computed."""


class Scope(NamedTuple):
    """What an expression may name: results by id, and the period (seconds) of each."""

    results: Mapping[str, Value]
    periods: Mapping[str, int]
    metrics: Mapping[str, Series]


_WORDS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|&&|\|\||\^|\bAND\b|\bOR\b")
_PYTHON = {"&&": " and ", "||": " or ", "AND": "and", "OR": "or", "^": "**"}


def parse(text: str) -> ast.expr:
    """Raises BadExpression."""
    source = _WORDS.sub(lambda match: _PYTHON.get(match[0], match[0]), text.strip())
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadExpression("Invalid syntax") from None


def names(text: str) -> set[str]:
    """The ids that an expression names."""
    return {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name) and not node.id.isupper()}


def evaluate(text: str, scope: Scope) -> Value:
    """Raises BadExpression."""
    try:
        return _value(parse(text), scope)
    except (TypeError, AttributeError, RecursionError):
        raise BadExpression("Operands or arguments of a wrong type") from None


# -- nodes

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.And: lambda a, b: float(bool(a and b)),
    ast.Or: lambda a, b: float(bool(a or b)),
}


def _value(node: ast.expr, scope: Scope) -> Value:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float | str)
        and not isinstance(node.value, bool)
    ):
        return node.value if isinstance(node.value, str) else float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in scope.results:
            raise BadExpression(f"Unknown id: {node.id}")
        return scope.results[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        return [series for item in node.elts for series in _as_list(_value(item, scope))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _each(_value(node.operand, scope), operator.neg)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _combined(_OPERATORS[type(node.op)], _value(node.left, scope), _value(node.right, scope))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
        function = _OPERATORS[type(node.ops[0])]
        return _combined(function, _value(node.left, scope), _value(node.comparators[0], scope))
    if isinstance(node, ast.BoolOp):
        return _chain(node, scope)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, scope)
    raise BadExpression("Invalid syntax")


def _chain(node: ast.BoolOp, scope: Scope) -> Value:
    whole = _value(node.values[0], scope)
    for other in node.values[1:]:
        whole = _combined(_OPERATORS[type(node.op)], whole, _value(other, scope))
    return whole


def _as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _each(value: Value, function: Callable[[float], float]) -> Value:
    if isinstance(value, list):
        return [_each(item, function) for item in value]
    if isinstance(value, dict):
        return _kept({moment: _tried(function, number) for moment, number in value.items()})
    return _tried(function, value)


def _kept(series: dict[float, float | None]) -> Series:
    return {moment: number for moment, number in series.items() if number is not None}


def _tried(function: Callable[..., float], *numbers: float) -> float | None:
    """None where there is no result: a division by zero, a logarithm of nothing."""
    try:
        result = function(*numbers)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return float(result) if isinstance(result, int | float) and math.isfinite(result) else None


def _combined(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Series meet where both have values; a list meets what is no list in each of its series."""
    if isinstance(left, list):
        if isinstance(right, list):
            if len(left) != len(right):
                raise BadExpression("Arrays of different lengths")
            return [_combined(function, one, other) for one, other in zip(left, right, strict=True)]
        return [_combined(function, one, right) for one in left]
    if isinstance(right, list):
        return [_combined(function, left, other) for other in right]
    if isinstance(left, dict) and isinstance(right, dict):
        return _kept({moment: _tried(function, left[moment], right[moment]) for moment in left if moment in right})
    if isinstance(left, dict):
        return _kept({moment: _tried(function, number, right) for moment, number in left.items()})
    if isinstance(right, dict):
        return _kept({moment: _tried(function, left, number) for moment, number in right.items()})
    result = _tried(function, left, right)
    if result is None:
        raise BadExpression("The result is no number")
    return result


# -- functions


def _over(function: Callable[[list[float]], float]) -> Callable[[Value], Value]:
    """Of a series a number, of several series a series."""

    def apply(value: Value) -> Value:
        if isinstance(value, dict):
            return function(list(value.values())) if value else 0.0
        moments = sorted({moment for series in value for moment in series})
        return {moment: function([series[moment] for series in value if moment in series]) for moment in moments}

    return apply


def _steps(function: Callable[[float, float, float], float | None]) -> Callable[[Value], Value]:
    """From each point to the next: `function(seconds, before, after)`."""

    def apply(value: Value) -> Value:
        if isinstance(value, list):
            return [apply(series) for series in value]
        steps = pairwise(sorted(value.items()))
        return _kept({later: function(later - earlier, before, after) for (earlier, before), (later, after) in steps})

    return apply


def _running_sum(series: Series) -> Series:
    total, sums = 0.0, {}
    for moment in sorted(series):
        total += series[moment]
        sums[moment] = total
    return sums


def _clock(part: Callable[[Any], float]) -> Callable[[Value], Value]:
    return lambda series: {moment: float(part(gmtime(moment))) for moment in series}


def _deviation(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def _ends(newest: bool) -> Callable[[Value], Value]:
    return lambda value: (
        value[-1 if newest else 0] if isinstance(value, list) else value[(max if newest else min)(value)]
    )


_FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "ABS": lambda value: _each(value, abs),
    "CEIL": lambda value: _each(value, math.ceil),
    "FLOOR": lambda value: _each(value, math.floor),
    "LOG": lambda value: _each(value, math.log),
    "LOG10": lambda value: _each(value, math.log10),
    "AVG": _over(statistics.fmean),
    "MAX": _over(max),
    "MIN": _over(min),
    "SUM": _over(math.fsum),
    "STDDEV": _over(_deviation),
    "DATAPOINT_COUNT": _over(lambda values: float(len(values))),
    "METRIC_COUNT": lambda value: float(len(_as_list(value))),
    "DIFF": _steps(lambda seconds, before, after: after - before),
    "DIFF_TIME": _steps(lambda seconds, before, after: seconds),
    "RATE": _steps(lambda seconds, before, after: (after - before) / seconds),
    "RUNNING_SUM": lambda value: (
        [_running_sum(each) for each in value] if isinstance(value, list) else _running_sum(value)
    ),
    "FIRST": _ends(newest=False),
    "LAST": _ends(newest=True),
    "REMOVE_EMPTY": lambda value: [series for series in value if series],
    "MINUTE": _clock(lambda at: at.tm_min),
    "HOUR": _clock(lambda at: at.tm_hour),
    "DAY": _clock(lambda at: at.tm_wday + 1),
    "DATE": _clock(lambda at: at.tm_mday),
    "MONTH": _clock(lambda at: at.tm_mon),
    "YEAR": _clock(lambda at: at.tm_year),
    "EPOCH": lambda series: {moment: moment for moment in series},
}


def _call(name: str, args: list[ast.expr], scope: Scope) -> Value:
    if name in _SPECIAL:
        return _SPECIAL[name](args, scope)
    if name not in _FUNCTIONS:
        raise BadExpression(f"Unsupported function: {name}")
    if len(args) != 1:
        raise BadExpression(f"{name} takes one argument")
    return _FUNCTIONS[name](_value(args[0], scope))


def _metrics(args: list[ast.expr], scope: Scope) -> Value:
    """METRICS() and METRICS("part of an id")"""
    part = _value(args[0], scope) if args else ""
    return [series for id, series in scope.metrics.items() if part in id]


def _period(args: list[ast.expr], scope: Scope) -> Value:
    if len(args) != 1 or not isinstance(args[0], ast.Name) or args[0].id not in scope.periods:
        raise BadExpression("PERIOD takes the id of a metric")
    return float(scope.periods[args[0].id])


def _if(args: list[ast.expr], scope: Scope) -> Value:
    """IF(condition, then[, else]): point by point where something is a series."""
    if len(args) not in (2, 3):
        raise BadExpression("IF takes two or three arguments")
    condition, *branches = (_value(arg, scope) for arg in args)
    if not isinstance(condition, dict):
        return branches[0] if condition else branches[1] if len(branches) > 1 else {}
    chosen: dict[float, float | None] = {}
    for moment, holds in condition.items():
        branch = branches[0] if holds else branches[1] if len(branches) > 1 else None
        chosen[moment] = branch.get(moment) if isinstance(branch, dict) else branch
    return _kept(chosen)


def _fill(args: list[ast.expr], scope: Scope) -> Value:
    """FILL(series, number | REPEAT | LINEAR): a value for every period between those that are known of any metric."""
    if len(args) != 2:
        raise BadExpression("FILL takes two arguments")
    value = _value(args[0], scope)
    moments = sorted({moment for series in [*scope.metrics.values(), *_as_list(value)] for moment in series})
    how = args[1].id if isinstance(args[1], ast.Name) and args[1].id in ("REPEAT", "LINEAR") else _value(args[1], scope)
    filled = [_filled(series, moments, how) for series in _as_list(value)]
    return filled if isinstance(value, list) else filled[0]


def _filled(series: Series, moments: list[float], how: Any) -> Series:
    out = {moment: _gap(series, moment, how) for moment in moments}
    return _kept(out)


def _gap(series: Series, moment: float, how: Any) -> float | None:
    if moment in series:
        return series[moment]
    if isinstance(how, dict):
        found: float | None = how.get(moment)
        return found
    if not isinstance(how, str):
        return float(how)
    before = max((at for at in series if at < moment), default=None)
    after = min((at for at in series if at > moment), default=None)
    if how == "REPEAT" or before is None or after is None:
        return None if before is None else series[before]
    share = (moment - before) / (after - before)
    return series[before] + share * (series[after] - series[before])


_SPECIAL: dict[str, Callable[[list[ast.expr], Scope], Value]] = {
    "METRICS": _metrics,
    "PERIOD": _period,
    "IF": _if,
    "FILL": _fill,
}
