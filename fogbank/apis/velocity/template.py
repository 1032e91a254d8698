"""Rendering: what the nodes of a template do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fogbank.apis.velocity import values
from fogbank.apis.velocity.nodes import (
    Binary,
    Call,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Index,
    Interpolated,
    Leave,
    Listed,
    Literal,
    Macro,
    MacroCall,
    Mapped,
    Negative,
    Node,
    Not,
    Property,
    Range,
    Reference,
    Set,
    Step,
    Text,
)
from fogbank.apis.velocity.parser import TemplateError, parse

# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_MOST_ITERATIONS = 1000
_LONGEST_OUTPUT = 10 * 1024 * 1024
_DEEPEST = 50
# No quota of AWS's: a rendering keeps everybody else waiting, so it has an end, at so many small values.
_MOST_EFFORT = 500_000
_BY_SIZE = 1024  # members or characters that are as much effort as a value


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Sequence[Node]:
    return parse(text)


class Template:
    """A template that can be rendered again and again. Raises TemplateError for what is none."""

    def __init__(self, text: str) -> None:
        self.nodes = _parsed(text)

    def render(self, given: Mapping[str, Any]) -> str:
        """The text, with what is given for references; the values may be changed by the template. Raises TemplateError."""
        rendering = Rendering(dict(given))
        try:
            rendering.run(self.nodes)
        except _Left:
            pass
        except RecursionError:
            raise TemplateError("nested too deeply") from None
        except TemplateError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise TemplateError(f"a value is of the wrong kind: {error}") from error
        return "".join(rendering.output)


class _Left(Exception):
    """`#break`, `#stop`, `#return`."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Rendering:
    """One rendering: what the references stand for, and what was written."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.output: list[str] = []
        self.macros: dict[str, Macro] = {}
        self.length = 0
        self.depth = 0
        self.effort = 0

    def spend(self, effort: int) -> None:
        self.effort += effort
        if self.effort > _MOST_EFFORT:
            raise TemplateError("the template takes too long")

    def write(self, text: str) -> None:
        self.length += len(text)
        if self.length > _LONGEST_OUTPUT:
            raise TemplateError("the output is too long")
        self.output.append(text)

    def run(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.spend(1)
            _RUN[type(node)](self, node)

    def inner(self, nodes: Sequence[Node]) -> str:
        """What nodes write, taken aside."""
        outer, self.output = self.output, []
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TemplateError("nested too deeply")
        try:
            self.run(nodes)
            return "".join(self.output)
        finally:
            self.depth -= 1
            self.output = outer

    # -- nodes

    def text(self, node: Text) -> None:
        self.write(node.text)

    def reference(self, node: Reference) -> None:
        value = self.value(node)
        if value is None:
            self.write("" if node.quiet else node.source)
        else:
            self.write(values.written(value))

    def assign(self, node: Set) -> None:
        value = self.value(node.value)
        target = node.target
        if not target.steps:
            self.names[target.name] = value
            return
        owner = self.value(target._replace(steps=target.steps[:-1]))
        last = target.steps[-1]
        key: Any = last.name if isinstance(last, Property | Call) else self.value(last.at)
        if isinstance(owner, dict) or (isinstance(owner, list) and isinstance(key, int) and key < len(owner)):
            owner[key] = value

    def branch(self, node: If) -> None:
        for condition, body in node.branches:
            if values.is_true(self.value(condition)):
                self.run(body)
                return

    def loop(self, node: Foreach) -> None:
        over = self.value(node.over)
        items = list(over.values()) if isinstance(over, dict) else over if isinstance(over, list) else []
        if len(items) > _MOST_ITERATIONS:
            raise TemplateError(f"#foreach goes on for more than {_MOST_ITERATIONS} times")
        before = {name: self.names.get(name) for name in (node.variable, "foreach", "velocityCount")}
        for at, item in enumerate(list(items)):
            last = at == len(items) - 1
            self.names[node.variable] = item
            self.names["velocityCount"] = at + 1
            self.names["foreach"] = {"index": at, "count": at + 1, "hasNext": not last, "first": at == 0, "last": last}
            try:
                self.run(node.body)
            except _Left as left:
                if left.how != "break":
                    raise
                break
        self.names.update(before)

    def define(self, node: Define) -> None:
        self.names[node.name] = _Defined(node.body)

    def macro(self, node: Macro) -> None:
        self.macros[node.name] = node

    def macro_call(self, node: MacroCall) -> None:
        macro = self.macros.get(node.name)
        if macro is None:
            self.write(node.source)
            return
        given = [self.value(argument) for argument in node.arguments]
        before = {name: self.names.get(name) for name in macro.parameters}
        self.names.update(zip(macro.parameters, given, strict=False))
        self.write(self.inner(macro.body))
        self.names.update(before)

    def evaluate(self, node: Evaluate) -> None:
        self.write(self.inner(parse(values.written(self.value(node.text)))))

    def leave(self, node: Leave) -> None:
        raise _Left(node.how)

    # -- expressions

    def value(self, expression: Expression) -> Any:
        value = _VALUE[type(expression)](self, expression)
        self.spend(1 + values.size_of(value) // _BY_SIZE)
        return value

    def referred(self, node: Reference) -> Any:
        value = self.names.get(node.name)
        if isinstance(value, _Defined):
            value = self.inner(value.body)
        for step in node.steps:
            value = self.step(value, step)
        return value

    def step(self, value: Any, step: Step) -> Any:
        if isinstance(step, Property):
            return values.prop(value, step.name)
        if isinstance(step, Index):
            return values.index(value, self.value(step.at))
        return values.call(value, step.name, [self.value(argument) for argument in step.arguments])

    def binary(self, node: Binary) -> Any:
        left = self.value(node.left)
        if node.operator == "||":
            return values.is_true(left) or values.is_true(self.value(node.right))
        if node.operator == "&&":
            return values.is_true(left) and values.is_true(self.value(node.right))
        return _calculated(node.operator, left, self.value(node.right))

    def numbers(self, node: Range) -> list[int]:
        start, end = self.value(node.start), self.value(node.end)
        if not isinstance(start, int) or not isinstance(end, int) or abs(end - start) > _MOST_ITERATIONS:
            raise TemplateError("not a range")
        return list(range(start, end + 1)) if start <= end else list(range(start, end - 1, -1))


class _Defined:
    """A block that is rendered where it is named."""

    def __init__(self, body: Sequence[Node]) -> None:
        self.body = body


def _calculated(operator: str, left: Any, right: Any) -> Any:
    if operator == "==":
        return left == right or (
            isinstance(left, str) != isinstance(right, str) and values.written(left) == values.written(right)
        )
    if operator == "!=":
        return not _calculated("==", left, right)
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return values.written(left) + values.written(right)
    if left is None or right is None:
        return None
    try:
        return _OPERATORS[operator](left, right)
    except (TypeError, ZeroDivisionError, OverflowError):
        return None


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        return int(left / right)  # towards zero, as Java divides
    return left / right


_OPERATORS = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": lambda left, right: left - right * int(left / right),
}
_RUN: dict[type, Any] = {
    Text: Rendering.text,
    Reference: Rendering.reference,
    Set: Rendering.assign,
    If: Rendering.branch,
    Foreach: Rendering.loop,
    Define: Rendering.define,
    Macro: Rendering.macro,
    MacroCall: Rendering.macro_call,
    Evaluate: Rendering.evaluate,
    Leave: Rendering.leave,
}
_VALUE: dict[type, Any] = {
    Literal: lambda rendering, node: node.value,
    Interpolated: lambda rendering, node: rendering.inner(node.body),
    Listed: lambda rendering, node: [rendering.value(item) for item in node.items],
    Mapped: lambda rendering, node: {rendering.value(key): rendering.value(item) for key, item in node.items},
    Range: Rendering.numbers,
    Binary: Rendering.binary,
    Not: lambda rendering, node: not values.is_true(rendering.value(node.operand)),
    Negative: lambda rendering, node: _calculated("-", 0, rendering.value(node.operand)),
    Reference: Rendering.referred,
}
