"""Expressions as functions of a record. They are compiled once per query, when the columns of the object are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fogbank.services.s3.select import errors
from fogbank.services.s3.select.functions import AGGREGATES, Function, function
from fogbank.services.s3.select.syntax import (
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    In,
    Is,
    Like,
    Literal,
    Node,
    Path,
    Steps,
    Unary,
)
from fogbank.services.s3.select.timestamps import Timestamp
from fogbank.services.s3.select.values import COMPARISONS, MISSING, calculate, cast, compare, is_absent

Evaluate = Callable[[Any], Any]


class Compiler:
    """`locate` gives what reads a path off a record. Aggregates are gathered in `aggregates`, to be fed by whoever runs the query."""

    def __init__(self, locate: Callable[[Steps], Evaluate], now: Timestamp) -> None:
        self._locate = locate
        self._now = now
        self._aggregating = False
        self.aggregates: list[tuple[Any, Evaluate | None]] = []

    def compile(self, node: Node) -> Evaluate:
        make: Callable[[Any], Evaluate] = getattr(self, f"_{type(node).__name__.lower()}")
        return make(node)

    def _literal(self, node: Literal) -> Evaluate:
        return lambda record: node.value

    def _path(self, node: Path) -> Evaluate:
        return self._locate(node.steps)

    def _unary(self, node: Unary) -> Evaluate:
        operand = self.compile(node.operand)
        if node.operator == "-":
            return lambda record: calculate("-", 0, operand(record))
        return lambda record: _not(_truth(operand(record)))

    def _binary(self, node: Binary) -> Evaluate:
        left, right, symbol = self.compile(node.left), self.compile(node.right), node.operator
        if symbol in COMPARISONS:
            if isinstance(node.right, Literal):
                constant = node.right.value
                return lambda record: compare(symbol, left(record), constant)
            return lambda record: compare(symbol, left(record), right(record))
        if symbol == "AND":
            return lambda record: _and(left, right, record)
        if symbol == "OR":
            return lambda record: _or(left, right, record)
        return lambda record: calculate(symbol, left(record), right(record))

    def _between(self, node: Between) -> Evaluate:
        both = Binary("AND", Binary(">=", node.value, node.low), Binary("<=", node.value, node.high))
        return self._binary(both)

    def _in(self, node: In) -> Evaluate:
        value, options = self.compile(node.value), [self.compile(option) for option in node.options]

        def evaluate(record: Any) -> bool | None:
            wanted = value(record)
            found = [compare("=", wanted, option(record)) for option in options]
            return True if True in found else None if None in found else False

        return evaluate

    def _like(self, node: Like) -> Evaluate:
        parts = [self.compile(part) for part in (node.value, node.pattern, node.escape or Literal(""))]

        def evaluate(record: Any) -> bool | None:
            text, pattern, escape = (part(record) for part in parts)
            if is_absent(text) or is_absent(pattern) or is_absent(escape):
                return None
            if not (isinstance(text, str) and isinstance(pattern, str) and isinstance(escape, str)):
                raise errors.refusal("LikeInvalidInputs")
            return _like_pattern(pattern, escape).fullmatch(text) is not None

        return evaluate

    def _is(self, node: Is) -> Evaluate:
        value = self.compile(node.value)
        if node.missing:
            return lambda record: value(record) is MISSING
        return lambda record: is_absent(value(record))

    def _case(self, node: Case) -> Evaluate:
        conditions = [
            self.compile(when if node.subject is None else Binary("=", node.subject, when)) for when, _ in node.branches
        ]
        results = [self.compile(then) for _, then in node.branches]
        default = self.compile(node.default)

        def evaluate(record: Any) -> Any:
            for condition, result in zip(conditions, results, strict=True):
                if _truth(condition(record)):
                    return result(record)
            return default(record)

        return evaluate

    def _cast(self, node: Cast) -> Evaluate:
        value, kind = self.compile(node.value), node.type
        return lambda record: cast(value(record), kind)

    def _call(self, node: Call) -> Evaluate:
        if node.name == "UTCNOW":
            if node.arguments:
                raise errors.refusal("EvaluatorInvalidArguments", "Function: UTCNOW")
            return lambda record: self._now
        return _called(
            function(node.name, len(node.arguments)), node.word, [self.compile(each) for each in node.arguments]
        )

    def _aggregate(self, node: Aggregate) -> Evaluate:
        if self._aggregating:
            raise errors.refusal("UnsupportedSqlStructure")
        self._aggregating = True
        state = AGGREGATES[node.name]()
        self.aggregates.append((state, None if node.argument is None else self.compile(node.argument)))
        self._aggregating = False
        return lambda record: state.result


def _called(found: Function, word: str, arguments: list[Evaluate]) -> Evaluate:
    def evaluate(record: Any) -> Any:
        values = [argument(record) for argument in arguments]
        if not found.open and any(map(is_absent, values)):
            return None
        return found.call(word, *values)

    return evaluate


def aggregates_in(node: Node) -> bool:
    """Is there an aggregate in the expression?"""
    return isinstance(node, Aggregate) or any(map(aggregates_in, _children(node)))


def paths_in(node: Node) -> list[Path]:
    """All paths of the expression."""
    if isinstance(node, Path):
        return [node]
    return [path for child in _children(node) for path in paths_in(child)]


def bare_paths_in(node: Node) -> bool:
    """Is there a path outside of aggregates?"""
    return isinstance(node, Path) or (not isinstance(node, Aggregate) and any(map(bare_paths_in, _children(node))))


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    pending = list(vars(node).values())
    while pending:
        value = pending.pop()
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            pending += value
    return found


# -- the logic of three values


def _truth(value: Any) -> bool | None:
    """A condition's value: True, False, or None for what is unknown. A text can be a truth value of CSV."""
    if value is True or value is False:
        return value
    if is_absent(value):
        return None
    return compare("=", True, value) is True


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _and(left: Evaluate, right: Evaluate, record: Any) -> bool | None:
    first = _truth(left(record))
    if first is False:
        return False
    second = _truth(right(record))
    return second if first is True or second is False else None


def _or(left: Evaluate, right: Evaluate, record: Any) -> bool | None:
    first = _truth(left(record))
    if first is True:
        return True
    second = _truth(right(record))
    return second if first is False or second is True else None


@lru_cache(maxsize=256)
def _like_pattern(pattern: str, escape: str) -> re.Pattern[str]:
    """`%` is any text, `_` any character; the escape character takes that from the one after it."""
    if len(escape) > 1:
        raise errors.refusal("EvaluatorLikePatternInvalidEscapeSequence")
    found, characters = [], iter(pattern)
    for character in characters:
        if character == escape:
            escaped = next(characters, "")
            if escaped not in ("%", "_", escape):
                raise errors.refusal("EvaluatorLikePatternInvalidEscapeSequence")
            found.append(re.escape(escaped))
        else:
            found.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return re.compile("".join(found), re.DOTALL)
