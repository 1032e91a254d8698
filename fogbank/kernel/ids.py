"""Identifiers and randomness. Services take them from `ctx.ids`, so that one place decides where randomness comes from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Ids:
    """Not for secrets: use the `secrets` module where an id must not be guessed."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)

    def uuid(self) -> str:
        """A random (version 4) UUID in its usual spelling."""
        bits = self.random.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (4 << 76) | (2 << 62)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def bytes(self, length: int) -> bytes:
        return self.random.randbytes(length)

    def choice(self, options: Sequence[T]) -> T:
        return self.random.choice(options)
