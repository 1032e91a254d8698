"""The records of the platform's events: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_.runtime.extensions import About
from fogbank.services.lambda_.runtime.failures import Failure
from fogbank.services.lambda_.runtime.interface import Answered, Event

ON_DEMAND, PROVISIONED, SNAP_START = "on-demand", "provisioned-concurrency", "snap-start"
_MIB = 1 << 20

Record = dict[str, Any]


class Invoked(NamedTuple):
    """An invocation that has been answered. `duration` and `latency` (until the answer began) in milliseconds, `started` epoch seconds.

    `failure` is what ended it instead of its runtime.
    """

    event: Event
    answered: Answered
    duration: float
    latency: float = 0.0
    started: float = 0.0
    failure: Failure | None = None

    @property
    def status(self) -> str:
        if self.failure is not None:
            return self.failure.status
        return "error" if self.answered.is_error else "success"


def init_start(about: About, kind: str, phase: str, memory: int) -> Record:
    return {
        "initializationType": kind,
        "phase": phase,
        "runtimeVersion": about.runtime_version,
        "runtimeVersionArn": about.runtime_arn,
        "functionName": about.name,
        "functionVersion": about.version,
        "instanceId": about.instance,
        "instanceMaxMemory": memory * _MIB,
    }


def init_done(kind: str, phase: str, failure: Failure | None) -> Record:
    return {"initializationType": kind, "phase": phase, **_status(failure)}


def init_report(kind: str, phase: str, milliseconds: float, failure: Failure | None) -> Record:
    metrics = {"durationMs": round(milliseconds, 3)}
    return {"initializationType": kind, "phase": phase, **_status(failure), "metrics": metrics}


def _status(failure: Failure | None) -> Record:
    if failure is None:
        return {"status": "success"}
    return {"status": failure.status, "errorType": failure.reported}


def restore_start(about: About) -> Record:
    return {
        "runtimeVersion": about.runtime_version,
        "runtimeVersionArn": about.runtime_arn,
        "functionName": about.name,
        "functionVersion": about.version,
        "instanceId": about.instance,
    }


def restore_done(failure: Failure | None) -> Record:
    return _status(failure)


def restore_report(milliseconds: float, failure: Failure | None) -> Record:
    return {**_status(failure), "metrics": {"durationMs": round(milliseconds, 3)}}


def start(event: Event, about: About) -> Record:
    record: Record = {"requestId": event.request_id, "version": about.version}
    return _traced(record, event)


def _traced(record: Record, event: Event) -> Record:
    for name, value in event.headers:
        if name == "Lambda-Runtime-Trace-Id" and "Sampled=1" in value:
            parent = next((part[7:] for part in value.split(";") if part.startswith("Parent=")), "")
            record["tracing"] = {"spanId": parent, "type": "X-Amzn-Trace-Id", "value": value}
    return record


def runtime_done(invoked: Invoked, overhead: float | None = None) -> Record:
    """`overhead` is how many milliseconds the runtime took after its answer, where that is known."""
    duration, latency, started = invoked.duration, invoked.latency, invoked.started
    spans = [
        _span("responseLatency", started, latency),
        _span("responseDuration", started + latency / 1000, duration - latency),
    ]
    metrics: Record = {"durationMs": round(duration, 3)}
    if overhead is not None:
        spans.append(_span("runtimeOverhead", started + duration / 1000, overhead))
        metrics["durationMs"] = round(duration + overhead, 3)
    if not invoked.answered.is_error:
        metrics["producedBytes"] = len(invoked.answered.payload)
    record = {"requestId": invoked.event.request_id, "status": invoked.status, "metrics": metrics, "spans": spans}
    return _traced(_with_error(record, invoked), invoked.event)


def _span(name: str, started: float, milliseconds: float) -> Record:
    return {"name": name, "start": iso8601_milliseconds(started), "durationMs": round(milliseconds, 3)}


def report(invoked: Invoked, memory: int, used: int, init_ms: float = 0.0, restore_ms: float = 0.0) -> Record:
    """`memory` and `used` in MiB. The times of the initialisation, or of being restored, are billed, too."""
    metrics: Record = {
        "durationMs": round(invoked.duration, 3),
        "billedDurationMs": max(math.ceil(invoked.duration + init_ms + restore_ms), 1),
        "memorySizeMB": memory,
        "maxMemoryUsedMB": min(used, memory),
    }
    if init_ms:
        metrics["initDurationMs"] = round(init_ms, 3)
    if restore_ms:
        metrics["restoreDurationMs"] = round(restore_ms, 3)
        metrics["billedRestoreDurationMs"] = math.ceil(restore_ms)
    record = {"requestId": invoked.event.request_id, "metrics": metrics, "status": invoked.status}
    return _traced(_with_error(record, invoked), invoked.event)


def _with_error(record: Record, invoked: Invoked) -> Record:
    """The type of error of what ended the runtime; errors of handlers are the function's own affair."""
    if invoked.failure is not None:
        record["errorType"] = invoked.failure.reported
    return record
