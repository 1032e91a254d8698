"""Updates: from a tree to a function that makes the new item from the old one.

All operands are read from the item as it was. Then SET and ADD take effect, those that lengthen a list in the order of their indexes, then
removals from the last index to the first, so that none of them moves what another one means.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from fogbank.services.dynamodb import errors, numbers
from fogbank.services.dynamodb.expressions.conditions import Compiled, ConditionCompiler, Read, Values, child, follow
from fogbank.services.dynamodb.expressions.projections import project, tree_of
from fogbank.services.dynamodb.expressions.scope import Steps, refuse_overlap
from fogbank.services.dynamodb.expressions.tree import Action, Arithmetic, Call, Operand, Update
from fogbank.services.dynamodb.values import SETS, Item, Value, set_of

# Gives the new value of a path from the old item, what was there and the values; None takes the path away.
Change = Callable[[Item, "Value | None", Values], "Value | None"]

# As AWS's error texts name types here, and nowhere else.
_LONG_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
}


class Assignment(NamedTuple):
    """The change at one path."""

    path: Steps
    change: Change


class UpdateCompiler(ConditionCompiler):
    def update(self, tree: Update) -> list[Assignment]:
        """The changes in the order in which they take effect."""
        paths = [self.scope.path(action.path) for action in tree.actions]
        refuse_overlap(self.scope, paths)
        # operands are looked at from the last action to the first, as AWS's errors show
        changes = [self._change(action) for action in reversed(tree.actions)][::-1]
        assignments = [Assignment(*pair) for pair in zip(paths, changes, strict=True)]
        return sorted(assignments, key=lambda assignment: _index(assignment.path))

    def _change(self, action: Action) -> Change:
        if action.section == "REMOVE":
            return lambda item, old, values: None
        assert action.value is not None
        if action.section == "SET":
            read = self._assigned(action.value)
            return lambda item, old, values: read(item, values)
        operand = self.operand(action.value)  # type: ignore[arg-type]
        kind = operand.type
        allowed = SETS | {"N"} if action.section == "ADD" else SETS
        if kind not in allowed:
            raise self.scope.error(
                f"Incorrect operand type for operator or function; operator: {action.section}, "
                f"operand type: {_LONG_NAMES[kind or 'NULL']}, typeSet: ALLOWED_FOR_{action.section}_OPERAND"
            )
        return _combination(action.section, operand)

    # -- what SET assigns

    def _assigned(self, tree: Operand | Arithmetic) -> Read:
        if isinstance(tree, Arithmetic):
            return self._sum(tree)
        read = self._update_operand(tree).read

        def assigned(item: Item, values: Values) -> Value:
            return present(read(item, values))

        return assigned

    def _update_operand(self, tree: Operand) -> Compiled:
        if not isinstance(tree, Call):
            return self.operand(tree)
        return self._if_not_exists(tree) if tree.function == "if_not_exists" else self._list_append(tree)

    def _update_arguments(self, tree: Call) -> tuple[Compiled, Compiled]:
        operands = [self._update_operand(argument) for argument in tree.arguments]
        if len(operands) != 2:
            raise self.scope.error(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {tree.function}, number of operands: {len(operands)}"
            )
        return operands[0], operands[1]

    def _if_not_exists(self, tree: Call) -> Compiled:
        first, second = self._update_arguments(tree)
        self.document_path(tree, first)
        self._require_distinct(tree.function, [first, second])

        def read(item: Item, values: Values) -> Value | None:
            otherwise = present(second.read(item, values))
            value = first.read(item, values)
            return otherwise if value is None else value

        # of the type of its alternative, or of any: only a value's own type can be refused beforehand
        return Compiled(read)

    def _list_append(self, tree: Call) -> Compiled:
        first, second = self._update_arguments(tree)
        for operand in (first, second):
            if operand.type is not None and operand.type != "L":
                raise self._operand_type(tree.function, operand)

        def read(item: Item, values: Values) -> Value:
            one, two = present(first.read(item, values)), present(second.read(item, values))
            if "L" not in one or "L" not in two:
                raise errors.operand_type()
            return {"L": one["L"] + two["L"]}

        return Compiled(read)

    def _sum(self, tree: Arithmetic) -> Read:
        left, right = self._update_operand(tree.left), self._update_operand(tree.right)
        for operand in (left, right):
            if operand.type is not None and operand.type != "N":
                raise self._operand_type(tree.operator, operand)
        is_difference = tree.operator == "-"

        def read(item: Item, values: Values) -> Value:
            one, two = number(left.read(item, values)), number(right.read(item, values))
            return {"N": numbers.add(one, numbers.negated(two) if is_difference else two)}

        return read


def present(value: Value | None) -> Value:
    if value is None:
        raise errors.attribute_missing()
    return value


def number(value: Value | None) -> str:
    text = present(value).get("N")
    if text is None:
        raise errors.operand_type()
    return text


def _combination(section: str, operand: Compiled) -> Change:
    """ADD and DELETE: a number is added to, a set united or diminished."""
    read, kind = operand.read, operand.type or ""

    def combine(item: Item, old: Value | None, values: Values) -> Value | None:
        value = present(read(item, values))
        if old is None:
            return value if section == "ADD" else None
        if kind not in old:
            raise errors.operand_type()
        if kind == "N":
            return {"N": numbers.add(old["N"], value["N"])}
        return combined_set(section, kind, old[kind], value[kind])

    return combine


def combined_set(section: str, kind: str, old: list[str], change: list[str]) -> Value | None:
    """Union (ADD) or difference (DELETE) of two sets; None when nothing is left."""
    members = {*old, *change} if section == "ADD" else {*old}.difference(change)
    return set_of(kind, members) if members else None


def _index(path: Steps) -> int:
    """List elements are set in the order of their indexes, since those beyond the end are appended."""
    return path[-1] if path[-1].__class__ is int else -1  # type: ignore[return-value]


# -- taking effect


def apply(assignments: list[Assignment], item: Item, values: Values) -> Item:
    """The item after the update; `item` itself stays as it is."""
    changes = [(path, change(item, _current(item, path), values)) for path, change in assignments]
    new = dict(item)
    removals = []
    for path, value in changes:
        if value is None:
            removals.append(path)
        elif len(path) == 1:
            new[path[0]] = value  # type: ignore[index]
        else:
            _assign(new, path, value)
    # the longest and rightmost paths first
    for path in sorted(removals, reverse=True):
        _remove(new, path)
    return new


def _current(item: Item, path: Steps) -> Value | None:
    """What is at a path. Raises ValidationException when its parent is not there, or is not of the kind."""
    value = item.get(path[0])  # type: ignore[arg-type]
    for step in path[1:]:
        if value is None or ("M" if step.__class__ is str else "L") not in value:
            raise errors.invalid_update_path()
        value = child(value, step)
    return value


def _container(new: Item, path: Steps) -> Any:
    """The dict or list that holds the last step of a path; it and all above it are copied on the way."""
    container: Any = new
    for step, below in itertools.pairwise(path):
        kind = "M" if below.__class__ is str else "L"
        copied = container[step][kind].copy()
        container[step] = {kind: copied}
        container = copied
    return container


def _assign(new: Item, path: Steps, value: Value) -> None:
    container, step = _container(new, path), path[-1]
    if step.__class__ is int and step >= len(container):  # type: ignore[operator]
        container.append(value)
    else:
        container[step] = value


def _remove(new: Item, path: Steps) -> None:
    container, step = _container(new, path), path[-1]
    if step.__class__ is str:
        container.pop(step, None)
    elif step < len(container):  # type: ignore[operator]
        del container[step]


# -- what was updated


def touched(assignments: list[Assignment], old: Item, new: Item, shown: Item) -> Item:
    """The parts of `shown` (`old` or `new`) at the updated paths, for UPDATED_OLD and UPDATED_NEW.

    Of a list that grew or shrank the whole is given: its indexes do not mean the same before and after.
    """
    outermost: list[Steps] = []
    for path in sorted([_stable(path, old, new) for path, _ in assignments]):
        if not outermost or path[: len(outermost[-1])] != outermost[-1]:
            outermost.append(path)
    return project(shown, tree_of(outermost))


def _stable(path: Steps, old: Item, new: Item) -> Steps:
    """The path, or the part of it that leads to a list of changed length."""
    for depth, step in enumerate(path):
        if step.__class__ is int and _length(old, path[:depth]) != _length(new, path[:depth]):
            return path[:depth]
    return path


def _length(item: Item, path: Steps) -> int:
    value = follow(item, path)
    return -1 if value is None else len(value.get("L", ()))
