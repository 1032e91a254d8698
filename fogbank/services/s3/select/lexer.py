"""SQL text as tokens. https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference.html"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from fogbank.services.s3.select import errors

Kind = Literal["word", "name", "string", "number", "ion", "operator", "end"]


class Token(NamedTuple):
    """`word` is an unquoted name or keyword, `name` one in double quotes; `at` is the character where it begins."""

    kind: Kind
    text: str
    at: int

    @property
    def keyword(self) -> str:
        """The word in capitals; empty for all other tokens."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def where(self) -> str:
        return f"Token: {self.text or 'end of the expression'}, at character {self.at + 1}."


_TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
      | (?P<name>"(?:[^"]|"")*")
      | (?P<string>'(?:[^']|'')*')
      | (?P<ion>`[^`]*`)
      | (?P<operator><>|!=|<=|>=|\|\||[-+*/%=<>(),.\[\]{}:;?@])""",
    re.VERBOSE | re.DOTALL,
)


def tokens(expression: str) -> list[Token]:
    """All tokens, and one for the end. Raises LexerInvalidChar, LexerInvalidLiteral."""
    return [*_tokens(expression), Token("end", "", len(expression))]


def _tokens(expression: str) -> Iterator[Token]:
    at = 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None:
            code = "LexerInvalidLiteral" if expression[at] in "\"'`" else "LexerInvalidChar"
            raise errors.refusal(code, f"Character: {expression[at]}, at {at + 1}.")
        kind: Kind | Literal["blank"] = found.lastgroup  # type: ignore[assignment]
        if kind != "blank":
            yield Token(kind, _unquoted(kind, found[0]), at)
        at = found.end()


def _unquoted(kind: str, text: str) -> str:
    if kind == "name":
        return text[1:-1].replace('""', '"')
    if kind == "string":
        return text[1:-1].replace("''", "'")
    return text[1:-1] if kind == "ion" else text
