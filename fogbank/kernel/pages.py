"""Pages of a listing: opaque tokens, and the refusal of tokens that we did not give out."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from fogbank.kernel.errors import AWSError

T = TypeVar("T")


def token(position: str) -> str:
    """An opaque token for a position in a listing (the key of the last row that was given out)."""
    raw = position.encode()
    return base64.urlsafe_b64encode(zlib.crc32(raw).to_bytes(4, "big") + raw).decode()


def position(text: str, error: AWSError) -> str:
    """The position in a token. Raises `error` when the token is not one of ours."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        if len(raw) < 4 or zlib.crc32(raw[4:]) != int.from_bytes(raw[:4], "big"):
            raise error
        return raw[4:].decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as cause:
        raise error from cause


def page(rows: Sequence[T], limit: int, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The first `limit` rows, and the token of the next page if there is one: give it one row more than the limit."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], token(key(rows[limit - 1]))
