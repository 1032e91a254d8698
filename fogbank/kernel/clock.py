"""The virtual clock: the real one plus an offset that users move. Signatures are checked by the real clock, never this one."""

from __future__ import annotations

import time
from array import array
from collections.abc import MutableSequence


class Clock:
    """`now()` is epoch seconds (UTC). The offset is kept in the store, so that it survives restarts.

    While the clock is being moved it is held at the moment of the task that runs, so that everything happens exactly when it is due.
    `cell` holds both numbers, the offset and the moment (0: it runs); workers of one machine share it.
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: MutableSequence[float] | memoryview[float] | None = None) -> None:
        self._cell = array("d", (0.0, 0.0)) if cell is None else cell

    @property
    def offset(self) -> float:
        return self._cell[0]

    @offset.setter
    def offset(self, seconds: float) -> None:
        self._cell[0] = seconds

    def start(self) -> None:
        """Run, if the clock is held: whoever held it is no more."""
        self._cell[1] = 0.0

    def now(self) -> float:
        offset, held = self._cell
        return held or time.time() + offset

    @property
    def is_held(self) -> bool:
        """Is the clock being moved?"""
        return bool(self._cell[1])

    def hold(self, moment: float) -> None:
        """Stand still at `moment`, or where the clock stands if that is later."""
        self._cell[1] = max(self.now(), moment)

    def release(self) -> None:
        """Go on from where the clock was held."""
        held = self._cell[1]
        if held:
            self._cell[0] = held - time.time()
            self._cell[1] = 0.0
