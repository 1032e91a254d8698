"""The metrics of buses and rules, `AWS/Events`. Those of a rule of the default bus have the rule as their only dimension.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, metrics
from fogbank.services.events.deliveries import Delivery

NAMESPACE = "AWS/Events"
_COUNT = "Count"
_MILLISECONDS = "Milliseconds"

Value = tuple[str, float, str]


def put_events(ctx: Context, entries: list[dict[str, Any]], size: int, failed: int) -> None:
    """A request of PutEvents, `size` bytes long. What services tell of themselves is none of the account's requests."""
    if ctx.principal.kind == "service":
        return
    measured: list[metrics.Measured] = [
        ("PutEventsApproximateCallCount", 1, _COUNT, {}),
        ("PutEventsEntriesCount", len(entries), _COUNT, {}),
        ("PutEventsFailedEntriesCount", failed, _COUNT, {}),
        ("PutEventsApproximateSuccessCount", int(failed == 0), _COUNT, {}),
        ("PutEventsRequestSize", size, "Bytes", {}),
    ]
    metrics.note(ctx, NAMESPACE, measured)


def matched(ctx: Context, rules: list[str]) -> None:
    """An event matched the rules of these ARNs."""
    for rule in rules:
        _note(ctx, rule, [("MatchedEvents", 1, _COUNT)])
    if rules:
        metrics.note(ctx, NAMESPACE, [("MatchedEvents", 1, _COUNT, {})])


def triggered(ctx: Context, rule: str, targets: int) -> None:
    """A rule has run, for so many targets."""
    _note_both(ctx, rule, [("TriggeredRules", 1, _COUNT)])
    metrics.note(ctx, NAMESPACE, [("InvocationsCreated", targets, _COUNT, {})])


def attempted(ctx: Context, delivery: Delivery, begun: float, succeeded: bool) -> None:
    """A target was invoked at the moment `begun` (epoch seconds)."""
    values: list[Value] = [("InvocationAttempts", 1, _COUNT)]
    if delivery.attempts:
        values.append(("RetryInvocationAttempts", 1, _COUNT))
    else:
        values.append(("IngestionToInvocationStartLatency", _since(delivery, begun), _MILLISECONDS))
    if succeeded:
        latency = _since(delivery, ctx.now())
        values += [
            ("Invocations", 1, _COUNT),
            ("SuccessfulInvocationAttempts", 1, _COUNT),
            ("IngestionToInvocationCompleteLatency", latency, _MILLISECONDS),
            ("IngestionToInvocationSuccessLatency", latency, _MILLISECONDS),
        ]
    _note_both(ctx, delivery.rule, values)


def _since(delivery: Delivery, moment: float) -> float:
    return max(moment - delivery.event.ingested, 0.0) * 1000


def given_up(ctx: Context, delivery: Delivery) -> None:
    """Nothing more is tried."""
    _note_both(ctx, delivery.rule, [("Invocations", 1, _COUNT), ("FailedInvocations", 1, _COUNT)])


def buried(ctx: Context, delivery: Delivery, succeeded: bool) -> None:
    """The dead-letter queue has taken an event, or not."""
    name = "InvocationsSentToDlq" if succeeded else "InvocationsFailedToBeSentToDlq"
    _note(ctx, delivery.rule, [(name, 1, _COUNT)])


def _note(ctx: Context, rule: str, values: list[Value]) -> None:
    dimensions = _dimensions(rule)
    metrics.note(ctx, NAMESPACE, [(*value, dimensions) for value in values])


def _note_both(ctx: Context, rule: str, values: list[Value]) -> None:
    """For the rule, and for all rules together."""
    _note(ctx, rule, values)
    metrics.note(ctx, NAMESPACE, [(*value, {}) for value in values])


def _dimensions(rule: str) -> dict[str, str]:
    bus, _, name = rule.partition(":rule/")[2].rpartition("/")
    return {"EventBusName": bus, "RuleName": name} if bus else {"RuleName": name}
