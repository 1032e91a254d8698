"""A front on a thread of its own, serving what a test wants served, and a client that sends bytes as they are."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fogbank.gateway.front import Front, Limits, Reply, serve
from fogbank.http import PayloadError, Request, Response

PATIENCE = 5.0
"""Seconds that any wait of a test may last."""

STEADY = Limits(drain_seconds=0.3, close_seconds=0.5)
"""For tests that are not about time, on a machine that may be busy."""
QUICK = replace(STEADY, head_seconds=0.3, idle_seconds=0.6, progress_seconds=0.3, handshake_seconds=0.3)
hasty = pytest.mark.parametrize("limits", [QUICK], ids=["hasty"])
"""For tests of what happens when time is up."""

Handler = Callable[[Request, Reply], Any]


def describe(request: Request) -> Response:
    """What the front made of a request whose body is here."""
    data = request.payload.data or b""
    seen = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "version": request.version,
        "scheme": request.scheme,
        "remote": request.remote,
        "length": request.payload.length,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "trailers": dict(request.payload.trailers),
    }
    return Response(200, [("Content-Type", "application/json")], json.dumps(seen).encode())


class TestApplication:
    """Describes each request to its sender, except on the paths that a test has a handler for.

    A handler may be a plain function or a coroutine function, and answers by itself or by returning a Response.
    """

    __test__ = False

    def __init__(self) -> None:
        self.routes: dict[str, Handler] = {}
        self.streamed: set[str] = set()
        self.requests: list[Request] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def serving(self, front: Front) -> None:
        pass

    def wants_stream(self, head: Request) -> bool:
        return head.path in self.streamed

    def handle(self, request: Request, reply: Reply) -> None:
        self.requests.append(request)
        handler = self.routes.get(request.path)
        result = describe(request) if handler is None else handler(request, reply)
        if asyncio.iscoroutine(result):
            task = asyncio.get_running_loop().create_task(self._finish(result, reply))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif result is not None:
            reply.send(result)

    async def _finish(self, coroutine: Any, reply: Reply) -> None:
        response = await coroutine
        if response is not None:
            reply.send(response)


async def read_stream(request: Request, reply: Reply) -> Response:
    """A handler that takes its body as it comes."""
    size = 0
    try:
        async for chunk in request.payload:
            size += len(chunk)
    except PayloadError as error:
        return Response(400, [], f"{error.code}: {error.message}".encode())
    answer = {"size": size, "trailers": dict(request.payload.trailers)}
    return Response(200, [], json.dumps(answer).encode())


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    head: bytes = b""

    def __getitem__(self, name: str) -> str:
        """The value of a header; KeyError when it is not there, AssertionError when it is there twice."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self.headers)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an answer of the front's own."""
        match = re.search(rb"<Error><Code>(\w+)</Code><Message>[^<]+</Message></Error>$", self.body)
        assert match, self.body
        return match[1].decode()


class Closed(EOFError):
    """The server closed the connection where an answer could have begun."""


class Wire:
    """A client connection. What is sent is exactly what a test says."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.received = b""

    def send(self, *data: bytes) -> Wire:
        self.socket.sendall(b"".join(data))
        return self

    def receive(self, size: int = 65536) -> bytes:
        """Some bytes, b"" at the end. A reset counts as an end that is not clean."""
        data = self.socket.recv(size)
        self.received += data
        return data

    def until(self, mark: bytes) -> bytes:
        while mark not in self.received:
            if not self.receive():
                if self.received:
                    raise EOFError(self.received)
                raise Closed
        found, _, self.received = self.received.partition(mark)
        return found + mark

    def exactly(self, size: int) -> bytes:
        while len(self.received) < size:
            if not self.receive():
                raise EOFError(f"{len(self.received)} of {size} bytes")
        found, self.received = self.received[:size], self.received[size:]
        return found

    def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        while self.receive():
            pass
        found, self.received = self.received, b""
        return found

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, read as strictly as a client may read it."""
        head = self.until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]*", lines[0])
        assert match, lines[0]
        headers = []
        for line in lines[1:-2]:
            name, separator, value = line.partition(": ")
            assert separator and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), line
            headers.append((name, value))
        answer = Answer(int(match[1]), headers, b"", head)
        if method != "HEAD" and answer.status >= 200 and answer.status not in (204, 304):
            answer.body = self._body(answer)
        return answer

    def _body(self, answer: Answer) -> bytes:
        if "transfer-encoding" in answer:
            assert answer["transfer-encoding"] == "chunked"
            assert "content-length" not in answer
            return self._chunks()
        if "content-length" in answer:
            return self.exactly(int(answer["content-length"]))
        return self.rest()

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        assert self.exactly(2) == b"\r\n"
        return body

    def get(self, path: str, *headers: str) -> Answer:
        return self.ask("GET", path, *headers)

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        return self.send(message(method, path, *headers, body=body)).answer(method)

    def is_closed(self) -> bool:
        """Whether the server closes the connection cleanly, having sent nothing more."""
        return not self.received and self.receive() == b""

    def close(self) -> None:
        self.socket.close()


def message(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request in HTTP/1.1. A body gets its Content-Length where no header frames it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass
class Edge:
    """A front under test."""

    app: TestApplication
    front: Front
    loop: asyncio.AbstractEventLoop
    complaints: list[dict[str, Any]] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)

    def connect(self) -> Wire:
        wire = Wire(socket.create_connection(("127.0.0.1", self.front.port), timeout=PATIENCE))
        self.wires.append(wire)
        return wire

    def route(self, path: str, handler: Handler, *, streamed: bool = False) -> None:
        self.app.routes[path] = handler
        if streamed:
            self.app.streamed.add(path)

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the server's loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def close(self) -> None:
        self.run(self.front.close())


@contextmanager
def running(new_loop: Callable[[], asyncio.AbstractEventLoop], limits: Limits, tls: Path | None) -> Iterator[Edge]:
    loop = new_loop()
    thread = threading.Thread(target=loop.run_forever, name="front", daemon=True)
    thread.start()
    app = TestApplication()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    try:
        starting = asyncio.run_coroutine_threadsafe(serve(app, "127.0.0.1", 0, tls=tls, limits=limits), loop)
        edge = Edge(app, starting.result(PATIENCE), loop, complaints)
        try:
            yield edge
        finally:
            for wire in edge.wires:
                wire.close()
            edge.close()
        assert not complaints, complaints
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
