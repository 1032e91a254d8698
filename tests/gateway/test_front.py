"""The front as a whole: times, clients that go away, the end, what a connection begins with."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from fogbank.gateway.front import Limits, Reply, serve
from fogbank.http import Request, Response
from tests.gateway.front_harness import (
    PATIENCE,
    QUICK,
    STEADY,
    Edge,
    TestApplication,
    Wire,
    hasty,
    message,
    read_stream,
)

MIB = 1024 * 1024


class Held:
    """A handler that keeps its replies, as a long poll does."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.disconnects: list[Reply] = []

    def __call__(self, request: Request, reply: Reply) -> None:
        reply.on_disconnect = lambda: self.disconnects.append(reply)
        self.replies.append(reply)

    def wait(self, count: int = 1) -> Reply:
        until(lambda: len(self.replies) >= count)
        return self.replies[count - 1]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def held(edge: Edge) -> Held:
    held = Held()
    edge.route("/poll", held)
    return held


# Times


@hasty
def test_slow_head_is_timed_out(edge: Edge, wire: Wire) -> None:
    wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    answer = wire.answer()
    assert (answer.status, answer.code, answer["connection"]) == (408, "RequestTimeout", "close")
    assert wire.is_closed()


@hasty
def test_head_that_drips_is_timed_out(edge: Edge, wire: Wire) -> None:
    """Each byte is in time, the whole is not."""
    began = time.monotonic()
    with pytest.raises(OSError):
        for _ in range(500):
            wire.send(b"G")
            time.sleep(0.02)
    assert time.monotonic() - began < 10 * QUICK.head_seconds


@hasty
def test_slow_second_head_is_timed_out(edge: Edge, wire: Wire) -> None:
    wire.get("/")
    assert wire.send(b"GET /").answer().status == 408


@hasty
def test_connection_that_says_nothing_is_closed(edge: Edge, wire: Wire) -> None:
    assert wire.is_closed()


@hasty
def test_idle_connection_is_closed(edge: Edge, wire: Wire) -> None:
    wire.get("/")
    began = time.monotonic()
    try:
        assert wire.is_closed()
    except ConnectionResetError:
        pass
    assert time.monotonic() - began >= QUICK.idle_seconds


@hasty
def test_connection_in_use_is_kept_beyond_the_idle_time(edge: Edge, wire: Wire) -> None:
    for _ in range(4):
        time.sleep(QUICK.idle_seconds / 2)
        assert wire.get("/").status == 200


@hasty
def test_body_that_does_not_come_is_timed_out(edge: Edge, wire: Wire) -> None:
    assert wire.send(message("PUT", "/", "Content-Length: 5"), b"abc").answer().status == 408
    assert edge.app.requests == []


@hasty
def test_body_that_drips_is_timed_out(edge: Edge, wire: Wire) -> None:
    wire.send(message("PUT", "/", "Content-Length: 100000"))
    began = time.monotonic()
    with pytest.raises(OSError):
        for _ in range(500):
            wire.send(b"x")
            time.sleep(0.02)
    assert time.monotonic() - began < 10 * QUICK.progress_seconds


@hasty
def test_body_that_comes_fast_enough_is_taken(edge: Edge, wire: Wire) -> None:
    wire.send(message("PUT", "/", "Content-Length: 8000"))
    for _ in range(8):
        time.sleep(QUICK.progress_seconds / 4)
        wire.send(b"x" * 1000)
    assert wire.answer().json["size"] == 8000


@hasty
def test_stream_that_does_not_come_is_timed_out_for_the_application(edge: Edge, wire: Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    answer = wire.send(message("PUT", "/up", f"Content-Length: {MIB}"), b"x" * 300_000).answer()
    assert (answer.status, answer["connection"]) == (400, "close")
    assert answer.body.startswith(b"RequestTimeout: ")


@hasty
def test_application_may_take_its_time(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    reply = held.wait()
    time.sleep(2 * QUICK.idle_seconds)
    edge.loop.call_soon_threadsafe(reply.send, Response(200, [], b"late"))
    assert wire.answer().body == b"late"
    assert held.disconnects == []


@hasty
def test_application_may_let_a_stream_wait(edge: Edge, wire: Wire) -> None:
    async def read_late(request: Request, reply: Reply) -> Response:
        await asyncio.sleep(2.5 * QUICK.progress_seconds)
        return await read_stream(request, reply)

    edge.route("/up", read_late, streamed=True)
    body = threading.Thread(target=wire.send, args=[message("PUT", "/up", body=b"x" * 20 * MIB)])
    body.start()
    assert wire.answer().json["size"] == 20 * MIB
    body.join(PATIENCE)


@hasty
def test_client_that_takes_nothing_is_dropped(edge: Edge) -> None:
    edge.route("/big", lambda request, reply: Response(200, [], b"x" * 900_000))
    wire = edge.connect()
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.send(message("GET", "/big") * 40)
    until(lambda: len(edge.app.requests) > 0)
    until(lambda: not edge.front._connections)


@hasty
def test_client_that_takes_nothing_of_its_last_answer_is_dropped(edge: Edge) -> None:
    server = edge.front._server
    assert server is not None
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    edge.route("/big", lambda request, reply: Response(200, [], b"x" * 900_000))
    wire = edge.connect()
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.send(message("GET", "/big", "Connection: close"))
    until(lambda: len(edge.app.requests) > 0)
    until(lambda: not edge.front._connections)


# Clients that go away


def test_application_is_told_of_a_client_that_went_away(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    reply = held.wait()
    assert not reply.disconnected
    wire.close()
    until(lambda: held.disconnects)
    assert held.disconnects == [reply]
    assert reply.disconnected


def test_application_is_told_of_a_reset(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    held.wait()
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wire.close()
    until(lambda: held.disconnects)


def test_answer_to_a_client_that_went_away_is_dropped(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    reply = held.wait()
    wire.close()
    until(lambda: reply.disconnected)
    edge.loop.call_soon_threadsafe(reply.send, Response(200))
    assert edge.connect().get("/next").status == 200


def test_nobody_is_told_after_the_answer(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    edge.loop.call_soon_threadsafe(held.wait().send, Response(200))
    wire.answer()
    wire.close()
    edge.connect().get("/next")
    until(lambda: len(edge.front._connections) <= 1)
    assert held.disconnects == []


def test_failure_of_on_disconnect_is_logged(edge: Edge, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("defect")

    edge.route("/poll", lambda request, reply: setattr(reply, "on_disconnect", fail))
    wire.send(message("GET", "/poll"))
    until(lambda: edge.app.requests)
    wire.close()
    until(lambda: caplog.records)
    assert edge.connect().get("/next").status == 200


def test_held_answer_goes_with_the_next_one_that_is_asked_for(edge: Edge, wire: Wire, held: Held) -> None:
    edge.route("/now", lambda request, reply: reply.send(Response(202, [], b"done"), held=True))
    wire.send(message("GET", "/now"), message("GET", "/poll"))
    reply = held.wait()
    wire.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        wire.socket.recv(1, socket.MSG_PEEK)
    wire.socket.settimeout(PATIENCE)
    edge.loop.call_soon_threadsafe(reply.send, Response(200, [], b"next"))
    assert (wire.answer().status, wire.answer().body) == (202, b"next")


def test_held_answer_goes_at_once_when_nothing_else_is_asked_for(edge: Edge, wire: Wire) -> None:
    edge.route("/now", lambda request, reply: reply.send(Response(202, [], b"done"), held=True))
    assert wire.get("/now").status == 202


def test_pipelined_requests_of_a_client_that_went_away_are_not_begun(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"), message("GET", "/after"))
    held.wait()
    wire.close()
    until(lambda: held.disconnects)
    assert [request.path for request in edge.app.requests] == ["/poll"]


def test_answer_that_is_being_sent_reaches_a_client_that_said_all(edge: Edge, wire: Wire) -> None:
    """Half-closing (`nc -N`) is no hanging up while an answer is on its way."""

    async def body():
        for _ in range(100):
            yield b"x" * 10_000
            await asyncio.sleep(0)

    edge.route("/", lambda request, reply: Response(200, [], body()))
    wire.send(message("GET", "/"))
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.answer().body == b"x" * 1_000_000
    assert wire.is_closed()


# The end


def test_close_lets_a_request_in_flight_finish(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    reply = held.wait()
    closing = asyncio.run_coroutine_threadsafe(edge.front.close(), edge.loop)
    time.sleep(0.05)
    assert not closing.done()
    edge.loop.call_soon_threadsafe(reply.send, Response(200, [], b"done"))
    answer = wire.answer()
    assert (answer.body, answer["connection"]) == (b"done", "close")
    assert wire.is_closed()
    closing.result(PATIENCE)


def test_close_ends_idle_connections_at_once(edge: Edge, wire: Wire) -> None:
    wire.get("/")
    fresh = edge.connect()
    until(lambda: len(edge.front._connections) == 2)
    began = time.monotonic()
    edge.close()
    assert time.monotonic() - began < STEADY.close_seconds
    assert wire.is_closed()
    assert fresh.is_closed()


def test_close_stops_listening(edge: Edge) -> None:
    edge.close()
    with pytest.raises(OSError):
        edge.connect()


def test_close_drops_what_does_not_finish(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"))
    held.wait()
    began = time.monotonic()
    edge.close()
    assert 0.9 * STEADY.close_seconds < time.monotonic() - began < STEADY.close_seconds + 2
    assert held.disconnects


def test_pipelined_requests_are_not_begun_while_closing(edge: Edge, wire: Wire, held: Held) -> None:
    wire.send(message("GET", "/poll"), message("GET", "/after"))
    reply = held.wait()
    closing = asyncio.run_coroutine_threadsafe(edge.front.close(), edge.loop)
    until(lambda: edge.front.closing)
    edge.loop.call_soon_threadsafe(reply.send, Response(200))
    assert wire.answer()["connection"] == "close"
    closing.result(PATIENCE)
    assert [request.path for request in edge.app.requests] == ["/poll"]


def test_front_may_be_closed_twice(edge: Edge) -> None:
    edge.close()
    edge.close()


def test_port_in_use_is_an_error(edge: Edge) -> None:
    with pytest.raises(OSError):
        edge.run(serve(TestApplication(), "127.0.0.1", edge.front.port))


# Beginnings


def test_tls_to_a_plain_front_is_closed_at_once(edge: Edge, wire: Wire) -> None:
    began = time.monotonic()
    with pytest.raises((ConnectionResetError, AssertionError)):
        wire.send(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(100))
        assert not wire.is_closed()
    assert time.monotonic() - began < 2


def test_first_request_may_come_byte_by_byte(wire: Wire) -> None:
    for byte in b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n":
        wire.send(bytes([byte]))
    assert wire.answer().status == 200


def test_many_connections_are_served(edge: Edge) -> None:
    wires = [edge.connect() for _ in range(200)]
    for wire in wires:
        wire.send(message("GET", "/"))
    assert all(wire.answer().status == 200 for wire in wires)


def test_front_does_not_tick_without_connections(edge: Edge) -> None:
    edge.connect().get("/", "Connection: close")
    until(lambda: edge.front._ticker is None)
    assert edge.connect().get("/").status == 200


def test_limits_have_a_tick_that_suits_them() -> None:
    assert Limits().tick == 0.5
    assert replace(Limits(), drain_seconds=0.1).tick == pytest.approx(0.025)


@pytest.mark.parametrize("module", ["h2", "hyperframe", "cryptography", "fogbank.gateway.tls", "botocore"])
def test_front_loads_nothing_that_it_may_not_need(module: str) -> None:
    code = f"import sys, fogbank.gateway.front; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
