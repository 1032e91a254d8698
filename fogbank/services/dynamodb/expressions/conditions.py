"""Conditions: from a tree to a closure that says whether an item satisfies it.

Compiling checks all that names and the types of values can tell, in AWS's order: operands before their operator, left to right.
"""

from __future__ import annotations

import operator
from binascii import a2b_base64
from collections.abc import Callable
from typing import Any, NamedTuple

from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions.scope import Scope, Steps, shown
from fogbank.services.dynamodb.expressions.tree import (
    Call,
    Comparison,
    Condition,
    Constant,
    Logical,
    Operand,
    Path,
    Placeholder,
    Step,
)
from fogbank.services.dynamodb.values import ORDERED, TYPES, Item, Value, comparable, type_of

Values = dict[str, Value]
Read = Callable[[Item, Values], "Value | None"]
Test = Callable[[Item, Values], bool]
Check = Callable[[Values], None]

MAX_CANDIDATES = 100
SIZED = frozenset({"S", "B", "SS", "NS", "BS", "L", "M"})
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Compiled(NamedTuple):
    """A compiled operand. `type` is known of values and functions; `path` is there for paths."""

    read: Read
    type: str | None = None
    path: Steps | None = None
    is_value: bool = False


class ConditionCompiler:
    """Compiles one expression. `checks` gathers what needs the values themselves, not only their types."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.checks: list[Check] = []

    # -- conditions

    def condition(self, tree: Condition) -> Test:
        if isinstance(tree, Logical):
            terms = [self.condition(term) for term in tree.terms]
            return _negation(terms[0]) if tree.operator == "NOT" else _LOGIC[tree.operator](terms)
        if isinstance(tree, Comparison):
            return self._comparison(tree)
        return _FUNCTIONS[tree.function](self, tree)

    def _comparison(self, tree: Comparison) -> Test:
        operands = [self.operand(operand) for operand in tree.operands]
        if tree.operator == "IN" and len(operands) > MAX_CANDIDATES + 1:
            raise self.scope.error(
                f"The IN operator is provided with too many operands; number of operands: {len(operands) - 1}"
            )
        if tree.operator in ("BETWEEN", *_ORDERS):
            for operand in operands:
                if operand.type is not None and operand.type not in ORDERED:
                    raise self._operand_type(tree.operator, operand)
        self._require_distinct(tree.operator, operands)
        reads = [operand.read for operand in operands]
        if tree.operator in ("=", "<>"):
            return _equality(*reads) if tree.operator == "=" else _negation(_equality(*reads))
        if tree.operator == "IN":
            return _membership(reads[0], reads[1:])
        if tree.operator == "BETWEEN":
            self._check_bounds(operands[1], operands[2])
            return _between(*reads)
        return _order(_ORDERS[tree.operator], *reads)

    def _check_bounds(self, lower: Compiled, upper: Compiled) -> None:
        """Bounds that are both values must be of one type, and in order."""
        if not (lower.is_value and upper.is_value):
            return
        error = self.scope.error

        def check(values: Values) -> None:
            low, high = lower.read({}, values), upper.read({}, values)
            assert low is not None and high is not None
            bounds = f"lower bound operand: {_printed(low)}, upper bound operand: {_printed(high)}"
            if type_of(low) != type_of(high):
                raise error(f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}")
            if comparable(low) > comparable(high):
                noun = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
                raise error(f"{noun}; {bounds}")

        self.checks.append(check)

    def _require_distinct(self, name: str, operands: list[Compiled]) -> None:
        first = operands[0].path
        if first is not None and any(operand.path == first for operand in operands[1:]):
            raise self.scope.error(
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {name}, first operand: {shown(first)}"
            )

    def _operand_type(self, name: str, operand: Compiled) -> AWSError:
        kind = operand.type or f"{{{','.join(TYPES)}}}"
        return self.scope.error(
            f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"
        )

    # -- operands

    def operand(self, tree: Operand) -> Compiled:
        if isinstance(tree, Placeholder):
            return Compiled(_from_values(tree.name), self.scope.type_of(tree), is_value=True)
        if isinstance(tree, Constant):
            return Compiled(_constant(tree.value), type_of(tree.value), is_value=True)
        if isinstance(tree, Path):
            steps = self.scope.path(tree)
            return Compiled(reader(steps), path=steps)
        return self._size(tree)

    def arguments(self, tree: Call, count: int) -> list[Compiled]:
        operands = [self.operand(argument) for argument in tree.arguments]
        if len(operands) != count:
            raise self.scope.error(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {tree.function}, number of operands: {len(operands)}"
            )
        self._require_distinct(tree.function, operands)
        return operands

    def document_path(self, tree: Call, operand: Compiled) -> None:
        if operand.path is None:
            raise self.scope.error(
                f"Operator or function requires a document path; operator or function: {tree.function}"
            )

    def _size(self, tree: Call) -> Compiled:
        operand = self.arguments(tree, 1)[0]
        if operand.type is not None and operand.type not in SIZED:
            raise self._operand_type(tree.function, operand)
        read = operand.read

        def size(item: Item, values: Values) -> Value | None:
            value = read(item, values)
            length = None if value is None else length_of(value)
            return None if length is None else {"N": str(length)}

        return Compiled(size, "N")

    # -- functions that are conditions

    def _attribute_exists(self, tree: Call) -> Test:
        operand = self.arguments(tree, 1)[0]
        self.document_path(tree, operand)
        read = operand.read
        return lambda item, values: read(item, values) is not None

    def _attribute_not_exists(self, tree: Call) -> Test:
        return _negation(self._attribute_exists(tree))

    def _attribute_type(self, tree: Call) -> Test:
        subject, wanted = self.arguments(tree, 2)
        if wanted.type != "S" or not wanted.is_value:
            raise self._operand_type(tree.function, wanted)
        error = self.scope.error

        def check(values: Values) -> None:
            name = wanted.read({}, values)["S"]  # type: ignore[index]
            if name not in TYPES:
                valid = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
                raise error(f"Invalid attribute type name found; type: {name}, valid types: {valid}")

        self.checks.append(check)

        def test(item: Item, values: Values) -> bool:
            value = subject.read(item, values)
            return value is not None and wanted.read(item, values)["S"] in value  # type: ignore[index]

        return test

    def _begins_with(self, tree: Call) -> Test:
        operands = self.arguments(tree, 2)
        for operand in operands:
            if operand.type is not None and operand.type not in ("S", "B"):
                raise self._operand_type(tree.function, operand)
        read_whole, read_start = operands[0].read, operands[1].read

        def test(item: Item, values: Values) -> bool:
            whole, start = read_whole(item, values), read_start(item, values)
            return whole is not None and start is not None and begins_with(whole, start)

        return test

    def _contains(self, tree: Call) -> Test:
        read_whole, read_part = [operand.read for operand in self.arguments(tree, 2)]

        def test(item: Item, values: Values) -> bool:
            whole, part = read_whole(item, values), read_part(item, values)
            return whole is not None and part is not None and contains(whole, part)

        return test


_FUNCTIONS: dict[str, Callable[[ConditionCompiler, Call], Test]] = {
    "attribute_exists": ConditionCompiler._attribute_exists,
    "attribute_not_exists": ConditionCompiler._attribute_not_exists,
    "attribute_type": ConditionCompiler._attribute_type,
    "begins_with": ConditionCompiler._begins_with,
    "contains": ConditionCompiler._contains,
}


# -- reading operands


def reader(steps: Steps) -> Read:
    """A closure that reads a path from an item; None where it leads nowhere."""
    name = steps[0]
    if len(steps) == 1:
        return lambda item, values: item.get(name)  # type: ignore[arg-type]
    return lambda item, values: follow(item, steps)


def follow(item: Item, steps: Steps) -> Value | None:
    """The value at a path, None where it leads nowhere."""
    value = item.get(steps[0])  # type: ignore[arg-type]
    for step in steps[1:]:
        if value is None:
            return None
        value = child(value, step)
    return value


def child(value: Value, step: Step) -> Value | None:
    """The element of a map by its name, or of a list by its index."""
    if step.__class__ is str:
        members = value.get("M")
        return None if members is None else members.get(step)
    elements = value.get("L")
    return None if elements is None or step >= len(elements) else elements[step]  # type: ignore[operator]


def _from_values(name: str) -> Read:
    return lambda item, values: values[name]


def _constant(value: Value) -> Read:
    return lambda item, values: value


# -- logic and comparisons


def _negation(test: Test) -> Test:
    return lambda item, values: not test(item, values)


def _conjunction(terms: list[Test]) -> Test:
    if len(terms) == 2:
        left, right = terms
        return lambda item, values: left(item, values) and right(item, values)

    def test(item: Item, values: Values) -> bool:
        return all(term(item, values) for term in terms)

    return test


def _disjunction(terms: list[Test]) -> Test:
    if len(terms) == 2:
        left, right = terms
        return lambda item, values: left(item, values) or right(item, values)

    def test(item: Item, values: Values) -> bool:
        return any(term(item, values) for term in terms)

    return test


_LOGIC: dict[str, Callable[[list[Test]], Test]] = {"AND": _conjunction, "OR": _disjunction}


def _equality(left: Read, right: Read) -> Test:
    def test(item: Item, values: Values) -> bool:
        value = left(item, values)
        return value is not None and value == right(item, values)

    return test


def _membership(subject: Read, candidates: list[Read]) -> Test:
    def test(item: Item, values: Values) -> bool:
        value = subject(item, values)
        return value is not None and any(value == read(item, values) for read in candidates)

    return test


def _order(compare: Callable[[Any, Any], bool], left: Read, right: Read) -> Test:
    def test(item: Item, values: Values) -> bool:
        one, two = left(item, values), right(item, values)
        return one is not None and two is not None and ordered(compare, one, two)

    return test


def _between(subject: Read, lower: Read, upper: Read) -> Test:
    at_least, at_most = _order(operator.ge, subject, lower), _order(operator.le, subject, upper)
    return lambda item, values: at_least(item, values) and at_most(item, values)


def ordered(compare: Callable[[Any, Any], bool], one: Value, two: Value) -> bool:
    """Does `compare` hold? Never between values of different types, or of types without an order."""
    kind = type_of(one)
    return kind in ORDERED and kind in two and compare(comparable(one), comparable(two))


def begins_with(whole: Value, start: Value) -> bool:
    if "S" in whole and "S" in start:
        return whole["S"].startswith(start["S"])
    if "B" in whole and "B" in start:
        return a2b_base64(whole["B"]).startswith(a2b_base64(start["B"]))
    return False


def contains(whole: Value, part: Value) -> bool:
    """A part of a string or binary, a member of a set, an element of a list."""
    for kind, content in whole.items():
        if kind == "L":
            return part in content
        if kind == "B":
            return "B" in part and a2b_base64(part["B"]) in a2b_base64(content)
        if kind == "S" or (len(kind) == 2 and kind[1] == "S"):
            return part.get(kind[0]) in content if kind[0] in part else False
    return False


def length_of(value: Value) -> int | None:
    """What `size` gives: UTF-16 units of a string, bytes of a binary, elements of the rest; None of what has no size."""
    for kind, content in value.items():
        if kind == "S":
            return len(content) if content.isascii() else len(content.encode("utf-16-le", "surrogatepass")) // 2
        if kind == "B":
            return len(a2b_base64(content))
        return len(content) if kind in SIZED else None
    return None


def _printed(value: Value) -> str:
    return f"AttributeValue: {{{', '.join([f'{kind}:{content}' for kind, content in value.items()])}}}"
