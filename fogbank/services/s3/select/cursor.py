"""Going through the tokens of an expression: what parsers are made of."""

from __future__ import annotations

from fogbank.kernel import AWSError
from fogbank.services.s3.select import errors
from fogbank.services.s3.select.lexer import Token


class Cursor:
    """`_is...` looks at the next token, `_takes...` takes it if it is the one, `_expect...` refuses any other."""

    def __init__(self, given: list[Token]) -> None:
        self._tokens = given
        self._at = 0

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
