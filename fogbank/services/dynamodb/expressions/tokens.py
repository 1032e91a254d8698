"""Cutting an expression into tokens, and the words for what is wrong with its syntax."""

from __future__ import annotations

import re
from typing import NamedTuple

from fogbank.services.dynamodb import errors
from fogbank.services.dynamodb.errors import AWSError

KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD", "DELETE"})
END = "<EOF>"

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:"
    r"(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<name>#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>0|[1-9][0-9]*)"
    r"|(?P<sign><>|<=|>=|[=<>+\-,.()\[\]])"
    r"|(?P<stray>[^ \t\r\n])"
    r")"
)


class Token(NamedTuple):
    """`kind` is word, name, value, index, stray, end, or for keywords and signs the (upper-case) text itself."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """All tokens, and an end token."""
    tokens: list[Token] = []
    at = 0
    while match := _TOKEN.match(text, at):
        group = match.lastgroup or ""
        word = match[group]
        kind = group
        if group == "sign":
            kind = word
        elif group == "word" and word.upper() in KEYWORDS:
            kind = word.upper()
        tokens.append(Token(kind, word, match.start(group), match.end()))
        at = match.end()
    tokens.append(Token("end", END, len(text), len(text)))
    return tokens


def syntax_error(parameter: str, text: str, tokens: list[Token], position: int) -> AWSError:
    """The token that was not expected, shown between its neighbours."""
    token = tokens[position]
    first = tokens[position - 1].start if position else 0
    last = tokens[min(position + 1, len(tokens) - 1)].end
    if token.kind == "end":
        last = len(text)
    near = text[first:last]
    return errors.invalid_expression(parameter, f'Syntax error; token: "{token.text}", near: "{near}"')
