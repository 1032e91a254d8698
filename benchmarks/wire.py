"""Signed requests over plain sockets: a client that costs 30 us a request, so that it is not what is measured."""

from __future__ import annotations

import hashlib
import hmac
import json
import select
import socket
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

ACCOUNT = "000000000000"
_RECEIVED = 1 << 20


class Signer:
    """Makes requests of one service, signed as `test` of the default account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """

    def __init__(self, host: str, service: str, region: str = "us-east-1") -> None:
        self.host = host
        self._ends = f"{region}/{service}/aws4_request"
        self._until = 0.0

    def _date(self) -> None:
        """Sign as of now. A signature is good for some minutes."""
        self._until = time.time() + 60
        self._moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._scope = f"{self._moment[:8]}/{self._ends}"
        self._key = b"AWS4test"
        for part in self._scope.split("/"):
            self._key = hmac.digest(self._key, part.encode(), "sha256")

    def request(self, method: str, path: str, body: bytes = b"", query: str = "", target: str = "") -> bytes:
        """A request as bytes. `query` is encoded and sorted already; `target` is the X-Amz-Target of the JSON protocols."""
        if time.time() > self._until:
            self._date()
        digest = hashlib.sha256(body).hexdigest()
        headers = f"host:{self.host}\nx-amz-content-sha256:{digest}\nx-amz-date:{self._moment}\n"
        signed = "host;x-amz-content-sha256;x-amz-date"
        if target:
            headers += f"x-amz-target:{target}\n"
            signed += ";x-amz-target"
        canonical = f"{method}\n{path}\n{query}\n{headers}\n{signed}\n{digest}"
        to_sign = f"AWS4-HMAC-SHA256\n{self._moment}\n{self._scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        kind = "content-type: application/x-amz-json-1.0\r\n" if target else ""
        head = (
            f"{method} {path}{'?' + query if query else ''} HTTP/1.1\r\n{headers.replace(chr(10), chr(13) + chr(10))}{kind}"
            f"authorization: AWS4-HMAC-SHA256 Credential=test/{self._scope}, SignedHeaders={signed}, Signature={signature}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def call(self, target: str, **params: Any) -> bytes:
        """A request of a JSON protocol."""
        return self.request("POST", "/", json.dumps(params).encode(), target=target)


class Connection:
    """One connection with at most one request on it. Raises RuntimeError for answers that are no success."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def ask(self, request: bytes) -> bytes:
        """Send a request and wait for the body of its answer."""
        self.socket.sendall(request)
        while True:
            body = self.take()
            if body is not None:
                return body

    def take(self) -> bytes | None:
        """Receive once; the body, when it is complete."""
        data = self.socket.recv(_RECEIVED)
        if not data:
            raise RuntimeError("the server closed the connection")
        self._received += data
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        head = self._received[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : head.find(b"\r", at)]) if at >= 0 else 0
        if len(self._received) < end + length:
            return None
        body, self._received = self._received[end : end + length], b""
        if head[9:10] != b"2":
            raise RuntimeError(f"{head[:40]!r}: {body[:300]!r}")
        return body


def pour(address: tuple[str, int], requests: Iterable[bytes], connections: int = 32) -> None:
    """Send all requests, over so many connections at once."""
    waiting = iter(requests)
    poll = select.epoll()
    busy: dict[int, Connection] = {}
    for request in _first(waiting, connections):
        connection = Connection(address)
        busy[connection.socket.fileno()] = connection
        poll.register(connection.socket, select.EPOLLIN)
        connection.socket.sendall(request)
    while busy:
        for descriptor, _ in poll.poll():
            if busy[descriptor].take() is None:
                continue
            following = next(waiting, None)
            if following is not None:
                busy[descriptor].socket.sendall(following)
                continue
            poll.unregister(descriptor)
            busy.pop(descriptor).socket.close()
    poll.close()


def _first(requests: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        request = next(requests, None)
        if request is None:
            return
        yield request


class Figures(NamedTuple):
    """Median and 99th percentile in milliseconds, and CPU time of the server in microseconds, of a request."""

    median: float
    p99: float
    cpu: float

    @classmethod
    def of(cls, times: list[float], cpu: float) -> Figures:
        """Of times in seconds, and the mean CPU time of a request in seconds."""
        ordered = sorted(times)
        return cls(statistics.median(ordered) * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3, cpu * 1e6)


def measure(
    endpoint: str, connection: Connection, make: Callable[[bytes], bytes], seconds: float, kinds: int = 1
) -> list[Figures]:
    """Ask one request after another for that long. `make` gets the answer before, and makes `kinds` kinds of requests in turn."""
    answer = b""
    for _ in range(10 * kinds):
        answer = connection.ask(make(answer))
    times: list[float] = []
    before, end = cpu_seconds(endpoint), time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) % kinds:
        request = make(answer)
        began = time.perf_counter()
        answer = connection.ask(request)
        times.append(time.perf_counter() - began)
    cpu = (cpu_seconds(endpoint) - before) / len(times)
    return [Figures.of(times[kind::kinds], cpu) for kind in range(kinds)]


def cpu_seconds(endpoint: str) -> float:
    """CPU time of the server until now, all its workers together."""
    with urllib.request.urlopen(endpoint + "/_fogbank/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("process_cpu_seconds_total{"))
