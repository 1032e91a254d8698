"""What HTTP/1.1 and HTTP/2 share: the contract with the application, arriving bodies, refusals, the Date header."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from html import escape
from typing import TYPE_CHECKING, Protocol

from fogbank.gateway.limits import KIB
from fogbank.http import FileBody, Payload, PayloadError, Request, Response, ResponseBody
from fogbank.telemetry import trace

if TYPE_CHECKING:
    from fogbank.gateway.front import Front

SERVER = "Fogbank"
NEVER = float("inf")
METHODS = frozenset(("GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", "PATCH"))
"""What reaches the application. Every AWS API and API Gateway's ANY stay within these."""
BODILESS = frozenset((204, 304))
"""Statuses whose answers have no body."""
SMALL_BODY = 64 * KIB
"""Up to here a body is written together with its head, and read from its file at once."""

_PIECE = 256 * KIB

log = logging.getLogger("fogbank.gateway")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Application(Protocol):
    """What the front serves. All methods are called on the event loop and must not raise."""

    def serving(self, front: Front) -> None:
        """`front` is going to serve the application."""

    def wants_stream(self, head: Request) -> bool:
        """Asked at the end of a head whose body is chunked or longer than `Limits.inline`.

        True: `handle` is called now, and `payload` is iterated while the body arrives. False: the body is read whole
        (up to `Limits.buffered`) before `handle` is called.
        """

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer `request`, once, with `reply.send`: before returning or any time later."""


class Reply(Protocol):
    """How the application answers one request."""

    disconnected: bool
    """The client went away: whatever is sent is thrown away."""
    on_disconnect: Callable[[], None] | None
    """Called once if the client goes away before the answer was sent completely."""

    def send(self, response: Response, held: bool = False) -> None:
        """Send the answer: exactly once. The body is closed by the front, even when the client is gone.

        `held`: it may go with the answer to the next request of the connection, for a client that has asked for that already.
        """


class BodySource(Protocol):
    """The connection side of a `RequestStream`."""

    def wanted(self, stream: RequestStream) -> None:
        """The application began to read."""

    def taken(self, stream: RequestStream, size: int) -> None:
        """The application took `size` bytes."""


class RequestStream(Payload):
    """A body that is still arriving. The connection feeds it; the application iterates over it, once.

    Iteration raises PayloadError when the client broke off or broke the framing.
    """

    __slots__ = ("_begun", "_chunks", "_error", "_source", "_waiter", "complete", "queued")

    def __init__(self, length: int | None, source: BodySource) -> None:
        super().__init__(None, length)
        self.complete = False
        self.queued = 0
        self._begun = False
        self._chunks: deque[bytes] = deque()
        self._error: PayloadError | None = None
        self._source = source
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.queued += len(chunk)
        self._wake()

    def finish(self) -> None:
        """The last byte was fed."""
        self.complete = True
        self._wake()

    def fail(self, error: PayloadError) -> None:
        """No more will come; a body that is complete already is left as it is."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def collect(self) -> None:
        """Make a complete stream an ordinary payload whose bytes are all in `data`."""
        self.data = b"".join(self._chunks)
        self.length = len(self.data)
        self._chunks.clear()

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data is not None:
            return super().__aiter__()
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            self._source.wanted(self)
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.complete:
                raise StopAsyncIteration
            await self._more()
        chunk = self._chunks.popleft()
        self.queued -= len(chunk)
        self._source.taken(self, len(chunk))
        return chunk

    async def _more(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            with trace.waiting():
                await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def expects_continue(request: Request) -> bool:
    """Whether the client waits for `100 Continue` before it sends the body. Errors: Refused."""
    expectation = request.headers.get("expect")
    if expectation is None or request.version == "1.0":
        return False
    if expectation.lower() != "100-continue":
        raise expectation_failed()
    return True


def incomplete_body() -> PayloadError:
    """S3's words: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    return PayloadError(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header."
    )


class Refused(Exception):
    """The front refuses a request by itself. The connection is closed after the answer.

    Codes and sentences are those of S3's error list where it has one. The fronts of other AWS services answer in other
    forms (an empty body, HTML, JSON): a client that could be malformed enough to see one does not parse it.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>{escape(str(self), quote=False)}</Message></Error>"
        )
        return Response(self.status, [("Content-Type", "application/xml")], xml.encode())


def bad_request(why: str) -> Refused:
    return Refused(400, "BadRequest", f"An error occurred when parsing the HTTP request: {why}.")


def bad_target() -> Refused:
    return Refused(400, "InvalidURI", "Couldn't parse the specified URI.")


def timed_out() -> Refused:
    return Refused(
        408,
        "RequestTimeout",
        "Your socket connection to the server was not read from or written to within the timeout period.",
    )


def body_too_large() -> Refused:
    return Refused(413, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def target_too_long() -> Refused:
    return Refused(414, "RequestURITooLong", "The request URI is too long.")


def head_too_large() -> Refused:
    return Refused(
        431,
        "RequestHeaderSectionTooLarge",
        "Your request header section exceeds the maximum allowed request header section size.",
    )


def expectation_failed() -> Refused:
    return Refused(417, "ExpectationFailed", "The only expectation that can be met is 100-continue.")


def header_not_implemented() -> Refused:
    return Refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")


def method_not_implemented() -> Refused:
    return Refused(501, "NotImplemented", "The request method is not implemented.")


def internal_failure() -> Response:
    """For a defect of ours that the client has to be told of."""
    return Refused(500, "InternalFailure", "The request processing has failed because of an unknown error.").response()


def call_disconnected(callback: Callable[[], None] | None) -> None:
    """Tell the application that its client went away."""
    if callback is None:
        return
    try:
        callback()
    except Exception:
        log.exception("unhandled error in on_disconnect")


# Answers


class Defective(Exception):
    """The application's answer cannot be put into HTTP."""


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_good_names: set[str] = set()


def check_names(names: list[str]) -> None:
    """Errors: Defective, when a name of a header is not one."""
    if _good_names.issuperset(names):
        return
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise Defective(f"a header named {name!r}")
    if len(_good_names) < 2000:
        _good_names.update(names)


def body_length(response: Response, method: str, announced: str | None) -> int | None:
    """Bytes of body that the head promises, None when that is not known. To HEAD it is what GET would have been told.

    `announced` is the Content-Length among the headers, if there is one. Errors: Defective, when it contradicts the body.
    """
    body = response.body
    length = len(body) if isinstance(body, bytes) else body.length if isinstance(body, FileBody) else None
    if response.status in BODILESS:
        return 0
    if announced is None:
        return length
    if not announced.isdecimal() or (length not in (None, int(announced)) and method != "HEAD"):
        raise Defective(f"Content-Length {announced!r} of a body of {length} bytes")
    return int(announced)


def sendable_body(response: Response, method: str) -> ResponseBody:
    """What of the body is sent: nothing to HEAD, and what is small as bytes. Errors: Defective."""
    body = response.body
    if method == "HEAD" or response.status in BODILESS:
        discard(response)
        return b""
    if isinstance(body, FileBody) and body.length <= SMALL_BODY:
        data = read_span(body)
        body.close()
        if len(data) != body.length:
            raise Defective("a file shorter than its span")
        return data
    return body


async def measured(body: AsyncIterator[bytes], length: int | None) -> AsyncGenerator[bytes, None]:
    """The pieces of `body` that are not empty, after which it is closed. Errors: Defective, if it is not `length` bytes."""
    left = length
    try:
        async for piece in body:
            if left is not None:
                left -= len(piece)
                if left < 0:
                    raise Defective(f"a body longer than the {length} bytes announced")
            if piece:
                yield piece
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
    if left:
        raise Defective(f"a body {left} bytes shorter than announced")


def pieces_of(body: ResponseBody) -> AsyncIterator[bytes]:
    """Any body as pieces small enough to be sent without holding up others."""
    if isinstance(body, bytes):
        return _bytes_pieces(body)
    return _file_pieces(body) if isinstance(body, FileBody) else body


async def _bytes_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


async def _file_pieces(body: FileBody) -> AsyncIterator[bytes]:
    while piece := read_span(body, _PIECE):
        body.offset += len(piece)
        body.length -= len(piece)
        yield piece


def discard(response: Response) -> None:
    """Free what the body of an answer that is not sent holds: open files. An iterator without `close` holds nothing until it is begun."""
    close = getattr(response.body, "close", None)
    if close is not None:
        close()


def read_span(body: FileBody, size: int | None = None) -> bytes:
    """The span, or its first `size` bytes; less where the file is shorter."""
    os.lseek(body.fd, body.offset, os.SEEK_SET)  # not `pread`, which Windows lacks
    return os.read(body.fd, body.length if size is None else min(size, body.length))


_date_second = 0
_date_header = ""


def http_date() -> str:
    """The Date header's line. By the real clock: SDKs correct their signing time by it."""
    global _date_second, _date_header
    now = int(time.time())
    if now != _date_second:
        year, month, day, hour, minute, second, weekday, *_ = time.gmtime(now)
        clock = f"{hour:02}:{minute:02}:{second:02} GMT"
        _date_header = f"Date: {_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year} {clock}\r\n"
        _date_second = now
    return _date_header
