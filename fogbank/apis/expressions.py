"""Regular expressions that users write: in Java's syntax, and never so slow that somebody else has to wait.

Python's `re` goes back and tries again, on some patterns for ever; an automaton does not. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fogbank.protocols.automaton import Automaton, Unsupported
from fogbank.protocols.patterns import is_quick, matcher, translated

Matcher = Callable[[str], Any]

_SHORT = 4096
"""Characters: what looks around, which no automaton can, is tried on texts up to here and fits no longer one."""


@lru_cache(maxsize=1024)
def whole(pattern: str) -> Matcher:
    """The test whether a whole text fits. Raises ValueError for what is no expression."""
    try:
        text = translated(pattern)
        compiled = re.compile(text)
        return compiled.search if is_quick(pattern) else Automaton(text).matches
    except Unsupported:
        if matcher(pattern) is None:  # it repeats what repeats, too
            raise ValueError(f"an expression that may take for ever: {pattern}") from None
        return lambda given: len(given) <= _SHORT and compiled.search(given)
    except (re.error, OverflowError, KeyError) as error:
        raise ValueError(f"not a regular expression: {pattern}") from error


def anywhere(pattern: str) -> Matcher:
    """The test whether a part of a text fits. Raises ValueError for what is no expression."""
    return whole(rf"[\s\S]*(?:{pattern})[\s\S]*")
