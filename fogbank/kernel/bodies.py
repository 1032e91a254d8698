"""The bytes that another service answered (`GetObject`'s Body), whatever form they have on their way to a client."""

from __future__ import annotations

import asyncio

from fogbank.http import FileBody, ResponseBody


async def whole(body: ResponseBody) -> bytes:
    """All of a body; a file is read in a thread, and closed."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileBody):
        return await asyncio.to_thread(_read, body)
    return b"".join([piece async for piece in body])


def _read(body: FileBody) -> bytes:
    try:
        with open(body.fd, "rb", closefd=False) as file:
            file.seek(body.offset)
            return file.read(body.length)
    finally:
        body.close()
