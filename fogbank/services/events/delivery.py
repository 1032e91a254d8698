"""Bringing an event to a target: at once where the target can be reached in the same transaction, else by a task; retries; dead letters.

A delivery is a task's payload from the moment when it cannot be made at once, so a crash neither loses nor repeats it; only what leaves
the store (HTTP) may arrive twice. A failure is the target's affair and never that of whoever put the event.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.events import bus_logs, kinds, limits, metering
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.envelopes import Event
from fogbank.services.events.failures import Failure, failure_of
from fogbank.services.events.names import parse, rule_arn
from fogbank.services.events.rule import Rule
from fogbank.services.events.service import service


async def dispatch(ctx: Context, rule: Rule, event: Event) -> None:
    """Bring the event to all targets of a rule of the context's account and Region."""
    arn = rule_arn(ctx, rule.bus, rule.name)
    metering.triggered(ctx, arn, len(rule.targets))
    for target in rule.targets.values():
        await deliver(ctx, Delivery(arn, target, event))


async def deliver(ctx: Context, delivery: Delivery) -> None:
    """Bring an event to a target, now or soon."""
    kind = kinds.of(delivery.target["Arn"])
    if kind is not None and kind.at_once and kind.is_transactional(ctx.app):
        try:
            await ctx.undoing(_send, ctx, delivery)
        except (AWSError, Failure) as error:
            await failed(ctx, delivery, failure_of(error))
    else:
        await _schedule(ctx, delivery, ctx.now() if kind is None else await kind.turn(ctx, delivery))


async def _schedule(ctx: Context, delivery: Delivery, due: float) -> None:
    kind = kinds.of(delivery.target["Arn"])
    name = "deliver_inside" if kind is None or kind.is_transactional(ctx.app) else "deliver_outside"
    await ctx.schedule(name, delivery.payload(), at=due)


@service.task
async def deliver_inside(ctx: Context, payload: dict[str, Any]) -> None:
    """Make a delivery whose effect is in the store: exactly once."""
    delivery = Delivery.of(payload)
    try:
        await ctx.undoing(_send, ctx, delivery)
    except (AWSError, Failure) as error:
        await failed(ctx, delivery, failure_of(error))


@service.task(transaction=False)
async def deliver_outside(ctx: Context, payload: dict[str, Any]) -> None:
    """Make a delivery that leaves the store: at least once."""
    delivery = Delivery.of(payload)
    try:
        await _send(ctx, delivery)
    except (AWSError, Failure) as error:
        await ctx.transact(failed, ctx, delivery, failure_of(error))


async def _send(ctx: Context, delivery: Delivery) -> None:
    kind = kinds.of(delivery.target["Arn"])
    if kind is None:
        raise Failure("NO_RESOURCE", f"{delivery.target['Arn']} is nothing that events can be sent to.")
    begun = ctx.now()
    await kind.send(ctx, delivery)
    metering.attempted(ctx, delivery, begun, succeeded=True)
    await bus_logs.succeeded(ctx, delivery, begun)


# -- failures


async def failed(ctx: Context, delivery: Delivery, failure: Failure) -> None:
    """Try again later if that may help and the target's retry policy allows it; else the event is a dead letter."""
    metering.attempted(ctx, delivery, ctx.now(), succeeded=False)
    policy = delivery.target.get("RetryPolicy") or {}
    attempts = policy.get("MaximumRetryAttempts", limits.RETRY_ATTEMPTS)
    age = policy.get("MaximumEventAgeInSeconds", limits.EVENT_AGE_SECONDS)
    if not failure.retriable:
        await _bury(ctx, delivery, failure, None)
        return
    due = ctx.now() + max(_backoff(ctx, delivery.attempts), failure.wait)
    if delivery.attempts >= attempts:
        await _bury(ctx, delivery, failure, "MaximumRetryAttempts")
    elif due > delivery.event.ingested + age:
        await _bury(ctx, delivery, failure, "MaximumEventAgeInSeconds")
    else:
        await bus_logs.failed(ctx, delivery, failure, is_over=False)
        await _schedule(ctx, msgspec.structs.replace(delivery, attempts=delivery.attempts + 1), due)


def _backoff(ctx: Context, attempts: int) -> float:
    """Seconds: twice as long each time, up to a limit, and by chance up to a half less."""
    longest = min(2.0 ** min(attempts, 20), limits.BACKOFF_SECONDS)
    return longest * (1 + ctx.ids.random.random()) / 2


async def _bury(ctx: Context, delivery: Delivery, failure: Failure, exhausted: str | None) -> None:
    """Send the event to the target's dead-letter queue. If that fails, too, or there is none, the event is dropped.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    metering.given_up(ctx, delivery)
    await bus_logs.failed(ctx, delivery, failure, is_over=True)
    queue = parse((delivery.target.get("DeadLetterConfig") or {}).get("Arn") or "")
    if queue is None:
        return
    attributes = {
        "RULE_ARN": delivery.rule,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
        "RETRY_ATTEMPTS": str(delivery.attempts) if exhausted else None,
    }
    message = {
        "QueueUrl": f"{ctx.endpoint}/{queue.account}/{queue.resource}",
        "MessageBody": delivery.event.text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
        },
    }
    scope = ctx.at(region=queue.region)
    try:
        await ctx.undoing(lambda: scope.call("sqs", "SendMessage", message, source_arn=delivery.rule))
    except AWSError:
        metering.buried(ctx, delivery, succeeded=False)
    else:
        metering.buried(ctx, delivery, succeeded=True)
