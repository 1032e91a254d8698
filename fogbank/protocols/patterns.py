"""The models' regular expressions, written for Java, as Python's."""

from __future__ import annotations

import re
from functools import cache


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern whose `search` is true where AWS's is; None where Python cannot express it, so that nothing is refused wrongly.

    Most of AWS's validators match the whole string, whether or not the pattern says so.
    """
    try:
        return re.compile(anchored(pattern))
    except (re.error, OverflowError):
        return None


def anchored(pattern: str) -> str:
    return rf"\A(?:{pattern})\Z"
