"""What the application sees of a request in HTTP/1.1."""

from __future__ import annotations

import hashlib

import pytest

from tests.gateway.front_harness import Edge, Wire, message


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb",
        "/a//b///",
        "/%E2%82%AC",
        "/a+b%20c",
        "/a/../b/./c",
        "/bad%zz%",
        '/[x]{y}|^`\\"<>',
        "/key;v=1,2@3:4!$&'()*~",
        "/a#b",
    ],
)
def test_path_is_kept_as_sent(wire: Wire, target: str) -> None:
    assert wire.get(target).json["path"] == target


@pytest.mark.parametrize("query", ["", "a=b&c", "x=%2F+%20", "?double?", "prefix=a/b&marker=", "=&&=", "a=[1]&b={}"])
def test_query_is_kept_as_sent(wire: Wire, query: str) -> None:
    seen = wire.get(f"/?{query}").json
    assert (seen["path"], seen["query"]) == ("/", query)


def test_unescaped_utf8_in_the_target_is_an_invalid_uri(wire: Wire) -> None:
    answer = wire.send("GET /café HTTP/1.1\r\nHost: x\r\n\r\n".encode()).answer()
    assert (answer.status, answer.code) == (400, "InvalidURI")


def test_absolute_target_gives_path_and_host(wire: Wire) -> None:
    seen = wire.get("http://bucket.s3.localhost:4566/key%2F?acl").json
    assert (seen["path"], seen["query"], seen["headers"]["host"]) == ("/key%2F", "acl", "bucket.s3.localhost:4566")


def test_absolute_target_without_a_path_is_the_root(wire: Wire) -> None:
    seen = wire.get("http://localhost?list-type=2").json
    assert (seen["path"], seen["query"]) == ("/", "list-type=2")


def test_asterisk_is_a_target_of_options(wire: Wire) -> None:
    assert wire.ask("OPTIONS", "*").json["path"] == "*"


def test_asterisk_is_no_target_of_get(wire: Wire) -> None:
    assert wire.get("*").code == "InvalidURI"


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
def test_method_is_seen(wire: Wire, method: str) -> None:
    assert wire.ask(method, "/").json["method"] == method


def test_header_names_are_lowered(wire: Wire) -> None:
    assert wire.get("/", "X-Amz-Meta-CamelCase: Value").json["headers"]["x-amz-meta-camelcase"] == "Value"


def test_blanks_around_header_values_are_trimmed(wire: Wire) -> None:
    headers = wire.get("/", "A: \t x  y \t ", "B:z", "C:", "D:   ").json["headers"]
    assert [headers[name] for name in "abcd"] == ["x  y", "z", "", ""]


def test_repeated_headers_are_joined_in_order(wire: Wire) -> None:
    assert wire.get("/", "X-A: 1", "Other: o", "x-a: 2", "X-A: 3").json["headers"]["x-a"] == "1,2,3"


def test_header_values_are_read_as_latin1(wire: Wire) -> None:
    answer = wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Amz-Meta-A: \xc3\xa0\r\n\r\n").answer()
    assert answer.json["headers"]["x-amz-meta-a"] == "\xc3\xa0"


def test_the_same_header_line_on_many_requests_is_read_the_same(wire: Wire) -> None:
    line = "User-Agent:  Boto3/1.40.1 md/Botocore#1.40.1 "
    assert {wire.get("/", line).json["headers"]["user-agent"] for _ in range(3)} == {line[13:-1]}


def test_host_is_seen_with_its_port(wire: Wire) -> None:
    answer = wire.send(b"GET / HTTP/1.1\r\nHost: my-bucket.s3.localhost:4566\r\n\r\n").answer()
    assert answer.json["headers"]["host"] == "my-bucket.s3.localhost:4566"


@pytest.mark.parametrize("host", [b"[::1]:4566", b"localhost", b"a_b.c-d:1", b""])
def test_host_may_be_any_authority(wire: Wire, host: bytes) -> None:
    assert wire.send(b"GET / HTTP/1.1\r\nHost: ", host, b"\r\n\r\n").answer().status == 200


def test_client_and_scheme_are_seen(wire: Wire) -> None:
    seen = wire.get("/").json
    assert (seen["remote"], seen["scheme"], seen["version"]) == ("127.0.0.1", "http", "1.1")


def test_body_is_here_when_the_request_is(wire: Wire) -> None:
    seen = wire.ask("POST", "/", body=b"hello").json
    assert (seen["size"], seen["length"], seen["sha256"]) == (5, 5, hashlib.sha256(b"hello").hexdigest())


def test_request_without_a_body_has_an_empty_one(wire: Wire) -> None:
    seen = wire.get("/").json
    assert (seen["size"], seen["length"]) == (0, 0)


def test_body_of_get_is_seen(wire: Wire) -> None:
    assert wire.ask("GET", "/", body=b"x" * 10).json["size"] == 10


def test_head_and_body_may_come_byte_by_byte(wire: Wire) -> None:
    for byte in message("POST", "/a?b", "X-A: 1", body=b"hello"):
        wire.send(bytes([byte]))
    seen = wire.answer().json
    assert (seen["path"], seen["query"], seen["headers"]["x-a"], seen["size"]) == ("/a", "b", "1", 5)


def test_one_empty_line_before_a_request_is_borne(wire: Wire) -> None:
    assert wire.send(b"\r\n", message("GET", "/")).answer().status == 200
    assert wire.send(b"\r\n").get("/").status == 200


def test_requests_follow_each_other_on_a_connection(wire: Wire) -> None:
    assert [wire.get(f"/{i}").json["path"] for i in range(3)] == ["/0", "/1", "/2"]


def test_pipelined_requests_are_answered_in_order(wire: Wire) -> None:
    wire.send(*[message("POST", f"/{i}", body=b"x" * i) for i in range(50)])
    assert [(wire.answer().json["path"]) for i in range(50)] == [f"/{i}" for i in range(50)]


def test_pipelined_requests_wait_for_a_slow_answer(edge: Edge, wire: Wire) -> None:
    held = []
    edge.route("/slow", lambda request, reply: held.append(reply))
    wire.send(message("GET", "/slow"), message("GET", "/next"))
    assert edge.connect().get("/other").status == 200
    while not held:
        pass
    assert [request.path for request in edge.app.requests] == ["/slow", "/other"]
    edge.loop.call_soon_threadsafe(held[0].send, _text("slow"))
    assert (wire.answer().body, wire.answer().json["path"]) == (b"slow", "/next")


def test_pipelining_reads_ahead_only_so_far(edge: Edge, wire: Wire) -> None:
    held = []
    edge.route("/slow", lambda request, reply: held.append(reply))
    wire.send(message("GET", "/slow"))
    wire.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        wire.send(message("GET", "/", "X: " + "y" * 1000) * 100_000)
    edge.loop.call_soon_threadsafe(held[0].send, _text("slow"))
    assert wire.answer().body == b"slow"


def test_upgrade_is_ignored(wire: Wire) -> None:
    answer = wire.get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    assert (answer.status, answer.json["version"]) == (200, "1.1")
    assert wire.get("/again").status == 200


def test_body_of_a_request_with_upgrade_is_read(wire: Wire) -> None:
    answer = wire.ask("POST", "/", "Connection: Upgrade", "Upgrade: websocket", body=b"hello")
    assert answer.json["size"] == 5
    assert wire.get("/again").status == 200


def test_http_1_0_needs_no_host(wire: Wire) -> None:
    answer = wire.send(b"GET /old HTTP/1.0\r\n\r\n").answer()
    assert (answer.json["path"], answer.json["version"], answer["connection"]) == ("/old", "1.0", "close")
    assert wire.is_closed()


def test_http_1_0_may_keep_the_connection(wire: Wire) -> None:
    for _ in range(2):
        answer = wire.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").answer()
        assert answer["connection"] == "keep-alive"


@pytest.mark.parametrize("value", ["close", "Close", "foo, close"])
def test_connection_is_closed_when_the_client_wants_it(wire: Wire, value: str) -> None:
    assert wire.get("/", f"Connection: {value}")["connection"] == "close"
    assert wire.is_closed()


def test_connection_header_is_absent_when_kept(wire: Wire) -> None:
    assert "connection" not in wire.get("/", "Connection: keep-alive")


def _text(text: str):
    from fogbank.http import Response

    return Response(200, [], text.encode())
