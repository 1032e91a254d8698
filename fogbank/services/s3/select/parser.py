"""SQL as a tree, by recursive descent: one method for each level of precedence.

S3 Select's dialect is a small PartiQL: one table, paths into nested values, no joins, groups or subqueries. Its refusals tell
apart what was expected where, which is why it has a parser of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from fogbank.services.s3.select import errors
from fogbank.services.s3.select.lexer import Token, tokens
from fogbank.services.s3.select.syntax import (
    Between,
    Binary,
    In,
    Is,
    Item,
    Like,
    Node,
    Path,
    Query,
    Steps,
    Unary,
)
from fogbank.services.s3.select.terms import RESERVED, Terms

EXPRESSION_BYTES = 256 * 1024

_COMPARISONS = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
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


class _Parser(Terms):
    def __init__(self, given: list[Token]) -> None:
        super().__init__(given)
        self._depth = 0

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
        if token.kind == "name" or (token.kind == "word" and token.keyword not in RESERVED):
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


def _is_star(expression: Node) -> bool:
    """`s.*` is all of a record, as `*` is."""
    return isinstance(expression, Path) and len(expression.steps) == 2 and expression.steps[1].wildcard
