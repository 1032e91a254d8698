"""Strings of the policy language: wildcards (`*`, `?`) and variables (`${aws:username, 'nobody'}`).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html. A value that stands in for a variable is taken
literally, wildcards in it match only themselves. A variable without a value or a default makes its string match nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

# Condition keys (in lower case) and their values: text for keys of one value, a tuple for keys of many.
Keys = Mapping[str, str | tuple[str, ...]]

_SPECIAL = re.compile(r"\$\{([^{}]*)\}|\*|\?")


class Variable(msgspec.Struct, frozen=True):
    """`${key, 'default'}`; `key` is in lower case."""

    key: str
    default: str | None

    def value(self, keys: Keys) -> str | None:
        value = keys.get(self.key)
        return value if isinstance(value, str) else self.default


class Wildcard(msgspec.Struct, frozen=True):
    """`*` (any run of characters) or `?` (any one)."""

    many: bool


Token = str | Variable | Wildcard
_MANY = Wildcard(True)
_ONE = Wildcard(False)


def tokens(text: str, wildcards: bool = True, variables: bool = True) -> tuple[Token, ...]:
    """The text cut into literals, wildcards and variables."""
    out: list[Token] = []
    at = 0
    for found in _SPECIAL.finditer(text):
        token = _token(found, wildcards, variables)
        if token is not None:
            out += [text[at : found.start()], token]
            at = found.end()
    return tuple(token for token in [*out, text[at:]] if token != "")


def _token(found: re.Match[str], wildcards: bool, variables: bool) -> Token | None:
    """The token that a special sequence stands for, None when it is literal text here."""
    inner = found[1]
    if inner is None:
        return (_MANY if found[0] == "*" else _ONE) if wildcards else None
    if not variables:
        return None
    if inner in ("*", "?", "$"):
        return inner
    key, comma, default = inner.partition(",")
    return Variable(key.strip().lower(), default.strip().strip("'") if comma else None)


def regex(parts: Iterable[Token]) -> str:
    """A regular expression for literals and wildcards. Each `*` takes as little as possible and never reconsiders, which finds
    every match in time proportional to the length, however many there are."""
    out = ""
    run = ""
    open_star = False
    for part in parts:
        if part == _MANY:
            out += f"(?>.*?{run})" if open_star and run else run
            run = ""
            open_star = True
        else:
            run += "." if part == _ONE else re.escape(str(part))
    return out + (f".*{run}" if open_star else run)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


class AnyOf:
    """A list of such strings, of which one has to match."""

    __slots__ = ("_everything", "_exact", "_ignore_case", "_pattern", "_variable")

    def __init__(
        self, texts: Iterable[str], *, wildcards: bool = True, variables: bool = True, ignore_case: bool = False
    ) -> None:
        parsed = [tokens(text.lower() if ignore_case else text, wildcards, variables) for text in texts]
        self._ignore_case = ignore_case
        self._variable = [parts for parts in parsed if _has(parts, Variable)]
        fixed = [parts for parts in parsed if not _has(parts, Variable)]
        wild = [parts for parts in fixed if _has(parts, Wildcard)]
        self._exact = frozenset("".join(map(str, parts)) for parts in fixed if not _has(parts, Wildcard))
        self._pattern = _compiled("|".join(f"(?:{regex(parts)})" for parts in wild)) if wild else None
        self._everything = (_MANY,) in wild

    def matches(self, value: str, keys: Keys) -> bool:
        """Whether one of the strings matches the value, its variables taken from the condition keys."""
        if self._ignore_case:
            value = value.lower()
        if self._everything or value in self._exact:
            return True
        if self._pattern is not None and self._pattern.fullmatch(value) is not None:
            return True
        return any(self._matches_variable(parts, value, keys) for parts in self._variable)

    def _matches_variable(self, parts: tuple[Token, ...], value: str, keys: Keys) -> bool:
        filled: list[Token] = []
        for part in parts:
            text = part.value(keys) if isinstance(part, Variable) else part
            if text is None:
                return False
            filled.append(text.lower() if self._ignore_case and isinstance(text, str) else text)
        return _compiled(regex(filled)).fullmatch(value) is not None


def _has(parts: tuple[Token, ...], kind: type) -> bool:
    return any(isinstance(part, kind) for part in parts)
