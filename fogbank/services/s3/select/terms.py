"""The parts of expressions that bind most: literals, paths, CASE, CAST and functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal

from fogbank.services.s3.select import errors, timestamps
from fogbank.services.s3.select.cursor import Cursor
from fogbank.services.s3.select.lexer import Token
from fogbank.services.s3.select.syntax import (
    Aggregate,
    Call,
    Case,
    Cast,
    Literal,
    Node,
    Path,
    Step,
    Steps,
)
from fogbank.services.s3.select.values import MISSING

AGGREGATES = frozenset({"AVG", "COUNT", "MAX", "MIN", "SUM"})
_TYPES = {
    "BOOL": "bool",
    "BOOLEAN": "bool",
    "INT": "int",
    "INTEGER": "int",
    "SMALLINT": "int",
    "STRING": "string",
    "CHAR": "string",
    "CHARACTER": "string",
    "VARCHAR": "string",
    "FLOAT": "float",
    "REAL": "float",
    "DECIMAL": "decimal",
    "NUMERIC": "decimal",
    "TIMESTAMP": "timestamp",
}
_CONSTANTS = {"NULL": None, "MISSING": MISSING, "TRUE": True, "FALSE": False}
# Words that end an expression, so that they are no alias.
_WORDS = """
    SELECT FROM WHERE LIMIT AS AND OR NOT IN IS LIKE ESCAPE BETWEEN CASE WHEN THEN ELSE END CAST GROUP ORDER HAVING JOIN INNER
    LEFT RIGHT CROSS FULL ON UNION BY NULL MISSING TRUE FALSE DISTINCT
"""
RESERVED = frozenset(_WORDS.split())


class Terms(Cursor, ABC):
    @abstractmethod
    def _expression(self) -> Node:
        """An expression of any kind."""

    def _list(self, close: str) -> tuple[Node, ...]:
        """Expressions up to the closing bracket; there may be none."""
        if self._takes(close):
            return ()
        found = [self._expression()]
        while self._takes(","):
            found.append(self._expression())
        if not self._is(close):
            code = (
                "ParseExpectedArgumentDelimiter"
                if self._next.kind != "end"
                else "ParseExpectedRightParenBuiltinFunctionCall"
            )
            raise self._refusal(code)
        self._take()
        return tuple(found)

    # -- terms

    def _term(self) -> Node:
        token = self._next
        if token.kind == "word":
            return self._word_term(token)
        if token.kind == "operator" and token.text == "(":
            return self._parenthesised()
        if token.kind in ("end", "operator"):
            raise self._refusal("ParseExpectedExpression" if token.kind == "end" else "ParseUnexpectedOperator")
        self._take()
        if token.kind == "string":
            return Literal(token.text)
        if token.kind == "number":
            return Literal(_number(token.text))
        if token.kind == "ion":
            return Literal(_ion(token))
        return Path((Step(token.text, quoted=True), *self._steps()))

    def _parenthesised(self) -> Node:
        self._take()
        if self._next.keyword == "SELECT":
            raise self._refusal("ParseUnsupportedSelect")
        inner = self._expression()
        self._expect(")", "ParseExpectedTokenType")
        return inner

    def _word_term(self, token: Token) -> Node:
        word = token.keyword
        if word in _CONSTANTS:
            self._take()
            return Literal(_CONSTANTS[word])
        if word == "CASE":
            return self._case()
        if word == "CAST":
            return self._cast()
        if self._is("(", 1):
            return self._call()
        if word in RESERVED:
            raise self._refusal("ParseUnexpectedKeyword")
        self._take()
        return Path((Step(token.text), *self._steps()))

    def _steps(self) -> Steps:
        found: list[Step] = []
        while True:
            if self._takes("."):
                found.append(self._member())
            elif self._takes("["):
                found.append(self._subscript())
            else:
                return tuple(found)

    def _member(self) -> Step:
        if self._takes("*"):
            return Step(wildcard=True)
        token = self._take()
        if token.kind not in ("word", "name"):
            raise errors.refusal("ParseInvalidPathComponent", token.where)
        return Step(token.text, quoted=token.kind == "name")

    def _subscript(self) -> Step:
        if self._takes("*"):
            step = Step(wildcard=True)
        elif self._next.kind == "string":
            step = Step(self._take().text, quoted=True)
        elif self._next.kind == "number" and self._next.text.isdigit():
            step = Step(index=int(self._take().text))
        else:
            raise self._refusal("ParseInvalidPathComponent")
        self._expect("]", "ParseExpectedTokenType")
        return step

    def _case(self) -> Node:
        self._take()
        subject = None if self._next.keyword == "WHEN" else self._expression()
        branches = []
        while self._takes_word("WHEN"):
            condition = self._expression()
            self._expect_word("THEN")
            branches.append((condition, self._expression()))
        if not branches:
            raise self._refusal("ParseExpectedWhenClause")
        default = self._expression() if self._takes_word("ELSE") else Literal(None)
        self._expect_word("END")
        return Case(subject, tuple(branches), default)

    def _cast(self) -> Node:
        self._take()
        self._expect("(", "ParseExpectedLeftParenAfterCast")
        value = self._expression()
        if not self._takes_word("AS"):
            raise self._refusal("ParseCastArity" if self._is(",") or self._is(")") else "ParseExpectedKeyword")
        kind = _TYPES.get(self._next.keyword)
        if kind is None:
            raise self._refusal("ParseExpectedTypeName" if self._next.kind != "word" else "InvalidDataType")
        self._take()
        self._type_parameters()
        self._expect(")", "ParseExpectedTokenType")
        return Cast(value, kind)

    def _type_parameters(self) -> None:
        """`DECIMAL(10, 2)`: they are taken and, as documented, do not change the value."""
        if self._takes("("):
            for parameter in self._list(")"):
                if not (isinstance(parameter, Literal) and isinstance(parameter.value, int)):
                    raise self._refusal("ParseInvalidTypeParam")

    # -- functions

    def _call(self) -> Node:
        name = self._take().keyword
        self._take()
        if name in AGGREGATES:
            return self._aggregate(name)
        special = {
            "EXTRACT": self._extract,
            "SUBSTRING": self._substring,
            "TRIM": self._trim,
            "DATE_ADD": self._date,
            "DATE_DIFF": self._date,
        }.get(name)
        if special is not None:
            return special(name)
        if self._is("*"):
            raise self._refusal("ParseUnsupportedCallWithStar")
        return Call(name, self._list(")"))

    def _aggregate(self, name: str) -> Node:
        if self._takes("*"):
            if name != "COUNT":
                raise self._refusal("ParseUnsupportedCallWithStar")
            self._expect(")", "ParseExpectedRightParenBuiltinFunctionCall")
            return Aggregate(name, None)
        arguments = self._list(")")
        if len(arguments) != 1:
            raise self._refusal("ParseNonUnaryAgregateFunctionCall")
        return Aggregate(name, arguments[0])

    def _date_part(self) -> str:
        part = self._take()
        if part.keyword.lower() not in timestamps.PARTS:
            raise errors.refusal("ParseExpectedDatePart", part.where)
        return part.keyword.lower()

    def _extract(self, name: str) -> Node:
        part = self._date_part()
        self._expect_word("FROM")
        return Call(name, self._list(")"), part)

    def _date(self, name: str) -> Node:
        part = self._date_part()
        self._expect(",", "ParseExpectedArgumentDelimiter")
        return Call(name, self._list(")"), part)

    def _substring(self, name: str) -> Node:
        """`SUBSTRING(s FROM 2 FOR 3)`, or with commas."""
        arguments = [self._expression()]
        if not self._takes_word("FROM"):
            return Call(name, (*arguments, *(self._list(")") if self._takes(",") else self._end_of_arguments())))
        arguments.append(self._expression())
        if self._takes_word("FOR"):
            arguments.append(self._expression())
        return Call(name, (*arguments, *self._end_of_arguments()))

    def _trim(self, name: str) -> Node:
        """`TRIM([[LEADING | TRAILING | BOTH] characters FROM] s)`."""
        side = self._take().keyword if self._next.keyword in ("LEADING", "TRAILING", "BOTH") else "BOTH"
        arguments: list[Node] = [] if self._next.keyword == "FROM" else [self._expression()]
        if self._takes_word("FROM"):
            arguments.insert(0, self._expression())
        return Call(name, (*arguments, *self._end_of_arguments()), side)

    def _end_of_arguments(self) -> tuple[Node, ...]:
        self._expect(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return ()


def _number(text: str) -> int | Decimal:
    return int(text) if text.isdigit() else Decimal(text)


def _ion(token: Token) -> object:
    """An Ion literal in back quotes: a timestamp, or a number."""
    found = timestamps.parse(token.text)
    if found is not None:
        return found
    try:
        return _number(token.text)
    except ArithmeticError:
        raise errors.refusal("LexerInvalidIONLiteral", token.where) from None
