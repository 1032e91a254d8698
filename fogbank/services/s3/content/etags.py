"""ETags. One of an upload in one piece is the MD5 of its bytes; one of parts is the MD5 of their MD5s and their number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def of_bytes(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def of_parts(etags: Iterable[str]) -> str:
    """The ETag of an object completed from parts with these ETags, in order."""
    digests = [bytes.fromhex(etag) for etag in etags]
    joined = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{joined}-{len(digests)}"


def unquoted(etag: str) -> str:
    """An ETag as clients send it, with or without quotes."""
    return etag.strip().strip('"')
