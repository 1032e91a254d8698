"""Deliveries to functions and to delivery streams: a task each, tried again as AWS does it for its own endpoints."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.sns import envelope, metering, queues, status_log
from fogbank.services.sns.delivery_policies import MANAGED
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import Subscription, subscriptions
from fogbank.services.sns.topic import topics


async def deliver(parcel: Parcel, subscription: Subscription, text: str) -> None:
    await _schedule(parcel, subscription, text, 1, 0.0)


async def _schedule(parcel: Parcel, subscription: Subscription, text: str, attempt: int, delay: float) -> None:
    payload = {
        "topic": parcel.topic.name,
        "subscription": subscription.id,
        "message": parcel.message,
        "text": text,
        "attempt": attempt,
    }
    await parcel.ctx.schedule("invoke", payload, delay=delay)


@service.task
async def invoke(ctx: Context, payload: dict[str, Any]) -> None:
    """One attempt to deliver. Who unsubscribed in the meantime gets nothing."""
    topic = await topics.get(ctx, payload["topic"])
    subscription = await subscriptions.get(ctx, payload["topic"], payload["subscription"])
    if topic is None or subscription is None:
        return
    text, attempt = payload["text"], payload["attempt"]
    parcel = Parcel(ctx, topic, msgspec.convert(payload["message"], Message))
    try:
        await _attempt(parcel, subscription, text)
    except Failed as failure:
        delay = MANAGED.delay(attempt) if failure.again else None
        if delay is None:
            await queues.given_up(parcel, subscription, text, failure, attempt)
        else:
            await _schedule(parcel, subscription, text, attempt + 1, delay)
    else:
        metering.delivered(parcel)
        await status_log.delivered(parcel, subscription, attempts=attempt)


async def _attempt(parcel: Parcel, subscription: Subscription, text: str) -> None:
    send = _invoke_function if subscription.protocol == "lambda" else _put_record
    try:
        await parcel.ctx.undoing(send, parcel, subscription, text)
    except AWSError as error:
        raise Failed.of(error) from error


async def _invoke_function(parcel: Parcel, subscription: Subscription, text: str) -> None:
    url = parcel.unsubscribe_url(subscription)
    fields = [*await parcel.fields(text), ("UnsubscribeURL", url)]
    event = envelope.lambda_event(fields, parcel.message, parcel.arn(subscription))
    request = {"FunctionName": subscription.endpoint, "InvocationType": "Event", "Payload": orjson.dumps(event)}
    scope = _scope(parcel, subscription)
    scope.trace = parcel.message.trace or ""
    await scope.call("lambda", "Invoke", request, source_arn=parcel.message.topic)


async def _put_record(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/firehose-endpoints-as-subscribers.html"""
    content = await parcel.content(subscription, text)
    request = {
        "DeliveryStreamName": subscription.endpoint.rpartition("/")[2],
        "Record": {"Data": content.encode()},
    }
    role = subscription.attributes["SubscriptionRoleArn"]
    await _scope(parcel, subscription).call(
        "firehose", "PutRecord", request, source_arn=parcel.message.topic, role=role
    )


def _scope(parcel: Parcel, subscription: Subscription) -> Context:
    return parcel.in_region(subscription.endpoint.split(":")[3])
