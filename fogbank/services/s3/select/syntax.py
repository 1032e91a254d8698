"""What an expression of S3 Select says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Node:
    """An expression."""


@dataclass(frozen=True)
class Step:
    """A step of a path: a name (of an object's member, or a column), an index (of an array) or a wildcard (`.*`, `[*]`)."""

    name: str = ""
    quoted: bool = False
    index: int | None = None
    wildcard: bool = False

    def matches(self, name: str) -> bool:
        """Quoted names tell capitals apart, others do not."""
        return self.name == name if self.quoted else self.name.lower() == name.lower()


Steps = tuple[Step, ...]


@dataclass(frozen=True)
class Literal(Node):
    value: Any


@dataclass(frozen=True)
class Path(Node):
    """`s.address.lines[0]`. `steps` has the alias of the table no more once the table is known."""

    steps: Steps


@dataclass(frozen=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class In(Node):
    value: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Like(Node):
    value: Node
    pattern: Node
    escape: Node | None


@dataclass(frozen=True)
class Is(Node):
    """`IS NULL`, which MISSING is, too, and `IS MISSING`."""

    value: Node
    missing: bool


@dataclass(frozen=True)
class Case(Node):
    """`subject` is None for a searched CASE."""

    subject: Node | None
    branches: tuple[tuple[Node, Node], ...]
    default: Node


@dataclass(frozen=True)
class Cast(Node):
    value: Node
    type: str


@dataclass(frozen=True)
class Call(Node):
    """A function. `word` is its keyword argument: the date part of DATE_ADD, what TRIM trims."""

    name: str
    arguments: tuple[Node, ...]
    word: str = ""


@dataclass(frozen=True)
class Aggregate(Node):
    """`argument` is None for COUNT(*)."""

    name: str
    argument: Node | None


@dataclass(frozen=True)
class Item:
    """An expression of the SELECT list and the name it was given."""

    expression: Node
    alias: str


@dataclass(frozen=True)
class Query:
    """`items` is None for `SELECT *`; `path` is what follows `S3Object[*]`; `limit` None means all."""

    items: tuple[Item, ...] | None
    path: Steps
    alias: str
    where: Node | None
    limit: int | None
