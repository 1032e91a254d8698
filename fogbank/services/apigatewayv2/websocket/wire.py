"""The protocol of a connection that was opened: frames in, messages to routes, what is posted out.

Limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, cast

import orjson
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from fogbank.apis.sockets import About, Sockets
from fogbank.services.apigatewayv2.websocket.session import DISCONNECT, Failed, Session

log = logging.getLogger("fogbank.apis")

_LONGEST_FRAME = 32 * 1024
LONGEST_MESSAGE = 128 * 1024
_IDLE_SECONDS = 600
_LONGEST_SECONDS = 7200
_LOOK_SECONDS = 60


class Wire(asyncio.Protocol):
    """One open connection. What its messages set off runs in tasks of its own."""

    transport: asyncio.Transport

    def __init__(self, session: Session, sockets: Sockets) -> None:
        self._session = session
        self._sockets = sockets
        self._connection = Connection(ConnectionType.SERVER)
        self._message: list[str | bytes] = []
        self._message_size = self._frame_size = 0
        self._active = session.connected
        self._code, self._reason = 1006, ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    # -- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._sockets.open[self._session.id] = self
        self._keeper = self._run(self._keep())

    def data_received(self, data: bytes) -> None:
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event)
        except RemoteProtocolError as error:
            self._close(
                error.event_hint.code if isinstance(error.event_hint, CloseConnection) else 1002, "Protocol error"
            )

    def connection_lost(self, error: Exception | None) -> None:
        self._end()

    # -- frames

    def _take(self, event: Any) -> None:
        self._active = self._session.ctx.now()
        if isinstance(event, TextMessage | BytesMessage):
            self._take_piece(event)
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            self._code, self._reason = int(event.code), event.reason or ""
            if self._connection.state is ConnectionState.REMOTE_CLOSING:
                self._send(event.response())
            self.transport.close()
        elif not isinstance(event, Pong):
            log.debug("an event that means nothing here: %r", event)

    def _take_piece(self, event: TextMessage | BytesMessage) -> None:
        size = len(event.data.encode()) if isinstance(event, TextMessage) else len(event.data)
        self._frame_size += size
        self._message_size += size
        if self._frame_size > _LONGEST_FRAME or self._message_size > LONGEST_MESSAGE:
            self._close(1009, "Message too long")
            return
        self._message.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
        if event.frame_finished:
            self._frame_size = 0
        if event.message_finished:
            pieces, self._message, self._message_size = self._message, [], 0
            whole = (
                "".join(cast(list[str], pieces))
                if isinstance(event, TextMessage)
                else b"".join(cast(list[bytes], pieces))
            )
            self._run(self._handle(whole))

    def _send(self, event: Any) -> None:
        try:
            self.transport.write(self._connection.send(event))
        except LocalProtocolError:
            return  # it is being closed

    # -- messages

    async def _handle(self, body: str | bytes) -> None:
        """Let the route answer. Where it has a response, its answer goes back; what fails is said."""
        session = self._session
        await session.refresh()
        request_id = session.ctx.ids.uuid()
        route = session.selected(body if isinstance(body, str) else body.decode(errors="replace"))
        if route is None:
            self._refuse("Forbidden", request_id)
            return
        context = session.context(route["RouteKey"], request_id, session.ctx.ids.hex(16))
        try:
            result = await session.ask(route, session.event(route["RouteKey"], body, context))
        except Failed as failed:
            log.info("%s of API %s: %s", route["RouteKey"], session.visit.api, failed)
            self._refuse("Internal server error", request_id)
            return
        if route.get("Responses") and result.body:
            self.post(result.body.encode())

    def _refuse(self, message: str, request_id: str) -> None:
        document = {"message": message, "connectionId": self._session.id, "requestId": request_id}
        self.post(orjson.dumps(document))

    # -- what others want of it

    def about(self) -> About:
        session, visit = self._session, self._session.visit
        return About(
            session.ctx.account,
            session.ctx.region,
            visit.api,
            visit.stage,
            session.connected,
            self._active,
            visit.source_ip,
            visit.user_agent or "",
        )

    def post(self, data: bytes) -> None:
        self._active = self._session.ctx.now()
        try:
            self._send(TextMessage(data.decode()))
        except UnicodeDecodeError:
            self._send(BytesMessage(data))

    async def shut(self, code: int, reason: str) -> None:
        self._close(code, reason)
        self._end()
        if self._ended is not None:
            await asyncio.wait({self._ended}, timeout=5)

    def _close(self, code: int, reason: str) -> None:
        self._code, self._reason = code, reason
        self._send(CloseConnection(code, reason))
        self.transport.close()

    # -- its end

    def _end(self) -> None:
        """Once: it is out of reach, and `$disconnect` is told."""
        if self._sockets.open.pop(self._session.id, None) is None:
            return
        if self._keeper is not None:
            self._keeper.cancel()
        self._ended = self._run(self._say_goodbye())

    async def _say_goodbye(self) -> None:
        session = self._session
        await session.refresh()
        route = session.route(DISCONNECT)
        if route is None:
            return
        context = session.context(DISCONNECT, session.ctx.ids.uuid())
        context |= {"disconnectStatusCode": self._code, "disconnectReason": self._reason}
        try:
            await session.ask(route, session.event(DISCONNECT, None, context))
        except Failed as failed:
            log.info("$disconnect of API %s: %s", session.visit.api, failed)

    async def _keep(self) -> None:
        """Close it when it was idle for too long, or open for too long, on the virtual clock."""
        ctx = self._session.ctx
        with ctx.watch("websocket", self._session.id) as watch:
            while True:
                await watch.wait(_LOOK_SECONDS)
                now = ctx.now()
                if now - self._session.connected >= _LONGEST_SECONDS or now - self._active >= _IDLE_SECONDS:
                    self._close(1001, "Going away")
                    return

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a connection of API %s", self._session.visit.api, exc_info=task.exception())
