"""The HTTP edge: listens, decides by the first bytes what a connection speaks, watches all deadlines with one ticker."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from typing import TYPE_CHECKING, Protocol, cast

from fogbank.gateway.exchange import Application, Reply
from fogbank.gateway.http1 import Http1Connection
from fogbank.gateway.limits import Limits

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

__all__ = ["Application", "Front", "Limits", "Reply", "serve"]

log = logging.getLogger("fogbank.gateway")

BACKLOG = 1024
TLS_HANDSHAKE = 0x16
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HTTP1 = "http/1.1"
HTTP2 = "h2"


class Connection(Protocol):
    """What the front does with a connection, whatever it speaks."""

    transport: asyncio.Transport
    deadline: float
    """When to call `expire`, in `Front.now` terms."""

    def expire(self) -> None: ...

    def shut_down(self) -> None:
        """Close when what is in flight is answered, at once when nothing is."""


class Front:
    """A running HTTP edge. Made by `serve`."""

    def __init__(self, app: Application, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self.app = app
        self.limits = limits
        self.tls = tls
        self.loop = asyncio.get_running_loop()
        self.port = 0
        self.closing = False
        self.now = 0.0
        """The end of the current tick in loop time: what a deadline is counted from, so that none is ever early."""
        self._connections: set[Connection] = set()
        self._ticker: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    async def listen(self, host: str, port: int, shared: bool) -> None:
        """`shared`: other processes listen on the same address. Errors: OSError, when the address cannot be had."""
        reuse = True if shared else None
        self._server = await self.loop.create_server(lambda: Door(self), host, port, backlog=BACKLOG, reuse_port=reuse)
        if not self._server.sockets:  # uvloop passes over what it cannot open
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        self.port = self._server.sockets[0].getsockname()[1]

    def joined(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self._ticker is None:
            self._tick()

    def left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def _tick(self) -> None:
        """Expire what is due. Ticks only as long as there are connections."""
        now = self.loop.time()
        self.now = now + self.limits.tick
        self._ticker = self.loop.call_later(self.limits.tick, self._tick) if self._connections else None
        for connection in [each for each in self._connections if each.deadline <= now]:
            connection.expire()

    async def close(self) -> None:
        """Stop listening, let requests in flight finish for `Limits.close_seconds`, then drop what is left."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.shut_down()
        await self._until_empty(self.limits.close_seconds)
        for connection in list(self._connections):
            connection.transport.abort()
        await self._until_empty(1.0)
        if self._ticker is not None:
            self._ticker.cancel()

    async def _until_empty(self, seconds: float) -> None:
        self._empty.clear()
        if self._connections:
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                pass


class Door(asyncio.Protocol):
    """A connection whose client has not shown yet what it speaks."""

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self.front = front
        self.deadline = float("inf")  # joining may tick, before the deadline is known
        self._seen = b""
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.front.closing:  # it was accepted in the last moment
            transport.close()
            return
        self.front.joined(self)
        self.deadline = self.front.now + self.front.limits.idle_seconds

    def data_received(self, data: bytes) -> None:
        data = self._seen = self._seen + data
        if self._handshake is not None:
            return  # it was decrypted before the handshake's task went on
        if data[0] == TLS_HANDSHAKE:
            self._begin_tls(data)
        elif data.startswith(PREFACE):
            self._open(HTTP2)
        elif not PREFACE.startswith(data):
            self._open(HTTP1)

    def connection_lost(self, error: Exception | None) -> None:
        self.front.left(self)

    def expire(self) -> None:
        self.transport.abort()

    def shut_down(self) -> None:
        self.transport.close()

    def _begin_tls(self, data: bytes) -> None:
        if self.front.tls is None:
            log.info("a client spoke TLS, which is off")
            self.transport.abort()
            return
        self._seen = b""
        self.transport.pause_reading()  # what comes next is for TLS, which begins with the next turn of the loop
        self.deadline = self.front.now + self.front.limits.handshake_seconds
        self._handshake = self.front.loop.create_task(self._shake_hands(self.front.tls, data))

    async def _shake_hands(self, context: ssl.SSLContext, data: bytes) -> None:
        from fogbank.gateway import tls

        try:
            self.transport = await tls.start(self.transport, self, context, data, self.front.limits.handshake_seconds)
        except OSError as error:
            log.debug("TLS handshake failed: %s", error)
            self.front.left(self)
            return
        spoken = self.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        self._open(HTTP2 if spoken == "h2" else HTTP1)

    def _open(self, version: str) -> None:
        """Let the protocol that the client speaks take over."""
        connection = self._connection(version)
        self.transport.set_protocol(connection)
        connection.connection_made(self.transport)
        self.front.left(self)
        if self._seen:
            connection.data_received(self._seen)

    def _connection(self, version: str) -> asyncio.Protocol:
        if version == HTTP1:
            return Http1Connection(self.front)
        from fogbank.gateway.http2 import Http2Connection

        return Http2Connection(self.front)


async def serve(
    app: Application,
    host: str,
    port: int,
    *,
    tls: Path | None = None,
    limits: Limits | None = None,
    shared: bool = False,
) -> Front:
    """Serve `app` on `host` and `port` (0: any that is free, then in `Front.port`).

    `shared`: several processes serve it, and the kernel spreads connections over them.

    `tls`: the directory where the certificate is kept; clients may then speak TLS or plain HTTP on the same port.
    Errors: OSError, when the address cannot be had or the directory not be written.
    """
    context = None
    if tls is not None:
        from fogbank.gateway.tls import server_context

        context = server_context(tls)
    front = Front(app, limits or Limits(), context)
    await front.listen(host, port, shared)
    app.serving(front)
    return front
