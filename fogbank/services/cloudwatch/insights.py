"""Metrics Insights: `SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY MAX() DESC LIMIT 5`.

Reading a query, and what it makes of metrics. Values in, values out.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.services.cloudwatch import math_functions
from fogbank.services.cloudwatch.math_functions import BadExpression
from fogbank.services.cloudwatch.points import Metric
from fogbank.services.cloudwatch.series import Series

MOST_SERIES = 500
STATISTICS = {"AVG": "Average", "COUNT": "SampleCount", "MAX": "Maximum", "MIN": "Minimum", "SUM": "Sum"}
ACCOUNT = "AWS.AccountId"

_TOKENS = re.compile(
    r"\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|'(?P<text>(?:[^'\\]|\\.)*)'|(?P<mark>!=|[=(),])|(?P<word>[\w.]+))"
)
_KEYWORDS = frozenset({"SELECT", "FROM", "SCHEMA", "WHERE", "AND", "GROUP", "ORDER", "BY", "ASC", "DESC", "LIMIT"})
_IS_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)


class Condition(NamedTuple):
    label: str
    value: str
    holds_when_equal: bool


class Query(NamedTuple):
    """`schema` are the dimensions that a metric has exactly; None for any. `order` is a function, "" for by name."""

    function: str
    metric: str
    namespace: str
    schema: frozenset[str] | None = None
    where: tuple[Condition, ...] = ()
    group_by: tuple[str, ...] = ()
    order: str = ""
    descending: bool = False
    limit: int = MOST_SERIES


def is_query(text: str) -> bool:
    return _IS_QUERY.match(text) is not None


def matches(query: Query, metric: Metric, account: str) -> bool:
    labels = labels_of(metric, account)
    names = frozenset(name for name, _ in metric.dimensions)
    return (
        (metric.namespace, metric.name) == (query.namespace, query.metric)
        and query.schema in (None, names)
        and all((labels.get(each.label) == each.value) is each.holds_when_equal for each in query.where)
        and all(label in labels for label in query.group_by)
    )


def labels_of(metric: Metric, account: str) -> dict[str, str]:
    return dict(metric.dimensions) | {ACCOUNT: account}


def arranged(query: Query, found: list[Series]) -> list[Series]:
    """In the order that is asked for, without one by name; no more than the limit."""
    if query.order == "COUNT":
        found = sorted(found, key=len, reverse=query.descending)
    elif query.order:
        order = "DESC" if query.descending else "ASC"
        found = math_functions.sort(found, query.order, order)
    else:
        found = sorted(found, key=lambda series: series.label)
    return found[: query.limit]


def parse(text: str) -> Query:
    """Raises BadExpression."""
    return _Reader(text).query()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_TOKENS.finditer(text))
        self._at = 0
        if sum(len(token[0]) for token in self._tokens) < len(text.rstrip().rstrip(";")):
            raise BadExpression("Invalid syntax")

    def query(self) -> Query:
        self._expect("SELECT")
        function, metric = self._function(), self._in_parentheses()
        self._expect("FROM")
        namespace, schema = self._source()
        where = self._where() if self._takes("WHERE") else ()
        group_by = self._list() if self._takes("GROUP", "BY") else ()
        order, descending = self._order() if self._takes("ORDER", "BY") else ("", False)
        limit = self._limit() if self._takes("LIMIT") else MOST_SERIES
        if self._at < len(self._tokens):
            raise BadExpression(f"Unexpected {self._tokens[self._at][0].strip()}")
        return Query(function, metric, namespace, schema, where, group_by, order, descending, limit)

    # -- tokens

    def _expect(self, *words: str) -> None:
        if not self._takes(*words):
            raise BadExpression(f"Expected {' '.join(words)}")

    def _takes(self, *words: str) -> bool:
        ahead = self._tokens[self._at : self._at + len(words)]
        found = tuple((token["mark"] or token["word"] or "").upper() for token in ahead)
        if found != words:
            return False
        self._at += len(words)
        return True

    def _next(self, *kinds: str) -> str:
        """The next token, which is of one of the kinds."""
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        kind = None if token is None else token.lastgroup
        if token is None or kind not in kinds:
            raise BadExpression(f"Unexpected {'end' if token is None else token[0].strip()}")
        self._at += 1
        return token["word"] if kind == "word" else re.sub(r"\\(.)", r"\1", token[str(kind)])

    def _identifier(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is not None and (token["word"] or "").upper() in _KEYWORDS:
            raise BadExpression(f"Unexpected keyword {token['word']}")
        return self._next("word", "quoted")

    # -- clauses

    def _function(self) -> str:
        name = self._next("word").upper()
        if name not in STATISTICS:
            raise BadExpression(f"Unsupported function: {name}")
        return name

    def _in_parentheses(self) -> str:
        self._expect("(")
        name = self._identifier()
        self._expect(")")
        return name

    def _source(self) -> tuple[str, frozenset[str] | None]:
        if not self._takes("SCHEMA"):
            return self._identifier(), None
        self._expect("(")
        namespace, *dimensions = self._list()
        self._expect(")")
        return namespace, frozenset(dimensions)

    def _list(self) -> tuple[str, ...]:
        found = [self._identifier()]
        while self._takes(","):
            found.append(self._identifier())
        return tuple(found)

    def _where(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._takes("AND"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        label = self._identifier()
        is_equal = self._takes("=")
        if not is_equal:
            self._expect("!=")
        return Condition(label, self._next("text"), is_equal)

    def _order(self) -> tuple[str, bool]:
        function = self._function()
        self._expect("(")
        self._expect(")")
        descending = self._takes("DESC")
        if not descending:
            self._takes("ASC")
        return function, descending

    def _limit(self) -> int:
        text = self._next("word")
        if not text.isdigit() or not 0 < int(text) <= MOST_SERIES:
            raise BadExpression(f"LIMIT must be between 1 and {MOST_SERIES}")
        return int(text)
