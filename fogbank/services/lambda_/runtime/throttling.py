"""The processor follows the memory (`--lambda-processors memory`): who has used up its share of a tenth of a second waits for the next one.

Only time on the processor counts, so that functions that wait for others are not slowed down.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from time import perf_counter

_PERIOD_SECONDS = 0.1
_LEAST_SECONDS = 0.001
_PROCESSORS = os.cpu_count() or 1


async def throttle(share: float, used: Callable[[], float], send: Callable[[int], None]) -> None:
    """Hold processes to `share` of a processor, until this is cancelled.

    `used` are the seconds that they have had so far, `send` sends them a signal. What they have had too much, as they are looked at
    only now and then, they lack in the next period; what they have not used is gone.
    """
    quota = share * _PERIOD_SECONDS
    end = perf_counter() + _PERIOD_SECONDS
    most = used() + quota
    while True:
        now = perf_counter()
        if now >= end:
            periods = int((now - end) / _PERIOD_SECONDS) + 1
            end += periods * _PERIOD_SECONDS
            most = min(most + periods * quota, used() + quota)
        free = most - used()
        if free > 0:
            await asyncio.sleep(max(min(free / _PROCESSORS, end - now), _LEAST_SECONDS))
        else:
            await _pause(end - now, send)


async def _pause(seconds: float, send: Callable[[int], None]) -> None:
    send(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(signal.SIGCONT)
