"""What a template consists of, once it is read. Values; what they do is in `template`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Literal(NamedTuple):
    value: Any


class Interpolated(NamedTuple):
    """A text in double quotes: a template of its own."""

    body: Sequence[Node]


class Listed(NamedTuple):
    items: Sequence[Expression]


class Mapped(NamedTuple):
    items: Sequence[tuple[Expression, Expression]]


class Range(NamedTuple):
    start: Expression
    end: Expression


class Binary(NamedTuple):
    operator: str
    left: Expression
    right: Expression


class Not(NamedTuple):
    operand: Expression


class Negative(NamedTuple):
    operand: Expression


class Property(NamedTuple):
    name: str


class Call(NamedTuple):
    name: str
    arguments: Sequence[Expression]


class Index(NamedTuple):
    at: Expression


Step = Property | Call | Index


class Reference(NamedTuple):
    """`source` is how it was written: it stands for itself where there is no value and it is not quiet (`$!x`)."""

    name: str
    steps: Sequence[Step]
    quiet: bool
    source: str


Expression = Literal | Interpolated | Listed | Mapped | Range | Binary | Not | Negative | Reference


class Text(NamedTuple):
    text: str


class Set(NamedTuple):
    target: Reference
    value: Expression


class If(NamedTuple):
    """Each branch is a condition and its body; `#else` is a condition that is true."""

    branches: Sequence[tuple[Expression, Sequence[Node]]]


class Foreach(NamedTuple):
    variable: str
    over: Expression
    body: Sequence[Node]


class Define(NamedTuple):
    name: str
    body: Sequence[Node]


class Macro(NamedTuple):
    name: str
    parameters: Sequence[str]
    body: Sequence[Node]


class MacroCall(NamedTuple):
    name: str
    arguments: Sequence[Expression]
    source: str


class Evaluate(NamedTuple):
    text: Expression


class Leave(NamedTuple):
    """`#break`, `#stop` and `#return`."""

    how: str


Node = Text | Reference | Set | If | Foreach | Define | Macro | MacroCall | Evaluate | Leave
