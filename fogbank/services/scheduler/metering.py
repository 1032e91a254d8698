"""The metrics of schedule groups, `AWS/Scheduler`.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context, metrics
from fogbank.services.scheduler.invocation import Invocation

NAMESPACE = "AWS/Scheduler"

_THROTTLED = ("Throttl", "TooManyRequests", "ThroughputExceeded", "RequestLimit")


def attempted(ctx: Context, invocation: Invocation) -> None:
    _count(ctx, invocation, "InvocationAttemptCount")


def failed(ctx: Context, invocation: Invocation, error: AWSError) -> None:
    """A target answered with an error."""
    throttled = any(part in error.code for part in _THROTTLED)
    _count(ctx, invocation, "TargetErrorCount", *(["TargetErrorThrottledCount"] if throttled else []))


def dropped(ctx: Context, invocation: Invocation) -> None:
    """Nothing more is tried."""
    _count(ctx, invocation, "InvocationDroppedCount")


def buried(ctx: Context, invocation: Invocation) -> None:
    """The dead-letter queue has taken an invocation."""
    _count(ctx, invocation, "InvocationsSentToDeadLetterCount")


def not_buried(ctx: Context, invocation: Invocation, error: AWSError) -> None:
    name = "InvocationsFailedToBeSentToDeadLetterCount"
    _count(ctx, invocation, name, f"{name}_{error.code}")


def _count(ctx: Context, invocation: Invocation, *names: str) -> None:
    """For the schedule's group, and for all groups together."""
    group = {"ScheduleGroup": invocation.group_arn.rpartition("/")[2]}
    metrics.note(ctx, NAMESPACE, [(name, 1, "Count", of) for name in names for of in (group, {})])
