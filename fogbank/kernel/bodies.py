"""The bytes that another service answered (`GetObject`'s Body), whatever form they have on their way to a client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from fogbank.http import FileBody, ResponseBody

_PIECE = 1 << 20


async def whole(body: ResponseBody) -> bytes:
    """All of a body; a file is read in a thread, and closed."""
    return b"".join([piece async for piece in pieces(body)])


async def pieces(body: ResponseBody) -> AsyncIterator[bytes]:
    """A body in pieces, those of a file of a MiB. A file is closed after the last one."""
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, FileBody):
        try:
            while body.length:
                piece = await asyncio.to_thread(_read, body)
                if not piece:
                    return
                yield piece
        finally:
            body.close()
    else:
        async for piece in body:
            yield piece


def _read(body: FileBody) -> bytes:
    piece = os.pread(body.fd, min(_PIECE, body.length), body.offset)
    body.offset += len(piece)
    body.length -= len(piece)
    return piece
