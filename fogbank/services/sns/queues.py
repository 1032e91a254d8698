"""Deliveries to queues, and the dead letters of all protocols, which go to queues, too.

Queues are in the same store, so a message is in all of them, or on its way to their dead-letter queues, when its publisher is answered.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from fogbank.kernel import AWSError, queues
from fogbank.services.sns import limits, message_attributes, metering, status_log
from fogbank.services.sns.parcel import Failed, Letter, Parcel
from fogbank.services.sns.subscription import Subscription

Request = dict[str, Any]


async def deliver(letters: list[Letter], subscription: Subscription) -> None:
    """Send to the queue of a subscription, or to its dead-letter queue, in this order. Raises nothing that the publisher should know."""
    for start in range(0, len(letters), limits.BATCH_ENTRIES):
        batch = letters[start : start + limits.BATCH_ENTRIES]
        if len(batch) > 1:
            await _deliver_together(batch, subscription)
        else:
            await deliver_each([(batch[0], subscription)])


async def deliver_each(letters: list[tuple[Letter, Subscription]]) -> None:
    """Send each of these to its subscription's queue; of the same topic. Raises nothing, either."""
    requests: list[queues.Letter] = []
    posted: list[tuple[Letter, Subscription]] = []
    for letter, subscription in letters:
        try:
            requests.append(queues.Letter(subscription.endpoint, await _request(letter, subscription)))
        except Failed as failure:
            await given_up(letter.parcel, subscription, letter.text, failure)
        else:
            posted.append((letter, subscription))
    if posted:
        await _post(posted, requests)


async def _post(letters: list[tuple[Letter, Subscription]], requests: list[queues.Letter]) -> None:
    first = letters[0][0].parcel
    arrived: list[Parcel] = []
    for (letter, subscription), answer in zip(
        letters, await queues.post(first.ctx, requests, first.message.topic), strict=True
    ):
        if isinstance(answer, AWSError):
            await given_up(letter.parcel, subscription, letter.text, Failed.of(answer))
        else:
            arrived.append(letter.parcel)
            await _log(letter.parcel, subscription, answer)
    metering.all_delivered(arrived)


async def _deliver_together(letters: list[Letter], subscription: Subscription) -> None:
    """One request for all of them; if they are too long for one, each by itself."""
    entries: list[Request] = []
    sent: dict[str, Request] = {}
    failures: dict[str, Failed] = {}
    for number, letter in enumerate(letters):
        try:
            entries.append({"Id": str(number), **await _request(letter, subscription)})
        except Failed as failure:
            failures[str(number)] = failure
    try:
        answer = await _call(letters[0].parcel, subscription.endpoint, "SendMessageBatch", {"Entries": entries})
        sent = {each["Id"]: each for each in answer["Successful"]}
        failures |= {each["Id"]: Failed(each["Code"], each["Message"]) for each in answer["Failed"]}
    except Failed as failure:
        if failure.code == "BatchRequestTooLong":
            await deliver_each([(letter, subscription) for letter in letters])
            return
        failures |= {each["Id"]: failure for each in entries}
    metering.all_delivered([letters[int(place)].parcel for place in sent])
    for place, message in sent.items():
        await _log(letters[int(place)].parcel, subscription, message)
    for place, refusal in failures.items():
        letter = letters[int(place)]
        await given_up(letter.parcel, subscription, letter.text, refusal)


async def _log(parcel: Parcel, subscription: Subscription, sent: Request) -> None:
    if parcel.topic.feedback:
        told = {"sqsRequestId": parcel.ctx.request_id, "sqsMessageId": sent["MessageId"]}
        await status_log.delivered(parcel, subscription, json.dumps(told, separators=(",", ":")))


async def _request(letter: Letter, subscription: Subscription) -> Request:
    """What is sent: raw messages take their attributes along. Raises Failed."""
    parcel, text = letter
    order = _order(parcel, subscription.endpoint)
    if not subscription.raw:
        return {"MessageBody": await parcel.document(subscription, text), **order}
    request = {"MessageBody": text, **order}
    attributes = parcel.message.attributes
    if len(attributes) > limits.RAW_ATTRIBUTES:
        raise Failed("InvalidParameterValue", f"A raw message has at most {limits.RAW_ATTRIBUTES} attributes.")
    if attributes:
        request["MessageAttributes"] = message_attributes.for_queue(attributes)
    return request


def _order(parcel: Parcel, queue: str) -> Request:
    """What a queue (ARN) is told besides the message: its group, what it is a duplicate of, the trace."""
    message = parcel.message
    request: Request = {}
    if message.group is not None:
        request["MessageGroupId"] = message.group
    if message.deduplication is not None and queue.endswith(".fifo"):
        # a replay is no duplicate of the first delivery
        request["MessageDeduplicationId"] = parcel.ctx.ids.uuid() if parcel.replayed else message.deduplication
    if message.trace is not None:
        header = {"DataType": "String", "StringValue": message.trace}
        request["MessageSystemAttributes"] = {"AWSTraceHeader": header}
    return request


async def send(parcel: Parcel, queue: str, request: Request) -> Request:
    """Send to the queue of that ARN. Raises Failed."""
    return await _call(parcel, queue, "SendMessage", request)


async def _call(parcel: Parcel, queue: str, operation: str, request: Request) -> Request:
    region, request["QueueUrl"] = _address(parcel.ctx.endpoint, queue)
    try:
        return await parcel.in_region(region).call("sqs", operation, request, source_arn=parcel.message.topic)
    except AWSError as error:
        raise Failed.of(error) from error


@lru_cache(maxsize=4096)
def _address(endpoint: str, queue: str) -> tuple[str, str]:
    """The region and the URL of a queue, given its ARN."""
    _, _, _, region, account, name = queue.split(":", 5)
    return region, f"{endpoint}/{account}/{name}"


async def given_up(parcel: Parcel, subscription: Subscription, text: str, failure: Failed, attempts: int = 1) -> None:
    """Nothing more is tried: the message goes to the dead-letter queue, if there is one that takes it."""
    metering.failed(parcel)
    await status_log.failed(parcel, subscription, failure, attempts)
    if subscription.dead_letters is None:
        return
    request = {"MessageBody": await parcel.content(subscription, text), **_order(parcel, subscription.dead_letters)}
    attributes = parcel.message.attributes
    if subscription.raw and 0 < len(attributes) <= limits.RAW_ATTRIBUTES:
        request["MessageAttributes"] = message_attributes.for_queue(attributes)
    try:
        await send(parcel, subscription.dead_letters, request)
    except Failed as refusal:
        metering.redriven(parcel, succeeded=False)
        await status_log.failed(parcel, subscription, refusal, attempts)
    else:
        metering.redriven(parcel, succeeded=True)
