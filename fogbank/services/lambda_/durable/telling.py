"""What others learn of durable executions: events of EventBridge's, and metrics.

https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, metrics, service_events
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.lambda_.durable import records
from fogbank.services.lambda_.durable.records import FAILED, STOPPED, SUCCEEDED, TIMED_OUT, Execution, place_of
from fogbank.services.lambda_.observation import metering

_COUNTED = {
    SUCCEEDED: "DurableExecutionSucceeded",
    FAILED: "DurableExecutionFailed",
    TIMED_OUT: "DurableExecutionTimedOut",
    STOPPED: "DurableExecutionStopped",
}

_RUNNING = "ApproximateRunningDurableExecutions"


async def status_changed(scope: Context, execution: Execution) -> None:
    detail: dict[str, Any] = {
        "durableExecutionArn": place_of(scope, execution).arn,
        "durableExecutionName": execution.name,
        "functionArn": execution.invoked,
        "status": execution.status,
        "startTimestamp": iso8601_milliseconds(execution.started),
    }
    if execution.ended is not None:
        detail["endTimestamp"] = iso8601_milliseconds(execution.ended)
    await service_events.tell(scope, "Durable Execution Status Change", detail)


async def began(scope: Context, execution: Execution) -> None:
    await _measure(scope, execution, [("DurableExecutionStarted", 1.0, "Count")])


async def ended(scope: Context, execution: Execution) -> None:
    assert execution.ended is not None
    measured = [
        (_COUNTED[execution.status], 1.0, "Count"),
        ("DurableExecutionDuration", (execution.ended - execution.started) * 1000, "Milliseconds"),
        ("DurableExecutionOperations", float(execution.steps), "Count"),
        ("DurableExecutionStorageWrittenBytes", float(execution.written), "Bytes"),
    ]
    await _measure(scope, execution, measured)


async def _measure(scope: Context, execution: Execution, measured: list[tuple[str, float, str]]) -> None:
    of_function = await records.running.count(scope, execution.function)
    of_account = await records.running.count(scope)

    def note() -> None:
        metering.note(scope, execution.function, execution.version, measured)
        of = {"FunctionName": execution.function}
        gauges: list[metrics.Measured] = [
            (_RUNNING, float(of_function), "Count", of),
            (_RUNNING, float(of_account), "Count", {}),
        ]
        metrics.note(scope, metering.NAMESPACE, gauges)

    scope.after_commit(note)
