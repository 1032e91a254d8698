"""What is seen of executions from outside: logs, metrics, events.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html, .../procedure-cw-metrics.html, .../eventbridge-integration.html
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context, metrics, service_events
from fogbank.services.stepfunctions import arns
from fogbank.services.stepfunctions.executions_store import Event, Execution

log = logging.getLogger("fogbank.stepfunctions")

_NAMESPACE = "AWS/States"
_FATAL = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")
_BAD = ("Aborted", "Failed", "TimedOut")
_DATA = ("input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables")
_METRICS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


class Log:
    """The events of an execution that its state machine logs, gathered for a moment."""

    def __init__(self, execution: str, machine: str, redrives: int, config: dict[str, Any]) -> None:
        self._execution = execution
        self._machine = machine
        self._redrives = redrives
        self._config = config
        self._level = config["level"]
        self._lines: list[tuple[int, str]] = []
        self.is_on = self._level != "OFF"

    def add(self, number: int, event: Event) -> None:
        if self.is_on and self._takes(event.kind):
            self._lines.append((int(event.moment * 1000), self._line(number, event)))

    def _takes(self, kind: str) -> bool:
        if self._level == "ALL":
            return True
        return kind in _FATAL if self._level == "FATAL" else kind.endswith(_BAD) or kind == "FailStateEntered"

    def _line(self, number: int, event: Event) -> str:
        details = event.details
        if not self._config["includeExecutionData"]:
            details = {name: value for name, value in details.items() if name not in _DATA}
        record = {
            "id": str(number),
            "type": event.kind,
            "details": details,
            "redrive_count": str(self._redrives),
            "previous_event_id": str(event.previous),
            "event_timestamp": str(int(event.moment * 1000)),
            "execution_arn": self._execution,
        }
        return orjson.dumps(record).decode()

    async def deliver(self, ctx: Context) -> None:
        """Write what was gathered, in the transaction if there is one. A group that is not there gets nothing."""
        lines, self._lines = self._lines, []
        logs = ctx.app.services.get("logs") if lines else None
        if logs is None:
            return
        write = logs.provided["vended_to_group"]
        for destination in self._config.get("destinations") or ():
            group = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            stream = self._stream(lines[0][0] / 1000)
            try:
                await (
                    write(ctx, group, stream, lines)
                    if ctx.tx is None
                    else ctx.undoing(write, ctx, group, stream, lines)
                )
            except AWSError as error:
                log.info("the log group of %s does not take what happened: %s", self._machine, error)

    def _stream(self, moment: float) -> str:
        day = datetime.fromtimestamp(moment, UTC)
        return f"states/{self._machine}/{day:%Y-%m-%d}/{hashlib.sha256(self._machine.encode()).hexdigest()[:8]}"


# -- metrics


def note_started(ctx: Context, machine: str) -> None:
    metrics.note(ctx, _NAMESPACE, [("ExecutionsStarted", 1, "Count", _of(ctx, machine))])


def note_ended(ctx: Context, machine: str, status: str, seconds: float) -> None:
    about = _of(ctx, machine)
    measured: list[metrics.Measured] = [
        (_METRICS[status], 1, "Count", about),
        ("ExecutionTime", seconds * 1000, "Milliseconds", about),
    ]
    metrics.note(ctx, _NAMESPACE, measured)


def tally(ctx: Context, machine: str, status: str, seconds: float) -> None:
    """Both at once, of an Express execution: there may be very many."""
    about = (("StateMachineArn", arns.machine(ctx, machine)),)
    metrics.tally(ctx, _NAMESPACE, "ExecutionsStarted", 1, "Count", about)
    metrics.tally(ctx, _NAMESPACE, _METRICS[status], 1, "Count", about)
    metrics.tally(ctx, _NAMESPACE, "ExecutionTime", seconds * 1000, "Milliseconds", about)


def _of(ctx: Context, machine: str) -> dict[str, str]:
    return {"StateMachineArn": arns.machine(ctx, machine)}


# -- events


async def tell(ctx: Context, execution: Execution) -> None:
    """Step Functions Execution Status Change; in the transaction of the change."""
    arn = arns.execution(ctx, execution.machine, execution.name)
    detail = {
        "executionArn": arn,
        "stateMachineArn": arns.machine(ctx, execution.machine),
        "name": execution.name,
        "status": execution.status,
        "startDate": int(execution.started * 1000),
        "stopDate": int(execution.stopped * 1000) or None,
        "input": execution.input,
        "inputDetails": {"included": True},
        "output": execution.output,
        "outputDetails": None if execution.output is None else {"included": True},
        "stateMachineVersionArn": version_arn(ctx, execution),
        "stateMachineAliasArn": alias_arn(ctx, execution),
        "redriveCount": execution.redrives,
        "redriveDate": int(execution.redriven * 1000) or None,
        "error": execution.error,
        "cause": execution.cause,
    }
    detail = {name: value for name, value in detail.items() if value is not None}
    if len(orjson.dumps(detail)) > _EVENT_BYTES:
        detail |= {"input": "", "inputDetails": {"included": False}}
        if "output" in detail:
            detail |= {"output": "", "outputDetails": {"included": False}}
    await service_events.tell(ctx, "Step Functions Execution Status Change", detail, [arn])


_EVENT_BYTES = 248 * 1024


def version_arn(ctx: Context, execution: Execution) -> str | None:
    return f"{arns.machine(ctx, execution.machine_name)}:{execution.version}" if execution.version else None


def alias_arn(ctx: Context, execution: Execution) -> str | None:
    return f"{arns.machine(ctx, execution.machine_name)}:{execution.alias}" if execution.alias else None
