"""What the HTTP front hands to the rest and gets back: requests, payloads, responses.

These types are the border between bytes and meaning. Nothing here parses a socket and nothing here knows AWS.
Paths and queries stay exactly as the client sent them (percent-escapes, `//`, `+`), since S3 keys and signatures depend on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable


class PayloadError(Exception):
    """The body ended early or broke its framing. `code` is the AWS error code that says so."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Payload:
    """A request body: either here already (`data`) or still arriving (iterate over it, once).

    `length` is the announced number of bytes, None when the body is chunked. `trailers` (lower-case names) are
    complete only after the last chunk.
    """

    __slots__ = ("data", "length", "trailers")

    def __init__(self, data: bytes | None = b"", length: int | None = None) -> None:
        self.data = data
        self.length = len(data) if data is not None else length
        self.trailers: dict[str, str] = {}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data

    async def read(self) -> bytes:
        """The whole body as bytes."""
        if self.data is None:
            self.data = b"".join([chunk async for chunk in self])
        return self.data


class Request:
    """One HTTP request.

    `path` and `query` (without `?`) are as sent; `headers` has lower-case names, blanks around values trimmed, bytes read
    as latin-1, and repeated headers joined by commas. `payload.data` is set unless the front was asked to stream.
    """

    __slots__ = ("headers", "method", "path", "payload", "query", "remote", "scheme", "version")

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
    ) -> None:
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
