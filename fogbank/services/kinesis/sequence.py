"""Positions in a shard, and the sequence numbers that tell them.

A position is (milliseconds since the epoch, a count within the millisecond); positions of a shard only grow. A sequence number is a
number of 187 bits, 56 decimal digits as AWS's are, which begins with 49 because of its version:

    2 (version) | 6 zeros | 50 bits: milliseconds | 80 bits: count | 44 bits: number of the shard | 4 bits: 2
"""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    ms: int
    nth: int


START = Position(0, 0)

_VERSION = 2 << 184
_MS = 128
_COUNT = 48
_SHARD = 4
_TAIL = 2


def number(position: Position, shard: int) -> str:
    return str(_VERSION | position.ms << _MS | position.nth << _COUNT | shard << _SHARD | _TAIL)


def base(ms: int, shard: int) -> int:
    """The sequence number of the position (ms, 0), as an int: add `count * STEP` for the others."""
    return _VERSION | ms << _MS | shard << _SHARD | _TAIL


STEP = 1 << _COUNT


def position_of(text: str, shard: int) -> Position | None:
    """The position that a sequence number of the shard tells; None for what is no sequence number of it."""
    if not text.isdecimal() or len(text) != 56:
        return None
    value = int(text) - _VERSION
    ms, rest = divmod(value, 1 << _MS)
    count, tail = divmod(rest, 1 << _COUNT)
    if tail != shard << _SHARD | _TAIL or not 0 <= ms < 1 << 50:
        return None
    return Position(ms, count)
