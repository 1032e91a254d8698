"""The models' regular expressions, written for Java, as Python's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, groupby
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from fogbank.protocols.automaton import Automaton, Unsupported

LARGE_REPEAT = 16
SHORT = 256  # characters

# The code points that have a character: beyond the third plane only a few tags are assigned.
ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))

_POSIX = {
    "Alnum": "0-9A-Za-z",
    "Alpha": "A-Za-z",
    "ASCII": "\\x00-\\x7f",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\t-\r ",
    "Upper": "A-Z",
    "XDigit": "0-9A-Fa-f",
    "all": r"\x00-\U0010ffff",
}
_SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"  # Java's spelling of all that lies beyond the first plane
_LEADING_FLAGS = re.compile(r"(\^?)\(\?([ims]+)\)")
_HYPHEN_AFTER_CLASS = re.compile(r"(\\[wdsWDS])-(?=[^\]])")
_HEX_ESCAPE = re.compile(r"\\x\{([0-9A-Fa-f]+)\}")
_TOKEN = re.compile(r"\\([pP])(?:\{\^?(\w+)\}|(\w))|\\.|\[\^?|\]", re.DOTALL)


Matcher = Callable[[str], Any]


@cache
def matcher(pattern: str) -> Matcher | None:
    """The test of a value, true where AWS's is; None where Python cannot express the pattern, so that nothing is refused wrongly.

    AWS's validators match the whole string, whether or not the pattern says so.
    """
    try:
        text = translated(pattern)
        return re.compile(text).search if _is_quick(text) else Automaton(text).matches
    except Unsupported:
        return _short_only(re.compile(text).search) if not _is_nested(parser.parse(text)) else None
    except (re.error, OverflowError, KeyError):
        return None


@cache
def is_quick(pattern: str) -> bool:
    """Can Python's `re` match this without ever being slow?"""
    try:
        return _is_quick(translated(pattern))
    except (re.error, OverflowError, KeyError):
        return False


def _short_only(search: Matcher) -> Matcher:
    """A pattern that looks around and may be slow on long values: these pass unchecked."""
    return lambda text: len(text) > SHORT or search(text)


def _is_quick(text: str) -> bool:
    """A single large repeat, and none within another, leaves `re` nothing to try again."""
    tree = parser.parse(text)
    return _large_repeats(tree) <= 1 and not _is_nested(tree)


def _large_repeats(tokens: Any) -> int:
    return sum(1 for high, _ in _repeats(tokens) if high > LARGE_REPEAT)


def _is_nested(tokens: Any) -> bool:
    """Is there a repeat of varying length within another that repeats?"""
    return any(high > 1 and any(True for _ in _repeats(body)) for high, body in _repeats(tokens))


def _repeats(tokens: Any) -> Iterator[tuple[int, Any]]:
    """The repeats of varying length at any depth: how often at most, and of what."""
    for token in tokens:
        if isinstance(token, tuple) and len(token) == 3 and isinstance(token[2], parser.SubPattern):
            low, high, body = token
            if high > low:
                yield int(high), body
        if isinstance(token, tuple | list | parser.SubPattern):
            yield from _repeats(token)


@cache
def translated(pattern: str) -> str:
    """A Java pattern in Python's syntax, anchored. In Java `\\w`, `\\d` and `\\s` are ASCII. Raises KeyError."""
    if "&&" in pattern:  # an intersection of character classes
        raise KeyError(pattern)
    flags = "a"
    text = pattern.replace(_SURROGATE_PAIRS, r"\U00010000-\U0010FFFF").replace(r"\z", r"\Z").replace("||", "|")
    leading = _LEADING_FLAGS.match(text)
    if leading is not None:
        flags += leading[2]
        text = leading[1] + text[leading.end() :]
    text = _HEX_ESCAPE.sub(lambda match: f"\\U{int(match[1], 16):08x}", text)
    text = _HYPHEN_AFTER_CLASS.sub(r"\1\-", text)
    return rf"(?{flags})\A(?:{_with_properties(text)})\Z"


def _with_properties(pattern: str) -> str:
    r"""`\p{L}` and the like, which Python lacks, as ranges of characters."""
    if r"\p" not in pattern and r"\P" not in pattern:
        return pattern
    in_class = False

    def replacement(match: re.Match[str]) -> str:
        nonlocal in_class
        token = match.group()
        if match[1]:
            ranges = _property(match[2] or match[3], negated=(match[1] == "P"))
            return ranges if in_class else f"[{ranges}]"
        if token[0] == "[":
            in_class = True
        elif token == "]":
            in_class = False
        return token

    return _TOKEN.sub(replacement, pattern)


@cache
def _property(name: str, negated: bool) -> str:
    """The inside of a character class for a Unicode category (`L`, `Lu`) or a POSIX name. Raises KeyError."""
    if name in _POSIX:
        if negated:
            raise KeyError(name)
        return _POSIX[name]
    if len(name) > 2:
        raise KeyError(name)
    wanted = [(first, last) for category, first, last in _category_ranges() if category.startswith(name) != negated]
    if not wanted:
        raise KeyError(name)
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in _merged(wanted))


def _merged(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges in order, with those that touch made one."""
    start, end = ranges[0]
    for first, last in ranges[1:]:
        if first != end + 1:
            yield start, end
            start = first
        end = last
    yield start, end


@cache
def _category_ranges() -> list[tuple[str, int, int]]:
    """Unicode's categories as ranges of code points: (category, first, last). Takes some 20 ms."""
    from unicodedata import category

    ranges: list[tuple[str, int, int]] = []
    for name, group in groupby(chain(*ASSIGNED), lambda point: category(chr(point))):
        points = list(group)
        ranges.append((name, points[0], points[-1]))
    return ranges
