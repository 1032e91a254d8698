"""DynamoDB's expression language: parsed, checked and compiled once per (text, names, types of values), then only run.

    tokens -> parser -> tree -> scope (what the text alone says) -> conditions, updates, projections, key conditions

Everything here is pure: expressions know items and values, not tables.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from fogbank.services.dynamodb.expressions import parser, projections, updates
from fogbank.services.dynamodb.expressions.conditions import Check, ConditionCompiler, Test, Values
from fogbank.services.dynamodb.expressions.key_conditions import KeyTerm, terms_of
from fogbank.services.dynamodb.expressions.scope import (
    Scope,
    Steps,
    refuse_overlap,
    vet_condition,
    vet_paths,
    vet_update,
)
from fogbank.services.dynamodb.expressions.tree import Condition as ConditionTree
from fogbank.services.dynamodb.values import Item

E = TypeVar("E", bound="Expression")

# kept of each kind
_CACHED = 1024

# Names and types of values as they can be keys of a cache: ((name, meaning), ...)
Pairs = tuple[tuple[str, str], ...]


class Expression:
    """What all compiled expressions have: what they refer to, and checks that need the values themselves.

    `paths` are all document paths, `nested` those that lead into an attribute.
    """

    __slots__ = ("checks", "nested", "paths", "used_names", "used_values")

    def __init__(self, scope: Scope, checks: list[Check] | None = None) -> None:
        self.paths: list[Steps] = scope.paths
        self.nested = [path for path in scope.paths if len(path) > 1]
        self.used_names = frozenset(scope.used_names)
        self.used_values = frozenset(scope.used_values)
        self.checks = checks or []

    def check(self: E, values: Values) -> E:
        """Refuse values that the expression cannot take (bounds out of order, unknown type names)."""
        for check in self.checks:
            check(values)
        return self


class Condition(Expression):
    __slots__ = ("test",)

    def __init__(self, scope: Scope, checks: list[Check], test: Test) -> None:
        super().__init__(scope, checks)
        self.test = test


class KeyCondition(Expression):
    __slots__ = ("terms",)

    def __init__(self, scope: Scope, checks: list[Check], terms: list[KeyTerm]) -> None:
        super().__init__(scope, checks)
        self.terms = terms


class Projection(Expression):
    __slots__ = ("level",)

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.level = projections.tree_of(scope.paths)

    def apply(self, item: Item) -> Item:
        return projections.project(item, self.level)


class Update(Expression):
    """`targets` are the paths that it changes, `attributes` the first steps of them; `paths` has those that it reads too."""

    __slots__ = ("assignments", "attributes", "targets")

    def __init__(self, scope: Scope, assignments: list[updates.Assignment]) -> None:
        super().__init__(scope)
        self.assignments = assignments
        self.targets = [path for path, _ in assignments]
        self.attributes: tuple[str, ...] = tuple(dict.fromkeys([str(path[0]) for path in self.targets]))

    def apply(self, item: Item, values: Values) -> Item:
        return updates.apply(self.assignments, item, values)

    def touched(self, old: Item, new: Item, shown: Item) -> Item:
        """The updated parts of `shown`, which is `old` or `new`."""
        if not self.nested:
            return {name: shown[name] for name in self.attributes if name in shown}
        return updates.touched(self.assignments, old, new, shown)


# -- compiling; what is refused is not kept


def condition_of(scope: Scope, tree: ConditionTree) -> Condition:
    """A condition that was not written as an expression."""
    compiler = ConditionCompiler(scope)
    return Condition(scope, compiler.checks, compiler.condition(tree))


@lru_cache(_CACHED)
def condition(parameter: str, text: str, names: Pairs, types: Pairs) -> Condition:
    tree = parser.parse_condition(parameter, text)
    vet_condition(parameter, tree)
    return condition_of(Scope(parameter, dict(names), dict(types)), tree)


@lru_cache(_CACHED)
def key_condition(text: str, names: Pairs, types: Pairs) -> KeyCondition:
    parameter = "KeyConditionExpression"
    tree = parser.parse_condition(parameter, text)
    vet_condition(parameter, tree)
    scope = Scope(parameter, dict(names), dict(types))
    compiler = ConditionCompiler(scope)
    compiler.condition(tree)
    return KeyCondition(scope, compiler.checks, terms_of(compiler, tree))


@lru_cache(_CACHED)
def projection(text: str, names: Pairs) -> Projection:
    parameter = "ProjectionExpression"
    paths = parser.parse_projection(parameter, text)
    vet_paths(parameter, paths)
    scope = Scope(parameter, dict(names), {})
    refuse_overlap(scope, [scope.path(path) for path in paths])
    return Projection(scope)


@lru_cache(_CACHED)
def update(text: str, names: Pairs, types: Pairs) -> Update:
    parameter = "UpdateExpression"
    tree = parser.parse_update(parameter, text)
    vet_update(parameter, tree)
    scope = Scope(parameter, dict(names), dict(types))
    return Update(scope, updates.UpdateCompiler(scope).update(tree))


__all__ = [
    "Condition",
    "Expression",
    "KeyCondition",
    "KeyTerm",
    "Projection",
    "Scope",
    "Update",
    "condition",
    "condition_of",
    "key_condition",
    "projection",
    "update",
]
