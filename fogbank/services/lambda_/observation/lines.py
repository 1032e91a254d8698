"""How the log of a function says the events of its platform: as lines of text, or as JSON from a level on.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]

LEVELS = ("DEBUG", "INFO", "WARN")
_DEBUG, _INFO, _WARN = range(3)
# The level of an event of which nothing went wrong.
_USUALLY = {
    "initRuntimeDone": _DEBUG,
    "initReport": _DEBUG,
    "restoreRuntimeDone": _DEBUG,
    "runtimeDone": _DEBUG,
    "logsDropped": _WARN,
}


def level(kind: str, record: Record) -> int:
    """The place of an event's level in LEVELS."""
    if record.get("status", "success") != "success" or (kind == "extension" and record["state"] not in _WELL):
        return _WARN
    if kind == "initReport" and record["initializationType"] != "on-demand":
        return _INFO
    return _USUALLY.get(kind, _INFO)


_WELL = ("Ready", "Registered")


def texts(kind: str, record: Record) -> list[str]:
    """The lines of plain text that an event is; most have none."""
    make = _TEXTS.get(kind)
    return make(record) if make is not None else []


def _init_start(record: Record) -> list[str]:
    if record["phase"] != "init" or not record["runtimeVersion"]:  # images have no runtime of Lambda's
        return []
    return [_version("INIT_START", record)]


def _version(name: str, record: Record) -> str:
    return f"{name} Runtime Version: {record['runtimeVersion']}\tRuntime Version ARN: {record['runtimeVersionArn']}"


def _init_report(record: Record) -> list[str]:
    """Of what was initialised when it was asked for only failures are told."""
    if record["initializationType"] == "on-demand" and record["status"] == "success":
        return []
    duration = f"INIT_REPORT Init Duration: {record['metrics']['durationMs']:.2f} ms\tPhase: {record['phase']}"
    return [duration + _status(record)]


def _status(record: Record) -> str:
    if record["status"] == "success":
        return ""
    error = f"\tError Type: {record['errorType']}" if record["status"] == "error" else ""
    return f"\tStatus: {record['status']}{error}"


def _restore_report(record: Record) -> list[str]:
    return [f"RESTORE_REPORT Restore Duration: {record['metrics']['durationMs']:.2f} ms{_status(record)}"]


def _extension(record: Record) -> list[str]:
    error = f"\tError Type: {record['errorType']}" if "errorType" in record else ""
    return [
        f"EXTENSION\tName: {record['name']}\tState: {record['state']}\tEvents: [{','.join(record['events'])}]{error}"
    ]


def _subscription(name: str, record: Record) -> list[str]:
    types = ", ".join(each.capitalize() for each in record["types"])
    return [f"{name}\tName: {record['name']}\tState: {record['state']}\tTypes: [{types}]"]


def _start(record: Record) -> list[str]:
    return [f"START RequestId: {record['requestId']} Version: {record['version']}"]


_METRICS = {
    "durationMs": "Duration: {:.2f} ms",
    "billedDurationMs": "Billed Duration: {} ms",
    "memorySizeMB": "Memory Size: {} MB",
    "maxMemoryUsedMB": "Max Memory Used: {} MB",
    "initDurationMs": "Init Duration: {:.2f} ms",
    "restoreDurationMs": "Restore Duration: {:.2f} ms",
    "billedRestoreDurationMs": "Billed Restore Duration: {} ms",
}


def _report(record: Record) -> list[str]:
    """What went wrong inside of the handler is the function's own affair."""
    metrics = record["metrics"]
    told = [text.format(metrics[name]) for name, text in _METRICS.items() if name in metrics]
    parts = [f"REPORT RequestId: {record['requestId']}", *told]
    end = _status(record)[1:] if "errorType" in record else ""
    return [f"END RequestId: {record['requestId']}", "\t".join((*parts, end))]


_TEXTS = {
    "initStart": _init_start,
    "initReport": _init_report,
    "restoreStart": lambda record: [_version("RESTORE_START", record)],
    "restoreReport": _restore_report,
    "extension": _extension,
    "telemetrySubscription": lambda record: _subscription("TELEMETRY", record),
    "logsSubscription": lambda record: _subscription("LOGS", record),
    "start": _start,
    "report": _report,
}
