"""HTTP/2 on one connection: h2 speaks the protocol, a Stream is what one request is.

Loaded when the first client speaks it: after TLS by ALPN, or on a plain connection by prior knowledge. What a client costs
is bounded by the number of streams, by flow control that only gives back what was consumed, and by a count of resets.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame, GoAwayFrame

from fogbank.gateway import exchange
from fogbank.gateway.exchange import METHODS, NEVER, Defective, Refused, RequestStream
from fogbank.gateway.limits import MIB, Limits
from fogbank.http import FileBody, Payload, PayloadError, Request, Response, ResponseBody

if TYPE_CHECKING:
    from fogbank.gateway.front import Front

log = logging.getLogger("fogbank.gateway")

CONNECTION_WINDOW = 8 * MIB
"""Bytes of bodies that a client may have under way on all its streams together."""
UNSENT = MIB
"""A client that takes none of what it asked for (answers to pings and settings) is cut off here."""

_TARGET = re.compile("[\x21-\x7e]+")
_FIELD_VALUE = re.compile("[^\\r\\n\\0]*")
_CONNECTION_FIELDS = frozenset(("connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"))


def parse_head(fields: list[tuple[bytes, bytes]], limits: Limits) -> Request:
    """A request, without its body, from the fields that h2 found well-formed. Errors: Refused."""
    pseudo: dict[str, str] = {}
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(" \t")
        if name.startswith(":"):
            pseudo[name] = value
        elif name in headers:
            headers[name] += ("; " if name == "cookie" else ",") + value
        else:
            headers[name] = value
    if ":authority" in pseudo:
        headers["host"] = pseudo[":authority"]
    method = pseudo[":method"]
    if method not in METHODS:
        raise exchange.method_not_implemented()
    path, _, query = _target(pseudo.get(":path", ""), method, limits).partition("?")
    return Request(method, path, query, headers, Payload(), version="2")


def _target(target: str, method: str, limits: Limits) -> str:
    if len(target) > limits.target:
        raise exchange.target_too_long()
    if not _TARGET.fullmatch(target) or not (target.startswith("/") or (target == "*" and method == "OPTIONS")):
        raise exchange.bad_target()
    return target


def response_fields(response: Response, request: Request) -> tuple[list[tuple[str, str]], int | None]:
    """The fields of an answer, and the length of its body where it is known. Errors: Defective."""
    fields = [(":status", str(response.status))]
    for name, value in response.headers:
        lowered = name.lower()
        if lowered not in _CONNECTION_FIELDS:
            fields.append((lowered, str(value).strip()))
    if any(not _FIELD_VALUE.fullmatch(value) for _, value in fields):
        raise Defective("a header with a line break or NUL")
    present = [name for name, _ in fields]
    exchange.check_names(present[1:])
    announced = next((value for name, value in fields if name == "content-length"), None)
    length = exchange.body_length(response, request.method, announced)
    if "date" not in present:
        fields.append(("date", exchange.http_date().partition(": ")[2].strip()))
    if "server" not in present:
        fields.append(("server", exchange.SERVER))
    if length is not None and response.status not in exchange.BODILESS and announced is None:
        fields.append(("content-length", str(length)))
    return fields, length


class Http2Reply:
    """One request and its answer: what HTTP/2 calls a stream."""

    __slots__ = (
        "_connection",
        "answered",
        "blocked",
        "body",
        "disconnected",
        "id",
        "on_disconnect",
        "owes_continue",
        "progress",
        "request",
        "sender",
        "streamed",
    )

    def __init__(self, connection: Http2Connection, stream_id: int, request: Request) -> None:
        self._connection = connection
        self.id = stream_id
        self.request = request
        self.body: RequestStream | None = None
        self.streamed = False
        self.owes_continue = False
        self.answered = False
        self.disconnected = False
        self.on_disconnect: Callable[[], None] | None = None
        self.sender: asyncio.Task[None] | None = None
        self.blocked = False  # the client grants no room for more of the answer
        self.progress = 0  # bytes that came or went since the last look

    def send(self, response: Response, held: bool = False) -> None:
        if self.answered:
            raise RuntimeError("the request was answered already")
        self.answered = True
        if self.disconnected:
            exchange.discard(response)
        else:
            self._connection.answer(self, response)

    def wanted(self, stream: RequestStream) -> None:
        self._connection.send_continue(self)

    def taken(self, stream: RequestStream, size: int) -> None:
        self._connection.acknowledge(self.id, size)

    def disconnect(self, error: PayloadError) -> None:
        """The client, or we, gave the stream up."""
        self.disconnected = True
        if self.body is not None:
            self.body.fail(error)
        if self.sender is not None:
            self.sender.cancel()
        exchange.call_disconnected(self.on_disconnect)


class LastingConnection(H2Connection):
    """h2 falls silent when the other end says goodbye. A goodbye without an error means only that it opens no more streams (RFC 9113, 6.8).

    The SDK for JavaScript says it as soon as the answer of SubscribeToShard begins.
    """

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        if frame.error_code != ErrorCodes.NO_ERROR:
            return super()._receive_goaway_frame(frame)
        event = ConnectionTerminated()
        event.error_code = ErrorCodes.NO_ERROR
        return [], [event]


class Http2Connection(asyncio.Protocol):
    """One client connection that speaks HTTP/2."""

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self.front = front
        self.deadline = NEVER
        self._limits = front.limits
        self._h2 = LastingConnection(H2Configuration(client_side=False))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: front.limits.streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: front.limits.head,
                SettingCodes.INITIAL_WINDOW_SIZE: front.limits.queued,
            },
        )
        self._h2.decoder.max_header_list_size = front.limits.head
        self._streams: dict[int, Http2Reply] = {}
        self._receiving = False
        self._answered = 0
        self._resets = 0
        self._write_paused = False
        self._room: asyncio.Future[None] | None = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._scheme = "http" if transport.get_extra_info("ssl_object") is None else "https"
        self.front.joined(self)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW)
        self._set_deadline()
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._receiving = True
        try:
            for event in self._h2.receive_data(data):
                handler = _HANDLERS.get(type(event))
                if handler is not None and not self.transport.is_closing():
                    handler(self, event)
        except ProtocolError as error:
            log.debug("HTTP/2 connection ended: %s", error)
            self._end()
        finally:
            self._receiving = False
        if not self._streams:
            self._set_deadline()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self.front.left(self)
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.disconnect(exchange.incomplete_body())

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._room_changed()

    # What the front calls

    def shut_down(self) -> None:
        """Tell the client to open no more streams; close when those there are were answered."""
        goaway = GoAwayFrame(0, last_stream_id=self._h2.highest_inbound_stream_id)
        self.transport.write(goaway.serialize())  # not by h2, which would send nothing after it
        self._close_if_done()

    def expire(self) -> None:
        """The deadline passed: give up the streams whose client neither sends nor takes."""
        if self.transport.is_closing():
            self.transport.abort()
        elif not self._streams:
            self._end()
        for stream in list(self._streams.values()):
            if self._is_stalled(stream):
                late = exchange.timed_out()
                self._reset(stream, ErrorCodes.CANCEL, PayloadError(late.code, str(late)))
            stream.progress = 0
        self._set_deadline()
        self._flush()

    def _is_stalled(self, stream: Http2Reply) -> bool:
        if stream.blocked:
            return not stream.progress
        body = stream.body
        if body is None or body.complete or stream.owes_continue or (stream.streamed and body.queued):
            return False
        return stream.progress < self._limits.progress_bytes

    def _set_deadline(self) -> None:
        seconds = self._limits.progress_seconds if self._streams else self._limits.idle_seconds
        self.deadline = self.front.now + seconds

    # Requests

    def _request_received(self, event: RequestReceived) -> None:
        stream = Http2Reply(self, event.stream_id, _NO_REQUEST)
        self._streams[event.stream_id] = stream
        if len(self._streams) == 1:
            self._set_deadline()
        if self.front.closing:
            self._reset(stream, ErrorCodes.REFUSED_STREAM, exchange.incomplete_body())
            return
        try:
            stream.request = request = parse_head(event.headers, self._limits)
            request.remote = self._remote
            request.scheme = self._scheme
            if event.stream_ended is not None:
                self._handle(stream)
            else:
                self._begin_body(stream, request)
        except Refused as refused:
            stream.send(refused.response())

    def _begin_body(self, stream: Http2Reply, request: Request) -> None:
        announced = request.headers.get("content-length")
        length = int(announced) if announced is not None else None
        stream.owes_continue = exchange.expects_continue(request)
        request.payload = stream.body = RequestStream(length, stream)
        large = length is None or length > self._limits.inline
        if large and self.front.app.wants_stream(request):
            stream.streamed = True
            self._handle(stream)
        elif length is not None and length > self._limits.buffered:
            raise exchange.body_too_large()
        else:
            self.send_continue(stream)

    def _data_received(self, event: DataReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.body is None:
            self.acknowledge(event.stream_id, event.flow_controlled_length)
            return
        size = len(event.data)
        stream.owes_continue = False
        stream.progress += size
        if size:
            stream.body.feed(event.data)
        if not stream.streamed:
            self.acknowledge(stream.id, event.flow_controlled_length)
            if stream.body.queued > self._limits.buffered:
                stream.send(exchange.body_too_large().response())
        elif event.flow_controlled_length > size:
            self.acknowledge(stream.id, event.flow_controlled_length - size)

    def _trailers_received(self, event: TrailersReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None and stream.body is not None:
            for name, value in event.headers:
                stream.body.trailers[name.decode("latin-1")] = value.decode("latin-1").strip(" \t")

    def _stream_ended(self, event: StreamEnded) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.body is None:
            return
        stream.body.finish()
        if not stream.streamed:
            stream.body.collect()
            self._handle(stream)

    def _stream_reset(self, event: StreamReset) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.disconnect(exchange.incomplete_body())
        self._forget(stream)
        self._resets += 1
        if self._resets > self._limits.resets + self._answered:
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            self._end()

    def _handle(self, stream: Http2Reply) -> None:
        try:
            self.front.app.handle(stream.request, stream)
        except Exception:
            log.exception("unhandled error in %s %s", stream.request.method, stream.request.path)
            if not stream.answered:
                stream.send(exchange.internal_failure())

    # Flow control

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Grant the client as many bytes more as were consumed."""
        if size:
            self._h2.acknowledge_received_data(size, stream_id)
            self._flush()

    def send_continue(self, stream: Http2Reply) -> None:
        if stream.owes_continue and stream.id in self._streams:
            self._h2.send_headers(stream.id, [(":status", "100")])
            self._flush()
        stream.owes_continue = False

    def _room_for(self, stream: Http2Reply) -> int:
        """Bytes that may be sent now, in one frame."""
        if self._write_paused:
            return 0
        return min(self._h2.local_flow_control_window(stream.id), self._h2.max_outbound_frame_size)

    def _room_changed(self, event: Event | None = None) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _until_room(self, stream: Http2Reply) -> None:
        if self._room is None or self._room.done():
            self._room = self.front.loop.create_future()
        stream.blocked = True
        await asyncio.shield(self._room)
        stream.blocked = False

    # Answers

    def answer(self, stream: Http2Reply, response: Response) -> None:
        try:
            fields, length = response_fields(response, stream.request)
            body = exchange.sendable_body(response, stream.request.method)
        except Defective as defect:
            log.error("%s %s answered with %s", stream.request.method, stream.request.path, defect)
            exchange.discard(response)
            response = exchange.internal_failure()
            fields, length = response_fields(response, stream.request)
            body = response.body
        try:
            self._send(stream, fields, body, length)
        except ProtocolError as error:  # the stream was closed by what arrived together with the request
            log.debug("HTTP/2 answer not sent: %s", error)
            exchange.discard(response)
            self._forget(stream)
        self._flush()

    def _send(self, stream: Http2Reply, fields: list[tuple[str, str]], body: ResponseBody, length: int | None) -> None:
        self._h2.send_headers(stream.id, fields, end_stream=body == b"")
        if body == b"":
            self._finish(stream)
        elif isinstance(body, bytes) and len(body) <= self._room_for(stream):
            self._h2.send_data(stream.id, body, end_stream=True)
            self._finish(stream)
        else:
            stream.sender = self.front.loop.create_task(self._send_body(stream, body, length))
            if isinstance(body, FileBody):
                stream.sender.add_done_callback(lambda _: body.close())

    async def _send_body(self, stream: Http2Reply, body: ResponseBody, length: int | None) -> None:
        """Send a body as the client grants room for it. Cancelled when the client gives the stream up."""
        try:
            async with aclosing(exchange.measured(exchange.pieces_of(body), length)) as pieces:
                async for piece in pieces:
                    await self._send_piece(stream, piece)
                    await asyncio.sleep(0)  # others get a turn
            self._h2.end_stream(stream.id)
        except ProtocolError as error:
            log.debug("HTTP/2 answer broke off: %s", error)
            self._forget(stream)
        except Exception:
            log.exception("the body of an answer broke off")
            self._reset(stream, ErrorCodes.INTERNAL_ERROR, exchange.incomplete_body())
        else:
            stream.sender = None
            self._finish(stream)
        self._flush()

    async def _send_piece(self, stream: Http2Reply, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            room = self._room_for(stream)
            if room <= 0:
                self._flush()
                await self._until_room(stream)
                continue
            self._h2.send_data(stream.id, piece[at : at + room])
            at += room
            stream.progress += room
        self._flush()

    def _finish(self, stream: Http2Reply) -> None:
        """The answer was handed over. A client that is still sending its request is asked to stop."""
        self._answered += 1
        if stream.body is not None and not stream.body.complete:
            stream.body.fail(exchange.incomplete_body())
            self._h2.reset_stream(stream.id, ErrorCodes.NO_ERROR)
        self._forget(stream)

    def _reset(self, stream: Http2Reply, code: ErrorCodes, error: PayloadError) -> None:
        if stream.id in self._streams:
            self._h2.reset_stream(stream.id, code)
            stream.disconnect(error)
            self._forget(stream)

    def _forget(self, stream: Http2Reply) -> None:
        """The stream is over. The connection is granted what was not consumed of its body."""
        if self._streams.pop(stream.id, None) is None:
            return
        if stream.streamed and stream.body is not None:
            self.acknowledge(stream.id, stream.body.queued)
        if not self._streams:
            self._set_deadline()
            self._close_if_done()

    # The end

    def _connection_terminated(self, event: ConnectionTerminated) -> None:
        """The client said goodbye. After an error h2 sends nothing more; else the client closes when it has its answers."""
        if event.error_code != ErrorCodes.NO_ERROR or not self._streams:
            self._end()

    def _close_if_done(self) -> None:
        if self.front.closing and not self._streams:
            self._end()

    def _end(self) -> None:
        self._flush(last=True)
        self.transport.close()

    def _flush(self, *, last: bool = False) -> None:
        """Write what h2 has to say; once, at the end, while events are handled."""
        if self._receiving and not last:
            return
        data = self._h2.data_to_send()
        if data and not self.transport.is_closing():
            self.transport.write(data)
        if self._write_paused and self.transport.get_write_buffer_size() > UNSENT:
            self.transport.abort()


_NO_REQUEST = Request("GET", "/", "", {}, Payload())
_HANDLERS: dict[type[Event], Callable[[Http2Connection, Any], None]] = {
    RequestReceived: Http2Connection._request_received,
    DataReceived: Http2Connection._data_received,
    TrailersReceived: Http2Connection._trailers_received,
    StreamEnded: Http2Connection._stream_ended,
    StreamReset: Http2Connection._stream_reset,
    WindowUpdated: Http2Connection._room_changed,
    RemoteSettingsChanged: Http2Connection._room_changed,
    ConnectionTerminated: Http2Connection._connection_terminated,
}
