"""How answers are put into HTTP/1.1."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fogbank.gateway.front import Reply
from fogbank.http import FileBody, Request, Response, ResponseBody
from tests.gateway.front_harness import PATIENCE, Edge, Handler, Wire, hasty, message

KIB = 1024
MIB = 1024 * KIB


def answering(
    body: ResponseBody | Callable[[], ResponseBody] = b"", *headers: tuple[str, str], status: int = 200
) -> Handler:
    return lambda request, reply: Response(status, headers, body() if callable(body) else body)


async def pieces(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        if isinstance(part, Exception):
            raise part
        yield part


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(bytes(range(256)) * (20 * MIB // 256))
    return path


def span(path: Path, offset: int, length: int) -> FileBody:
    return FileBody(os.open(path, os.O_RDONLY), offset, length)


class Files:
    """A handler that sends spans of a file, and knows them."""

    def __init__(self, path: Path, offset: int, length: int) -> None:
        self.path, self.offset, self.length = path, offset, length
        self.bodies: list[FileBody] = []

    def __call__(self, request: Request, reply: Reply) -> Response:
        self.bodies.append(span(self.path, self.offset, self.length))
        return Response(206, [], self.bodies[-1])


# Heads


def test_answer_has_date_server_and_length(wire: Wire) -> None:
    answer = wire.get("/")
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", answer["date"])
    assert abs(time.mktime(time.strptime(answer["date"], "%a, %d %b %Y %H:%M:%S GMT")) - time.mktime(time.gmtime())) < 5
    assert answer["server"] == "Fogbank"
    assert int(answer["content-length"]) == len(answer.body)


def test_own_date_and_server_win(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(b"", ("SERVER", "AmazonS3"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")))
    answer = wire.get("/")
    assert (answer["server"], answer["date"]) == ("AmazonS3", "Thu, 01 Jan 1970 00:00:00 GMT")


def test_header_names_keep_their_case_and_order(edge: Edge, wire: Wire) -> None:
    headers = [
        ("x-amz-request-id", "1"),
        ("X-AMZ-Id-2", "2"),
        ("ETag", '"3"'),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
    ]
    edge.route("/", answering(b"", *headers))
    assert wire.get("/").headers[:5] == headers


def test_latin1_header_values_are_sent_as_such(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(b"", ("x-amz-meta-a", "\xc3\xa9")))
    assert b"x-amz-meta-a: \xc3\xa9\r\n" in wire.get("/").head


def test_other_header_values_are_sent_as_utf8(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(b"", ("Content-Disposition", "filename=€")))
    assert "Content-Disposition: filename=€\r\n".encode() in wire.get("/").head


def test_any_status_can_be_sent(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(status=299))
    assert wire.get("/").status == 299
    assert wire.get("/").head.startswith(b"HTTP/1.1 299 \r\n")


def test_reason_is_the_standard_one(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(status=404))
    assert wire.get("/").head.startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize("name", ["Connection", "transfer-encoding"])
def test_headers_of_the_connection_are_the_fronts_own(edge: Edge, wire: Wire, name: str) -> None:
    edge.route("/", answering(b"abc", (name, "chunked"), ("X-A", "1")))
    answer = wire.get("/")
    assert (answer.body, answer["x-a"], name in answer) == (b"abc", "1", False)
    assert wire.get("/").status == 200


DEFECTS = {
    "line break in a value": answering(b"", ("X-A", "a\r\nX-B: b")),
    "LF in a value": answering(b"", ("X-A", "a\nb")),
    "CR in a value": answering(b"", ("X-A", "a\rb")),
    "NUL in a value": answering(b"", ("X-A", "a\0b")),
    "line break in a name": answering(b"", ("X-A: 1\r\nX-B", "b")),
    "blank in a name": answering(b"", ("X A", "b")),
    "colon in a name": answering(b"", ("X:A", "b")),
    "empty name": answering(b"", ("", "b")),
    "length too long": answering(b"abc", ("Content-Length", "4")),
    "length too short": answering(b"abc", ("Content-Length", "2")),
    "length that is no number": answering(b"abc", ("Content-Length", "3, 3")),
    "handler that raises": lambda request, reply: 1 / 0,
}


@pytest.mark.parametrize("handler", DEFECTS.values(), ids=DEFECTS.keys())
def test_defective_answer_is_an_internal_failure_and_logged(
    edge: Edge, wire: Wire, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    edge.route("/bad", handler)
    answer = wire.get("/bad")
    assert (answer.status, answer.code) == (500, "InternalFailure")
    assert "x-b" not in answer
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert wire.get("/next").status == 200


def test_second_answer_is_an_error_of_the_application(edge: Edge, wire: Wire) -> None:
    errors = []

    def answer_twice(request: Request, reply: Reply) -> None:
        reply.send(Response(200, [], b"first"))
        try:
            reply.send(Response(200, [], b"second"))
        except RuntimeError as error:
            errors.append(error)

    edge.route("/", answer_twice)
    assert wire.get("/").body == b"first"
    assert wire.get("/next").json["path"] == "/next"
    assert len(errors) == 1


# HEAD and answers without a body


def test_head_has_the_length_of_get_and_no_body(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(b"hello"))
    answer = wire.ask("HEAD", "/")
    assert (answer["content-length"], answer.body) == ("5", b"")
    assert wire.get("/").body == b"hello"


def test_length_of_head_is_the_applications_if_it_has_one(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(b"", ("Content-Length", "5000000000")))
    assert wire.ask("HEAD", "/")["content-length"] == "5000000000"
    assert wire.get("/next").status == 200


def test_head_of_a_file_sends_none_of_it(edge: Edge, wire: Wire, file: Path) -> None:
    files = Files(file, 0, MIB)
    edge.route("/", files)
    assert wire.ask("HEAD", "/")["content-length"] == str(MIB)
    assert wire.get("/next").status == 200
    assert files.bodies[0].fd == -1


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_a_body_has_no_length(edge: Edge, wire: Wire, status: int) -> None:
    edge.route("/", answering(b"ignored", status=status))
    answer = wire.get("/")
    assert "content-length" not in answer
    assert "transfer-encoding" not in answer
    assert wire.get("/next").status == 200


def test_empty_body_has_length_zero(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering())
    assert wire.get("/")["content-length"] == "0"


# Bodies in memory


@pytest.mark.parametrize("size", [64 * KIB, 64 * KIB + 1, 3 * MIB])
def test_long_body_is_sent_whole(edge: Edge, wire: Wire, size: int) -> None:
    edge.route("/", answering(b"x" * size))
    assert wire.get("/").body == b"x" * size
    assert wire.get("/next").status == 200


def test_answers_wait_for_a_client_that_does_not_read(edge: Edge, wire: Wire) -> None:
    """A client that asks and asks but takes nothing costs a bounded amount of memory."""
    edge.route("/", answering(b"x" * 60_000))
    count = 600
    sender = threading.Thread(target=wire.send, args=[message("GET", "/") * count])
    sender.start()
    sender.join(0.3)
    handled = len(edge.app.requests)
    assert handled < count
    assert all(wire.answer().body == b"x" * 60_000 for _ in range(count))
    sender.join(PATIENCE)


# Bodies that are made as they are sent


def test_body_of_unknown_length_is_chunked(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(lambda: pieces(b"ab", b"", b"cde" * 10_000, b"f")))
    answer = wire.get("/")
    assert (answer["transfer-encoding"], answer.body) == ("chunked", b"ab" + b"cde" * 10_000 + b"f")
    assert wire.get("/next").status == 200


def test_empty_body_of_unknown_length_is_chunked(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(lambda: pieces()))
    assert wire.get("/").body == b""
    assert wire.get("/next").status == 200


def test_body_of_announced_length_is_not_chunked(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(lambda: pieces(b"ab", b"cde"), ("Content-Length", "5")))
    answer = wire.get("/")
    assert (answer["content-length"], "transfer-encoding" in answer, answer.body) == ("5", False, b"abcde")
    assert wire.get("/next").status == 200


def test_body_of_unknown_length_ends_with_the_connection_for_http_1_0(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(lambda: pieces(b"ab", b"cde")))
    answer = wire.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer()
    assert (answer["connection"], answer.body) == ("close", b"abcde")


def test_head_of_a_made_body_makes_none(edge: Edge, wire: Wire) -> None:
    edge.route("/", answering(lambda: pieces(b"ab", b"cde")))
    assert wire.ask("HEAD", "/")["transfer-encoding"] == "chunked"
    assert wire.get("/next").status == 200


@pytest.mark.parametrize(
    ("parts", "announced"),
    [([b"abc", OSError("disk")], None), ([b"abc", OSError("disk")], 6), ([b"abc"], 6), ([b"abcdefg"], 6)],
    ids=["failure", "failure of known length", "too short", "too long"],
)
def test_body_that_breaks_off_aborts_the_connection(
    edge: Edge, wire: Wire, parts: list, announced: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [("Content-Length", str(announced))] if announced else []
    edge.route("/", answering(lambda: pieces(*parts), *headers))
    with pytest.raises((EOFError, ConnectionResetError)):
        wire.get("/")
    assert len(caplog.records) == 1
    assert edge.connect().get("/next").status == 200


def test_body_is_made_only_as_fast_as_it_is_taken(edge: Edge, wire: Wire) -> None:
    made = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2000):
            made.append(1)
            yield b"x" * 64 * KIB

    edge.route("/", answering(endless))
    wire.send(message("GET", "/"))
    wire.exactly(64 * KIB)
    edge.connect().get("/next")
    time.sleep(0.1)
    assert len(made) < 400
    wire.close()


def test_made_body_is_closed_when_the_client_goes_away(edge: Edge, wire: Wire) -> None:
    closed = threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 64 * KIB
                await asyncio.sleep(0)
        finally:
            closed.set()

    edge.route("/", answering(endless))
    wire.send(message("GET", "/")).exactly(10)
    wire.close()
    assert closed.wait(PATIENCE)


@hasty
def test_quiet_body_is_not_cut_off(edge: Edge, wire: Wire) -> None:
    """A body may pause (an event stream) for as long as it likes: it is not the client who waits."""

    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(2.5 * edge.front.limits.idle_seconds)
        yield b"b"

    edge.route("/", answering(slow))
    assert wire.get("/").body == b"ab"


# Files


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (0, 1), (100, 64 * KIB), (100, 64 * KIB + 1), (1, 5 * MIB), (0, 20 * MIB), (20 * MIB - 10, 10)],
)
def test_span_of_a_file_is_sent(edge: Edge, wire: Wire, file: Path, offset: int, length: int) -> None:
    files = Files(file, offset, length)
    edge.route("/", files)
    answer = wire.get("/")
    assert answer["content-length"] == str(length)
    assert answer.body == file.read_bytes()[offset : offset + length]
    assert wire.get("/next").status == 200
    assert files.bodies[0].fd == -1


def test_files_are_sent_in_order_on_a_pipelined_connection(edge: Edge, wire: Wire, file: Path) -> None:
    edge.route("/file", answering(lambda: span(file, 0, 2 * MIB)))
    edge.route("/bytes", answering(b"y" * MIB))
    wire.send(message("GET", "/bytes"), message("GET", "/file"), message("GET", "/bytes"), message("GET", "/file"))
    data = file.read_bytes()[: 2 * MIB]
    assert [wire.answer().body for _ in range(4)] == [b"y" * MIB, data, b"y" * MIB, data]


@pytest.mark.parametrize("length", [KIB, MIB])
def test_file_that_is_too_short_is_not_made_up(
    edge: Edge, wire: Wire, tmp_path: Path, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"x" * (length - 1))
    edge.route("/", answering(lambda: span(path, 0, length)))
    try:
        assert wire.get("/").status == 500
    except (EOFError, ConnectionResetError):
        pass
    assert len(caplog.records) == 1


def test_file_is_closed_when_the_client_goes_away(edge: Edge, wire: Wire, file: Path) -> None:
    files = Files(file, 0, 20 * MIB)
    edge.route("/", files)
    wire.send(message("GET", "/")).exactly(10)
    wire.close()
    _until(lambda: files.bodies[0].fd == -1)
    assert edge.connect().get("/next").status == 200


def test_file_for_a_client_that_went_away_is_closed(edge: Edge, wire: Wire, file: Path) -> None:
    replies: list[Reply] = []
    edge.route("/", lambda request, reply: replies.append(reply))
    wire.send(message("GET", "/"))
    _until(lambda: bool(replies))
    wire.close()
    _until(lambda: replies[0].disconnected)
    body = span(file, 0, MIB)
    edge.loop.call_soon_threadsafe(replies[0].send, Response(200, [], body))
    _until(lambda: body.fd == -1)


@hasty
def test_client_that_takes_nothing_of_a_file_is_cut_off(edge: Edge, wire: Wire, file: Path) -> None:
    files = Files(file, 0, 20 * MIB)
    edge.route("/", files)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.send(message("GET", "/"))
    _until(lambda: files.bodies and files.bodies[0].fd == -1)


@hasty
def test_client_that_takes_a_file_slowly_gets_it(edge: Edge, wire: Wire, file: Path) -> None:
    edge.route("/", answering(lambda: span(file, 0, 20 * MIB)))
    wire.send(message("GET", "/"))
    for _ in range(5):
        time.sleep(edge.front.limits.idle_seconds / 2)
        wire.exactly(4 * MIB)
    assert not edge.complaints


def test_small_requests_are_served_while_files_are_sent(edge: Edge, file: Path) -> None:
    edge.route("/file", answering(lambda: span(file, 0, 20 * MIB)))
    stop = threading.Event()

    def download() -> None:
        wire = edge.connect()
        while not stop.is_set():
            wire.get("/file")

    downloads = [threading.Thread(target=download) for _ in range(2)]
    for thread in downloads:
        thread.start()
    wire = edge.connect()
    assert all(wire.get("/").status == 200 for _ in range(50))
    stop.set()
    for thread in downloads:
        thread.join(PATIENCE)


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
