"""What filter expressions become."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Union

Value = str | float | bool
Kind = Literal["service", "entity", "exception"]
Cause = Literal["fault", "error", "responsetime"]


class Every(NamedTuple):
    parts: tuple[Node, ...]


class Some(NamedTuple):
    parts: tuple[Node, ...]


class Not(NamedTuple):
    part: Node


class Test(NamedTuple):
    """A keyword alone (`operator` empty), or compared with a value."""

    keyword: str
    operator: str = ""
    value: Value = True


class Annotation(NamedTuple):
    key: str
    operator: str = ""
    value: Value = True


class Group(NamedTuple):
    """`member` is `name` or `arn`."""

    member: str
    value: str


class Id(NamedTuple):
    """A service, by what is given of it. All of them: nothing is."""

    name: str | None = None
    type: str | None = None
    account: str | None = None


class OfService(NamedTuple):
    id: Id
    filter: Node | None


class OfEdge(NamedTuple):
    source: Id
    target: Id
    filter: Node | None


class RootCause(NamedTuple):
    cause: Cause
    kind: Kind
    filter: Node


class RootCauseJson(NamedTuple):
    patterns: list[Any]


Node = Union[Every, Some, Not, Test, Annotation, Group, OfService, OfEdge, RootCause, RootCauseJson, Id]  # noqa: UP007
