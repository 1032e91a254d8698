"""Requests that are refused, among them those by which one request is smuggled inside another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gateway.front_harness import STEADY, Edge, Wire, message

HOST = b"Host: localhost\r\n"

# The answer to each is a refusal and the end of the connection: nothing that follows is taken for a request.
MALFORMED = {
    "length and chunked": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "same length twice": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    "list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\nabcd",
    "signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\nabcd",
    "hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd",
    "length with blank inside": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4 4\r\n\r\nabcd",
    "empty length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\nabcd",
    "length beyond 64 bits": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "fullwidth length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \uff14\r\n\r\nabcd".encode(),
    "blank before colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
    "blank before colon of chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "two codings in two headers": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "chunked not last": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "unknown coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
    "compressed chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "vertical tab before chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "folded transfer encoding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "blank before first header": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with a user": b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "host with a blank": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host with markup": b"GET / HTTP/1.1\r\nHost: <script>\r\n\r\n",
    "bare LF after the request line": b"GET / HTTP/1.1\nHost: x\r\n\r\n",
    "bare LF after a header": b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "bare CR in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
    "bare CR in a name": b"GET / HTTP/1.1\r\nHost: x\r\nA\r: b\r\n\r\n",
    "bare CR before a header": b"GET / HTTP/1.1\r\nHost: x\r\n\rA: b\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
    "NUL in a name": b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
    "NUL in the target": b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "control character in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n",
    "DEL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: \x7f\r\n\r\n",
    "byte above 127 in a name": b"GET / HTTP/1.1\r\nHost: x\r\nA\xe9: b\r\n\r\n",
    "empty name": b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "brackets in a name": b"GET / HTTP/1.1\r\nHost: x\r\n[a]: b\r\n\r\n",
    "two blanks in the request line": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab in the request line": b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "blank in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "blank before the method": b" GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "blank after the version": b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    "no version": b"GET /\r\nHost: x\r\n\r\n",
    "lower-case version": b"GET / http/1.1\r\nHost: x\r\n\r\n",
    "version 1.2": b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "version 0.9": b"GET / HTTP/0.9\r\nHost: x\r\n\r\n",
    "version 2.0 without its preface": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "another protocol": b"OPTIONS * RTSP/1.0\r\nHost: x\r\n\r\n",
    "relative target": b"GET index.html HTTP/1.1\r\nHost: x\r\n\r\n",
    "other scheme": b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "two empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": b"\x00\x01\x02\x03 garbage\r\n\r\n",
    "only blanks": b"   \r\n\r\n",
    "a mail server's client": b"EHLO example.org\r\nMAIL FROM:<a@b>\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_request_is_refused_and_nothing_after_it_is_a_request(edge: Edge, wire: Wire, data: bytes) -> None:
    wire.send(data, message("GET", "/smuggled"))
    answer = wire.answer()
    assert 400 <= answer.status <= 599
    assert answer.code
    assert answer["connection"] == "close"
    assert wire.is_closed()
    assert edge.app.requests == []
    assert edge.connect().get("/next").status == 200


BAD_CHUNKS = {
    "no digits": b"\r\nabc\r\n0\r\n\r\n",
    "not hexadecimal": b"g\r\nabc\r\n0\r\n\r\n",
    "prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "signed": b"+3\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "blank first": b" 3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"1_0\r\nabc\r\n0\r\n\r\n",
    "too many digits": b"00000000000000003\r\nabc\r\n0\r\n\r\n",
    "bare LF after the size": b"3\nabc\r\n0\r\n\r\n",
    "bare CR in the size line": b"3\r;\r\nabc\r\n0\r\n\r\n",
    "data longer than its size": b"3\r\nabcd\r\n0\r\n\r\n",
    "data shorter than its size": b"4\r\nabc\r\n0\r\n\r\n",
    "bare LF after the data": b"3\r\nabc\n0\r\n\r\n",
    "bare LF in an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "NUL in an extension": b"3;a\0\r\nabc\r\n0\r\n\r\n",
    "extension without end": b"3;" + b"x" * 5000,
    "bad trailer": b"3\r\nabc\r\n0\r\nno colon\r\n\r\n",
    "folded trailer": b"3\r\nabc\r\n0\r\na: b\r\n c\r\n\r\n",
    "trailer with a bare LF": b"3\r\nabc\r\n0\r\na: b\nc: d\r\n\r\n",
    "trailers too long": b"3\r\nabc\r\n0\r\n" + (b"a: " + b"b" * 1000 + b"\r\n") * 20 + b"\r\n",
}


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_broken_chunk_framing_is_refused(edge: Edge, wire: Wire, chunks: bytes) -> None:
    wire.send(message("POST", "/", "Transfer-Encoding: chunked"), chunks, message("GET", "/smuggled"))
    answer = wire.answer()
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert wire.is_closed()
    assert edge.app.requests == []


@pytest.mark.parametrize("method", ["BREW", "TRACE", "PROPFIND", "get", "MKCOL"])
def test_unknown_method_is_not_implemented(wire: Wire, method: str) -> None:
    answer = wire.ask(method, "/")
    assert (answer.status, answer.code) == (501, "NotImplemented")


def test_other_expectation_fails(edge: Edge, wire: Wire) -> None:
    answer = wire.send(message("POST", "/", "Expect: miracles", "Content-Length: 5")).answer()
    assert (answer.status, answer.code) == (417, "ExpectationFailed")
    assert edge.app.requests == []


def test_connect_is_not_implemented(wire: Wire) -> None:
    assert wire.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n").answer().status == 501


def test_target_up_to_the_limit_is_taken(edge: Edge) -> None:
    limit = edge.front.limits.target
    assert edge.connect().get("/" + "a" * (limit - 1)).status == 200
    assert edge.connect().get("/" + "a" * limit).status == 414


def test_target_without_an_end_is_refused_before_it_ends(wire: Wire) -> None:
    assert wire.send(b"GET /", b"a" * 20_000).answer().status == 414


def test_head_up_to_the_limit_is_taken(edge: Edge) -> None:
    limit = edge.front.limits.head
    room = limit - len(message("GET", "/", "X: "))
    assert edge.connect().get("/", "X: " + "a" * room).status == 200
    answer = edge.connect().get("/", "X: " + "a" * (room + 1))
    assert (answer.status, answer.code) == (431, "RequestHeaderSectionTooLarge")


def test_head_without_an_end_is_refused_before_it_ends(wire: Wire) -> None:
    assert wire.send(b"GET / HTTP/1.1\r\n", HOST, b"X: ", b"a" * 1_000_000).answer().status == 431


def test_many_small_headers_are_refused_at_the_limit(wire: Wire) -> None:
    assert wire.send(message("GET", "/", *[f"X-{i}: {i}" for i in range(8000)])).answer().status == 431


def test_body_longer_than_may_be_buffered_is_refused_before_it_comes(start_edge) -> None:
    wire = start_edge(replace(STEADY, buffered=1_000_000)).connect()
    answer = wire.send(message("POST", "/", "Content-Length: 1000001")).answer()
    assert (answer.status, answer.code) == (413, "EntityTooLarge")


def test_chunked_body_is_refused_where_it_grows_too_long_to_be_buffered(start_edge) -> None:
    wire = start_edge(replace(STEADY, buffered=1_000_000)).connect()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    wire.send(message("POST", "/", "Transfer-Encoding: chunked"), chunk * 17)
    assert wire.answer().status == 413
