"""HTTP/1.1 on one connection: heads by httptools, bodies by counting, answers in order.

Only heads go through the parser, one fresh parser each, so that no state of one message can leak into the next; where a
message ends is decided here, by `Content-Length` or the chunked framing and nothing else. Requests of a connection are
handled one after the other. A small request costs no task and no timer: the answer is usually written before
`data_received` returns, and times are watched for all connections by the front's one ticker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable
from contextlib import aclosing
from enum import IntEnum
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from fogbank.gateway import exchange
from fogbank.gateway.exchange import BODILESS, Defective, Refused, RequestStream
from fogbank.gateway.limits import KIB, MIB, Limits
from fogbank.http import FileBody, Payload, PayloadError, Request, Response, ResponseBody

if TYPE_CHECKING:
    from fogbank.gateway.front import Front

log = logging.getLogger("fogbank.gateway")

NEVER = float("inf")
TURN = 16
"""Pipelined requests handled before other connections get a turn."""
AT_ONCE = MIB
"""Up to here a body in memory is left to the transport; a longer one is given to it as it can take it."""
SLICE = 256 * KIB
"""What one `sendfile` may move before other connections get a turn: about 0.05 ms."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

METHODS = frozenset(("GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", "PATCH"))
VERSIONS = {"HTTP/1.1": "1.1", "HTTP/1.0": "1.0"}
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(r"(?:[!$&'()*+;=._~%0-9A-Za-z-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_FRAMING_LINE = 4 * KIB
_TRAILERS = 16 * KIB


# Heads


class _Fields(dict[str, tuple[str, str]]):
    """Header lines -> name and value. Those that clients repeat with every request are kept, which halves the work."""

    def __missing__(self, line: str) -> tuple[str, str]:
        name, _, value = line.partition(":")
        field = name.lower(), value.strip(_BLANKS)
        if field[0] in _REPEATED and len(line) <= 512:
            if len(self) >= 1024:
                self.clear()
            self[line] = field
        return field


_BLANKS = " \t\r"
_REPEATED = frozenset(
    (
        "accept",
        "accept-encoding",
        "amz-sdk-request",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-amz-date",
        "x-amz-target",
        "x-amz-user-agent",
    )
)
_field = _Fields().__getitem__
_hosts: set[str] = set()


class _NoCallbacks:
    """Only httptools' verdict is wanted. It looks callbacks up by name, and absent ones cost more than None."""

    __slots__ = ()
    on_message_begin = on_url = on_header = on_headers_complete = None
    on_body = on_message_complete = on_chunk_header = on_chunk_complete = None


_NO_CALLBACKS = _NoCallbacks()


def parse_head(head: bytes, limits: Limits) -> Request:
    """A request, without its body, from the bytes up to and including the first empty line.

    A target with bytes above 0x7F is refused: clients percent-encode, and a signature could not be verified otherwise.
    An absolute-form target replaces the Host header (RFC 9112, 3.2.2). Errors: Refused.
    """
    lines = head.decode("latin-1").split("\n")
    method, target, version = _request_line(lines[0][:-1], limits)
    try:
        httptools.HttpRequestParser(_NO_CALLBACKS).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # an offer that we may ignore: the request is answered as if it had not been made (RFC 9110, 7.8)
    except httptools.HttpParserInvalidURLError:
        raise exchange.bad_target() from None
    except httptools.HttpParserError as error:
        raise exchange.bad_request(str(error)) from None
    del lines[0], lines[-2:]
    headers = dict(map(_field, lines))
    if len(headers) != len(lines):
        headers = _joined(lines)
    if not target.startswith("/"):
        target = _other_form(target, method, headers)
    if headers.get("host") not in _hosts:
        _check_host(headers.get("host"), version)
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, _EMPTY, version=version)


def _joined(lines: list[str]) -> dict[str, str]:
    """Repeated headers are joined by commas, in their order."""
    headers: dict[str, str] = {}
    for name, value in map(_field, lines):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


_EMPTY = Payload(b"")


def _request_line(line: str, limits: Limits) -> tuple[str, str, str]:
    parts = line.split(" ")
    if len(parts) != 3:
        raise exchange.bad_request("Invalid request line")
    method, target, protocol = parts
    version = VERSIONS.get(protocol)
    if version is None:
        raise exchange.bad_request("Invalid HTTP version")
    if method not in METHODS:
        raise exchange.method_not_implemented() if _TOKEN.fullmatch(method) else exchange.bad_request("Invalid method")
    if len(target) > limits.target:
        raise exchange.target_too_long()
    return method, target, version


def _other_form(target: str, method: str, fields: dict[str, str]) -> str:
    """The path and query of a target in absolute form, or of `OPTIONS *`."""
    if target == "*" and method == "OPTIONS":
        return target
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise exchange.bad_target()
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    fields["host"] = authority
    tail = rest[len(authority) :]
    return tail if tail.startswith("/") else f"/{tail}"


def _check_host(host: str | None, version: str) -> None:
    if host is None:
        if version == "1.1":
            raise exchange.bad_request("Missing Host header")
        return
    if not _HOST.fullmatch(host):
        raise exchange.bad_request("Invalid Host header")
    if len(_hosts) < 2000:
        _hosts.add(host)


def body_length(request: Request) -> int | None:
    """Bytes of the body that follows the head, None when it is chunked. Errors: Refused.

    httptools refused a Content-Length that is repeated, malformed or beside a Transfer-Encoding already.
    """
    coding = request.headers.get("transfer-encoding")
    if coding is None:
        return int(request.headers.get("content-length", 0))
    if request.version == "1.0" or "content-length" in request.headers:
        raise exchange.bad_request("Unexpected Transfer-Encoding")
    if coding.lower() != "chunked":
        raise exchange.header_not_implemented()
    return None


def keeps_alive(request: Request) -> bool:
    """Whether the client wants to use the connection again."""
    wish = request.headers.get("connection", "")
    if wish == "" or wish == "keep-alive":
        return request.version == "1.1" or wish != ""
    options = [option.strip() for option in wish.lower().split(",")]
    return "close" not in options and (request.version == "1.1" or "keep-alive" in options)


def expects_continue(request: Request) -> bool:
    """Whether the client waits for `100 Continue` before it sends the body. Errors: Refused."""
    expectation = request.headers.get("expect")
    if expectation is None or request.version == "1.0":
        return False
    if expectation.lower() != "100-continue":
        raise exchange.expectation_failed()
    return True


# Bodies that arrive


class Counted:
    """A body of a known length."""

    __slots__ = ("left",)

    def __init__(self, length: int) -> None:
        self.left = length

    def take(self, data: bytes, stream: RequestStream) -> bytes:
        """Feed `stream` and finish it at the body's end. Returns what belongs to the next message."""
        body, rest = (data, b"") if len(data) <= self.left else (data[: self.left], data[self.left :])
        if body:
            stream.feed(body)
            self.left -= len(body)
        if not self.left:
            stream.finish()
        return rest


class Chunked:
    """A body in chunked framing (RFC 9112, 7.1), read strictly: lines end with CRLF, extensions are ignored."""

    __slots__ = ("_expects", "_held", "_left", "_trailer_bytes")

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._trailer_bytes = 0
        self._expects: Callable[[bytes, RequestStream], None] | None = self._size

    def take(self, data: bytes, stream: RequestStream) -> bytes:
        """As `Counted.take`. Errors: Refused, when the framing is broken."""
        data = self._held + data if self._held else data
        pieces: list[bytes] = []
        at = 0
        while self._expects is not None:
            if self._left:
                piece = data[at : at + self._left]
                if not piece:
                    break
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            self._expects(data[at:end], stream)
            at = end + 2
        if pieces:
            stream.feed(b"".join(pieces))
        if self._expects is None:
            stream.finish()
            return data[at:]
        self._held = data[at:]
        if len(self._held) > _FRAMING_LINE:
            raise exchange.bad_request("Chunk framing too long")
        return b""

    def _size(self, line: bytes, stream: RequestStream) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise exchange.bad_request("Invalid chunk size")
        self._left = int(match[1], 16)
        self._expects = self._end_of_chunk if self._left else self._trailer

    def _end_of_chunk(self, line: bytes, stream: RequestStream) -> None:
        if line:
            raise exchange.bad_request("Invalid end of chunk")
        self._expects = self._size

    def _trailer(self, line: bytes, stream: RequestStream) -> None:
        if not line:
            self._expects = None
            return
        self._trailer_bytes += len(line)
        match = _TRAILER.fullmatch(line.decode("latin-1"))
        if match is None or self._trailer_bytes > _TRAILERS:
            raise exchange.bad_request("Invalid trailer")
        stream.trailers[match[1].lower()] = match[2].rstrip(" \t")


# Answers


def response_head(response: Response, request: Request, keep: bool) -> tuple[bytes, int | None, bool]:
    """The head of an answer; the length of the body that follows, where it is known; whether the connection is kept.

    `keep`: the connection may be kept. Header names keep their case; values that latin-1 cannot hold are sent as UTF-8.
    Date and Server are added where absent; Connection and Transfer-Encoding are the front's own and dropped.
    Errors: Defective, for a line break in a header or a Content-Length that contradicts the body.
    """
    status, headers = response.status, response.headers
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if fields.count("\n") != len(headers) or fields.count("\r") != len(headers) or "\0" in fields:
        raise Defective("a header with a line break or NUL")
    names = [name.lower() for name, _ in headers]
    exchange.check_names(names)
    if not _HOP_BY_HOP.isdisjoint(names):
        return response_head(_end_to_end(response), request, keep)
    length = exchange.body_length(response, request.method, "content-length" in names)
    keep = keep and (length is not None or request.version == "1.1")
    line = STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"
    date = exchange.http_date() if "date" not in names else ""
    server = _SERVER if "server" not in names else ""
    framing = _framing(length, request) if "content-length" not in names and status not in BODILESS else ""
    persistence = _PERSISTENCE[keep] if not keep or request.version == "1.0" else ""
    return _encode(f"{line}{fields}{date}{server}{framing}{persistence}\r\n"), length, keep


_HOP_BY_HOP = frozenset(("connection", "transfer-encoding"))
_SERVER = f"Server: {exchange.SERVER}\r\n"
_PERSISTENCE = {True: "Connection: keep-alive\r\n", False: "Connection: close\r\n"}


def _framing(length: int | None, request: Request) -> str:
    """What tells the client where the body ends. Nothing tells a client of HTTP/1.0 but the end of the connection."""
    if length is not None:
        return f"Content-Length: {length}\r\n"
    return "Transfer-Encoding: chunked\r\n" if request.version == "1.1" else ""


def _encode(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _end_to_end(response: Response) -> Response:
    headers = [(name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP]
    return Response(response.status, headers, response.body)


class Http1Reply:
    """The answer to one request, and what the connection remembers of that request until then."""

    answered = False
    disconnected = False
    on_disconnect: Callable[[], None] | None = None

    def __init__(self, connection: Http1Connection, request: Request, stream: RequestStream | None) -> None:
        self._connection = connection
        self.request = request
        self.stream = stream

    def send(self, response: Response) -> None:
        if self.answered:
            raise RuntimeError("the request was answered already")
        self.answered = True
        if self.disconnected:
            exchange.discard(response)
        else:
            self._connection.answer(self, response)

    def disconnect(self) -> None:
        self.disconnected = True
        exchange.call_disconnected(self.on_disconnect)


# The connection


class Phase(IntEnum):
    """What the connection waits for, which is what its deadline means."""

    IDLE = 0
    HEAD = 1
    BODY = 2
    HANDLING = 3
    SENDING = 4
    DRAINING = 5


IDLE, HEAD, BODY, HANDLING, SENDING, DRAINING = Phase


@cache
def phase_seconds(limits: Limits) -> tuple[float, ...]:
    """How long each phase may last."""
    return (
        limits.idle_seconds,
        limits.head_seconds,
        limits.progress_seconds,
        NEVER,
        limits.idle_seconds,
        limits.drain_seconds,
    )


class Http1Connection(asyncio.Protocol):
    """One client connection that speaks HTTP/1.1 or 1.0."""

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self.front = front
        self.deadline = NEVER
        self._limits = front.limits
        self._seconds = phase_seconds(front.limits)
        self._phase = IDLE
        self._waiting = b""  # what belongs to requests that are not begun
        self._advancing = False
        self._reply: Http1Reply | None = None
        self._request: Request | None = None  # the request whose body is arriving, with its body and framing
        self._stream: RequestStream | None = None
        self._framing: Counted | Chunked | None = None
        self._owes_continue = False
        self._said_all = False
        self._progress = 0  # bytes that came or went in this phase
        self._unsent = 0
        self._read_paused = False
        self._write_paused = False
        self._sends_file = False
        self._writable: asyncio.Future[None] | None = None
        self._sender: asyncio.Task[None] | None = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._secure = transport.get_extra_info("ssl_object") is not None
        self._scheme = "https" if self._secure else "http"
        self.front.joined(self)
        self._enter(IDLE)

    def data_received(self, data: bytes) -> None:
        if self._phase is DRAINING:
            self._throw_away(data)
            return
        if self._framing is not None:
            data = self._take_body(self._framing, data)
        if data:
            self._waiting = self._waiting + data if self._waiting else data
        if self._reply is None:
            self._advance()
        elif len(self._waiting) > self._limits.head:
            self._pause_reading()

    def eof_received(self) -> bool:
        """The client sends no more. It went away, unless it is being sent an answer (of which TLS knows no half)."""
        self._said_all = True
        return self._phase is SENDING and not self._secure

    def connection_lost(self, error: Exception | None) -> None:
        self.front.left(self)
        self._waiting = b""
        self._framing = None
        if self._stream is not None:
            self._stream.fail(exchange.incomplete_body())
        if self._sender is not None:
            self._sender.cancel()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.disconnect()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self._reply is None:
            self._advance()

    # What the front calls

    def shut_down(self) -> None:
        """Close now if idle, else after the answer to the request in flight."""
        if self._phase not in (IDLE, HEAD):
            return
        if self._secure and not self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait for the client's goodbye, which an idle one does not say
        else:
            self._close()

    def expire(self) -> None:
        """The deadline passed."""
        if self._phase is HEAD:
            self._refuse(exchange.timed_out())
        elif self._phase is BODY:
            self._judge_body()
        elif self._phase is DRAINING or self._stalled():
            self.transport.abort()
        else:
            self._enter(self._phase)

    def _stalled(self) -> bool:
        """Whether the client neither asks for anything nor takes anything."""
        if self._phase is SENDING:
            return (self._write_paused or self._sends_file) and not self._progress
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return not self._unsent or self._unsent == before

    # Requests

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._progress = 0
        self.deadline = self.front.now + self._seconds[phase]

    def _advance(self) -> None:
        """Begin the requests that wait, one after the other, as long as each is answered at once."""
        if self._advancing:
            return
        self._advancing = True
        turns = TURN
        while self._waiting and self._reply is None and self._framing is None and not self._write_paused:
            if not turns:
                self.front.loop.call_soon(self._advance)
                break
            turns -= 1
            if not self._begin():
                break
        self._advancing = False

    def _begin(self) -> bool:
        """Begin one request. False: its head is not complete, or was refused."""
        data = self._waiting
        if data.startswith(b"\r\n"):  # one empty line before a request is borne (RFC 9112, 2.2)
            data = data[2:]
        end = data.find(b"\r\n\r\n") + 4
        try:
            if end < 4 or end > self._limits.head:
                self._await_head(data)
                return False
            request = parse_head(data[:end], self._limits)
            length = body_length(request)
        except Refused as refused:
            self._refuse(refused)
            return False
        request.remote = self._remote
        request.scheme = self._scheme
        if length is not None and length <= self._limits.inline and end + length <= len(data):
            request.payload = Payload(data[end : end + length])
            self._waiting = data[end + length :]
            self._handle(Http1Reply(self, request, None))
        else:
            self._begin_body(request, length, data[end:])
        return True

    def _await_head(self, data: bytes) -> None:
        limits = self._limits
        if len(data) > limits.target + 32 and b"\r\n" not in data[: limits.target + 32]:
            raise exchange.target_too_long()
        if len(data) > limits.head:
            raise exchange.head_too_large()
        if self._phase is not HEAD:
            self._enter(HEAD)

    def _handle(self, reply: Http1Reply) -> None:
        self._reply = reply
        if self._framing is None:
            self._enter(HANDLING)
        try:
            self.front.app.handle(reply.request, reply)
        except Exception:
            log.exception("unhandled error in %s %s", reply.request.method, reply.request.path)
            if not reply.answered:
                reply.send(exchange.internal_failure())

    # Bodies

    def _begin_body(self, request: Request, length: int | None, data: bytes) -> None:
        """Take a body that is not all here. `data` is what is. The application sees the request now or at its end."""
        try:
            self._owes_continue = expects_continue(request)
        except Refused as refused:
            self._refuse(refused)
            return
        large = length is None or length > self._limits.inline
        self._stream = request.payload = RequestStream(length, self)
        self._framing = framing = Chunked() if length is None else Counted(length)
        self._request = request
        self._waiting = b""
        self._enter(BODY)
        if large and self.front.app.wants_stream(request):
            self._reply = reply = Http1Reply(self, request, self._stream)
            self._waiting = self._take_body(framing, data)
            self._handle(reply)
        elif length is not None and length > self._limits.buffered:
            self._refuse(exchange.body_too_large())
        else:
            self._waiting = self._take_body(framing, data)
            self._send_continue()

    def _take_body(self, framing: Counted | Chunked, data: bytes) -> bytes:
        """Take what belongs to the body out of `data`. Returns the rest."""
        stream = self._stream
        assert stream is not None
        self._progress += len(data)
        try:
            rest = framing.take(data, stream)
        except Refused as refused:
            self._give_up(stream, refused)
            return b""
        if stream.complete:
            self._end_body(stream)
        elif self._reply is not None:
            if stream.queued > self._limits.queued:
                self._pause_reading()
        elif stream.queued > self._limits.buffered:
            self._refuse(exchange.body_too_large())
        return rest

    def _end_body(self, stream: RequestStream) -> None:
        self._framing = None
        if self._reply is None:
            assert self._request is not None
            stream.collect()
            self._handle(Http1Reply(self, self._request, stream))
        elif self._phase is BODY:
            self._enter(HANDLING)

    def _give_up(self, stream: RequestStream, refused: Refused) -> None:
        """The body will not be completed: the application says so if it has the request, else the front."""
        if self._reply is None:
            self._refuse(refused)
            return
        self._framing = None
        stream.fail(PayloadError(refused.code, str(refused)))
        if self._phase is BODY:
            self._enter(HANDLING)

    def _judge_body(self) -> None:
        """Time for a bit of a body is up: was it enough?"""
        assert self._stream is not None
        if self._owes_continue or self._read_paused or self._progress >= self._limits.progress_bytes:
            self._enter(BODY)
        else:
            self._give_up(self._stream, exchange.timed_out())

    def wanted(self, stream: RequestStream) -> None:
        self._send_continue()

    def taken(self, stream: RequestStream, size: int) -> None:
        if self._read_paused and stream.queued <= self._limits.queued // 2:
            self._resume_reading()

    def _send_continue(self) -> None:
        if self._owes_continue and self._framing is not None and self._stream is not None and not self._stream.queued:
            self.transport.write(CONTINUE)
        self._owes_continue = False

    def _pause_reading(self) -> None:
        if not self._read_paused:
            self._read_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._read_paused:
            self._read_paused = False
            self.transport.resume_reading()

    # Answers

    def answer(self, reply: Http1Reply, response: Response) -> None:
        request = reply.request
        keep = keeps_alive(request) and not self.front.closing and (reply.stream is None or reply.stream.complete)
        try:
            head, length, keep = response_head(response, request, keep)
            body = exchange.sendable_body(response, request.method)
        except Defective as defect:
            log.error("%s %s answered with %s", request.method, request.path, defect)
            exchange.discard(response)
            response = exchange.internal_failure()
            head, length, keep = response_head(response, request, keep)
            body = response.body
        if isinstance(body, bytes) and len(body) <= AT_ONCE:
            self._write(head, body)
            self._finish(keep)
        else:
            self._enter(SENDING)
            self._sender = self.front.loop.create_task(self._send(request, head, body, length, keep))
            if isinstance(body, FileBody):
                self._sender.add_done_callback(lambda _: body.close())

    def _write(self, head: bytes, body: bytes) -> None:
        if len(body) <= exchange.SMALL_BODY:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))

    async def _send(self, request: Request, head: bytes, body: ResponseBody, length: int | None, keep: bool) -> None:
        """Send an answer whose body is long or not in memory. Cancelled when the client goes away."""
        try:
            if isinstance(body, FileBody) and hasattr(os, "sendfile") and not self._secure:
                await self._send_file(head, body)
            else:
                self.transport.write(head)
                await self._send_pieces(body, length, chunked=length is None and request.version == "1.1")
        except Exception:
            log.exception("the body of an answer broke off: %s %s", request.method, request.path)
            self.transport.abort()
            return
        self._sender = None
        self._finish(keep)

    async def _send_pieces(self, body: ResponseBody, length: int | None, chunked: bool) -> None:
        async with aclosing(exchange.measured(exchange.pieces_of(body), length)) as pieces:
            async for piece in pieces:
                self._progress += len(piece)
                if chunked:
                    self.transport.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
                else:
                    self.transport.write(piece)
                if self._write_paused:
                    await self._until_writable()
        if chunked:
            self.transport.write(b"0\r\n\r\n")

    async def _send_file(self, head: bytes, body: FileBody) -> None:
        """Let the kernel copy the file, a slice per turn of the loop, once the transport has sent all that it held.

        The socket is watched through a descriptor of our own, since the loop lets nobody watch a transport's.
        """
        self.transport.set_write_buffer_limits(high=0)
        self.transport.write(head)
        if self._write_paused:
            await self._until_writable()
        socket = os.dup(self.transport.get_extra_info("socket").fileno())
        sent: asyncio.Future[None] = self.front.loop.create_future()
        self._sends_file = True
        self.front.loop.add_writer(socket, self._send_slice, socket, body, sent)
        try:
            await sent
        finally:
            self._sends_file = False
            self.front.loop.remove_writer(socket)
            os.close(socket)
        self.transport.set_write_buffer_limits()

    def _send_slice(self, socket: int, body: FileBody, sent: asyncio.Future[None]) -> None:
        if sent.done():
            return
        try:
            size = os.sendfile(socket, body.fd, body.offset, min(SLICE, body.length))
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            self.front.loop.remove_writer(socket)
            self.transport.abort()  # which cancels the sender
            return
        except OSError as error:
            sent.set_exception(error)
            return
        body.offset += size
        body.length -= size
        self._progress += size
        if not size:
            sent.set_exception(Defective("a file shorter than its span"))
        elif not body.length:
            sent.set_result(None)

    async def _until_writable(self) -> None:
        self._writable = self.front.loop.create_future()
        try:
            await self._writable
        finally:
            self._writable = None

    def _refuse(self, refused: Refused) -> None:
        """Answer by ourselves, and close: what follows cannot be trusted to be a request."""
        response = refused.response()
        head, _, _ = response_head(response, _REFUSED, keep=False)
        self.transport.write(head + cast(bytes, response.body))
        self._framing = None
        self._drain()

    def _finish(self, keep: bool) -> None:
        """The answer was handed to the transport."""
        stream, self._stream = self._stream, None
        whole = stream is None or stream.complete
        if stream is not None:
            stream.fail(exchange.incomplete_body())
        self._reply = self._request = self._framing = None
        if not keep or (self._said_all and not self._waiting):
            self._close() if whole else self._drain()
            return
        self._enter(IDLE)
        self._resume_reading()
        if self._waiting:
            self._advance()

    def _close(self) -> None:
        self._waiting = b""
        self.transport.close()

    def _drain(self) -> None:
        """Close when the client did, throwing away what it still sends: closing at once would reset the connection."""
        self._waiting = b""
        self._enter(DRAINING)
        self._resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _throw_away(self, data: bytes) -> None:
        self._progress += len(data)
        if self._progress > self._limits.drained:
            self._close()


_REFUSED = Request("GET", "/", "", {}, _EMPTY)
