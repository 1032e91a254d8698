"""Ids of versions and uploads: opaque texts of 32 characters whose order is the order in time.

A version's id sorts before those of older versions, so that a key's versions lie newest first in the store; an upload's id sorts after
those of earlier ones. The first 11 characters are the time in microseconds, the rest makes it unguessable.
"""

from __future__ import annotations

import base64

_ALPHABET = b".0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_SORTED = bytes.maketrans(_BASE64, _ALPHABET)
_FROM_SORTED = bytes.maketrans(_ALPHABET, _BASE64)
_END = (1 << 64) - 1

LENGTH = 32
RANDOM_BYTES = 16
NULL = "null"


def _text(number: int, tail: bytes) -> str:
    return base64.b64encode(number.to_bytes(8, "big") + tail).translate(_TO_SORTED).decode()


def _number(text: str) -> int:
    return int.from_bytes(base64.b64decode(text.encode().translate(_FROM_SORTED))[:8], "big")


def version_id(now: float, tail: bytes, newest: str | None = None) -> str:
    """An id for a version made at epoch second `now`, newer than `newest` even if the clock did not move.

    `tail` are RANDOM_BYTES random bytes.
    """
    number = _END - int(now * 1e6)
    if newest is not None:
        number = min(number, _number(newest) - 1)
    return _text(number, tail)


def upload_id(now: float, tail: bytes) -> str:
    return _text(int(now * 1e6), tail)


def is_id(text: str) -> bool:
    """Could this be an id of ours? If not, S3 refuses it as invalid instead of not finding it."""
    return len(text) == LENGTH and not text.encode("utf-8", "replace").translate(None, _ALPHABET)
