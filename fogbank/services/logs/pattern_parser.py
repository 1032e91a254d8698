"""The words of a filter pattern, and the conditions that JSON and space-delimited patterns are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from fogbank.services.logs.pattern_values import InvalidPattern, Test, comparison

Condition = Callable[[Any], bool]

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<regex>%[^%]+%)
    | (?P<sign>&&|\|\||!=|<=|>=|=|<|>|\(|\)|,)
    | (?P<selector>\$(?:\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\]|\.[\w\-*:/@]+)+)
    | (?P<dots>\.\.\.)
    | (?P<word>[^\s"%&|!<>=(),\[\]{}]+)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """Raises InvalidPattern at what is no part of a pattern."""
    found: list[Token] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKENS.match(text, at)
        if match is None:
            raise InvalidPattern(f"unexpected character at {at}")
        kind = match.lastgroup or ""
        word = match[kind]
        found.append(Token(kind, _unquoted(word) if kind == "string" else word))
        at = match.end()
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


END = Token("end", "")


class Conditions:
    """Reads `a = 1 && (b < 2 || c != "x")`. `operand` makes the condition of a left side and a test of it.

    `&&` binds closer than `||`.
    """

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0

    def peek(self) -> Token:
        return self._words[self._at] if self._at < len(self._words) else END

    def take(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def takes(self, text: str) -> bool:
        """Take the word if it is the next one; case does not matter."""
        token = self.peek()
        if token.kind in ("string", "end") or token.text.upper() != text:
            return False
        self._at += 1
        return True

    def whole(self) -> Condition:
        condition = self.either()
        if self.peek() is not END:
            raise InvalidPattern(f"unexpected {self.peek().text}")
        return condition

    def either(self) -> Condition:
        parts = [self.both()]
        while self.takes("||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.takes("&&"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def single(self) -> Condition:
        if self.takes("("):
            condition = self.either()
            if not self.takes(")"):
                raise InvalidPattern("a parenthesis is not closed")
            return condition
        return self.operand()

    def operand(self) -> Condition:
        raise NotImplementedError

    def test(self) -> Test:
        """An operator and what stands behind it."""
        operator, literal = self.take(), self.take()
        if operator.kind != "sign" or operator.text not in ("=", "!=", "<", "<=", ">", ">="):
            raise InvalidPattern(f"expected an operator, found {operator.text or 'the end'}")
        if literal.kind not in ("string", "regex", "word"):
            raise InvalidPattern(f"expected a value, found {literal.text or 'the end'}")
        return comparison(operator.text, literal.text, literal.kind == "string")
