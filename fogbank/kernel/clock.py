"""The virtual clock: the real one plus an offset that users move. Signatures are checked by the real clock, never this one."""

from __future__ import annotations

import time


class Clock:
    """`now()` is epoch seconds (UTC). The offset is kept in the store, so that it survives restarts.

    While the clock is being moved it is held at the moment of the task that runs, so that everything happens exactly when it is due.
    """

    __slots__ = ("_held", "offset")

    def __init__(self) -> None:
        self.offset = 0.0
        self._held: float | None = None

    def now(self) -> float:
        return time.time() + self.offset if self._held is None else self._held

    def hold(self, moment: float) -> None:
        """Stand still at `moment`, or where the clock stands if that is later."""
        self._held = max(self.now(), moment)

    def release(self) -> None:
        """Go on from where the clock was held."""
        if self._held is not None:
            self.offset = self._held - time.time()
            self._held = None
