"""How request bodies arrive: whole, streamed, chunked, after 100 Continue, unwanted, broken off."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from dataclasses import replace

import pytest

from fogbank.gateway.front import Reply
from fogbank.http import PayloadError, Request, Response
from tests.gateway.conftest import StartEdge
from tests.gateway.front_harness import PATIENCE, QUICK, STEADY, Edge, Wire, hasty, message, read_stream

KIB = 1024
MIB = 1024 * KIB
CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def chunked(*chunks: bytes, trailers: bytes = b"") -> bytes:
    return b"".join([b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]) + b"0\r\n" + trailers + b"\r\n"


def answer_at_once(request: Request, reply: Reply) -> Response:
    """A handler that looks at no body."""
    return Response(403, [], b"forbidden")


# Whole


@pytest.mark.parametrize("size", [1, 255 * KIB, 256 * KIB, 257 * KIB, 3 * MIB])
def test_body_is_whole_unless_it_is_streamed(wire: Wire, size: int) -> None:
    body = hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1)
    seen = wire.ask("PUT", "/", body=body[:size]).json
    assert (seen["size"], seen["sha256"]) == (size, hashlib.sha256(body[:size]).hexdigest())


def test_connection_is_kept_after_a_long_body(wire: Wire) -> None:
    wire.ask("PUT", "/", body=b"x" * MIB)
    assert wire.get("/next").json["size"] == 0


def test_next_request_may_follow_a_long_body_at_once(wire: Wire) -> None:
    wire.send(message("PUT", "/a", body=b"x" * MIB), message("GET", "/b"))
    assert (wire.answer().json["size"], wire.answer().json["path"]) == (MIB, "/b")


def test_body_may_come_in_pieces(wire: Wire) -> None:
    wire.send(message("PUT", "/", "Content-Length: 6"), b"ab").send(b"cd").send(b"ef", message("GET", "/b"))
    assert (wire.answer().json["size"], wire.answer().json["path"]) == (6, "/b")


# Chunked


def test_chunked_body_is_put_together(wire: Wire) -> None:
    seen = wire.send(message("PUT", "/", CHUNKED), chunked(b"ab", b"cde")).answer().json
    assert (seen["size"], seen["length"], seen["sha256"]) == (5, 5, hashlib.sha256(b"abcde").hexdigest())


def test_chunked_body_may_be_empty(wire: Wire) -> None:
    assert wire.send(message("PUT", "/", CHUNKED), chunked()).answer().json["size"] == 0


def test_chunked_body_may_come_byte_by_byte(wire: Wire) -> None:
    wire.send(message("PUT", "/", CHUNKED))
    for byte in chunked(b"ab", b"cde" * 7, trailers=b"X-Sum: 1\r\n"):
        wire.send(bytes([byte]))
    seen = wire.answer().json
    assert (seen["size"], seen["trailers"]) == (23, {"x-sum": "1"})


def test_chunk_extensions_are_ignored(wire: Wire) -> None:
    body = b'3;name=value\r\nabc\r\n2 ; x="y"\r\nde\r\n0;last\r\n\r\n'
    assert wire.send(message("PUT", "/", CHUNKED), body).answer().json["size"] == 5


def test_chunk_sizes_may_have_upper_case_and_leading_zeros(wire: Wire) -> None:
    body = b"00A\r\n" + b"x" * 10 + b"\r\n0b\r\n" + b"x" * 11 + b"\r\n000\r\n\r\n"
    assert wire.send(message("PUT", "/", CHUNKED), body).answer().json["size"] == 21


def test_trailers_are_not_headers(wire: Wire) -> None:
    trailers = b"x-amz-checksum-crc32: AAAAAA== \r\nX-B:2\r\n"
    seen = wire.send(message("PUT", "/", CHUNKED), chunked(b"abc", trailers=trailers)).answer().json
    assert seen["trailers"] == {"x-amz-checksum-crc32": "AAAAAA==", "x-b": "2"}
    assert "x-b" not in seen["headers"]


def test_next_request_may_follow_a_chunked_body_at_once(wire: Wire) -> None:
    wire.send(message("PUT", "/a", CHUNKED), chunked(b"abc"), message("GET", "/b"), message("GET", "/c"))
    assert [wire.answer().json["path"] for _ in range(3)] == ["/a", "/b", "/c"]


def test_chunked_name_is_of_any_case(wire: Wire) -> None:
    assert wire.send(message("PUT", "/", "Transfer-Encoding: Chunked"), chunked(b"abc")).answer().json["size"] == 3


# Streamed


@pytest.mark.parametrize("size", [257 * KIB, 20 * MIB])
def test_streamed_body_is_complete(edge: Edge, wire: Wire, size: int) -> None:
    edge.route("/up", read_stream, streamed=True)
    assert wire.ask("PUT", "/up", body=b"x" * size).json["size"] == size
    assert wire.get("/next").status == 200


def test_small_body_is_never_streamed(edge: Edge, wire: Wire) -> None:
    edge.route("/up", lambda request, reply: Response(200, [], request.payload.data or b"none"), streamed=True)
    assert wire.ask("PUT", "/up", body=b"x" * 256 * KIB).body == b"x" * 256 * KIB


def test_chunked_body_is_streamed_with_its_trailers(edge: Edge, wire: Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    wire.send(
        message("PUT", "/up", CHUNKED), chunked(b"abc", b"x" * MIB, trailers=b"X-Sum: 1\r\n"), message("GET", "/b")
    )
    assert wire.answer().json == {"size": MIB + 3, "trailers": {"x-sum": "1"}}
    assert wire.answer().json["path"] == "/b"


def test_stream_may_be_read_whole(edge: Edge, wire: Wire) -> None:
    async def read(request: Request, reply: Reply) -> Response:
        first, second = await request.payload.read(), await request.payload.read()
        assert first is second
        return Response(200, [], str(len(first)).encode())

    edge.route("/up", read, streamed=True)
    assert wire.ask("PUT", "/up", body=b"x" * MIB).body == str(MIB).encode()


def test_announced_length_of_a_stream_is_known_at_its_head(edge: Edge, wire: Wire) -> None:
    edge.route("/up", lambda request, reply: Response(200, [], str(request.payload.length).encode()), streamed=True)
    assert wire.ask("PUT", "/up", body=b"x" * MIB).body == str(MIB).encode()
    assert edge.connect().send(message("PUT", "/up", CHUNKED)).answer().body == b"None"


def test_client_is_held_back_while_the_application_is_busy(edge: Edge, wire: Wire) -> None:
    go_on = asyncio.Event()
    most = []

    async def read_later(request: Request, reply: Reply) -> Response:
        await go_on.wait()
        most.append(request.payload.queued)  # type: ignore[attr-defined]
        return await read_stream(request, reply)

    edge.route("/up", read_later, streamed=True)
    sender = threading.Thread(target=wire.send, args=[message("PUT", "/up", body=b"x" * 30 * MIB)])
    sender.start()
    sender.join(0.4)
    assert sender.is_alive(), "30 MiB were taken although nobody reads"
    edge.loop.call_soon_threadsafe(go_on.set)
    sender.join(PATIENCE)
    assert wire.answer().json["size"] == 30 * MIB
    assert most[0] <= edge.front.limits.queued + 512 * KIB


def test_client_that_breaks_off_is_seen_in_the_stream(edge: Edge, wire: Wire) -> None:
    errors: list[PayloadError] = []
    done = threading.Event()

    async def read(request: Request, reply: Reply) -> None:
        try:
            await request.payload.read()
        except PayloadError as error:
            errors.append(error)
        done.set()

    edge.route("/up", read, streamed=True)
    wire.send(message("PUT", "/up", f"Content-Length: {MIB}"), b"x" * 300_000).close()
    assert done.wait(PATIENCE)
    assert errors[0].code == "IncompleteBody"


def test_broken_framing_is_seen_in_the_stream(edge: Edge, wire: Wire) -> None:
    edge.route("/up", read_stream, streamed=True)
    wire.send(message("PUT", "/up", CHUNKED), b"3\r\nabc\r\nnonsense\r\n", message("GET", "/smuggled"))
    answer = wire.answer()
    assert (answer.status, answer["connection"]) == (400, "close")
    assert answer.body.startswith(b"BadRequest: ")
    assert wire.is_closed()
    assert [request.path for request in edge.app.requests] == ["/up"]


def test_client_that_breaks_off_before_the_end_of_a_whole_body_is_not_heard(edge: Edge, wire: Wire) -> None:
    wire.send(message("PUT", "/", "Content-Length: 10"), b"abc").close()
    assert edge.connect().get("/next").status == 200
    assert [request.path for request in edge.app.requests] == ["/next"]


# 100 Continue


def test_continue_is_sent_for_a_body_that_is_buffered(wire: Wire) -> None:
    wire.send(message("PUT", "/", EXPECT, "Content-Length: 3"))
    assert wire.exactly(len(CONTINUE)) == CONTINUE
    assert wire.send(b"abc").answer().json["size"] == 3


def test_continue_is_sent_when_the_application_begins_to_read(edge: Edge, wire: Wire) -> None:
    go_on = asyncio.Event()

    async def read_later(request: Request, reply: Reply) -> Response:
        await go_on.wait()
        return await read_stream(request, reply)

    edge.route("/up", read_later, streamed=True)
    wire.send(message("PUT", "/up", EXPECT, f"Content-Length: {MIB}"))
    wire.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        wire.receive()
    wire.socket.settimeout(PATIENCE)
    edge.loop.call_soon_threadsafe(go_on.set)
    assert wire.exactly(len(CONTINUE)) == CONTINUE
    assert wire.send(b"x" * MIB).answer().json["size"] == MIB
    assert wire.get("/next").status == 200


def test_no_continue_before_an_early_answer(edge: Edge, wire: Wire) -> None:
    edge.route("/up", answer_at_once, streamed=True)
    answer = wire.send(message("PUT", "/up", EXPECT, f"Content-Length: {MIB}")).answer()
    assert (answer.status, answer.body, answer["connection"]) == (403, b"forbidden", "close")
    assert wire.is_closed()


def test_no_continue_when_the_body_is_here_already(wire: Wire) -> None:
    assert wire.send(message("PUT", "/", EXPECT, body=b"abc")).answer().status == 200


def test_no_continue_when_the_body_began(wire: Wire) -> None:
    wire.send(message("PUT", "/", EXPECT, "Content-Length: 6"), b"abc")
    assert wire.send(b"def").answer().json["size"] == 6


def test_no_continue_for_http_1_0(wire: Wire) -> None:
    wire.send(b"PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").send(b"abc")
    assert wire.answer().json["size"] == 3


@hasty
def test_client_may_take_its_time_after_continue_was_not_sent(edge: Edge, wire: Wire) -> None:
    """While the application has not asked for the body, no client is late with it."""
    replies: list[Reply] = []
    edge.route("/up", lambda request, reply: replies.append(reply), streamed=True)
    wire.send(message("PUT", "/up", EXPECT, f"Content-Length: {MIB}"))
    wire.socket.settimeout(2 * QUICK.progress_seconds + 0.2)
    with pytest.raises(TimeoutError):
        wire.receive()
    wire.socket.settimeout(PATIENCE)
    edge.loop.call_soon_threadsafe(replies[0].send, Response(403))
    assert wire.answer().status == 403


# Early answers


def test_early_answer_is_seen_by_a_client_that_goes_on_sending(edge: Edge, wire: Wire) -> None:
    edge.route("/up", answer_at_once, streamed=True)
    wire.send(message("PUT", "/up", body=b"x" * 50 * MIB))
    answer = wire.answer()
    assert (answer.status, answer.body, answer["connection"]) == (403, b"forbidden", "close")
    assert wire.is_closed()


def test_refusal_is_seen_by_a_client_that_goes_on_sending(wire: Wire) -> None:
    wire.send(b"POST / HTTP/1.1\r\n\r\n", b"x" * 5 * MIB)
    assert wire.answer().status == 400
    assert wire.is_closed()


def test_unwanted_body_is_not_read_for_ever(start_edge: StartEdge) -> None:
    edge = start_edge(replace(STEADY, drained=MIB))
    edge.route("/up", answer_at_once, streamed=True)
    wire = edge.connect()
    with pytest.raises(OSError):
        wire.send(message("PUT", "/up", f"Content-Length: {500 * MIB}"), b"x" * 100 * MIB)


def test_client_that_does_not_close_is_closed_after_an_early_answer(edge: Edge, wire: Wire) -> None:
    edge.route("/up", answer_at_once, streamed=True)
    assert wire.send(message("PUT", "/up", f"Content-Length: {MIB}")).answer().status == 403
    assert wire.is_closed()


def test_body_that_is_all_here_does_not_cost_the_connection(edge: Edge, wire: Wire) -> None:
    edge.route("/up", answer_at_once, streamed=True)
    wire.send(message("PUT", "/up", CHUNKED), chunked(b"abc"))
    assert "connection" not in wire.answer()
    assert wire.get("/next").status == 200


def test_stream_ends_for_its_reader_when_the_answer_was_sent(edge: Edge, wire: Wire) -> None:
    errors: list[PayloadError] = []
    done = threading.Event()

    async def read_and_answer(request: Request, reply: Reply) -> None:
        asyncio.get_running_loop().call_later(0.05, reply.send, Response(403))
        try:
            await request.payload.read()
        except PayloadError as error:
            errors.append(error)
            done.set()

    edge.route("/up", read_and_answer, streamed=True)
    assert wire.send(message("PUT", "/up", f"Content-Length: {MIB}")).answer().status == 403
    assert done.wait(PATIENCE)
