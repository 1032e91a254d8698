"""The bytes of objects that S3 answers to a call from here."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from fogbank.http import FileBody, ResponseBody

_PIECE = 1 << 20


async def pieces(body: ResponseBody) -> AsyncIterator[bytes]:
    """A body in pieces. A file is closed after the last one."""
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, FileBody):
        try:
            while piece := _read(body):
                yield piece
        finally:
            body.close()
    else:
        async for piece in body:
            yield piece


def _read(body: FileBody) -> bytes:
    os.lseek(body.fd, body.offset, os.SEEK_SET)
    piece = os.read(body.fd, min(_PIECE, body.length))
    body.offset += len(piece)
    body.length -= len(piece)
    return piece


async def whole(body: ResponseBody) -> bytes:
    return b"".join([piece async for piece in pieces(body)])
