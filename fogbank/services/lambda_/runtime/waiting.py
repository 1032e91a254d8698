"""Waiting for one of two things: what `asyncio.wait` does, at a fifth of the price. Each invocation pays it."""

from __future__ import annotations

import asyncio
from typing import Any


async def either(one: asyncio.Future[Any], other: asyncio.Future[Any], seconds: float) -> None:
    """Wait until one of them is done, so many seconds at most."""
    if one.done() or other.done():
        return
    loop = asyncio.get_running_loop()
    woken: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not woken.done():
            woken.set_result(None)

    one.add_done_callback(wake)
    other.add_done_callback(wake)
    timer = loop.call_later(seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()
        one.remove_done_callback(wake)
        other.remove_done_callback(wake)
