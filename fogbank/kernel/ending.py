"""Ending work that may not want to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

log = logging.getLogger("fogbank")

_ROUNDS = 3
_ROUND_SECONDS = 5.0


async def end(work: Iterable[asyncio.Task[Any]], seconds: float = _ROUND_SECONDS) -> None:
    """Cancel tasks, and wait until they are over, but not for ever.

    They are told again after `seconds`, for a cancellation may be lost: `asyncio.wait_for` of Python 3.11 keeps it to itself when what
    it waits for is there at the same moment, and what loops goes on then.
    """
    left = {task for task in work if not task.done()}
    for _ in range(_ROUNDS):
        if not left:
            return
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=seconds)
    for task in left:
        log.warning("%r does not end", task)
