"""The virtual clock: the real one plus an offset that users move. Signatures are checked by the real clock, never this one."""

from __future__ import annotations

import time


class Clock:
    """`now()` is epoch seconds (UTC). The offset is kept in the store by the task runner, so that it survives restarts."""

    __slots__ = ("offset",)

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        return time.time() + self.offset

    def set(self, moment: float) -> None:
        """Make `now()` return at least `moment` (epoch seconds); never moves backwards."""
        self.offset = max(self.offset, moment - time.time())
