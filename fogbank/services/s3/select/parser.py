"""SQL as a tree, by recursive descent: one method for each level of precedence.

S3 Select's dialect is a small PartiQL: one table, paths into nested values, no joins, groups or subqueries. Its refusals tell
apart what was expected where, which is why it has a parser of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from fogbank.kernel import AWSError
from fogbank.services.s3.select import errors, timestamps
from fogbank.services.s3.select.lexer import Token, tokens
from fogbank.services.s3.select.syntax import (
    Aggregate,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    In,
    Is,
    Item,
    Like,
    Literal,
    Node,
    Path,
    Query,
    Step,
    Steps,
    Unary,
)
from fogbank.services.s3.select.values import MISSING

EXPRESSION_BYTES = 256 * 1024

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
_COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
# Words that end an expression, so that they are no alias.
_RESERVED = frozenset(
    {
        *(
            "SELECT",
            "FROM",
            "WHERE",
            "LIMIT",
            "AS",
            "AND",
            "OR",
            "NOT",
            "IN",
            "IS",
            "LIKE",
            "ESCAPE",
            "BETWEEN",
            "CASE",
        ),
        *("WHEN", "THEN", "ELSE", "END", "CAST", "GROUP", "ORDER", "HAVING", "JOIN", "INNER", "LEFT", "RIGHT", "CROSS"),
        *("FULL", "ON", "UNION", "BY", "NULL", "MISSING", "TRUE", "FALSE", "DISTINCT"),
    }
)
_UNSUPPORTED = {
    "GROUP": "UnsupportedSqlStructure",
    "ORDER": "UnsupportedSqlStructure",
    "HAVING": "UnsupportedSqlStructure",
}
_JOINS = frozenset({"JOIN", "INNER", "LEFT", "RIGHT", "CROSS", "FULL"})
_MAX_DEPTH = 100


def parse(expression: str) -> Query:
    """The query. Raises ExpressionTooLong and the codes that begin with Lexer and Parse."""
    if len(expression.encode("utf-8", "surrogatepass")) > EXPRESSION_BYTES:
        raise errors.refusal("ExpressionTooLong")
    return _Parser(tokens(expression)).query()


class _Parser:
    def __init__(self, given: list[Token]) -> None:
        self._tokens = given
        self._at = 0
        self._depth = 0

    # -- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _is(self, operator: str, ahead: int = 0) -> bool:
        token = self._tokens[min(self._at + ahead, len(self._tokens) - 1)]
        return token.kind == "operator" and token.text == operator

    def _takes(self, operator: str) -> bool:
        found = self._is(operator)
        self._at += found
        return found

    def _takes_word(self, *keywords: str) -> bool:
        found = self._next.keyword in keywords
        self._at += found
        return found

    def _refusal(self, code: str) -> AWSError:
        return errors.refusal(code, self._next.where)

    def _expect(self, operator: str, code: str) -> None:
        if not self._takes(operator):
            raise self._refusal(code)

    def _expect_word(self, keyword: str) -> None:
        if not self._takes_word(keyword):
            raise self._refusal("ParseExpectedKeyword")

    # -- the statement

    def query(self) -> Query:
        if not self._takes_word("SELECT"):
            raise self._refusal("ParseUnexpectedKeyword" if self._next.kind == "word" else "ParseUnexpectedToken")
        items = self._select_list()
        if not self._takes_word("FROM"):
            raise self._refusal("ParseSelectMissingFrom" if self._next.kind == "end" else "ParseUnexpectedToken")
        path, alias = self._table()
        where = self._expression() if self._takes_word("WHERE") else None
        limit = self._limit() if self._takes_word("LIMIT") else None
        self._takes(";")
        if self._next.kind != "end":
            raise self._refusal(_UNSUPPORTED.get(self._next.keyword, "ParseUnexpectedToken"))
        return Query(items, path, alias, where, limit)

    def _select_list(self) -> tuple[Item, ...] | None:
        if self._next.keyword == "FROM" or self._next.kind == "end":
            raise self._refusal("ParseEmptySelect")
        if self._next.keyword in ("DISTINCT", "ALL"):
            raise self._refusal("ParseUnsupportedSelect")
        if self._takes("*"):
            if self._is(","):
                raise self._refusal("ParseAsteriskIsNotAloneInSelectList")
            return None
        items = [self._item()]
        while self._takes(","):
            if self._is("*"):
                raise self._refusal("ParseAsteriskIsNotAloneInSelectList")
            items.append(self._item())
        return None if len(items) == 1 and _is_star(items[0].expression) else tuple(items)

    def _item(self) -> Item:
        expression = self._expression()
        return Item(expression, self._alias())

    def _alias(self) -> str:
        """The name that follows, with AS or without; empty when there is none."""
        wanted = self._takes_word("AS")
        token = self._next
        if token.kind == "name" or (token.kind == "word" and token.keyword not in _RESERVED):
            return self._take().text
        if wanted:
            raise self._refusal("ParseExpectedIdentForAlias")
        return ""

    def _table(self) -> tuple[Steps, str]:
        token = self._take()
        if token.keyword != "S3OBJECT":
            raise errors.refusal("InvalidDataSource" if token.kind == "word" else "ParseUnexpectedToken", token.where)
        path = self._steps()
        if path and not path[0].wildcard:
            raise self._refusal("InvalidKeyPath")
        alias = self._alias()
        if self._is(",") or self._next.keyword in _JOINS:
            raise self._refusal("MultipleDataSourcesUnsupported" if self._is(",") else "ParseMalformedJoin")
        return path[1:], alias

    def _limit(self) -> int:
        negative = self._takes("-")
        token = self._take()
        if token.kind != "number" or not token.text.isdigit():
            raise errors.refusal("ParseExpectedNumber", token.where)
        if negative and int(token.text):
            raise errors.refusal("EvaluatorNegativeLimit")
        return int(token.text)

    # -- expressions, the loosest binding first

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._refusal("ParseUnsupportedSyntax")
        left = self._conjunction()
        while self._takes_word("OR"):
            left = Binary("OR", left, self._conjunction())
        self._depth -= 1
        return left

    def _conjunction(self) -> Node:
        left = self._negation()
        while self._takes_word("AND"):
            left = Binary("AND", left, self._negation())
        return left

    def _negation(self) -> Node:
        count = 0
        while self._takes_word("NOT"):
            count += 1
        operand = self._predicate()
        return operand if count % 2 == 0 else Unary("NOT", operand)

    def _predicate(self) -> Node:
        left = self._sum()
        while True:
            if self._next.kind == "operator" and self._next.text in _COMPARISONS:
                operator = self._take().text
                left = Binary("<>" if operator == "!=" else operator, left, self._sum())
            elif self._takes_word("IS"):
                left = self._is_predicate(left)
            elif self._next.keyword in ("NOT", "BETWEEN", "IN", "LIKE"):
                left = self._word_predicate(left)
            else:
                return left

    def _is_predicate(self, left: Node) -> Node:
        negative = self._takes_word("NOT")
        if self._next.keyword not in ("NULL", "MISSING"):
            raise self._refusal("ParseExpectedKeyword")
        found = Is(left, self._take().keyword == "MISSING")
        return Unary("NOT", found) if negative else found

    def _word_predicate(self, left: Node) -> Node:
        negative = self._takes_word("NOT")
        if self._takes_word("BETWEEN"):
            low = self._sum()
            self._expect_word("AND")
            found: Node = Between(left, low, self._sum())
        elif self._takes_word("IN"):
            found = In(left, self._options())
        elif self._takes_word("LIKE"):
            pattern = self._sum()
            found = Like(left, pattern, self._sum() if self._takes_word("ESCAPE") else None)
        else:
            raise self._refusal("ParseUnexpectedKeyword")
        return Unary("NOT", found) if negative else found

    def _options(self) -> tuple[Node, ...]:
        close = "]" if self._takes("[") else ")"
        if close == ")":
            self._expect("(", "ParseExpectedLeftParenValueConstructor")
        if self._next.keyword == "SELECT":
            raise self._refusal("ParseUnsupportedSelect")
        return self._list(close)

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

    def _sum(self) -> Node:
        return self._left_binding(("+", "-", "||"), self._product)

    def _product(self) -> Node:
        return self._left_binding(("*", "/", "%"), self._signed)

    def _left_binding(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        left = operand()
        while self._next.kind == "operator" and self._next.text in operators:
            left = Binary(self._take().text, left, operand())
        return left

    def _signed(self) -> Node:
        negative = False
        while self._next.kind == "operator" and self._next.text in "+-":
            negative ^= self._take().text == "-"
        operand = self._term()
        return Unary("-", operand) if negative else operand

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
        if word in _RESERVED:
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


def _is_star(expression: Node) -> bool:
    """`s.*` is all of a record, as `*` is."""
    return isinstance(expression, Path) and len(expression.steps) == 2 and expression.steps[1].wildcard


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
