"""HTTP/2: the same application, behind ALPN and by prior knowledge."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from fogbank.gateway import tls
from fogbank.gateway.front import Limits, Reply
from fogbank.http import FileBody, PayloadError, Request, Response
from tests.gateway.conftest import StartEdge
from tests.gateway.front_harness import PATIENCE, QUICK, STEADY, Answer, Edge, hasty, read_stream
from tests.gateway.test_front import Held, until
from tests.gateway.test_http1_answers import DEFECTS

MIB = 1024 * 1024
ROUTINE = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "localhost")]


@dataclass
class Incoming:
    """What came on a stream so far."""

    answer: Answer = field(default_factory=lambda: Answer(0, [], b""))
    informational: list[int] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None


class Http2Wire:
    """A client connection in HTTP/2."""

    def __init__(self, sock: socket.socket, *, validate: bool = True, window: int | None = None) -> None:
        config = H2Configuration(
            client_side=True,
            header_encoding="latin-1",
            validate_outbound_headers=validate,
            normalize_outbound_headers=validate,
        )
        self.socket = sock
        self.h2 = H2Connection(config)
        self.streams: dict[int, Incoming] = {}
        self.goaway: int | None = None
        self.grants = True
        self.h2.initiate_connection()
        if window is not None:
            self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def open(self, method: str, path: str, *headers: tuple[str, str], end: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "localhost")]
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self.streams[stream] = Incoming()
        self.flush()
        return stream

    def body(self, stream: int, data: bytes, *, end: bool = True) -> None:
        at = 0
        while at < len(data):
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if not room:
                self.step()
                continue
            self.h2.send_data(stream, data[at : at + room])
            at += room
            self.flush()
        if end:
            self.h2.end_stream(stream)
            self.flush()

    def step(self) -> list[Event]:
        """Take what comes next. EOFError at the end of the connection."""
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        events = self.h2.receive_data(data)
        for event in events:
            self._take(event)
        self.flush()
        return events

    def _take(self, event: Event) -> None:
        incoming = self.streams.get(getattr(event, "stream_id", 0) or 0, Incoming())
        if isinstance(event, ResponseReceived):
            headers = [(str(name), str(value)) for name, value in event.headers]
            incoming.answer = Answer(int(headers[0][1]), headers[1:], b"")
        elif isinstance(event, InformationalResponseReceived):
            incoming.informational.append(int(str(event.headers[0][1])))
        elif isinstance(event, DataReceived):
            incoming.answer.body += event.data
            if self.grants:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            incoming.ended = True
        elif isinstance(event, StreamReset):
            incoming.reset = int(event.error_code or 0)
        elif isinstance(event, ConnectionTerminated):
            self.goaway = int(event.error_code or 0)

    def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self.step()

    def answer(self, stream: int) -> Answer:
        incoming = self.streams[stream]
        self.until(lambda: incoming.ended or incoming.reset is not None)
        assert incoming.ended, f"reset with {incoming.reset}"
        return incoming.answer

    def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        return self.answer(self.open("GET", path, *headers))

    def put(self, path: str, data: bytes, *headers: tuple[str, str]) -> Answer:
        stream = self.open("PUT", path, *headers, end=False)
        self.body(stream, data)
        return self.answer(stream)

    def reset_code(self, stream: int) -> int | None:
        incoming = self.streams[stream]
        self.until(lambda: incoming.reset is not None)
        return incoming.reset

    def is_closed(self) -> bool:
        try:
            while True:
                self.step()
        except (EOFError, ConnectionError):
            return True


Connect = Callable[..., Http2Wire]


@pytest.fixture
def connect(edge: Edge) -> Connect:
    return lambda to=edge, **options: Http2Wire(to.connect().socket, **options)


@pytest.fixture
def wire2(connect: Connect) -> Http2Wire:
    return connect()


# Requests


def test_prior_knowledge_is_understood(wire2: Http2Wire) -> None:
    seen = wire2.get("/a%2Fb//c?d=e+f", ("x-amz-date", " 1 ")).json
    assert (seen["method"], seen["path"], seen["query"], seen["version"]) == ("GET", "/a%2Fb//c", "d=e+f", "2")
    assert seen["headers"] == {"x-amz-date": "1", "host": "localhost"}
    assert (seen["remote"], seen["scheme"], seen["size"]) == ("127.0.0.1", "http", 0)


def test_preface_may_come_byte_by_byte(edge: Edge) -> None:
    wire = edge.connect()
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    for byte in client.data_to_send():
        wire.send(bytes([byte]))
    assert wire.receive()


def test_alpn_chooses_http2(start_edge: StartEdge, tmp_path: Path) -> None:
    edge = start_edge(STEADY, tls=tmp_path)
    context = ssl.create_default_context(cafile=str(tmp_path / tls.CERTIFICATE))
    context.set_alpn_protocols(["h2", "http/1.1"])
    secured = context.wrap_socket(edge.connect().socket, server_hostname="localhost")
    assert secured.selected_alpn_protocol() == "h2"
    wire = Http2Wire(secured)
    assert wire.get("/").json["scheme"] == "https"
    assert wire.put("/", b"x" * 3 * MIB).json["size"] == 3 * MIB


def test_repeated_headers_are_joined(wire2: Http2Wire) -> None:
    headers = wire2.get("/", ("x-a", "1"), ("cookie", "a=1"), ("x-a", "2"), ("cookie", "b=2")).json["headers"]
    assert (headers["x-a"], headers["cookie"]) == ("1,2", "a=1; b=2")


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 3 * MIB])
@pytest.mark.parametrize("announced", [True, False])
def test_body_is_whole_unless_it_is_streamed(wire2: Http2Wire, size: int, announced: bool) -> None:
    body = os.urandom(size)
    headers = [("content-length", str(size))] if announced else []
    seen = wire2.put("/", body, *headers).json
    assert (seen["size"], seen["sha256"]) == (size, hashlib.sha256(body).hexdigest())


def test_streamed_body_is_complete(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    assert wire2.put("/up", b"x" * 20 * MIB).json["size"] == 20 * MIB


def test_trailers_are_seen(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    for path in ("/up", "/whole"):
        stream = wire2.open("PUT", path, end=False)
        wire2.body(stream, b"abc", end=False)
        wire2.h2.send_headers(stream, [("x-amz-checksum-crc32", "AAAA")], end_stream=True)
        wire2.flush()
        assert wire2.answer(stream).json["trailers"] == {"x-amz-checksum-crc32": "AAAA"}


def test_requests_are_answered_as_they_are_done(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    slow = wire2.open("GET", "/poll")
    assert wire2.get("/quick").json["path"] == "/quick"
    edge.loop.call_soon_threadsafe(held.wait().send, Response(200, [], b"late"))
    assert wire2.answer(slow).body == b"late"


def test_continue_is_sent_when_the_body_is_wanted(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    for path in ("/up", "/whole"):
        stream = wire2.open("PUT", path, ("expect", "100-continue"), end=False)
        incoming = wire2.streams[stream]
        wire2.until(partial(getattr, incoming, "informational"))
        wire2.body(stream, b"abc")
        assert wire2.answer(stream).json["size"] == 3
        assert incoming.informational == [100]


def test_no_continue_before_an_early_answer(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", lambda request, reply: Response(403, [], b"forbidden"), streamed=True)
    stream = wire2.open("PUT", "/up", ("expect", "100-continue"), end=False)
    assert wire2.answer(stream).status == 403
    assert wire2.streams[stream].informational == []


def test_client_is_asked_to_stop_after_an_early_answer(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", lambda request, reply: Response(403, [], b"forbidden"), streamed=True)
    stream = wire2.open("PUT", "/up", end=False)
    assert wire2.answer(stream).body == b"forbidden"
    assert wire2.reset_code(stream) == ErrorCodes.NO_ERROR
    assert wire2.get("/next").status == 200


def test_client_is_held_back_while_the_application_is_busy(edge: Edge, wire2: Http2Wire) -> None:
    go_on = asyncio.Event()

    async def read_late(request: Request, reply: Reply) -> Response:
        await go_on.wait()
        return await read_stream(request, reply)

    edge.route("/up", read_late, streamed=True)
    stream = wire2.open("PUT", "/up", end=False)
    wire2.until(lambda: wire2.h2.local_flow_control_window(stream) >= edge.front.limits.queued)
    wire2.body(stream, b"x" * edge.front.limits.queued, end=False)
    assert wire2.h2.local_flow_control_window(stream) == 0
    assert wire2.get("/other").status == 200
    assert wire2.h2.local_flow_control_window(stream) == 0
    edge.loop.call_soon_threadsafe(go_on.set)
    wire2.body(stream, b"x" * MIB)
    assert wire2.answer(stream).json["size"] == edge.front.limits.queued + MIB


def test_abandoned_streams_do_not_use_up_the_connections_window(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", Held(), streamed=True)
    for _ in range(12):
        stream = wire2.open("PUT", "/up", end=False)
        wire2.body(stream, b"x" * 900_000, end=False)
        wire2.h2.reset_stream(stream, ErrorCodes.CANCEL)
        wire2.flush()
    assert wire2.put("/", b"x" * 5 * MIB).json["size"] == 5 * MIB


# Refusals


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("BREW", "/", 501),
        ("GET", "relative", 400),
        ("GET", "*", 400),
        ("GET", "/caf\xe9", 400),
        ("GET", "/a b", 400),
        ("GET", "/" + "a" * 20_000, 414),
    ],
)
def test_bad_request_costs_its_stream_only(connect: Connect, method: str, path: str, status: int) -> None:
    wire2 = connect(validate=False)
    answer = wire2.answer(wire2.open(method, path))
    assert (answer.status, bool(answer.code)) == (status, True)
    assert wire2.get("/next").status == 200


def test_body_longer_than_may_be_buffered_is_refused(start_edge: StartEdge, connect: Connect) -> None:
    wire2 = connect(start_edge(replace(STEADY, buffered=MIB)))
    assert wire2.answer(wire2.open("PUT", "/", ("content-length", str(MIB + 1)), end=False)).status == 413
    stream = wire2.open("PUT", "/", end=False)
    wire2.body(stream, b"x" * (MIB + 1), end=False)
    assert wire2.answer(stream).status == 413


def test_head_that_is_too_large_ends_the_connection(connect: Connect) -> None:
    wire2 = connect(validate=False)
    wire2.open("GET", "/", *[(f"x-{i}", "y" * 1000) for i in range(100)])
    assert wire2.is_closed()


@pytest.mark.parametrize(
    "headers",
    [
        [(":path", "/"), (":scheme", "http")],
        [(":method", "GET"), (":scheme", "http")],
        [*ROUTINE, (":path", "/b")],
        [*ROUTINE, ("x-a", "1"), (":authority", "b")],
        [*ROUTINE, ("Upper", "1")],
        [*ROUTINE, ("connection", "close")],
        [*ROUTINE, ("transfer-encoding", "chunked")],
        [*ROUTINE, ("x-a", "b\r\nc: d")],
        [*ROUTINE, ("x-a", "b\0")],
        [*ROUTINE, ("content-length", "5"), ("content-length", "6")],
        [*ROUTINE, ("content-length", "abc")],
        [*ROUTINE, (":unknown", "1")],
    ],
)
def test_malformed_head_reaches_no_application(edge: Edge, connect: Connect, headers: list[tuple[str, str]]) -> None:
    wire2 = connect(validate=False)
    stream = wire2.h2.get_next_available_stream_id()
    try:
        wire2.h2.send_headers(stream, headers, end_stream=True)
        wire2.flush()
        wire2.is_closed()
    except TimeoutError:
        pytest.fail("neither answered nor closed")
    assert edge.app.requests == []
    assert edge.connect().get("/next").status == 200


def test_body_that_contradicts_its_length_reaches_no_application(edge: Edge, wire2: Http2Wire) -> None:
    stream = wire2.open("PUT", "/", ("content-length", "5"), end=False)
    wire2.body(stream, b"abc")
    assert wire2.is_closed()
    assert edge.app.requests == []


# Answers


def test_answer_has_lower_case_names_date_server_and_length(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/", lambda request, reply: Response(200, [("ETag", '"1"'), ("Connection", "close")], b"abc"))
    answer = wire2.get("/")
    assert [name for name, _ in answer.headers] == ["etag", "date", "server", "content-length"]
    assert answer.body == b"abc"


@pytest.mark.parametrize("handler", DEFECTS.values(), ids=DEFECTS.keys())
def test_defective_answer_is_an_internal_failure_and_logged(
    edge: Edge, wire2: Http2Wire, handler, caplog: pytest.LogCaptureFixture
) -> None:
    edge.route("/bad", handler)
    answer = wire2.get("/bad")
    assert (answer.status, answer.code) == (500, "InternalFailure")
    assert len(caplog.records) == 1
    assert wire2.get("/next").status == 200


def test_head_has_the_length_of_get_and_no_body(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/", lambda request, reply: Response(200, [], b"hello"))
    answer = wire2.answer(wire2.open("HEAD", "/"))
    assert (answer["content-length"], answer.body) == ("5", b"")


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_a_body_has_no_length(edge: Edge, wire2: Http2Wire, status: int) -> None:
    edge.route("/", lambda request, reply: Response(status, [], b"ignored"))
    answer = wire2.get("/")
    assert (answer.status, answer.body, "content-length" in answer) == (status, b"", False)


@pytest.mark.parametrize("size", [16384, 16385, 65536, 5 * MIB])
def test_body_is_sent_whole(edge: Edge, wire2: Http2Wire, size: int) -> None:
    body = os.urandom(size)
    edge.route("/", lambda request, reply: Response(200, [], body))
    assert wire2.get("/").body == body


def test_span_of_a_file_is_sent(edge: Edge, wire2: Http2Wire, tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(3 * MIB))
    bodies: list[FileBody] = []

    def send(request: Request, reply: Reply) -> Response:
        bodies.append(FileBody(os.open(path, os.O_RDONLY), 7, int(request.query)))
        return Response(206, [], bodies[-1])

    edge.route("/", send)
    for length in (0, 1000, 2 * MIB):
        assert wire2.get(f"/?{length}").body == path.read_bytes()[7 : 7 + length]
    until(lambda: all(body.fd == -1 for body in bodies))


async def pieces(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        if isinstance(part, Exception):
            raise part
        yield part


def test_made_body_is_sent(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/", lambda request, reply: Response(200, [], pieces(b"ab", b"", b"x" * MIB, b"c")))
    answer = wire2.get("/")
    assert answer.body == b"ab" + b"x" * MIB + b"c"
    assert "content-length" not in answer


@pytest.mark.parametrize("announced", [None, 6])
@pytest.mark.parametrize("parts", [[b"abc", OSError("disk")], [b"abcdefg", OSError("disk")]])
def test_body_that_breaks_off_resets_its_stream(
    edge: Edge, wire2: Http2Wire, parts: list, announced: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [("Content-Length", str(announced))] if announced else []
    edge.route("/", lambda request, reply: Response(200, headers, pieces(*parts)))
    assert wire2.reset_code(wire2.open("GET", "/")) == ErrorCodes.INTERNAL_ERROR
    assert len(caplog.records) == 1
    assert wire2.get("/next").status == 200


def test_small_window_of_the_client_is_honoured(edge: Edge, connect: Connect) -> None:
    wire2 = connect(window=100)
    edge.route("/", lambda request, reply: Response(200, [], b"x" * 1000))
    wire2.grants = False
    stream = wire2.open("GET", "/")
    wire2.until(lambda: len(wire2.streams[stream].answer.body) == 100)
    wire2.h2.increment_flow_control_window(900, stream)
    wire2.flush()
    assert wire2.answer(stream).body == b"x" * 1000


def _has(incoming: Incoming, size: int) -> bool:
    return len(incoming.answer.body) == size


def test_both_sides_may_talk_at_once(edge: Edge, wire2: Http2Wire) -> None:
    """An event stream in both directions: each piece is answered before the next is sent."""

    def echo(request: Request, reply: Reply) -> Response:
        async def shout() -> AsyncIterator[bytes]:
            async for piece in request.payload:
                yield piece.upper()

        return Response(200, [], shout())

    edge.route("/echo", echo, streamed=True)
    stream = wire2.open("POST", "/echo", end=False)
    incoming = wire2.streams[stream]
    for count, piece in enumerate([b"one", b"two", b"six"], 1):
        wire2.body(stream, piece, end=False)
        wire2.until(partial(_has, incoming, 3 * count))
    wire2.h2.end_stream(stream)
    wire2.flush()
    assert wire2.answer(stream).body == b"ONETWOSIX"


# Clients that give up or go too far


def test_reset_is_told_to_the_application(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    stream = wire2.open("GET", "/poll")
    reply = held.wait()
    wire2.h2.reset_stream(stream, ErrorCodes.CANCEL)
    wire2.flush()
    until(lambda: held.disconnects)
    assert reply.disconnected
    edge.loop.call_soon_threadsafe(reply.send, Response(200))
    assert wire2.get("/next").status == 200


def test_connection_that_ends_is_told_to_all_its_streams(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    for _ in range(3):
        wire2.open("GET", "/poll")
    held.wait(3)
    wire2.socket.close()
    until(lambda: len(held.disconnects) == 3)


def test_reset_is_seen_in_the_stream(edge: Edge, wire2: Http2Wire) -> None:
    errors: list[PayloadError] = []
    done = threading.Event()

    async def read(request: Request, reply: Reply) -> None:
        try:
            await request.payload.read()
        except PayloadError as error:
            errors.append(error)
            done.set()

    edge.route("/up", read, streamed=True)
    stream = wire2.open("PUT", "/up", end=False)
    wire2.body(stream, b"abc", end=False)
    wire2.h2.reset_stream(stream, ErrorCodes.CANCEL)
    wire2.flush()
    assert done.wait(PATIENCE)
    assert errors[0].code == "IncompleteBody"


def test_rapid_resets_end_the_connection(start_edge: StartEdge, connect: Connect) -> None:
    edge = start_edge(replace(STEADY, resets=10))
    edge.route("/poll", lambda request, reply: None)
    wire2 = connect(edge)
    with pytest.raises((OSError, EOFError)):
        for _ in range(50):
            wire2.h2.reset_stream(wire2.open("GET", "/poll"), ErrorCodes.CANCEL)
            wire2.flush()
        while True:
            wire2.step()
    assert wire2.goaway in (ErrorCodes.ENHANCE_YOUR_CALM, None)
    assert len(edge.app.requests) < 50
    assert edge.connect().get("/next").status == 200


def test_resets_of_a_client_that_takes_answers_too_are_borne(start_edge: StartEdge, connect: Connect) -> None:
    edge = start_edge(replace(STEADY, resets=3))
    edge.route("/poll", lambda request, reply: None)
    wire2 = connect(edge)
    for _ in range(20):
        wire2.h2.reset_stream(wire2.open("GET", "/poll"), ErrorCodes.CANCEL)
        wire2.flush()
        assert wire2.get("/next").status == 200


def test_streams_are_limited(start_edge: StartEdge, connect: Connect) -> None:
    edge = start_edge(replace(STEADY, streams=4))
    edge.route("/poll", lambda request, reply: None)
    wire2 = connect(edge)
    wire2.until(lambda: wire2.h2.remote_settings.max_concurrent_streams == 4)
    for _ in range(4):
        wire2.open("GET", "/poll")
    until(lambda: len(edge.app.requests) == 4)
    wire2.h2.remote_settings.update({SettingCodes.MAX_CONCURRENT_STREAMS: 100})
    wire2.h2.remote_settings.acknowledge()
    wire2.open("GET", "/poll")
    assert wire2.is_closed()
    assert len(edge.app.requests) == 4


def test_flood_of_pings_that_are_not_read_is_cut_off(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fogbank.gateway.http2.UNSENT", 64 * 1024)
    server = edge.front._server
    assert server is not None
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", edge.front.port))
    wire2 = Http2Wire(narrow)
    pings = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"12345678"
    with pytest.raises(OSError):
        for _ in range(3000):
            wire2.socket.sendall(pings * 1000)


# Times and the end


@hasty
def test_idle_connection_is_closed(edge: Edge, wire2: Http2Wire) -> None:
    wire2.get("/")
    assert wire2.is_closed()


@hasty
def test_connection_that_says_nothing_after_the_preface_is_closed(wire2: Http2Wire) -> None:
    assert wire2.is_closed()


@hasty
def test_application_may_take_its_time(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    stream = wire2.open("GET", "/poll")
    time.sleep(2 * QUICK.idle_seconds)
    edge.loop.call_soon_threadsafe(held.wait().send, Response(200, [], b"late"))
    assert wire2.answer(stream).body == b"late"


@hasty
def test_stream_whose_body_does_not_come_is_reset(edge: Edge, wire2: Http2Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    for path in ("/up", "/whole"):
        stream = wire2.open("PUT", path, end=False)
        wire2.body(stream, b"abc", end=False)
        assert wire2.reset_code(stream) == ErrorCodes.CANCEL
    assert wire2.get("/next").status == 200


@hasty
def test_stream_whose_answer_is_not_taken_is_reset(edge: Edge, connect: Connect) -> None:
    wire2 = connect(window=100)
    wire2.grants = False
    edge.route("/", lambda request, reply: Response(200, [], b"x" * 1000))
    assert wire2.reset_code(wire2.open("GET", "/")) == ErrorCodes.CANCEL


def test_close_finishes_what_is_in_flight_and_takes_nothing_new(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    stream = wire2.open("GET", "/poll")
    reply = held.wait()
    closing = asyncio.run_coroutine_threadsafe(edge.front.close(), edge.loop)
    until(lambda: edge.front.closing)
    late = wire2.h2.get_next_available_stream_id()
    wire2.h2.send_headers(late, ROUTINE, end_stream=True)
    wire2.flush()
    time.sleep(0.05)
    edge.loop.call_soon_threadsafe(reply.send, Response(200, [], b"done"))
    received = b""
    while data := wire2.socket.recv(65536):
        received += data
    assert b"done" in received
    assert [request.path for request in edge.app.requests] == ["/poll"]
    assert stream == 1
    closing.result(PATIENCE)


def test_what_a_client_asked_for_before_it_said_goodbye_is_answered(edge: Edge, wire2: Http2Wire) -> None:
    held = Held()
    edge.route("/poll", held)
    stream = wire2.open("GET", "/poll")
    reply = held.wait()
    wire2.socket.sendall(GoAwayFrame(0).serialize())
    time.sleep(0.05)
    edge.loop.call_soon_threadsafe(reply.send, Response(200, [], b"done"))
    assert wire2.answer(stream).body == b"done"


def test_close_ends_idle_connections_at_once(edge: Edge, wire2: Http2Wire) -> None:
    wire2.get("/")
    began = time.monotonic()
    edge.close()
    assert time.monotonic() - began < STEADY.close_seconds
    assert wire2.is_closed()
    assert wire2.goaway == ErrorCodes.NO_ERROR


# Nonsense


def frame(dice: random.Random) -> bytes:
    """A frame of a random kind with random contents, of a length that is mostly right."""
    payload = dice.randbytes(dice.choice([0, 1, 4, 5, 8, 9, 40]))
    length = len(payload) if dice.random() < 0.9 else dice.randrange(60)
    stream = dice.choice([0, 0, 1, 1, 2, 3, 5, 2**31 - 1])
    kind, flags = dice.randrange(12), dice.choice([0, 1, 4, 5, 8, 0x20, 0x2D, 0xFF])
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


@pytest.mark.parametrize("seed", range(8))
def test_server_survives_random_frames(start_edge: StartEdge, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    edge = start_edge(STEADY)
    edge.route("/up", read_stream, streamed=True)
    dice = random.Random(seed)
    for _ in range(40):
        client = H2Connection(H2Configuration(client_side=True))
        client.initiate_connection()
        if dice.random() < 0.7:
            path = dice.choice(["/", "/up"])
            client.send_headers(1, [(":method", "PUT"), (":path", path), *ROUTINE[2:]], end_stream=dice.random() < 0.5)
        data = bytearray(client.data_to_send() + b"".join(frame(dice) for _ in range(dice.randint(1, 6))))
        if dice.random() < 0.3:
            data[dice.randrange(24, len(data))] = dice.randrange(256)
        wire = edge.connect()
        try:
            wire.send(bytes(data))
            wire.socket.shutdown(socket.SHUT_WR)
            wire.rest()
        except OSError as error:
            assert not isinstance(error, TimeoutError), bytes(data)
        assert not caplog.records, (bytes(data), caplog.text)
        assert not edge.complaints, (bytes(data), edge.complaints)
    assert edge.connect().get("/alive").status == 200


def test_limits_are_announced(edge: Edge, wire2: Http2Wire) -> None:
    wire2.get("/")
    settings = wire2.h2.remote_settings
    limits: Limits = edge.front.limits
    assert settings.max_concurrent_streams == limits.streams
    assert settings.max_header_list_size == limits.head
    assert settings.initial_window_size == limits.queued
