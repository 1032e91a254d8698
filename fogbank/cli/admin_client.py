"""The admin API as the commands use it: JSON over one plain HTTP request to the server's own port."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import IO, Any
from urllib.parse import urlsplit

from fogbank.cli.errors import CommandError, Exit

TIMEOUT = 600.0
_CHUNK = 1 << 20


def call(endpoint: str, method: str, path: str, body: Any = None, timeout: float = TIMEOUT) -> Any:
    """The parsed answer. Raises CommandError when nobody answers or the server refuses."""
    response = _send(endpoint, method, path, None if body is None else json.dumps(body).encode(), timeout)
    return json.loads(response.read())


def download(endpoint: str, path: str, target: IO[bytes]) -> None:
    response = _send(endpoint, "GET", path, None, TIMEOUT)
    while chunk := response.read(_CHUNK):
        target.write(chunk)


def upload(endpoint: str, path: str, source: IO[bytes]) -> Any:
    return json.loads(_send(endpoint, "POST", path, source, TIMEOUT).read())


def _send(endpoint: str, method: str, path: str, body: bytes | IO[bytes] | None, timeout: float) -> HTTPResponse:
    where = urlsplit(endpoint)
    # The port answers plain HTTP beside TLS, so a self-signed certificate does not matter here.
    connection = HTTPConnection(where.hostname or "127.0.0.1", where.port or 80, timeout=timeout)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
    except (OSError, HTTPException) as error:
        raise CommandError(Exit.NO_ANSWER, f"no server answers at {endpoint} ({_reason(error)})") from None
    if response.status >= 400:
        raise CommandError(Exit.FAILED, _refusal(response))
    return response


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower()


def _refusal(response: HTTPResponse) -> str:
    text = response.read().decode("utf-8", "replace")
    try:
        return json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        return f"the server answered {response.status} {response.reason}"
