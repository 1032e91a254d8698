"""Patterns with wildcards as sets of strings: is one within another, and have two anything in common?

`*` stands for any run of characters and `?` for any one. A policy variable (`${aws:username}`) stands for a string that nobody knows:
it is within itself and within `*`, and may be in common with anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(r"\$\{[^{}]*\}|.", re.DOTALL)
_OPEN = re.compile(r"[*?$]")
_STARS = re.compile(r"[*?]*\*[*?]*")


def within(inner: str, outer: str) -> bool:
    """Whether every string of `inner` is one of `outer`.

    True answers are certain. A false one may be wrong where `inner` has `*` and `outer` has `?`, or a variable is concerned.
    """
    return inner == outer or outer == "*" or (inner.startswith(_head(outer)) and _within(inner, outer))


def common(one: str, other: str) -> bool:
    """Whether some string is in both. False answers are certain."""
    return one == other or "*" in (one, other) or _common(one, other)


def _head(pattern: str) -> str:
    """What every string of a pattern begins with: this spares most pairs the walk."""
    return _OPEN.split(pattern, maxsplit=1)[0]


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> tuple[str, ...]:
    """The characters, wildcards and variables of a pattern; runs of wildcards in one order (`*?*` is `?*`)."""
    ordered = _STARS.sub(lambda run: "?" * run[0].count("?") + "*", pattern)
    return tuple(_TOKEN.findall(ordered))


@lru_cache(maxsize=65536)
def _within(inner: str, outer: str) -> bool:
    """Walk over both at once; `reached` has the places in `outer` up to which what was read of `inner` fits."""
    wanted = _tokens(outer)
    reached = _over_stars({0}, wanted)
    for token in _tokens(inner):
        reached = _over_stars({after for at in reached for after in _accepts(wanted, at, token)}, wanted)
        if not reached:
            return False
    return len(wanted) in reached


def _accepts(wanted: tuple[str, ...], at: int, token: str) -> tuple[int, ...]:
    """Where one comes from `at` by reading a token: all of the strings that it stands for."""
    if at == len(wanted):
        return ()
    if wanted[at] == "*":
        return (at,)
    if wanted[at] == token or (wanted[at] == "?" and len(token) == 1 and token != "*"):
        return (at + 1,)
    return ()


def _over_stars(places: set[int], wanted: tuple[str, ...]) -> set[int]:
    """The places, and those that are reached from them by reading nothing."""
    for at in sorted(places):
        while at < len(wanted) and wanted[at] == "*":
            at += 1
            places.add(at)
    return places


@lru_cache(maxsize=65536)
def _common(one: str, other: str) -> bool:
    """The usual table: can what is left of both from (i, j) on be the same string?"""
    first, second = ([_opened(token) for token in _tokens(pattern)] for pattern in (one, other))
    row = [True] + [False] * len(second)
    for j, token in enumerate(second):
        row[j + 1] = row[j] and token == "*"
    for token in first:
        above, row = row, [row[0] and token == "*"]
        for j, against in enumerate(second):
            if "*" in (token, against):
                row.append(above[j + 1] or row[j])
            else:
                row.append(above[j] and (token == against or "?" in (token, against)))
    return row[-1]


def _opened(token: str) -> str:
    """A variable may turn out to be anything."""
    return "*" if len(token) > 1 else token
