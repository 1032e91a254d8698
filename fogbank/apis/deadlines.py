"""Waiting for so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


async def as_task() -> None:
    """A request begins as a plain coroutine, and becomes a task when it first waits: only tasks can be interrupted."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Raises TimeoutError when what is within takes longer, in real seconds."""
    await as_task()
    async with asyncio.timeout(seconds):
        yield
