"""What the HTTP front hands to the rest and gets back: requests, payloads, responses.

These types are the border between bytes and meaning. Nothing here parses a socket and nothing here knows AWS.
Paths and queries stay exactly as the client sent them (percent-escapes, `//`, `+`), since S3 keys and signatures depend on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class PayloadError(Exception):
    """The body ended early, broke its framing or is not what was signed. `code` is the AWS error code that says so.

    `members` are further elements of the error document.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: str | None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class Payload:
    """A request body: either here already (`data`) or still arriving (iterate over it, once).

    `length` is the announced number of bytes, None when the body is chunked. `trailers` (lower-case names) are
    complete only after the last chunk. `expected_sha256` (hexadecimal) is what the client signed for a body that is still
    arriving: `read` checks it; who iterates hashes the bytes where it suits and hands the hash to `check_sha256`.
    """

    __slots__ = ("data", "expected_sha256", "length", "trailers")

    def __init__(self, data: bytes | None = b"", length: int | None = None) -> None:
        self.data = data
        self.length = len(data) if data is not None else length
        self.trailers: dict[str, str] = {}
        self.expected_sha256: str | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data

    async def read(self) -> bytes:
        """The whole body as bytes."""
        if self.data is None:
            data = b"".join([chunk async for chunk in self])
            if self.expected_sha256 is not None:
                self.check_sha256(hashlib.sha256(data).hexdigest())
            self.data = data
        return self.data

    def check_sha256(self, computed: str) -> None:
        """Raise PayloadError unless the body that was read has the hash (hexadecimal) that was signed."""
        if self.expected_sha256 not in (None, computed):
            raise PayloadError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ClientComputedContentSHA256=self.expected_sha256,
                S3ComputedContentSHA256=computed,
            )


class Request:
    """One HTTP request.

    `path` and `query` (without `?`) are as sent; `headers` has lower-case names, blanks around values trimmed, bytes read
    as latin-1, and repeated headers joined by commas. `payload.data` is set unless the front was asked to stream. `head` is
    the head as it was sent, for those to whom the case and the repetition of names matter; empty where nobody has it.
    """

    __slots__ = ("head", "headers", "method", "path", "payload", "query", "remote", "scheme", "version")

    def __init__(
        self,
        method: str,
        path: str,
        query: str,
        headers: dict[str, str],
        payload: Payload,
        scheme: str = "http",
        remote: str = "127.0.0.1",
        version: str = "1.1",
        head: bytes = b"",
    ) -> None:
        self.head = head
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.payload = payload
        self.scheme = scheme
        self.remote = remote
        self.version = version

    @property
    def endpoint(self) -> str:
        """The URL under which the client reached us, e.g. `http://localhost:4566`."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"


class FileBody:
    """A response body that is a span of a file; the front sends it without copying where it can.

    The file is opened when the response is made, so that deleting the blob afterwards cannot break the answer.
    `close()` is called by the front when the body was sent or the client went away.
    """

    __slots__ = ("fd", "length", "offset")

    def __init__(self, fd: int, offset: int, length: int) -> None:
        self.fd = fd
        self.offset = offset
        self.length = length

    def close(self) -> None:
        if self.fd >= 0:
            import os

            os.close(self.fd)
            self.fd = -1


ResponseBody = bytes | FileBody | AsyncIterator[bytes]


class Response:
    """One HTTP response. The front adds Date, Server, Connection and Content-Length (or chunked framing)."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Iterable[tuple[str, str]] = (), body: ResponseBody = b"") -> None:
        self.status = status
        self.headers = list(headers)
        self.body = body


class Upgrade(Response):
    """101: from here on the connection speaks another protocol, which `protocol` knows. For HTTP/1.1 only."""

    __slots__ = ("protocol",)

    def __init__(self, headers: Iterable[tuple[str, str]], protocol: asyncio.Protocol) -> None:
        super().__init__(101, headers)
        self.protocol = protocol
