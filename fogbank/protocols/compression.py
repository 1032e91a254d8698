"""Request bodies that SDKs compress: operations with the `requestcompression` trait, from 10 KB on."""

from __future__ import annotations

import zlib

from fogbank.http import Request
from fogbank.protocols.scalars import BadValue

LIMIT = 64 * 1024 * 1024  # bytes after decompression; the largest request that AWS takes so is 1 MB
GZIP = 31  # zlib's window bits for a gzip header


def body(request: Request) -> bytes:
    """The body of a request that is here as a whole, decompressed. Raises BadValue."""
    data = request.payload.data or b""
    return inflated(data) if data and is_compressed(request) else data


def is_compressed(request: Request) -> bool:
    return request.headers.get("content-encoding", "").lower() == "gzip"


def inflated(data: bytes) -> bytes:
    decompressor = zlib.decompressobj(GZIP)
    try:
        plain = decompressor.decompress(data, LIMIT)
    except zlib.error as error:
        raise BadValue("The request's body is not what its Content-Encoding says") from error
    if not decompressor.eof:
        raise BadValue("The request's body is cut short or too large")
    return plain
