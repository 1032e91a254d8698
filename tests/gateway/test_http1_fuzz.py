"""Nonsense, in quantity: whatever arrives, each answer is well-formed or there is none, and the server goes on serving."""

from __future__ import annotations

import random
import socket

import pytest

from tests.gateway.conftest import StartEdge
from tests.gateway.front_harness import QUICK, Edge, message, read_stream
from tests.gateway.test_http1_malformed import BAD_CHUNKS, MALFORMED

CHUNKED = b"5\r\nhello\r\n0;x\r\nX-Sum: 1\r\n\r\n"
SEEDS = [
    message("GET", "/bucket/key%2F?list-type=2&prefix=a+b", "X-Amz-Date: 20260101T000000Z"),
    message("POST", "/", "X-Amz-Target: DynamoDB_20120810.PutItem", body=b'{"TableName": "t"}'),
    message("PUT", "/up", "Transfer-Encoding: chunked") + CHUNKED,
    message("PUT", "/up", "Expect: 100-continue", "Content-Length: 5") + b"hello",
    message("HEAD", "http://localhost/x", "Connection: keep-alive, Upgrade", "Upgrade: h2c"),
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    *MALFORMED.values(),
    *[message("PUT", "/up", "Transfer-Encoding: chunked") + chunks for chunks in BAD_CHUNKS.values()],
]
SPLICES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"\r\n\r\n",
    b"\xff",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"%00",
    b"HTTP/1.1",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
]


def mutated(dice: random.Random) -> bytes:
    """One to three requests with a few accidents."""
    data = bytearray(b"".join(dice.choices(SEEDS, k=dice.randint(1, 3))))
    for _ in range(dice.randint(0, 6)):
        at = dice.randrange(len(data) + 1)
        accident = dice.randrange(5)
        if accident == 0:
            data[at:at] = dice.choice(SPLICES)
        elif accident == 1:
            del data[at : at + dice.randint(1, 20)]
        elif accident == 2:
            data[at : at + 1] = bytes([dice.randrange(256)])
        elif accident == 3:
            data[at:at] = data[at : at + dice.randint(1, 60)]
        else:
            del data[at:]
    return bytes(data)


def pieces(dice: random.Random, data: bytes) -> list[bytes]:
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.choice([0, 0, 1, 3])))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def converse(edge: Edge, parts: list[bytes]) -> None:
    """Send, hang up, and read what came as strictly as a client may."""
    wire = edge.connect()
    try:
        for part in parts:
            wire.send(part)
        wire.socket.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the server hung up first
    try:
        received = wire.rest()
    except ConnectionResetError:
        received = wire.received
    if b"PRI * HTTP/2.0" not in b"".join(parts):
        check_answers(edge, received)


def check_answers(edge: Edge, received: bytes) -> None:
    """What was received is a sequence of answers, of which the last may be cut off by the end of the connection."""
    wire = edge.connect()
    wire.received = received
    wire.receive = lambda size=0: b""  # type: ignore[method-assign, assignment]
    while wire.received:
        method = "HEAD" if b"HTTP/1.1" in wire.received[10:] else "GET"
        try:
            answer = wire.answer(method)
        except EOFError:
            return
        assert 100 <= answer.status <= 599
        size = int(answer["content-length"]) if "content-length" in answer else 0
        if wire.received and not wire.received.startswith(b"HTTP/1.1 "):
            wire.exactly(size)


@pytest.mark.parametrize("seed", range(10))
def test_server_survives_mutated_requests(start_edge: StartEdge, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    edge = start_edge(QUICK)
    edge.route("/up", read_stream, streamed=True)
    dice = random.Random(seed)
    for _ in range(60):
        data = mutated(dice)
        converse(edge, pieces(dice, data))
        assert not caplog.records, (data, caplog.text)
        assert not edge.complaints, (data, edge.complaints)
        survivor = edge.connect()
        assert survivor.get("/alive").json["path"] == "/alive", data
        survivor.close()


@pytest.mark.parametrize("seed", range(4))
def test_server_survives_noise(edge: Edge, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)
    for _ in range(40):
        data = dice.randbytes(dice.randint(1, 3000))
        converse(edge, pieces(dice, data))
        assert not caplog.records, (data, caplog.text)
    assert edge.connect().get("/alive").status == 200
