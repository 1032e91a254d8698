"""The logs of buses: a record for each step of an event on its way, as far as the bus's level asks for them.

They go to wherever CloudWatch Logs delivers logs of the bus: of the types ERROR_LOGS, INFO_LOGS and TRACE_LOGS, each with the records
of that level. Events that match managed rules alone, and those of AWS's services that match none, are not logged.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-logs.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from fogbank.kernel import Context
from fogbank.services.events.bus import EventBus, get_bus
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.envelopes import Event
from fogbank.services.events.failures import Failure
from fogbank.services.events.names import DEFAULT, bus_arn, rule_arn
from fogbank.services.events.rule import Rule

Details = dict[str, Any]
Step = tuple[str, Details]

_LEVELS = ("OFF", "ERROR", "INFO", "TRACE")
_INFO = frozenset({"RULE_MATCH", "NO_STANDARD_RULES_MATCHED", "INVOCATION_SUCCESS"})
# what is left out unless the bus asks for details
_FULL = ("event_detail", "target_input", "target_properties")
# archives and discoverers
_OF_MANAGED_RULES = re.compile(r"arn:[\w-]+:(events:[\w-]+:::|schemas:.+:discoverer/.+)")


def _level(step: str) -> str:
    if step.endswith(("FAILURE", "THROTTLE", "DLQ")):
        return "ERROR"
    return "INFO" if step in _INFO else "TRACE"


# -- the steps


async def matched(ctx: Context, bus_name: str, event: Event, rules: Sequence[Rule]) -> None:
    """An event came to a bus, and these rules match it."""
    bus = await _logging(ctx, bus_name)
    own = [rule for rule in rules if not rule.managed_by]
    if bus is None or (not own and (rules or event.document["source"].startswith("aws."))):
        return
    about = _of_event(event)
    steps: list[Step] = [("EVENT_RECEIPT", about), ("EVENT_INGEST_SUCCESS", about), ("RULE_MATCH_START", about)]
    steps += [("RULE_MATCH", _of_match(ctx, rule, event)) for rule in own] or [("NO_STANDARD_RULES_MATCHED", {})]
    await _write(ctx, bus, event, steps)


def _of_event(event: Event) -> Details:
    document = event.document
    return {
        "caller_account_id": document["account"],
        "source_time_ms": int(datetime.fromisoformat(document["time"]).timestamp() * 1000),
        "source": document["source"],
        "detail_type": document["detail-type"],
        "resources": document["resources"],
        "event_detail": orjson.dumps(document["detail"]).decode(),
    }


def _of_match(ctx: Context, rule: Rule, event: Event) -> Details:
    arn, targets = rule_arn(ctx, rule.bus, rule.name), rule.targets.values()
    return {
        "rule_arn": arn,
        "target_arns": [target["Arn"] for target in targets],
        "invocation_ids": [_invocation_id(arn, target, event) for target in targets],
    }


def _invocation_id(rule: str, target: dict[str, Any], event: Event) -> str:
    """The same for all attempts."""
    return str(uuid5(NAMESPACE_URL, f"{rule} {target['Id']} {event.document['id']} {event.hops}"))


async def succeeded(ctx: Context, delivery: Delivery, begun: float) -> None:
    """A target was given an event; the attempt began at that moment (epoch seconds)."""

    def steps() -> list[Step]:
        attempt = _of_attempt(ctx, delivery, begun, "SUCCESS")
        outcome = _of_outcome(ctx, delivery, begun, "SUCCESS")
        return [("INVOCATION_ATTEMPT_SUCCESS", attempt), ("INVOCATION_SUCCESS", outcome)]

    await _invoked(ctx, delivery, steps)


async def failed(ctx: Context, delivery: Delivery, failure: Failure, is_over: bool) -> None:
    """A target was not given an event; `is_over`: nothing more is tried."""

    def steps() -> list[Step]:
        kind = "RETRYABLE" if failure.retriable else "PERMANENT"
        found = [(f"INVOCATION_ATTEMPT_{kind}_FAILURE", _of_attempt(ctx, delivery, ctx.now(), failure.code))]
        if is_over:
            outcome = _of_outcome(ctx, delivery, ctx.now(), failure.code)
            found.append(("INVOCATION_FAILURE", outcome))
            if delivery.target.get("DeadLetterConfig"):
                found.append(("INVOCATION_DLQ", outcome))
        return found

    await _invoked(ctx, delivery, steps, failure)


def _of_target(delivery: Delivery) -> Details:
    target = delivery.target
    properties = {name: value for name, value in target.items() if name.endswith("Parameters")}
    return {
        "rule_arn": delivery.rule,
        "role_arn": target.get("RoleArn"),
        "target_arn": target["Arn"],
        "target_input": delivery.text(),
        "target_properties": orjson.dumps(properties).decode(),
    }


def _of_attempt(ctx: Context, delivery: Delivery, begun: float, status: str) -> Details:
    return {
        "rule_arn": delivery.rule,
        "role_arn": delivery.target.get("RoleArn"),
        "target_arn": delivery.target["Arn"],
        "attempt_type": "RETRY" if delivery.attempts else "FIRST",
        "attempt_count": delivery.attempts + 1,
        "invocation_status": status,
        "target_duration_ms": _milliseconds(ctx.now() - begun),
    }


def _of_outcome(ctx: Context, delivery: Delivery, begun: float, status: str) -> Details:
    since = delivery.event.ingested
    is_first = not delivery.attempts
    return {
        **_of_target(delivery),
        "total_attempts": delivery.attempts + 1,
        "final_invocation_status": status,
        "ingestion_to_start_latency_ms": _milliseconds(begun - since) if is_first else None,
        "ingestion_to_complete_latency_ms": _milliseconds(ctx.now() - since) if is_first else None,
        "ingestion_to_success_latency_ms": _milliseconds(ctx.now() - since) if status == "SUCCESS" else None,
        "target_duration_ms": _milliseconds(ctx.now() - begun),
    }


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 0)


# -- records


async def _logging(ctx: Context, bus_name: str) -> EventBus | None:
    """The bus of that name, if it logs at all."""
    bus = await get_bus(ctx, bus_name)
    return bus if bus is not None and (bus.log or {}).get("Level", "OFF") != "OFF" else None


async def _invoked(
    ctx: Context, delivery: Delivery, steps: Callable[[], list[Step]], failure: Failure | None = None
) -> None:
    if _OF_MANAGED_RULES.fullmatch(delivery.target["Arn"]):
        return

    async def work() -> None:
        bus = await _logging(ctx, _bus_of(delivery.rule))
        if bus is not None:
            start = {**_of_target(delivery), "attempt_count": delivery.attempts + 1}
            before = [("INVOCATION_START", start)] if not delivery.attempts else []
            event, every = delivery.event, [*before, ("INVOCATION_ATTEMPT_START", start), *steps()]
            await _write(ctx, bus, event, every, _invocation_id(delivery.rule, delivery.target, event), failure)

    await ctx.transact(work)


def _bus_of(rule: str) -> str:
    """The name of the bus of the rule with that ARN."""
    return rule.partition(":rule/")[2].rpartition("/")[0] or DEFAULT


async def _write(
    ctx: Context,
    bus: EventBus,
    event: Event,
    steps: Sequence[Step],
    invocation: str | None = None,
    failure: Failure | None = None,
) -> None:
    logs = ctx.app.services.get("logs")
    if logs is None:
        return
    assert bus.log is not None
    full = bus.log.get("IncludeDetail") == "FULL"
    for level in _LEVELS[1 : _LEVELS.index(bus.log["Level"]) + 1]:
        records = [
            _present(
                {
                    "resource_arn": bus_arn(ctx, bus.name),
                    "event_bus_name": bus.name,
                    "request_id": ctx.request_id,
                    "event_id": event.document["id"],
                    "invocation_id": invocation,
                    "message_timestamp_ms": int(ctx.now() * 1000),
                    "message_type": step,
                    "log_level": level,
                    "details": _present(details if full else _without_data(details)),
                    "error": _error(failure) if failure is not None and level == "ERROR" else None,
                }
            )
            for step, details in steps
            if _level(step) == level
        ]
        if records:
            await logs.provided["vended"](ctx, bus_arn(ctx, bus.name), f"{level}_LOGS", records)


def _error(failure: Failure) -> Details:
    return {"error_message": failure.message, "aws_service": "events"}


def _without_data(details: Details) -> Details:
    return {name: value for name, value in details.items() if name not in _FULL}


def _present(document: Details) -> Details:
    return {name: value for name, value in document.items() if value is not None}
