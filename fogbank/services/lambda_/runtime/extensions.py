"""The Extensions API of one execution environment: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

POST /2020-01-01/extension/register
GET  /2020-01-01/extension/event/next     waits until there is something to do
POST /2020-01-01/extension/init/error
POST /2020-01-01/extension/exit/error

External extensions are programs of /opt/extensions, and known by their files' names; internal ones run in the runtime's process. The
types of errors are those that AWS has published with its runtime interface.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from fogbank.gateway.exchange import Reply
from fogbank.http import Request, Response
from fogbank.services.lambda_.runtime.failures import Failure
from fogbank.services.lambda_.runtime.interface import JSON, Event, refuse

ROOT = "/2020-01-01/extension/"
INVOKE, SHUTDOWN = "INVOKE", "SHUTDOWN"
MOST = 10
_IDENTIFIER = "Lambda-Extension-Identifier"
# What is an environment variable of the runtime only.
_NOT_OF_EXTENSIONS = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
        "_LAMBDA_TELEMETRY_LOG_FD",
    }
)
_ERROR_TYPE = "lambda-extension-function-error-type"


class About(NamedTuple):
    """What an environment is of. `new_id` makes UUIDs; `instance` is the environment's own. The ARN is that of the runtime's version."""

    account: str
    name: str
    version: str
    handler: str
    runtime_version: str
    runtime_arn: str
    instance: str
    new_id: Callable[[], str]


def variables_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of an external extension, made from those of the runtime."""
    return {name: value for name, value in environ.items() if name not in _NOT_OF_EXTENSIONS}


class Extension:
    """One extension that has registered. `coming` is the event that it gets when it asks."""

    def __init__(self, identifier: str, name: str, is_external: bool, events: list[str]) -> None:
        self.identifier = identifier
        self.name = name
        self.is_external = is_external
        self.events = events
        self.waiting: Reply | None = None
        self.coming: Response | None = None
        self.has_failed = False

    def tell(self, event: Response) -> None:
        if self.waiting is None:
            self.coming = event
        else:
            reply, self.waiting = self.waiting, None
            reply.send(event)


class Extensions:
    """`expected` are the names of external extensions. `failed` is told of what an extension says about itself.

    `registered` is set when all that are expected have registered, `ready` while all that have wait for an event.
    """

    def __init__(self, about: About, expected: Sequence[str], failed: Callable[[Failure], None]) -> None:
        self.registered = asyncio.Event()
        self.ready = asyncio.Event()
        self.is_closed = False
        self._about = about
        self._expected = set(expected)
        self._failed = failed
        self._by_identifier: dict[str, Extension] = {}
        self._look()

    def __bool__(self) -> bool:
        return bool(self._by_identifier)

    @property
    def all(self) -> list[Extension]:
        return list(self._by_identifier.values())

    def states(self, failure: Failure | None) -> list[dict[str, Any]]:
        """The records of what became of them in the initialisation, which `failure` ended."""
        states = [
            {"name": each.name, "state": "Registered" if each.waiting is None else "Ready", "events": each.events}
            for each in self.all
        ]
        if failure is not None:
            missing = self._expected - {each.name for each in self.all}
            states += [{"name": name, "state": "Started", "events": [], "errorType": failure.kind} for name in missing]
        return states

    def _look(self) -> None:
        every = self._by_identifier.values()
        _set(self.registered, self._expected <= {each.name for each in every})
        _set(self.ready, all(each.waiting is not None for each in every))

    # -- telling them

    def invoke(self, event: Event) -> None:
        """Tell those that want to know of an invocation."""
        headers = dict(event.headers)
        message = {
            "eventType": INVOKE,
            "deadlineMs": int(headers["Lambda-Runtime-Deadline-Ms"]),
            "requestId": event.request_id,
            "invokedFunctionArn": headers.get("Lambda-Runtime-Invoked-Function-Arn", ""),
            "tracing": {"type": "X-Amzn-Trace-Id", "value": headers.get("Lambda-Runtime-Trace-Id", "")},
        }
        self._tell(INVOKE, message)

    def shut_down(self, reason: str, deadline: int) -> list[Extension]:
        """Tell external ones that the environment is about to end. Returns those that want to know.

        The documentation has the reasons in capitals; what Lambda sends is `spindown`, `timeout` or `failure`.
        """
        return self._tell(SHUTDOWN, {"eventType": SHUTDOWN, "shutdownReason": reason, "deadlineMs": deadline})

    def _tell(self, kind: str, message: dict[str, Any]) -> list[Extension]:
        told = [each for each in self._by_identifier.values() if kind in each.events]
        body = orjson.dumps(message)
        for each in told:
            event = ("Lambda-Extension-Event-Identifier", self._about.new_id())
            each.tell(Response(200, [JSON, (_IDENTIFIER, each.identifier), event], body))
        self._look()
        return told

    # -- what they ask

    def handle(self, request: Request, reply: Reply) -> None:
        operation = (request.method, request.path.removeprefix(ROOT))
        if operation == ("POST", "register"):
            self._register(request, reply)
        elif operation == ("GET", "event/next"):
            self._next(request, reply)
        elif operation in (("POST", "init/error"), ("POST", "exit/error")):
            self._error(request, reply)
        else:
            refuse(reply, 404, "NotFound", f"no such operation: {request.path}")

    def _register(self, request: Request, reply: Reply) -> None:
        name = request.headers.get("lambda-extension-name", "")
        is_external = name in self._expected
        try:
            events = _events(request.payload.data or b"{}")
            self._check(name, is_external, events)
        except _Refused as error:
            refuse(reply, 403, error.kind, str(error))
            return
        extension = Extension(self._about.new_id(), name, is_external, events)
        self._by_identifier[extension.identifier] = extension
        self._look()
        about = self._about
        answer = {"functionName": about.name, "functionVersion": about.version, "handler": about.handler}
        wanted = request.headers.get("lambda-extension-accept-feature", "")
        if "accountId" in (each.strip() for each in wanted.split(",")):
            answer["accountId"] = about.account
        reply.send(Response(200, [JSON, (_IDENTIFIER, extension.identifier)], orjson.dumps(answer)))

    def _check(self, name: str, is_external: bool, events: list[str]) -> None:
        if not name:
            raise _Refused("Extension.InvalidExtensionName", "Empty extension name")
        for event in events:
            if event not in (INVOKE, SHUTDOWN):
                raise _Refused("Extension.InvalidEventType", f"{event}: ErrorInvalidEventType")
            if event == SHUTDOWN and not is_external:
                raise _Refused("Extension.InvalidEventType", f"{event}: ShutdownEventNotSupportedForInternalExtension")
        if self.is_closed:
            raise _Refused("Extension.RegistrationClosed", "Extension registration closed already")
        if any(each.name == name for each in self.all):
            raise _Refused("Extension.InvalidExtensionState", "Extension with this name already registered")
        if len(self._by_identifier) >= MOST:
            raise _Refused("Extension.TooManyExtensions", f"Extension limit ({MOST}) reached")

    def _next(self, request: Request, reply: Reply) -> None:
        extension = self.sender(request, reply)
        if extension is None:
            return
        if extension.has_failed or extension.waiting is not None:
            text = f"Extension {extension.name} cannot ask for an event now"
            refuse(reply, 403, "Extension.InvalidExtensionState", text)
            return
        if extension.coming is not None:
            event, extension.coming = extension.coming, None
            reply.send(event)
            return
        extension.waiting = reply

        def gone() -> None:
            if extension.waiting is reply:
                extension.waiting = None
                self._look()

        reply.on_disconnect = gone
        self._look()

    def _error(self, request: Request, reply: Reply) -> None:
        extension = self.sender(request, reply)
        if extension is None:
            return
        kind = request.headers.get(_ERROR_TYPE, "")
        if not kind:
            text = "Lambda-Extension-Function-Error-Type not found"
            refuse(reply, 403, "Extension.MissingHeader", text)
            return
        if extension.has_failed:
            refuse(reply, 403, "Extension.InvalidExtensionState", f"Extension {extension.name} has failed already")
            return
        extension.has_failed = True
        phase = "Init" if request.path.endswith("init/error") else "Exit"
        self._failed(Failure(f"Extension.{phase}Error", f"{extension.name}: {kind}"))
        headers = [JSON, (_IDENTIFIER, extension.identifier)]
        reply.send(Response(202, headers, orjson.dumps({"status": "OK"})))

    def sender(self, request: Request, reply: Reply) -> Extension | None:
        """The extension that sends a request; None when the request was refused because nobody knows it."""
        identifier = request.headers.get(_IDENTIFIER.lower(), "")
        if not identifier:
            refuse(reply, 403, "Extension.MissingExtensionIdentifier", f"Missing {_IDENTIFIER} header")
            return None
        if not _is_uuid(identifier):
            refuse(reply, 403, "Extension.InvalidExtensionIdentifier", f"Invalid {_IDENTIFIER}")
            return None
        found = self._by_identifier.get(identifier.lower())
        if found is None:
            refuse(reply, 403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return found


class _Refused(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _events(body: bytes) -> list[str]:
    """Raises _Refused."""
    try:
        document = orjson.loads(body)
        events = document.get("events") or []
    except (orjson.JSONDecodeError, AttributeError):
        raise _Refused("InvalidRequestFormat", "The body is no JSON object") from None
    if not isinstance(events, list):
        raise _Refused("InvalidRequestFormat", "events is no array of strings")
    return [str(each) for each in events]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _set(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()
