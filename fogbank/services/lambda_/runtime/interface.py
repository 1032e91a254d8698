"""The Runtime API of one execution environment, on a port of its own: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

GET  /2018-06-01/runtime/invocation/next                 waits until there is something to do
POST /2018-06-01/runtime/invocation/<request id>/response
POST /2018-06-01/runtime/invocation/<request id>/error
POST /2018-06-01/runtime/init/error
GET  /2018-06-01/runtime/restore/next                    waits, initialised, until there is a snapshot to go on from
POST /2018-06-01/runtime/restore/error

The other APIs at this address, of extensions, are modules of their own.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from fogbank.gateway.exchange import Reply
from fogbank.gateway.front import Front, Limits, serve
from fogbank.http import Payload, Request, Response

_ROOT = "/2018-06-01/runtime/"
_INVOCATION = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_ACCEPTED = orjson.dumps({"status": "OK"})
JSON = ("Content-Type", "application/json")
# A function may sleep for as long as it likes between two requests.
_PATIENT = Limits(idle_seconds=10**9, close_seconds=0)
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"
# Status, headers and cookies come before the body of such a response.
HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response"
RESPONSE_BYTES = 6 * 1024 * 1024 + 100
STREAM_BYTES = 200 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html"""


class Event(NamedTuple):
    """What a runtime is asked to do. `headers` are those that it gets besides its own."""

    request_id: str
    payload: bytes
    headers: list[tuple[str, str]]


class Answered(NamedTuple):
    """What came of it: the answer, or an error document, whose type the runtime gave. `written` is an answer that is still arriving."""

    payload: bytes
    error_type: str = ""
    is_error: bool = False
    written: Written | None = None
    content_type: str = ""


class Written:
    """An answer that is sent while the function writes it. After the last chunk, `failure` is the error that ended it, if one did."""

    def __init__(self, payload: Payload, reply: Reply) -> None:
        self._payload = payload
        self._reply = reply
        self.failure: Answered | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._payload:
            yield chunk
        trailers = self._payload.trailers
        if _ERROR_TYPE in trailers:
            document = b64decode(trailers.get(_ERROR_BODY, ""))
            self.failure = Answered(document, unquote(trailers[_ERROR_TYPE]), True)
        _accept(self._reply)


class RuntimeInterface:
    """The Runtime API as its server sees it.

    `ready` is set while the runtime waits for an invocation, `initialised` when it waits to be restored from a snapshot.

    `failed` is told of errors of the initialisation, and of what follows a restored snapshot. `others` are further APIs, by the beginnings
    of their paths.
    """

    def __init__(self, failed: Callable[[Answered], None]) -> None:
        self.front: Front | None = None
        self.ready = asyncio.Event()
        self.initialised = asyncio.Event()
        self.others: dict[str, Callable[[Request, Reply], None]] = {}
        self._failed = failed
        self._waiting: Reply | None = None
        self._restoring: Reply | None = None
        self._event: Event | None = None
        self._answer: asyncio.Future[Answered] | None = None

    async def open(self) -> str:
        """Returns the address that AWS_LAMBDA_RUNTIME_API tells."""
        self.front = await serve(self, "127.0.0.1", 0, limits=_PATIENT)
        return f"127.0.0.1:{self.front.port}"

    async def close(self) -> None:
        if self.front is not None:
            await self.front.close()

    def ask(self, event: Event) -> asyncio.Future[Answered]:
        """Give the runtime, which is `ready`, something to do."""
        assert self._waiting is not None
        reply, self._waiting = self._waiting, None
        self.ready.clear()
        self._event = event
        self._answer = asyncio.get_running_loop().create_future()
        headers = [JSON, ("Lambda-Runtime-Aws-Request-Id", event.request_id), *event.headers]
        reply.send(Response(200, headers, event.payload))
        return self._answer

    def restore(self) -> None:
        """Let the runtime, which is `initialised`, go on."""
        if self._restoring is not None:
            self._restoring.send(Response(200, [JSON], b"{}"))
            self._restoring = None

    # -- what the front calls

    def serving(self, front: Front) -> None:
        pass

    def wants_stream(self, head: Request) -> bool:
        """Go's runtime tells only by the type that it streams."""
        mode = head.headers.get("lambda-runtime-function-response-mode", "").lower()
        return mode == "streaming" or head.headers.get("content-type", "") == HTTP_RESPONSE

    def handle(self, request: Request, reply: Reply) -> None:
        if request.path == _ROOT + "invocation/next":
            self._next(reply)
            return
        found = _INVOCATION.fullmatch(request.path)
        if found is not None:
            self._answered(request, found[1], found[2] == "error", reply)
        elif request.path == _ROOT + "restore/next":
            self._restoring = reply
            self.initialised.set()
        elif request.path in (_ROOT + "init/error", _ROOT + "restore/error"):
            self._failed(_error_of(request))
            _accept(reply)
        else:
            self._other(request, reply)

    def _other(self, request: Request, reply: Reply) -> None:
        for beginning, handle in self.others.items():
            if request.path.startswith(beginning):
                handle(request, reply)
                return
        refuse(reply, 404, "NotFound", f"no such operation: {request.path}")

    def _next(self, reply: Reply) -> None:
        self._waiting = reply

        def gone() -> None:
            if self._waiting is reply:
                self._waiting = None
                self.ready.clear()

        reply.on_disconnect = gone
        self.ready.set()

    def _answered(self, request: Request, request_id: str, is_error: bool, reply: Reply) -> None:
        if self._event is None or self._answer is None or self._event.request_id != request_id:
            refuse(reply, 400, "InvalidRequestID", "Invalid request ID")
            return
        answer, self._answer = self._answer, None
        if is_error:
            settled = _error_of(request)
        elif request.payload.data is None:
            written = Written(request.payload, reply)
            settled = Answered(b"", written=written, content_type=request.headers.get("content-type", ""))
        else:
            settled = Answered(request.payload.data, content_type=request.headers.get("content-type", ""))
        is_too_large = len(settled.payload) > RESPONSE_BYTES
        if is_too_large:
            settled = too_large(len(settled.payload))
        if not answer.done():
            answer.set_result(settled)
        if is_too_large:
            refuse(reply, 413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).")
        elif settled.written is None:
            _accept(reply)


def _error_of(request: Request) -> Answered:
    kind = request.headers.get(_ERROR_TYPE, "Unhandled")
    return Answered(request.payload.data or b"", kind, True)


def too_large(size: int, most: int = RESPONSE_BYTES) -> Answered:
    text = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({most} bytes)."
    document = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}
    return Answered(orjson.dumps(document), "Function.ResponseSizeTooLarge", True)


def _accept(reply: Reply) -> None:
    """Held: a runtime that has asked for its next invocation already is woken once, when there is one."""
    reply.send(Response(202, [JSON], _ACCEPTED), held=True)


def refuse(reply: Reply, status: int, kind: str, message: str) -> None:
    document: dict[str, Any] = {"errorType": kind, "errorMessage": message}
    reply.send(Response(status, [JSON], orjson.dumps(document)))
