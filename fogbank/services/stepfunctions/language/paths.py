"""JSONPath as the States Language has it: `$.a.b[0]`, `$$.Execution.Name`, `$variable.x`, `$..b`, `$.a[?(@.n > 1)]`.

Paths of plain steps are followed here; others are left to the library python-jsonpath.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

_ROOT = re.compile(r"\$(\$|[A-Za-z_][A-Za-z0-9_]*)?(?=$|[.\[])")
_STEP = re.compile(r"\.([^.\[\]\s'\"*()?@$]+)|\[(-?\d+)\]|\['((?:[^'\\]|\\.)+)'\]|\[\"((?:[^\"\\]|\\.)+)\"\]")
_LENGTH = ".length()"

Step = str | int


class Missing(Exception):
    """There is nothing at a path."""


class Scope(NamedTuple):
    """What paths lead into: a document (`$`), the context object (`$$`), made when a path leads there, and variables (`$name`)."""

    document: Any
    context: Callable[[], Mapping[str, Any]]
    variables: Mapping[str, Any]


class Path(NamedTuple):
    """`root` is empty, `$`, or a variable's name; `steps` are None when there is more in it than steps, which `query` finds."""

    root: str
    steps: tuple[Step, ...] | None
    query: Callable[[Any], list[Any]] | None = None
    is_definite: bool = True
    measures: bool = False

    def of(self, scope: Scope) -> Any:
        """What is there. Raises Missing."""
        found = self._found(self._start(scope))
        if not self.measures:
            return found
        if not isinstance(found, (list, dict, str)):
            raise Missing
        return len(found)

    def _start(self, scope: Scope) -> Any:
        if not self.root:
            return scope.document
        if self.root == "$":
            return scope.context()
        if self.root not in scope.variables:
            raise Missing
        return scope.variables[self.root]

    def _found(self, value: Any) -> Any:
        if self.steps is not None:
            return _follow(self.steps, value)
        assert self.query is not None
        values = self.query(value)
        if not self.is_definite:
            return values
        if not values:
            raise Missing
        return values[0]


def _follow(steps: tuple[Step, ...], value: Any) -> Any:
    """An index beyond the end of a list finds null."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list):
                raise Missing
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            if not isinstance(value, dict) or step not in value:
                raise Missing
            value = value[step]
    return value


@lru_cache(maxsize=8192)
def read(text: str) -> Path:
    """Raises ValueError for what is no path."""
    root = _ROOT.match(text)
    if root is None:
        raise ValueError(f"{text} is not a JSONPath")
    rest = text[root.end() :]
    measures = rest.endswith(_LENGTH)
    steps = plain_steps(rest.removesuffix(_LENGTH))
    if steps is not None:
        return Path(root[1] or "", steps, measures=measures)
    return _queried(root[1] or "", rest.removesuffix(_LENGTH), measures)


def plain_steps(rest: str) -> tuple[Step, ...] | None:
    """The steps after the root, None when there are wildcards, filters, slices or descents."""
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None:
            return None
        name, number, *quoted = found.groups()
        steps.append(int(number) if number is not None else name or _unquoted(quoted[0] or quoted[1]))
        at = found.end()
    return tuple(steps)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _queried(root: str, rest: str, measures: bool) -> Path:
    import jsonpath

    try:
        compiled = jsonpath.compile(f"${rest}")
    except jsonpath.JSONPathError as error:
        raise ValueError(f"${rest} is not a JSONPath") from error
    if not isinstance(compiled, jsonpath.JSONPath):
        raise ValueError(f"${rest} is not one JSONPath")
    return Path(root, None, compiled.findall, compiled.singular_query(), measures)


def find(text: str, scope: Scope) -> Any:
    """What is at a path. Raises Missing, and ValueError for what is no path."""
    return read(text).of(scope)


def normal(text: str) -> str:
    """A path as refusals write it: `$['a']['b'][0]`."""
    path = read(text)
    if path.steps is None:
        return text
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in path.steps)


def is_reference(text: str) -> bool:
    """Does the path name one place in the input?"""
    try:
        path = read(text)
    except ValueError:
        return False
    return path.steps is not None and path.root == "" and not path.measures


def placed(text: str, document: Any, value: Any) -> Any:
    """The document with a value at a reference path; what is missing on the way is made. Raises Missing."""
    steps = read(text).steps
    assert steps is not None
    return _placed(steps, document, value)


def _placed(steps: tuple[Step, ...], document: Any, value: Any) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        if not isinstance(document, list) or not -len(document) <= step < len(document):
            raise Missing
        copy: Any = list(document)
        copy[step] = _placed(tuple(rest), copy[step], value)
        return copy
    if document is not None and not isinstance(document, dict):
        raise Missing
    return {**(document or {}), step: _placed(tuple(rest), (document or {}).get(step), value)}


def text_of(value: Any) -> str:
    """A value as the JSON text that histories, causes and outputs show."""
    return orjson.dumps(value).decode()
