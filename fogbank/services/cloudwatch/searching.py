"""Search expressions: which metrics does `{AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-0123` mean? Pure.

What is in quotes is a whole name or value; what is not is words of them, whatever their case: `CPUUtilization` has the words `cpu` and
`utilization`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fogbank.services.cloudwatch.math_functions import BadExpression
from fogbank.services.cloudwatch.points import Metric

Matcher = Callable[[Metric], bool]

MOST = 500
"""As many metrics a search finds."""

_DEEPEST = 50

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*")
_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]+?))\s*(?:,|$)')
_TOKENS = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<mark>[()=])|(?P<word>[^\s()="]+))')
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


class Schema(NamedTuple):
    """The namespace, and the names of exactly those dimensions that a metric has; None for any."""

    namespace: str
    dimensions: frozenset[str] | None


def matcher(text: str) -> Matcher:
    """Raises BadExpression."""
    schema, rest = _schema(text)
    if schema is None and not rest.strip():
        raise BadExpression("A search needs a schema or a term")
    term = _Reader(rest).whole() if rest.strip() else _anything
    return lambda metric: (schema is None or _has(metric, schema)) and term(metric)


def namespaces(text: str) -> tuple[str, ...]:
    """The namespace that a search names in its schema, if it has one. Raises BadExpression."""
    schema, _ = _schema(text)
    return () if schema is None else (schema.namespace,)


def _anything(metric: Metric) -> bool:
    return True


def _schema(text: str) -> tuple[Schema | None, str]:
    match = _SCHEMA.match(text)
    if match is None:
        return None, text
    items = [(quoted or plain).strip() for quoted, plain in _ITEM.findall(match[1])]
    if not items or not items[0]:
        raise BadExpression("The schema of a search begins with a namespace")
    return Schema(items[0], frozenset(items[1:]) if len(items) > 1 else None), text[match.end() :].lstrip(", ")


def _has(metric: Metric, schema: Schema) -> bool:
    names = frozenset(name for name, _ in metric.dimensions)
    return metric.namespace == schema.namespace and schema.dimensions in (None, names)


def words(text: str) -> set[str]:
    return {part.lower() for part in _PARTS.findall(text)} | {part.lower() for part in re.findall(r"\w+", text)}


def _texts(metric: Metric) -> list[str]:
    return [metric.namespace, metric.name, *(text for dimension in metric.dimensions for text in dimension)]


def _field(metric: Metric, name: str) -> Sequence[str]:
    """`Namespace`, `MetricName`, or the name of a dimension."""
    plain = {"Namespace": metric.namespace, "MetricName": metric.name}
    return [plain[name]] if name in plain else [value for key, value in metric.dimensions if key == name]


class _Reader:
    """NOT binds closest, then AND (also where nothing is said), then OR."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_TOKENS.finditer(text))
        self._at = 0
        self._depth = 0
        if sum(len(token[0]) for token in self._tokens) < len(text.rstrip()):
            raise BadExpression("Invalid search term")

    def whole(self) -> Matcher:
        found = self._either(None)
        if self._at < len(self._tokens):
            raise BadExpression("Invalid search term")
        return found

    def _peek(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return "" if token is None else (token["mark"] or token["word"] or '"')

    def _takes(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self._at += 1
        return True

    def _either(self, field: str | None) -> Matcher:
        parts = [self._both(field)]
        while self._takes("OR"):
            parts.append(self._both(field))
        return lambda metric: any(part(metric) for part in parts)

    def _both(self, field: str | None) -> Matcher:
        parts = [self._single(field)]
        while self._takes("AND") or self._peek() not in ("", "OR", ")"):
            parts.append(self._single(field))
        return lambda metric: all(part(metric) for part in parts)

    def _single(self, field: str | None) -> Matcher:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadExpression("The search is nested too deeply")
        found = self._unnested(field)
        self._depth -= 1
        return found

    def _unnested(self, field: str | None) -> Matcher:
        if self._takes("NOT"):
            inner = self._single(field)
            return lambda metric: not inner(metric)
        if self._takes("("):
            inner = self._either(field)
            if not self._takes(")"):
                raise BadExpression("A parenthesis of the search term is not closed")
            return inner
        return self._term(field)

    def _term(self, field: str | None) -> Matcher:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token["mark"]:
            raise BadExpression("Invalid search term")
        self._at += 1
        text = token["word"] or re.sub(r"\\(.)", r"\1", token["quoted"])
        if field is None and self._takes("="):
            return self._single(text)
        return _exactly(text, field) if token["quoted"] is not None else _by_words(text, field)


def _among(metric: Metric, field: str | None) -> Sequence[str]:
    return _texts(metric) if field is None else _field(metric, field)


def _exactly(text: str, field: str | None) -> Matcher:
    return lambda metric: text in _among(metric, field)


def _by_words(text: str, field: str | None) -> Matcher:
    wanted = [part.lower() for part in _PARTS.findall(text)]
    return lambda metric: set(wanted) <= {word for each in _among(metric, field) for word in words(each)}
