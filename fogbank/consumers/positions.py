"""How far a reader of a shard is, as a text: the last sequence number that was handled, and the tumbling window that is open there.

49590338271490256608559692538361571095921575989136588898
49590338271490256608559692538361571095921575989136588898 [1795289360.0,1795289370.0,{"sum":7}]
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from fogbank.consumers.settings import Window

ENDED = "SHARD_END"


class Position(NamedTuple):
    """`sequence` is empty at the beginning, and ENDED when all was read."""

    sequence: str = ""
    window: Window | None = None

    @property
    def text(self) -> str:
        if self.window is None:
            return self.sequence
        start, end, state, *_ = self.window
        return f"{self.sequence} {orjson.dumps([start, end, state]).decode()}"


def position_of(text: str | None) -> Position:
    sequence, _, window = (text or "").partition(" ")
    if not window:
        return Position(sequence)
    start, end, state = orjson.loads(window)
    return Position(sequence, Window(start, end, state, False))
