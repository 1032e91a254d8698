"""One-time passwords by time (RFC 6238): six digits, SHA-1, a new one every thirty seconds."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

STEP_SECONDS: Final = 30
_DIGITS: Final = 6


def counter(now: float) -> int:
    """The number of the step that an epoch second is in."""
    return int(now // STEP_SECONDS)


def code(seed: bytes, counter: int) -> str:
    """The code of a step: RFC 4226's HOTP over the step's number."""
    digest = hmac.digest(seed, counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def find(seed: bytes, codes: Iterable[str], around: int, window: int) -> int | None:
    """The step whose code, with the steps after it for further codes, is given; the nearest to `around` within `window` steps."""
    wanted = tuple(codes)
    for distance in range(window + 1):
        for step in dict.fromkeys((around - distance, around + distance)):
            if all(code(seed, step + ahead) == given for ahead, given in enumerate(wanted)):
                return step
    return None
