"""The X-Ray daemon that functions have beside them: `AWS_XRAY_DAEMON_ADDRESS`.

One pair of loopback sockets for the whole server, opened for the first function: UDP takes segments as SDKs send them, TCP answers
calls of X-Ray's API that nobody has signed (sampling rules and targets). A datagram does not say who sent it; its trace does, since each
invocation that is sampled is announced here. What belongs to none is dropped. The call is then made as the role of the function.

A call by TCP has no trace: it is answered as if the function that was started last had made it.

https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fogbank.engines import Engine
from fogbank.http import Payload, Request
from fogbank.kernel.errors import AWSError

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.tracing")

_HOST = "127.0.0.1"
_SENT_SECONDS = 0.05
_DATAGRAM = 65536
_AT_ONCE = 50
"""Segments of one PutTraceSegments, as the daemon sends them."""
_REMEMBERED = 4096
_ATTEMPTS = 50
_LARGEST_HEAD, _LARGEST_BODY = 16384, 1 << 20
_CALL_SECONDS = 10.0


class Sender(NamedTuple):
    """Who sends segments: a role in the scope (account, region, service) of what runs with it."""

    scope: Context
    role: str


class TraceDaemon(Engine):
    """Live things only: who was announced is forgotten with the process, like the functions themselves."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        self._server: asyncio.Task[asyncio.Server] | None = None
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._last: Sender | None = None
        self._waiting: list[tuple[Sender, str]] = []
        self._sending: asyncio.Task[None] | None = None

    def address(self, sender: Sender) -> str:
        """`127.0.0.1:40123`, for a function that is about to start."""
        self._last = sender
        if self._sockets is None:
            self._open()
        assert self._sockets is not None
        return f"{_HOST}:{self._sockets[0].getsockname()[1]}"

    def announce(self, trace_id: str, sender: Sender) -> None:
        """An invocation is about to be a part of that trace."""
        self._senders[trace_id] = sender
        self._senders.move_to_end(trace_id)
        while len(self._senders) > _REMEMBERED:
            self._senders.popitem(last=False)

    # -- sockets

    def _open(self) -> None:
        self._sockets = udp, tcp = _pair()
        loop = asyncio.get_running_loop()
        loop.add_reader(udp, self._receive)
        self._server = loop.create_task(asyncio.start_server(self._serve, sock=tcp))

    async def close(self) -> None:
        if self._sockets is None:
            return
        asyncio.get_running_loop().remove_reader(self._sockets[0])
        self._sockets[0].close()
        if self._server is not None:
            (await self._server).close()
        if self._sending is not None:
            await self._sending  # what functions sent last

    # -- segments

    def _receive(self) -> None:
        assert self._sockets is not None
        while True:
            try:
                datagram = self._sockets[0].recv(_DATAGRAM)
            except OSError:  # nothing more
                return
            self._take(datagram)

    def _take(self, datagram: bytes) -> None:
        """`{"format": "json", "version": 1}`, a line feed, and the document."""
        _, _, document = datagram.partition(b"\n")
        try:
            trace_id = orjson.loads(document)["trace_id"]
            sender = self._senders.get(trace_id)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            log.debug("the daemon got no segment: %r", datagram[:100])
            return
        if sender is None:
            log.debug("the daemon got a segment of a trace that nobody here works for: %s", trace_id)
            return
        self._waiting.append((sender, document.decode()))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send_soon())

    async def _send_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_SENT_SECONDS)
            waiting, self._waiting = self._waiting, []
            by_sender: dict[tuple[str, str, str], tuple[Sender, list[str]]] = {}
            for sender, document in waiting:
                who = (sender.scope.account, sender.scope.region, sender.role)
                by_sender.setdefault(who, (sender, []))[1].append(document)
            for sender, documents in by_sender.values():
                for start in range(0, len(documents), _AT_ONCE):
                    await self._send(sender, documents[start : start + _AT_ONCE])

    async def _send(self, sender: Sender, documents: list[str]) -> None:
        try:
            answer = await _call(sender, "PutTraceSegments", {"TraceSegmentDocuments": documents})
        except AWSError as error:
            log.warning("the daemon could not send %d segments as %s: %s", len(documents), sender.role, error)
            return
        except Exception:  # those of other functions are sent all the same
            log.exception("%d segments are lost", len(documents))
            return
        for refused in answer["UnprocessedTraceSegments"]:
            log.warning("the daemon sent a segment that was not processed: %s", refused)

    # -- calls

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                request = await _read(reader)
                writer.write(await self._answer(request))
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            log.debug("the daemon was called in vain: %r", error)
        finally:
            writer.close()

    async def _answer(self, request: Request) -> bytes:
        from fogbank import protocols

        model = protocols.load("xray")
        try:
            routed = protocols.route(model, request)
            codec = protocols.codec(routed.operation, routed.protocol)
            params = codec.parse(request, routed.uri)
            if self._last is None:
                raise AWSError("AccessDeniedException", "No function has been started.", 403)
            answer = await _call(self._last, routed.operation.name, params)
            response = codec.serialize(answer, self._app.ids.uuid())
        except AWSError as error:
            response = protocols.serialize_error(model, model.protocols[0], error, self._app.ids.uuid())
        body = response.body if isinstance(response.body, bytes) else b""
        headers = [*response.headers, ("Content-Length", str(len(body))), ("Connection", "close")]
        lines = [f"HTTP/1.1 {response.status} {'OK' if response.status < 400 else 'Error'}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _call(sender: Sender, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    scope = sender.scope.at()

    async def call() -> dict[str, Any]:
        return await scope.call("xray", operation, params, role=sender.role)

    return await scope.transact(call)


async def _read(reader: asyncio.StreamReader) -> Request:
    """A request, whose body has a length. Raises ValueError for what is none."""
    head = (await reader.readuntil(b"\r\n\r\n"))[:_LARGEST_HEAD].decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _LARGEST_BODY:
        raise ValueError("the body is too long")
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, Payload(await reader.readexactly(length)))


def _pair() -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket with the same port."""
    for _ in range(_ATTEMPTS):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp.setblocking(False)
        udp.setblocking(False)
        try:
            tcp.bind((_HOST, 0))
            udp.bind(tcp.getsockname())
            return udp, tcp
        except OSError:
            tcp.close()
            udp.close()
    raise OSError("no port is free for the X-Ray daemon")
