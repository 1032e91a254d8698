"""Messages of HTTP/1.1 as values: heads of requests, the framing of bodies, heads of answers. Nothing here has a socket.

httptools judges whether a head is well-formed; it is stricter than most. Where a message ends is decided here, by
Content-Length or the chunked framing and nothing else, and each head gets a fresh parser, so that no state of one message
can leak into the next: these are what request smuggling lives on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

import httptools

from fogbank.gateway import exchange
from fogbank.gateway.exchange import BODILESS, METHODS, Defective, RequestStream
from fogbank.gateway.limits import KIB, Limits
from fogbank.http import Payload, Request, Response, Upgrade

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
    return Request(method, path, query, headers, EMPTY, version=version, head=head)


def _joined(lines: list[str]) -> dict[str, str]:
    """Repeated headers are joined by commas, in their order."""
    headers: dict[str, str] = {}
    for name, value in map(_field, lines):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


EMPTY = Payload(b"")


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


@lru_cache(64)
def keeps_alive(wish: str, version: str) -> bool:
    """Whether a client that sent this as its Connection header, if any, wants to use the connection again."""
    options = [option.strip() for option in wish.lower().split(",")]
    return "close" not in options and (version == "1.1" or "keep-alive" in options)


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


def upgrade_head(upgrade: Upgrade) -> bytes:
    """The head of the answer after which the connection speaks another protocol."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in upgrade.headers)
    return _encode(f"{STATUS_LINES[101]}{fields}Connection: Upgrade\r\n\r\n")


def response_head(response: Response, request: Request, keep: bool) -> tuple[bytes, int | None, bool]:
    """The head of an answer; the length of the body that follows, where it is known; whether the connection is kept.

    `keep`: the connection may be kept. Header names keep their case; values that latin-1 cannot hold are sent as UTF-8.
    Date and Server are added where absent; Connection and Transfer-Encoding are the front's own and dropped.
    Errors: Defective, for a line break in a header or a Content-Length that contradicts the body.
    """
    status, headers = response.status, response.headers
    fields = "".join(map(_FIELD, headers))
    if fields.count("\n") != len(headers) or fields.count("\r") != len(headers) or "\0" in fields:
        raise Defective("a header with a line break or NUL")
    given = _given(next(zip(*headers, strict=False), ()))
    if given.hop_by_hop:
        return response_head(_end_to_end(response), request, keep)
    announced = None if given.length is None else headers[given.length][1]
    length = exchange.body_length(response, request.method, announced)
    keep = keep and (length is not None or request.version == "1.1")
    line = STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"
    date = "" if given.date else exchange.http_date()
    server = "" if given.server else _SERVER
    if announced is not None or status in BODILESS:
        framing = ""
    else:
        framing = f"Content-Length: {length}\r\n" if length is not None else _chunked(request)
    persistence = _PERSISTENCE[keep] if not keep or request.version == "1.0" else ""
    return _encode(f"{line}{fields}{date}{server}{framing}{persistence}\r\n"), length, keep


class _Given(NamedTuple):
    """Which of the headers that are the front's business an answer brings itself. `length` is the place of Content-Length."""

    hop_by_hop: bool
    length: int | None
    date: bool
    server: bool


@lru_cache(2048)
def _given(names: tuple[str, ...]) -> _Given:
    """The names of an answer's headers are those of many answers. Errors: Defective, when one is no name."""
    lower = [name.lower() for name in names]
    exchange.check_names(lower)
    length = lower.index("content-length") if "content-length" in lower else None
    return _Given(not _HOP_BY_HOP.isdisjoint(lower), length, "date" in lower, "server" in lower)


_HOP_BY_HOP = frozenset(("connection", "transfer-encoding"))
_FIELD = "%s: %s\r\n".__mod__
_SERVER = f"Server: {exchange.SERVER}\r\n"
_PERSISTENCE = {True: "Connection: keep-alive\r\n", False: "Connection: close\r\n"}


def _chunked(request: Request) -> str:
    """What tells the client where a body of unknown length ends. Nothing tells a client of HTTP/1.0 but the connection's end."""
    return "Transfer-Encoding: chunked\r\n" if request.version == "1.1" else ""


def _encode(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _end_to_end(response: Response) -> Response:
    headers = [(name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP]
    return Response(response.status, headers, response.body)
