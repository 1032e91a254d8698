"""Key conditions: an equality on the partition key, and at most one condition on the sort key.

What an expression says is known without the table (`terms_of`); which attributes are its keys is matched later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.expressions.conditions import ConditionCompiler, Read
from fogbank.services.dynamodb.expressions.scope import Steps
from fogbank.services.dynamodb.expressions.tree import Call, Condition, Logical, Operand, Path

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class KeyTerm(NamedTuple):
    """One condition on one attribute: = < <= > >= BETWEEN begins_with, and what reads its values from the request."""

    path: Steps
    operator: str
    operands: list[Read]

    @property
    def name(self) -> str:
        return self.path[0]  # type: ignore[return-value]


def terms_of(compiler: ConditionCompiler, tree: Condition) -> list[KeyTerm]:
    """The terms of a key condition, which has been compiled (and so checked) as a condition already."""
    terms: list[KeyTerm] = []
    for part in _conjuncts(tree):
        term = _term(compiler, part)
        if any(known.path == term.path for known in terms):
            raise errors.validation("KeyConditionExpressions must only contain one condition per key")
        terms.append(term)
    return terms


def _conjuncts(tree: Condition) -> Iterator[Condition]:
    if isinstance(tree, Logical) and tree.operator == "AND":
        for term in tree.terms:
            yield from _conjuncts(term)
    else:
        yield tree


def _term(compiler: ConditionCompiler, tree: Condition) -> KeyTerm:
    if isinstance(tree, Logical):
        raise _unsupported(tree.operator)
    operator, operands = (tree.function, tree.arguments) if isinstance(tree, Call) else (tree.operator, tree.operands)
    if any(isinstance(operand, Call) for operand in operands):
        raise errors.validation("KeyConditionExpressions cannot contain nested operations")
    if operator not in ("BETWEEN", "begins_with") and (isinstance(tree, Call) or operator not in _MIRRORED):
        raise _unsupported(operator)
    paths = [operand for operand in operands if isinstance(operand, Path)]
    if not paths:
        raise _invalid("No key attribute specified")
    if len(paths) > 1:
        raise _invalid("Multiple attribute names used in one condition")
    return _oriented(compiler, operator, operands, paths[0])


def _oriented(compiler: ConditionCompiler, operator: str, operands: tuple[Operand, ...], path: Path) -> KeyTerm:
    """With the attribute on the left: `:v < key` is `key > :v`."""
    if operands[0] is not path:
        if operator not in _MIRRORED:
            raise _invalid(f"{operator} operator must have the key attribute as its first operand")
        operator = _MIRRORED[operator]
    reads = [compiler.operand(operand).read for operand in operands if operand is not path]
    return KeyTerm(compiler.scope.path(path), operator, reads)


def _unsupported(operator: str) -> errors.AWSError:
    return errors.validation(f"Invalid operator used in KeyConditionExpression: {operator}")


def _invalid(reason: str) -> errors.AWSError:
    return errors.validation(f"Invalid condition in KeyConditionExpression: {reason}")
