"""The metrics of pipes, `AWS/EventBridge/Pipes`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
"""

from __future__ import annotations

from fogbank.kernel import metrics
from fogbank.services.pipes.executions import ENRICHMENT, TARGET, Execution

NAMESPACE = "AWS/EventBridge/Pipes"

# metrics and the steps that they count executions with
_COUNTED = {
    "ExecutionFailed": "EXECUTION_FAILED",
    "ExecutionPartiallyFailed": "EXECUTION_PARTIALLY_FAILED",
    "ExecutionTimeout": "EXECUTION_TIMEOUT",
    "TargetStageFailed": "TARGET_STAGE_FAILED",
    "TargetStagePartiallyFailed": "TARGET_STAGE_PARTIALLY_FAILED",
    "TargetStageSkipped": "TARGET_STAGE_SKIPPED",
}
_STAGES = {ENRICHMENT: "EnrichmentStageDuration", TARGET: "TargetStageDuration"}


def measure(execution: Execution, concurrency: int) -> None:
    """What an execution that is over adds; `concurrency`: how many there were at once in the account when it began."""
    pipe = {"PipeName": execution.pipe.name}
    account = {"AwsAccountId": execution.ctx.account}
    found: list[metrics.Measured] = [
        ("Concurrency", concurrency, "None", account),
        ("Duration", 1000 * (execution.ctx.now() - execution.begun), "Milliseconds", pipe),
        ("EventCount", execution.count, "None", pipe),
        ("EventSize", len(execution.payload), "Bytes", pipe),
    ]
    for dimensions in (account, pipe):
        throttled = execution.went_through("EXECUTION_THROTTLED")
        found += [("Invocations", 1, "None", dimensions), ("ExecutionThrottled", int(throttled), "None", dimensions)]
    counted = dict(_COUNTED)
    if execution.pipe.enrichment:
        counted["EnrichmentStageFailed"] = "ENRICHMENT_STAGE_FAILED"
    found += [(name, int(execution.went_through(step)), "None", pipe) for name, step in counted.items()]
    for stage, seconds in execution.durations.items():
        found.append((_STAGES[stage], 1000 * seconds, "Milliseconds", pipe))
    metrics.note(execution.ctx, NAMESPACE, found)
