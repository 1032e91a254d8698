"""Metric math: reading an expression, and computing it from what its names stand for.

What has to be looked up elsewhere (SEARCH, a band, a quota) is asked for by `lookups`, and given in the scope.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fogbank.services.cloudwatch import insights, math_functions
from fogbank.services.cloudwatch.math_functions import OPERATORS, BadExpression, Value, as_list, combined
from fogbank.services.cloudwatch.series import Series

BAND = "ANOMALY_DETECTION_BAND"
LOOKED_UP = frozenset({"SEARCH", BAND, "INSIGHT_RULE_METRIC"})
_ABSENT = frozenset({"SERVICE_QUOTA", "LAMBDA", "DB_PERF_INSIGHTS"})


class Scope(NamedTuple):
    """What an expression may name: results by id, the period (seconds) of each, the metrics among them, what was looked up (by
    `key`), and the beginnings of the periods that are asked for."""

    results: Mapping[str, Value]
    periods: Mapping[str, int]
    metrics: Mapping[str, Series]
    found: Mapping[str, Value] = {}
    moments: tuple[float, ...] = ()


_WORDS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|&&|\|\||\^|\bAND\b|\bOR\b")
_PYTHON = {"&&": " and ", "||": " or ", "AND": "and", "OR": "or", "^": "**"}


def parse(text: str) -> ast.expr:
    """Raises BadExpression."""
    source = _WORDS.sub(lambda match: _PYTHON.get(match[0], match[0]), " ".join(text.splitlines()).strip())
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadExpression("Invalid syntax") from None


def names(text: str) -> set[str]:
    """The ids that an expression names."""
    return {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name) and not node.id.isupper()}


def lookups(text: str) -> dict[str, tuple[str, list[Value]]]:
    """What has to be looked up before the expression can be computed: (function, its arguments) by key; names stand for themselves."""
    return {
        key(node): (node.func.id, [_argument(arg) for arg in node.args])
        for node in ast.walk(parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LOOKED_UP
    }


def banded(text: str | None) -> str | None:
    """The id of what an expression is the band of; None for one that is not just a band. Raises BadExpression."""
    node = None if text is None or insights.is_query(text) else parse(text)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != BAND or not node.args:
        return None
    return node.args[0].id if isinstance(node.args[0], ast.Name) else None


def key(node: ast.expr) -> str:
    return ast.dump(node)


def _argument(node: ast.expr) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.Name):
        return node.id
    raise BadExpression("Operands or arguments of a wrong type")


def evaluate(text: str, scope: Scope) -> Value:
    """Raises BadExpression."""
    try:
        return _value(parse(text), scope)
    except (TypeError, AttributeError, RecursionError, IndexError, ValueError) as error:
        if isinstance(error, BadExpression):
            raise
        raise BadExpression("Operands or arguments of a wrong type") from None
    except OverflowError:
        raise BadExpression("The result is no number") from None


# -- nodes


def _value(node: ast.expr, scope: Scope) -> Value:
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.Name):
        if node.id not in scope.results:
            raise BadExpression(f"Unknown id: {node.id}")
        return scope.results[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        return [series for item in node.elts for series in as_list(_value(item, scope))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, scope)
        return math_functions.each(value, operator.neg) if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return combined(_operator(node.op), _value(node.left, scope), _value(node.right, scope))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return combined(_operator(node.ops[0]), _value(node.left, scope), _value(node.comparators[0], scope))
    if isinstance(node, ast.BoolOp):
        return _chain(node, scope)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node, node.func.id, scope)
    raise BadExpression("Invalid syntax")


def _constant(node: ast.Constant) -> Value:
    if not isinstance(node.value, int | float | str) or isinstance(node.value, bool):
        raise BadExpression("Invalid syntax")
    return node.value if isinstance(node.value, str) else float(node.value)


def _operator(node: ast.AST) -> Callable[[float, float], float]:
    function = OPERATORS.get(type(node).__name__)
    if function is None:
        raise BadExpression("Invalid syntax")
    return function


def _chain(node: ast.BoolOp, scope: Scope) -> Value:
    whole = _value(node.values[0], scope)
    for other in node.values[1:]:
        whole = combined(_operator(node.op), whole, _value(other, scope))
    return whole


def _call(node: ast.Call, name: str, scope: Scope) -> Value:
    if name in LOOKED_UP:
        return scope.found[key(node)]
    if name in _SPECIAL:
        return _SPECIAL[name](node.args, scope)
    if name in _ABSENT:
        raise BadExpression(f"Fogbank does not have {name} yet")
    if name not in math_functions.FUNCTIONS:
        raise BadExpression(f"Unsupported function: {name}")
    if len(node.args) != 1:
        raise BadExpression(f"{name} takes one argument")
    return math_functions.FUNCTIONS[name](_value(node.args[0], scope))


# -- functions that see the scope, or words


def _metrics(args: list[ast.expr], scope: Scope) -> Value:
    """METRICS() and METRICS("part of an id")"""
    part = _value(args[0], scope) if args else ""
    return [series for id, series in scope.metrics.items() if part in id]


def _period(args: list[ast.expr], scope: Scope) -> Value:
    if len(args) != 1 or not isinstance(args[0], ast.Name) or args[0].id not in scope.periods:
        raise BadExpression("PERIOD takes the id of a metric")
    return float(scope.periods[args[0].id])


def _if(args: list[ast.expr], scope: Scope) -> Value:
    if len(args) not in (2, 3):
        raise BadExpression("IF takes two or three arguments")
    condition, *branches = (_value(arg, scope) for arg in args)
    return math_functions.choose(condition, branches)


def _moments(scope: Scope, value: Value) -> list[float]:
    """The periods that are asked for, and those that have a value."""
    known = [series for series in [*scope.metrics.values(), *as_list(value)] if isinstance(series, dict)]
    return sorted({*scope.moments, *(moment for series in known for moment in series)})


def _fill(args: list[ast.expr], scope: Scope) -> Value:
    """FILL(series, number | REPEAT | LINEAR): a value for every period."""
    if len(args) != 2:
        raise BadExpression("FILL takes two arguments")
    value = _value(args[0], scope)
    how = args[1].id if isinstance(args[1], ast.Name) and args[1].id in ("REPEAT", "LINEAR") else _value(args[1], scope)
    moments = _moments(scope, value)
    filled = [math_functions.fill(series, moments, how) for series in as_list(value)]
    return filled if isinstance(value, list) else filled[0]


def _time_series(args: list[ast.expr], scope: Scope) -> Value:
    """TIME_SERIES(number): the number in every period."""
    if len(args) != 1:
        raise BadExpression("TIME_SERIES takes one argument")
    value = _value(args[0], scope)
    return value if isinstance(value, dict) else Series(dict.fromkeys(_moments(scope, []), float(value)))


def _sort(args: list[ast.expr], scope: Scope) -> Value:
    if len(args) not in (3, 4):
        raise BadExpression("SORT takes three or four arguments")
    by, order = (arg.id if isinstance(arg, ast.Name) else "" for arg in args[1:3])
    limit = _value(args[3], scope) if len(args) == 4 else None
    return math_functions.sort(as_list(_value(args[0], scope)), by, order, limit)


def _slice(args: list[ast.expr], scope: Scope) -> Value:
    if len(args) not in (2, 3):
        raise BadExpression("SLICE takes two or three arguments")
    return math_functions.cut(as_list(_value(args[0], scope)), *(_value(arg, scope) for arg in args[1:]))


_SPECIAL: dict[str, Callable[[list[ast.expr], Scope], Value]] = {
    "METRICS": _metrics,
    "PERIOD": _period,
    "IF": _if,
    "FILL": _fill,
    "TIME_SERIES": _time_series,
    "SORT": _sort,
    "SLICE": _slice,
}
