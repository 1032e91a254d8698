"""Random strings that a regular expression matches."""

from __future__ import annotations

import random
from functools import cache
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

CATEGORIES = {"CATEGORY_DIGIT": "0123456789", "CATEGORY_SPACE": " \t", "CATEGORY_WORD": "abcXYZ019_"}
NEGATED = {"CATEGORY_NOT_DIGIT": "ab-", "CATEGORY_NOT_SPACE": "ab1", "CATEGORY_NOT_WORD": "- ."}
ANY = "abz019-"
UNMATCHED = object()


class Unsupported(Exception):
    """The pattern has a part that cannot be generated from (a lookahead, a backward reference)."""


def sample(pattern: str, source: random.Random, length: int = 8) -> str:
    """A string for a pattern; unbounded repeats go up to about `length` times. Raises Unsupported."""
    return _sequence(_parsed(pattern), source, length)


@cache
def _parsed(pattern: str) -> Any:
    return parser.parse(pattern)


def _sequence(tokens: Any, source: random.Random, length: int) -> str:
    return "".join(_token(str(name), argument, source, length) for name, argument in tokens)


def _token(name: str, argument: Any, source: random.Random, length: int) -> str:
    if name == "LITERAL":
        return chr(argument)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        low, high, body = argument
        count = source.randint(int(low), max(int(low), min(int(high), length)))
        return "".join(_sequence(body, source, length) for _ in range(count))
    if name == "SUBPATTERN":
        return _sequence(argument[3], source, length)
    if name == "BRANCH":
        return _sequence(source.choice(argument[1]), source, length)
    if name == "IN":
        return _one_of(argument, source)
    if name == "NOT_LITERAL":
        return next(character for character in ANY if ord(character) != argument)
    if name == "ANY":
        return source.choice(ANY)
    if name == "AT":
        return ""
    raise Unsupported(name)


def _one_of(items: Any, source: random.Random) -> str:
    if str(items[0][0]) == "NEGATE":
        excluded = set().union(*(_characters(item) for item in items[1:]))
        allowed = [chr(point) for point in range(32, 127) if chr(point) not in excluded]
        if not allowed:
            raise Unsupported("NEGATE")
        return source.choice(allowed)
    name, argument = source.choice(items)
    if str(name) == "RANGE":
        low, high = argument
        return chr(source.randint(low, min(high, low + 200)))
    return source.choice(sorted(_characters((name, argument))))


def _characters(item: Any) -> set[str]:
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return {chr(argument)}
    if name == "RANGE":
        return {chr(point) for point in range(argument[0], min(argument[1], argument[0] + 70000) + 1)}
    return set({**CATEGORIES, **NEGATED}.get(str(argument), ""))
