"""Deliveries to queues, and the dead letters of all protocols, which go to queues, too.

Queues are in the same store, so a message is in all of them, or on its way to their dead-letter queues, when its publisher is answered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fogbank.kernel import AWSError
from fogbank.services.sns import limits, message_attributes, metering, status_log
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.subscription import Subscription

Request = dict[str, Any]


async def deliver(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """Send to the queue of a subscription, or to its dead-letter queue. Raises nothing that its publisher should know."""
    try:
        await send(parcel, subscription.endpoint, await _request(parcel, subscription, text))
    except Failed as failure:
        await given_up(parcel, subscription, text, failure)
    else:
        metering.delivered(parcel)
        if parcel.topic.feedback:
            await status_log.delivered(parcel, subscription)


async def _request(parcel: Parcel, subscription: Subscription, text: str) -> Request:
    """What is sent: raw messages take their attributes along."""
    if not subscription.raw:
        return {"MessageBody": await parcel.document(subscription, text), **_order(parcel)}
    request = {"MessageBody": text, **_order(parcel)}
    attributes = parcel.message.attributes
    if len(attributes) > limits.RAW_ATTRIBUTES:
        raise Failed("InvalidParameterValue", f"A raw message has at most {limits.RAW_ATTRIBUTES} attributes.")
    if attributes:
        request["MessageAttributes"] = message_attributes.for_queue(attributes)
    return request


def _order(parcel: Parcel) -> Request:
    message = parcel.message
    request: Request = {}
    if message.group is not None:
        request["MessageGroupId"] = message.group
    if message.deduplication is not None:
        # a replay is no duplicate of the first delivery
        request["MessageDeduplicationId"] = parcel.ctx.ids.uuid() if parcel.replayed else message.deduplication
    if message.trace is not None:
        header = {"DataType": "String", "StringValue": message.trace}
        request["MessageSystemAttributes"] = {"AWSTraceHeader": header}
    return request


async def send(parcel: Parcel, queue: str, request: Request) -> None:
    """Send to the queue of that ARN. Raises Failed."""
    region, request["QueueUrl"] = _address(parcel.ctx.endpoint, queue)
    if "MessageDeduplicationId" in request and not queue.endswith(".fifo"):
        del request["MessageDeduplicationId"]
    try:
        await parcel.in_region(region).call("sqs", "SendMessage", request, source_arn=parcel.message.topic)
    except AWSError as error:
        raise Failed.of(error) from error


@lru_cache(maxsize=4096)
def _address(endpoint: str, queue: str) -> tuple[str, str]:
    """The region and the URL of a queue, given its ARN."""
    _, _, _, region, account, name = queue.split(":", 5)
    return region, f"{endpoint}/{account}/{name}"


async def given_up(parcel: Parcel, subscription: Subscription, text: str, failure: Failed) -> None:
    """Nothing more is tried: the message goes to the dead-letter queue, if there is one that takes it."""
    metering.failed(parcel)
    await status_log.failed(parcel, subscription, failure)
    if subscription.dead_letters is None:
        return
    request = {"MessageBody": await parcel.content(subscription, text), **_order(parcel)}
    attributes = parcel.message.attributes
    if subscription.raw and 0 < len(attributes) <= limits.RAW_ATTRIBUTES:
        request["MessageAttributes"] = message_attributes.for_queue(attributes)
    try:
        await send(parcel, subscription.dead_letters, request)
    except Failed as refusal:
        metering.redriven(parcel, succeeded=False)
        await status_log.failed(parcel, subscription, refusal)
    else:
        metering.redriven(parcel, succeeded=True)
