"""The words of a query. Pure.

Regular expressions stand between slashes where the grammar expects one, so the parser asks for them; anywhere else a slash divides.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from fogbank.services.logs.insights.periods import Period, unit_named

_SPACE = re.compile(r"(?:\s|#[^\n]*)+")
_PART = r"(?:[A-Za-z_@$][\w@$:]*|`(?:[^`])+`)"
_TOKEN = re.compile(
    rf"""
      (?P<name>{_PART}(?:\.(?:[\w@$:]+|`[^`]+`)|\[\d+\])*)
    | (?P<period>\d+\s*[A-Za-z]+\b)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<sign>=~|!=|<=|>=|==|=|<|>|\||\(|\)|\[|\]|,|\+|-|\*|/|\^|%|:)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/", re.DOTALL)
_DIGITS = "0123456789"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class MalformedQuery(ValueError):
    """`at` and `end` are the offsets of the characters that the query cannot be read from."""

    def __init__(self, message: str, at: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.end = end


class Token(NamedTuple):
    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)


class Tokens:
    """A query's words, one after the other."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._at = 0
        self._ended = 0
        self._next: Token | None = None

    def peek(self) -> Token:
        if self._next is None:
            self._next = self._read()
        return self._next

    def take(self) -> Token:
        token = self.peek()
        self._next = None
        self._at = self._ended = token.end
        return token

    def _read(self) -> Token:
        start = self._skip()
        if start == len(self.source):
            return Token("end", "", start)
        match = _TOKEN.match(self.source, start)
        if match is None:
            raise MalformedQuery(
                f"unexpected symbol found {self.source[start]} at {place(self.source, start)}", start, start
            )
        kind = match.lastgroup or ""
        word = match[0]
        if kind == "period" and unit_named(word.lstrip(_DIGITS).strip().lower()) is None:
            return Token("number", word[: -len(word.lstrip(_DIGITS))], start)
        return Token(kind, word, start)

    def _skip(self) -> int:
        match = _SPACE.match(self.source, self._at)
        return match.end() if match else self._at

    # -- what the grammar asks for

    def sees(self, *texts: str) -> bool:
        """Is the next word one of these signs or (in any case) keywords?"""
        token = self.peek()
        return token.kind in ("sign", "name") and token.text.lower() in texts

    def takes(self, *texts: str) -> bool:
        if not self.sees(*texts):
            return False
        self.take()
        return True

    def expect(self, text: str) -> Token:
        if not self.sees(text):
            self.refuse(text)
        return self.take()

    def name(self) -> str:
        """A field, without the backticks around it or around its parts."""
        if self.peek().kind != "name":
            self.refuse("a field")
        return bare(self.take().text)

    def string(self) -> str:
        if self.peek().kind != "string":
            self.refuse("a string")
        return unquoted(self.take().text)

    def sees_regex(self) -> bool:
        return self.sees("/")

    def regex(self) -> re.Pattern[str]:
        start = self.peek().at
        match = _REGEX.match(self.source, start)
        if match is None:
            raise MalformedQuery("a regular expression is not closed", start, len(self.source))
        self._next = None
        self._at = self._ended = match.end()
        return compiled(match[1].replace("\\/", "/"), start, match.end())

    def period(self) -> Period:
        token = self.peek()
        if token.kind == "name" and unit_named(token.text.lower()):
            return Period(1, unit_named(self.take().text.lower()) or "")
        if token.kind != "period":
            self.refuse("a period of time")
        unit = self.take().text.lstrip(_DIGITS)
        count = int(token.text[: -len(unit)])
        if not count:
            raise MalformedQuery("a period of time cannot be 0", token.at, token.end)
        return Period(count, unit_named(unit.strip().lower()) or "")

    def integer(self) -> int:
        token = self.peek()
        if token.kind != "number" or not token.text.isdecimal():
            self.refuse("a number")
        return int(self.take().text)

    def take_up_to(self, end: int) -> str:
        """Take what is before that offset, whatever words it has."""
        start, self._next = self.peek().at, None
        self._at = self._ended = end
        return self.source[start:end]

    def written(self, start: int) -> str:
        """What was read since then, as it was written."""
        return self.source[start : self._ended].strip()

    def refuse(self, expected: str) -> NoReturn:
        token = self.peek()
        found = f"unexpected symbol found {token.text}" if token.text else "unexpected end of the query"
        raise MalformedQuery(f"{found} at {place(self.source, token.at)}, expected {expected}", token.at, token.end)


def place(source: str, at: int) -> str:
    """`line 2 and position 7`, as AWS says it."""
    before = source[:at]
    return f"line {before.count(chr(10)) + 1} and position {at - (before.rfind(chr(10)) + 1)}"


def compiled(source: str, at: int, end: int) -> re.Pattern[str]:
    """A regular expression in Java's dialect. Raises MalformedQuery."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", source))
    except re.error as error:
        raise MalformedQuery(f"invalid regular expression: {error}", at, end) from None


def bare(name: str) -> str:
    return name.replace("`", "")


def unquoted(literal: str) -> str:
    return _ESCAPED.sub(
        lambda match: _ESCAPES.get(match[1], match[1] if match[1] in "\"'\\" else match[0]), literal[1:-1]
    )
