"""Traces: the place of an invocation in its trace, and what Lambda itself tells X-Ray of it.

A traced invocation has two segments: AWS::Lambda is the service, from when it got the request to when it answered; AWS::Lambda::Function
is the function, with the subsegments Initialization (of a cold start), Invocation and Overhead. What the function sends by itself, through
the X-Ray daemon, belongs to Invocation.

https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context, tracing
from fogbank.kernel.trace_daemon import Sender, TraceDaemon
from fogbank.services.lambda_.records import Function, arn_of
from fogbank.services.lambda_.runtime.interface import Answered

Document = dict[str, Any]


def variables(scope: Context, function: Function) -> dict[str, str]:
    """What tells SDKs where the X-Ray daemon is."""
    address = _daemon(scope).address(_sender(scope, function))
    host, _, port = address.partition(":")
    return {
        "AWS_XRAY_DAEMON_ADDRESS": address,
        "_AWS_XRAY_DAEMON_ADDRESS": host,
        "_AWS_XRAY_DAEMON_PORT": port,
    }


def _daemon(scope: Context) -> TraceDaemon:
    return scope.app.engines.get("trace-daemon", TraceDaemon)


def _sender(scope: Context, function: Function) -> Sender:
    """Keeps nothing of the request."""
    return Sender(scope.app.system_context("lambda", scope.account, scope.region), function.role)


class Traced:
    """An invocation, from when its request came. `header` is what the function gets."""

    def __init__(self, scope: Context, function: Function, header: str, request_id: str) -> None:
        self._scope, self._function, self._request_id = scope, function, request_id
        parts = {"Root": "", "Parent": "", "Sampled": "", **tracing.parts_of(header)}
        if not parts["Sampled"]:
            parts["Sampled"] = "1" if function.config["TracingConfig"]["Mode"] == "Active" else "0"
        self._trace_id, self._parent = parts["Root"], parts["Parent"]
        self._invocation = parts["Parent"] = scope.ids.hex(16)
        self.header = ";".join(f"{name}={value}" for name, value in parts.items())
        self._is_sampled = parts["Sampled"] == "1"
        self._came = self._began = scope.now()
        self._initialised: float | None = None
        if self._is_sampled:
            _daemon(scope).announce(self._trace_id, _sender(scope, function))

    def starts(self, is_cold: bool) -> None:
        """The environment is there. A cold one was made for this invocation, ever since its request came."""
        self._began = self._scope.now()
        if is_cold:
            self._initialised = self._began

    def ended(self, answered: Answered, milliseconds: float) -> None:
        """The function has answered, or failed, after so long."""
        if self._is_sampled:
            service = self._service() | ({"fault": True} if answered.is_error else {})
            function = self._of_function(answered, service, self._began + milliseconds / 1000)
            tracing.note(self._scope, [service, function])

    def throttled(self) -> None:
        """There was no room for it."""
        if self._is_sampled:
            outcome = {"http": {"response": {"status": 429}}, "error": True, "throttle": True}
            tracing.note(self._scope, [{**self._service(), **outcome}])

    # -- documents

    def _service(self) -> Document:
        """Invokers get the status 200 also when the function has failed."""
        return {
            **self._entity(self._function.name, self._came, self._scope.now()),
            "trace_id": self._trace_id,
            "origin": "AWS::Lambda",
            "resource_arn": arn_of(self._scope, self._function.name),
            "http": {"response": {"status": 200}},
            "aws": {"request_id": self._request_id},
            **({"parent_id": self._parent} if self._parent else {}),
        }

    def _of_function(self, answered: Answered, service: Document, until: float) -> Document:
        arn = arn_of(self._scope, self._function.name)
        about = {"aws": {"function_arn": arn}}
        invocation = {**self._entity("Invocation", self._began, until), "id": self._invocation, **about}
        parts = [invocation, {**self._entity("Overhead", until, service["end_time"]), **about}]
        if self._initialised is not None:
            parts.insert(0, {**self._entity("Initialization", self._came, self._initialised), **about})
        outcome = _failure(answered, self._invocation) if answered.is_error else {}
        invocation.update(outcome)
        owner = {"account_id": self._scope.account, "function_arn": arn, "resource_names": [self._function.name]}
        return {
            **self._entity(self._function.name, parts[0]["start_time"], service["end_time"]),
            "trace_id": self._trace_id,
            "parent_id": service["id"],
            "origin": "AWS::Lambda::Function",
            "aws": owner,
            "subsegments": parts,
            **outcome,
        }

    def _entity(self, name: str, start: float, end: float) -> Document:
        return {"id": self._scope.ids.hex(16), "name": name, "start_time": start, "end_time": max(start, end)}


def _failure(answered: Answered, segment: str) -> Document:
    """The error document of a function as the cause of a fault."""
    raised: Document = {"id": segment, "type": answered.error_type}
    try:
        document = orjson.loads(answered.payload)
        raised["type"] = document.get("errorType", answered.error_type)
        raised["message"] = document.get("errorMessage", "")
    except (orjson.JSONDecodeError, AttributeError):
        pass
    return {"fault": True, "cause": {"exceptions": [raised]}}
