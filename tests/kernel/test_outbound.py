"""Outgoing HTTP: answers of all framings, and everything that is none."""

from __future__ import annotations

import asyncio
import ssl
from types import SimpleNamespace

import pytest

from fogbank.kernel import outbound

CTX = SimpleNamespace(tx=None)


def exchange(answer, *, method="POST", url="http://127.0.0.1:{port}/hook?a=b", headers=None, timeout=5.0, close=True):
    """Send a request to a server that answers these bytes. Returns (answer, the request's bytes)."""
    seen = bytearray()

    async def serve(reader, writer):
        seen.extend(await reader.readuntil(b"\r\n\r\n"))
        length = int(seen.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        seen.extend(await reader.readexactly(length))
        writer.write(answer)
        if close:
            writer.close()
        else:
            await asyncio.sleep(60)

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            return await outbound.send(CTX, method, url.format(port=port), headers or {}, b"body", timeout)
        finally:
            server.close()

    return asyncio.run(run()), bytes(seen)


def test_a_request_has_what_was_asked_for():
    answer, seen = exchange(b"HTTP/1.1 204 No Content\r\n\r\n", headers={"X-Thing": "1"})
    head, _, body = seen.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Thing: 1" in head and b"Content-Length: 4" in head and body == b"body"
    assert answer.status == 204


def test_a_name_and_password_in_the_url_are_credentials():
    _, seen = exchange(b"HTTP/1.1 200 OK\r\n\r\n", url="http://me:s%40crt@127.0.0.1:{port}/")
    assert b"Authorization: Basic bWU6c0BjcnQ=" in seen and b"@" not in seen.split(b"\r\n")[1]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"\r\nhello",
    ],
)
def test_a_body_of_any_framing(framing):
    answer, _ = exchange(b"HTTP/1.1 200 OK\r\nX-A: b\r\n" + framing)
    assert (answer.status, answer.headers["x-a"], answer.body) == (200, "b", b"hello")


def test_an_answer_ends_where_it_says_though_the_connection_stays():
    answer, _ = exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", close=False)
    assert answer.body == b"hello"


def test_what_comes_before_the_answer_is_passed_over():
    answer, _ = exchange(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert answer.status == 201


def test_a_head_has_no_body():
    answer, _ = exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method="HEAD", close=False)
    assert answer.body == b""


def test_a_redirect_is_an_answer():
    answer, _ = exchange(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")
    assert (answer.status, answer.headers["location"]) == (302, "/other")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\n", b"SMTP ready\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"],
)
def test_what_is_no_answer_is_none(answer):
    with pytest.raises(outbound.Unreachable):
        exchange(answer)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"])
def test_nobody_is_waited_for_for_ever(answer):
    with pytest.raises(outbound.Unreachable, match=r"no answer within 0.2 seconds"):
        exchange(answer, close=False, timeout=0.2)


def test_an_endless_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr(outbound, "MAX_ANSWER", 1000)
    with pytest.raises(outbound.Unreachable, match="too long"):
        exchange(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://127.0.0.1/", {}),
        ("http:///x", {}),
        ("http://127.0.0.1:9/\r\nX: y", {}),
        ("http://127.0.0.1:99999/", {}),
        ("http://127.0.0.1:9/ x", {}),
        ("http://127.0.0.1:9/", {"X": "a\r\nB: c"}),
        ("http://127.0.0.1:9/", {"X Y": "a"}),
        ("http://127.0.0.1:9/", {}),
        ("http://no-such-host.invalid/", {}),
    ],
)
def test_what_cannot_be_sent_is_unreachable(url, headers):
    with pytest.raises(outbound.Unreachable):
        asyncio.run(outbound.send(CTX, "GET", url, headers))


def test_a_transaction_does_not_wait_for_the_world():
    with pytest.raises(RuntimeError, match="inside a transaction"):
        asyncio.run(outbound.send(SimpleNamespace(tx=object()), "GET", "http://127.0.0.1:9/", {}))


def test_certificates_are_checked_but_on_loopback():
    assert outbound._tls(False).verify_mode == ssl.CERT_REQUIRED
    assert outbound._tls(True).verify_mode == ssl.CERT_NONE
    assert outbound._is_loopback("127.0.0.1") and outbound._is_loopback("app.localhost")
    assert not outbound._is_loopback("example.com") and not outbound._is_loopback("10.0.0.1")
