"""What the parser makes of an expression's text. Names and values are still placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Step = str | int


@dataclass(frozen=True, slots=True)
class Path:
    """A document path: names (`a`, `#a`) and list indexes. `raw` names stand for themselves, even when reserved."""

    steps: tuple[Step, ...]
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value of ExpressionAttributeValues (`:v`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is in the request itself, in legacy parameters."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A function: a condition by itself, or an operand."""

    function: str
    arguments: tuple[Operand, ...]


Operand = Path | Placeholder | Constant | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of = <> < <= > >=, BETWEEN or IN."""

    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Logical:
    """`operator` is AND, OR or NOT."""

    operator: str
    terms: tuple[Condition, ...]


Condition = Comparison | Logical | Call


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`operator` is + or -."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Action:
    """One change of an update: `section` is SET, REMOVE, ADD or DELETE."""

    section: str
    path: Path
    value: Operand | Arithmetic | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """`sections` are in the order in which they were written, with repetitions."""

    sections: tuple[str, ...]
    actions: tuple[Action, ...]
