"""Deliveries to queues, and the dead letters of all protocols, which go to queues, too.

Queues are in the same store, so a message is in all of them, or on its way to their dead-letter queues, when its publisher is answered.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError
from fogbank.services.sns import arns, limits, message_attributes, status_log
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.subscription import Subscription

Request = dict[str, Any]


async def deliver(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """Send to the queue of a subscription, or to its dead-letter queue. Raises nothing that its publisher should know."""
    request = {**_order(parcel), "MessageBody": await parcel.content(subscription, text)}
    try:
        if subscription.raw:
            request |= _attributes(parcel)
        await send(parcel, subscription.endpoint, request)
    except Failed as failure:
        await given_up(parcel, subscription, text, failure)
    else:
        await status_log.delivered(parcel, subscription)


def _attributes(parcel: Parcel) -> Request:
    """Raw messages take their attributes along."""
    attributes = parcel.message.attributes
    if not attributes:
        return {}
    if len(attributes) > limits.RAW_ATTRIBUTES:
        raise Failed("InvalidParameterValue", f"A raw message has at most {limits.RAW_ATTRIBUTES} attributes.")
    return {"MessageAttributes": message_attributes.for_queue(attributes)}


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
    """Raises Failed."""
    place = arns.split(queue)
    assert place is not None
    if not place.resource.endswith(".fifo"):
        request = {name: value for name, value in request.items() if name != "MessageDeduplicationId"}
    url = f"{parcel.ctx.endpoint}/{place.account}/{place.resource}"
    try:
        await parcel.in_region(place.region).call(
            "sqs", "SendMessage", {"QueueUrl": url, **request}, source_arn=parcel.message.topic
        )
    except AWSError as error:
        raise Failed.of(error) from error


async def given_up(parcel: Parcel, subscription: Subscription, text: str, failure: Failed) -> None:
    """Nothing more is tried: the message goes to the dead-letter queue, if there is one that takes it."""
    await status_log.failed(parcel, subscription, failure)
    if subscription.dead_letters is None:
        return
    request = {**_order(parcel), "MessageBody": await parcel.content(subscription, text)}
    if subscription.raw and len(parcel.message.attributes) <= limits.RAW_ATTRIBUTES:
        request |= _attributes(parcel)
    try:
        await send(parcel, subscription.dead_letters, request)
    except Failed as refusal:
        await status_log.failed(parcel, subscription, refusal)
