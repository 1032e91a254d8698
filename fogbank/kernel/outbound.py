"""Outgoing HTTP: webhooks, confirmations, API destinations.

One request per connection, bounded in time and in size. Redirects are answers like any other. Certificates are checked against the system's
authorities, except on loopback, where nobody has one that they would vouch for.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httptools

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

MAX_ANSWER = 8 * 1024 * 1024
_CHUNK = 65536
_PORTS = {"http": 80, "https": 443}
_TARGET = re.compile(r"[!-~]*")
_TEXT = re.compile(r"[\t -~\x80-\xff]*")


class Unreachable(Exception):
    """There was no answer, or none that is HTTP. The text says why."""


class Answer(NamedTuple):
    """`headers` have lower-case names; of repeated ones the last counts."""

    status: int
    headers: dict[str, str]
    body: bytes


async def send(
    ctx: Context, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", timeout: float = 15.0
) -> Answer:
    """Send a request and wait for the answer, at most `timeout` real seconds. Raises Unreachable, never anything of the network's.

    From `transaction=False` tasks and operations only: a transaction never waits for the world.
    """
    if ctx.tx is not None:
        raise RuntimeError("an outgoing request inside a transaction")
    try:
        target = urlsplit(url)
        head = _head(method, target, headers, len(body))
        async with asyncio.timeout(timeout):
            return await _exchange(target, method, head + body)
    except TimeoutError:
        raise Unreachable(f"no answer within {timeout:g} seconds") from None
    except (OSError, ValueError, httptools.HttpParserError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error


def _head(method: str, target: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    """The request's head. Raises ValueError for what cannot stand in one."""
    if target.scheme not in _PORTS or not target.hostname:
        raise ValueError(f"not an http or https URL: {target.geturl()}")
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    if not _TARGET.fullmatch(path) or not _TARGET.fullmatch(target.netloc):
        raise ValueError(f"not a URL: {target.geturl()}")
    fields = {"Host": target.netloc.rpartition("@")[2], **_credentials(target), **headers}
    fields |= {"Content-Length": str(length), "Connection": "close"}
    for name, value in fields.items():
        if not _TARGET.fullmatch(name) or not _TEXT.fullmatch(value):
            raise ValueError(f"not a header: {name}")
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def _credentials(target: SplitResult) -> dict[str, str]:
    """`https://user:password@host/` is basic authentication."""
    if target.username is None:
        return {}
    pair = f"{unquote(target.username)}:{unquote(target.password or '')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


async def _exchange(target: SplitResult, method: str, request: bytes) -> Answer:
    host = target.hostname or ""
    port = target.port or _PORTS[target.scheme]
    secure = _tls(_is_loopback(host)) if target.scheme == "https" else None
    where = "127.0.0.1" if host.endswith(".localhost") else host
    reader, writer = await asyncio.open_connection(
        where, port, ssl=secure, server_hostname=host if secure is not None else None
    )
    try:
        writer.write(request)
        await writer.drain()
        return await _Reading(method).answer(reader)
    finally:
        writer.transport.abort()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@cache
def _tls(trusting: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trusting:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _Reading:
    """Reads one answer; the methods that begin with `on_` are called by the parser."""

    def __init__(self, method: str) -> None:
        self._has_body = method != "HEAD"
        self._parser = httptools.HttpResponseParser(self)
        self._start()

    def _start(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._complete = self._headed = False

    async def answer(self, reader: asyncio.StreamReader) -> Answer:
        while not self._complete:
            chunk = await reader.read(_CHUNK)
            if not chunk:
                self._ended()
                break
            self._parser.feed_data(chunk)
            if len(self._body) > MAX_ANSWER:
                raise ValueError("the answer is too long")
        return Answer(self._parser.get_status_code(), self._headers, bytes(self._body))

    def _ended(self) -> None:
        """The connection was closed: that ends a body of unknown length."""
        if not self._headed or "content-length" in self._headers or "transfer-encoding" in self._headers:
            raise ValueError("the connection was closed before there was an answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = True
        self._complete = not self._has_body

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # what comes before the answer
            self._start()
        else:
            self._complete = True
