"""HTTP/1.1 on one connection: takes requests off the wire one after the other, and puts their answers on it in order.

A small request costs no task and no timer: the answer is usually written before `data_received` returns, and times are
watched for all connections by the front's one ticker.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import aclosing
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, cast

from fogbank.gateway import exchange, messages
from fogbank.gateway.exchange import NEVER, Defective, Refused, RequestStream
from fogbank.gateway.limits import KIB, MIB, Limits
from fogbank.gateway.messages import Chunked, Counted
from fogbank.http import FileBody, Payload, PayloadError, Request, Response, ResponseBody, Upgrade

if TYPE_CHECKING:
    from fogbank.gateway.front import Front

log = logging.getLogger("fogbank.gateway")

TURN = 16
"""Pipelined requests handled before other connections get a turn."""
AT_ONCE = MIB
"""Up to here a body in memory is left to the transport; a longer one is given to it as it can take it."""
SLICE = 256 * KIB
"""What one `sendfile` may move before other connections get a turn: about 0.05 ms."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Http1Reply:
    """The answer to one request, and what the connection remembers of that request until then."""

    answered = False
    disconnected = False
    on_disconnect: Callable[[], None] | None = None

    def __init__(self, connection: Http1Connection, request: Request, stream: RequestStream | None) -> None:
        self._connection = connection
        self.request = request
        self.stream = stream

    def send(self, response: Response, held: bool = False) -> None:
        if self.answered:
            raise RuntimeError("the request was answered already")
        self.answered = True
        if self.disconnected:
            exchange.discard(response)
        else:
            self._connection.answer(self, response, held)

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
        self._held = b""  # answers that go with the next one
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
            request = messages.parse_head(data[:end], self._limits)
            length = messages.body_length(request)
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
            self._owes_continue = exchange.expects_continue(request)
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

    def answer(self, reply: Http1Reply, response: Response, held: bool = False) -> None:
        request = reply.request
        if isinstance(response, Upgrade):
            self._hand_over(response)
            return
        keep = (
            messages.keeps_alive(request.headers.get("connection", ""), request.version)
            and not self.front.closing
            and (reply.stream is None or reply.stream.complete)
        )
        try:
            head, length, keep = messages.response_head(response, request, keep)
            body = exchange.sendable_body(response, request.method)
        except Defective as defect:
            log.error("%s %s answered with %s", request.method, request.path, defect)
            exchange.discard(response)
            response = exchange.internal_failure()
            head, length, keep = messages.response_head(response, request, keep)
            body = response.body
        if isinstance(body, bytes) and len(body) <= AT_ONCE:
            if held and keep and self._waiting:
                self._held += head + body
            elif len(body) <= exchange.SMALL_BODY:
                self.transport.write(self._held + head + body)
                self._held = b""
            else:
                self.transport.writelines((self._held + head, body))
                self._held = b""
            self._finish(keep)
        else:
            if self._held:
                self.transport.write(self._held)
                self._held = b""
            self._enter(SENDING)
            self._sender = self.front.loop.create_task(self._send(request, head, body, length, keep))
            if isinstance(body, FileBody):
                self._sender.add_done_callback(lambda _: body.close())

    def _hand_over(self, upgrade: Upgrade) -> None:
        """Let another protocol have the connection, with what came already. It joins the front by itself, if it wants to."""
        self.transport.write(self._held + messages.upgrade_head(upgrade))
        waiting, self._waiting = self._waiting, b""
        self._reply = None
        self.front.left(self)
        self._resume_reading()
        self.transport.set_protocol(upgrade.protocol)
        upgrade.protocol.connection_made(self.transport)
        if waiting:
            upgrade.protocol.data_received(waiting)

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
        head, _, _ = messages.response_head(response, _REFUSED, keep=False)
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
        if self._read_paused:
            self._resume_reading()
        if self._waiting:
            self._advance()

    def _close(self) -> None:
        """Close when what was written is sent, for which the client has as long as for its next request."""
        self._waiting = b""
        self._enter(IDLE)
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


_REFUSED = Request("GET", "/", "", {}, messages.EMPTY)
