"""From text to tree, by recursive descent. Source: the grammars in
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions.tokens import Token, syntax_error, tokenize
from fogbank.services.dynamodb.expressions.tree import (
    Action,
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Logical,
    Operand,
    Path,
    Placeholder,
    Step,
    Update,
)

T = TypeVar("T")

MAX_LENGTH = 4096
MAX_OPERATORS = 300
# of parentheses; less than AWS would take, more than anyone writes
MAX_DEPTH = 150
COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
SECTIONS = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


def parse_condition(parameter: str, text: str) -> Condition:
    parser = Parser(parameter, text)
    return parser.whole(parser.condition)


def parse_update(parameter: str, text: str) -> Update:
    parser = Parser(parameter, text)
    return parser.whole(parser.update)


def parse_projection(parameter: str, text: str) -> list[Path]:
    parser = Parser(parameter, text)
    return parser.whole(parser.paths)


class Parser:
    """One expression. `parameter` is the request member that holds it, for error texts."""

    def __init__(self, parameter: str, text: str) -> None:
        self.parameter = parameter
        self.text = text
        if not text:
            raise self.error("The expression can not be empty;")
        if len(text) > MAX_LENGTH or len(text.encode()) > MAX_LENGTH:
            raise self.error("Expression size has exceeded the maximum allowed size;")
        self.tokens: list[Token] = tokenize(text)
        self.position = 0
        self.token = self.tokens[0]
        self.depth = 0
        self.closed: dict[int, int] = {}
        self.has_redundant_parentheses = False

    def whole(self, rule: Callable[[], T]) -> T:
        """The whole text by one rule."""
        tree = rule()
        if self.token.kind != "end":
            raise self.unexpected()
        if self.has_redundant_parentheses:
            raise self.error("The expression has redundant parentheses;")
        return tree

    # -- tokens

    def error(self, message: str) -> AWSError:
        return errors.invalid_expression(self.parameter, message)

    def unexpected(self) -> AWSError:
        return syntax_error(self.parameter, self.text, self.tokens, self.position)

    def take(self) -> Token:
        token = self.token
        self.position += 1
        self.token = self.tokens[self.position]
        return token

    def accept(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self.take()
        return True

    def expect(self, kind: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected()
        return self.take()

    def listed(self, rule: Callable[[], T]) -> list[T]:
        """One or more, separated by commas."""
        found = [rule()]
        while self.accept(","):
            found.append(rule())
        return found

    def enclosed(self, rule: Callable[[], T]) -> T:
        """`( ... )`. Parentheses around nothing but parentheses are redundant: `((a))`, but not `((a) AND (b))`."""
        self.take()
        first = self.position
        self.descend()
        tree = rule()
        last = self.position
        self.expect(")")
        self.depth -= 1
        self.closed[first - 1] = last
        if self.closed.get(first) == last - 1:
            self.has_redundant_parentheses = True
        return tree

    def descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise too_many_operators(self.parameter)

    # -- conditions

    def condition(self) -> Condition:
        tree = self.disjunction(False)
        assert isinstance(tree, Condition)
        return tree

    def disjunction(self, is_enclosed: bool) -> Condition | Operand:
        """Terms joined by AND and OR; in parentheses it may turn out to be a mere operand.

        One function for both operators keeps deeply nested expressions within Python's limit of recursion.
        """
        alternatives = [[self.term(is_enclosed)]]
        while self.token.kind in ("AND", "OR"):
            if self.take().kind == "OR":
                alternatives.append([])
            alternatives[-1].append(self.term(False))
        return _joined("OR", [_joined("AND", terms) for terms in alternatives])

    def term(self, is_enclosed: bool) -> Condition | Operand:
        negations = 0
        while self.accept("NOT"):
            negations += 1
        if negations > MAX_OPERATORS:
            raise too_many_operators(self.parameter)
        left = self.enclosed(lambda: self.disjunction(True)) if self.token.kind == "(" else self.operand()
        tree = self.comparison(left, is_enclosed and not negations)
        for _ in range(negations):
            tree = Logical("NOT", (tree,))  # type: ignore[arg-type]
        return tree

    def comparison(self, left: Condition | Operand, is_enclosed: bool) -> Condition | Operand:
        """What follows an operand; nothing may, when the operand is a condition by itself, or all that parentheses hold."""
        if isinstance(left, Comparison | Logical):
            return left
        kind = self.token.kind
        if kind in COMPARATORS:
            self.take()
            return Comparison(kind, (left, self.operand()))
        if kind == "BETWEEN":
            self.take()
            lower = self.operand()
            self.expect("AND")
            return Comparison(kind, (left, lower, self.operand()))
        if kind == "IN":
            self.take()
            self.expect("(")
            candidates = self.listed(self.operand)
            self.expect(")")
            return Comparison(kind, (left, *candidates))
        if isinstance(left, Call) or (is_enclosed and kind == ")"):
            return left
        raise self.unexpected()

    # -- operands

    def operand(self) -> Operand:
        kind = self.token.kind
        if kind == "value":
            return Placeholder(self.take().text)
        if kind == "word" and self.tokens[self.position + 1].kind == "(":
            return self.call()
        if kind == "(":
            return self.enclosed(self.operand)
        return self.path()

    def call(self) -> Call:
        name = self.take().text
        self.take()
        self.descend()
        arguments = self.listed(self.operand)
        self.expect(")")
        self.depth -= 1
        return Call(name, tuple(arguments))

    def path(self) -> Path:
        steps: list[Step] = [self.name()]
        while True:
            if self.accept("."):
                steps.append(self.name())
            elif self.accept("["):
                steps.append(self.index())
                self.expect("]")
            else:
                return Path(tuple(steps))

    def name(self) -> str:
        if self.token.kind not in ("word", "name"):
            raise self.unexpected()
        return self.take().text

    def index(self) -> int:
        return int(self.expect("index").text)

    def paths(self) -> list[Path]:
        return self.listed(self.path)

    # -- updates

    def update(self) -> Update:
        sections: list[str] = []
        actions: list[Action] = []
        while not sections or self.token.kind != "end":
            if self.token.kind not in SECTIONS:
                raise self.unexpected()
            section = self.take().kind
            sections.append(section)
            actions += self.listed(lambda section=section: self.action(section))  # type: ignore[misc]
        return Update(tuple(sections), tuple(actions))

    def action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path)
        if section == "SET":
            self.expect("=")
            return Action(section, path, self.assigned())
        return Action(section, path, Placeholder(self.expect("value").text))

    def assigned(self) -> Operand | Arithmetic:
        """What may stand to the right of `=`: an operand, or a sum of two, with or without parentheses around it."""
        left = self.enclosed(self.assigned) if self.token.kind == "(" else self.operand()
        return left if isinstance(left, Arithmetic) else self.sum_of(left)

    def sum_of(self, left: Operand) -> Operand | Arithmetic:
        if self.token.kind not in ("+", "-"):
            return left
        operator = self.take().kind
        return Arithmetic(operator, left, self.operand())


def _joined(operator: str, terms: list[Condition | Operand]) -> Condition | Operand:
    return terms[0] if len(terms) == 1 else Logical(operator, tuple(terms))  # type: ignore[arg-type]


def too_many_operators(parameter: str) -> AWSError:
    return errors.invalid_expression(
        parameter, f"The expression contains too many operators; operator count: {MAX_OPERATORS + 1}"
    )
