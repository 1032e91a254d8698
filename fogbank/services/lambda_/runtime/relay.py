"""A response on its way from a function, which is still writing it, to whoever reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fogbank.services.lambda_.runtime.interface import RESPONSE_BYTES, STREAM_BYTES, Answered, too_large

# As many chunks as may be under way: a function that writes faster than its reader reads has to wait.
_CHUNKS = 16


class Relay:
    """`begun` is set with the first of it, when `content_type` is known."""

    def __init__(self) -> None:
        self.content_type = ""
        self.begun = asyncio.Event()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_CHUNKS)
        self._nobody_reads = False

    def begin(self, content_type: str) -> None:
        self.content_type = content_type
        self.begun.set()

    async def put(self, chunk: bytes) -> None:
        if not self._nobody_reads:
            await self._chunks.put(chunk)

    async def end(self) -> None:
        if not self._nobody_reads:
            await self._chunks.put(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """What was put, until the end. Who stops reading lets the function go on."""
        try:
            while (chunk := await self._chunks.get()) is not None:
                yield chunk
        finally:
            self._nobody_reads = True
            while not self._chunks.empty():
                self._chunks.get_nowait()


async def arrived(answered: Answered, relay: Relay | None) -> Answered:
    """The whole of an answer that is written as a stream: without its payload when that was relayed."""
    assert answered.written is not None
    chunks: list[bytes] = []
    size, most = 0, RESPONSE_BYTES
    if relay is not None:
        most = STREAM_BYTES
        relay.begin(answered.content_type)
    async for chunk in answered.written:
        size += len(chunk)
        if size > most:
            continue  # the function is let to its end
        if relay is not None:
            await relay.put(chunk)
        else:
            chunks.append(chunk)
    if size > most:
        return too_large(size, most)
    return answered.written.failure or Answered(b"".join(chunks), content_type=answered.content_type)
