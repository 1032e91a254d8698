"""The Runtime API for `awslambdaric`, in the place of its C extension: so AWS's own runtime client runs on every Python.

The connection is kept for the life of the process: an invocation costs two small requests on it.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from functools import cache

_ROOT = "/2018-06-01/runtime/invocation"
_DEADLINE = "Lambda-Runtime-Deadline-Ms"

_settings = {"user_agent": ""}


def initialize_client(user_agent: str) -> None:
    _settings["user_agent"] = user_agent


def next() -> tuple[bytes, dict[str, str | int]]:
    """(body, headers) of the next invocation; waits for it. The deadline is a number."""
    connection = _connection()
    if connection.has_asked:
        connection.has_asked = False
        _check(*connection.answer())
    else:
        connection.send(_request("GET", f"{_ROOT}/next"))
    status, headers, body = connection.answer()
    if status != 200:
        raise RuntimeError(f"Failed to get next invocation. Response code: {status}")
    return body, {**headers, _DEADLINE: int(headers[_DEADLINE])}


def post_invocation_result(invoke_id: str, data: bytes, content_type: str, invocation_id: str | None = None) -> None:
    _post(f"{_ROOT}/{invoke_id}/response", data, [("Content-Type", content_type)])


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: str | None = None) -> None:
    headers = [("Content-Type", "application/json")]
    if xray_fault and "\n" not in xray_fault:
        headers.append(("Lambda-Runtime-Function-XRay-Error-Cause", xray_fault))
    _post(f"{_ROOT}/{invoke_id}/error", error.encode(), headers)


def _post(path: str, data: bytes, headers: Iterable[tuple[str, str]]) -> None:
    """Answer, and ask for the next invocation in the same breath: that saves each of the two processes a turn."""
    connection = _connection()
    connection.send(_request("POST", path, data, headers) + _request("GET", f"{_ROOT}/next"))
    connection.has_asked = True


def _check(status: int, headers: dict[str, str], body: bytes) -> None:
    # 413: the invocation has been answered with that error, and the function can go on
    if status not in (202, 413):
        raise RuntimeError(f"Failed to post invocation response. Response code: {status}: {body!r}")


def _request(method: str, path: str, data: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: runtime", f"User-Agent: {_settings['user_agent']}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + data


@cache
def _connection() -> _Connection:
    return _Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])


class _Connection:
    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self.socket.makefile("rb")
        self.has_asked = False

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body)"""
        line = self._reader.readline()
        if not line:
            raise RuntimeError("The Runtime API is gone")
        status = int(line.split(None, 2)[1])
        headers = {}
        while line := self._reader.readline().rstrip(b"\r\n"):
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").title()] = value.strip().decode("utf-8", "replace")
        return status, headers, self._reader.read(int(headers.get("Content-Length", 0)))
