"""The metrics of event source mappings that ask for them (`MetricsConfig`): what becomes of each event.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
"""

from __future__ import annotations

from typing import Any

from fogbank.consumers.settings import Passes, Verdict
from fogbank.kernel import Context, metrics
from fogbank.services.lambda_.observation.metering import NAMESPACE
from fogbank.services.lambda_.sources.event_sources import SQS, Mapping


def note(ctx: Context, mapping: Mapping, name: str, count: int) -> None:
    """Note so many events (`Polled`), if the mapping wants to know."""
    if count and "EventCount" in ((mapping.config.get("MetricsConfig") or {}).get("Metrics") or ()):
        dimensions = (("EventSourceMappingUUID", mapping.uuid),)
        metrics.tally(ctx, NAMESPACE, f"{name}EventCount", count, "Count", dimensions)


def polled(ctx: Context, mapping: Mapping, passes: Passes) -> Passes:
    """The same filter, which counts what it sees and what it holds back."""

    def counted(record: dict[str, Any]) -> bool:
        note(ctx, mapping, "Polled", 1)
        fits = passes(record)
        if not fits:
            note(ctx, mapping, "FilteredOut", 1)
        return fits

    return counted


def handled(ctx: Context, mapping: Mapping, events: int, verdict: Verdict) -> None:
    """What became of a batch of so many events. Queues lose those that were handled."""
    if verdict.is_throttled:
        return
    failed = events if verdict.error else len(verdict.failed)
    note(ctx, mapping, "Invoked", events)
    note(ctx, mapping, "FailedInvoke", failed)
    if mapping.kind == SQS:
        note(ctx, mapping, "Deleted", events - failed)


def given_up(ctx: Context, mapping: Mapping, events: int, is_told: bool) -> None:
    """Events of a stream are not tried any more; the destination of failures has been told of them, if there is one."""
    note(ctx, mapping, "OnFailureDestinationDelivered" if is_told else "Dropped", events)
