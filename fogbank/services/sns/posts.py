"""Deliveries over HTTP: a task for each attempt, outside of any transaction, tried again as the delivery policy says.

https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record, outbound
from fogbank.services.sns import delivery_policies, limits, metering, queues, status_log, topic
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import Subscription, arn, paces, subscriptions
from fogbank.services.sns.topic import topics

NOTIFICATION = "Notification"
_AGENT = "Amazon Simple Notification Service Agent"
_MICROSECOND = 1e6


class Post(Record, frozen=True):
    """What is to be posted, and what is to be done when it cannot be.

    headers   those of SNS, but for what every request has
    message   the message that it is, and `text` its text: for the dead-letter queue; confirmations have none
    attempt   which one it is, counted from 1
    """

    topic: str
    subscription: str
    url: str
    headers: dict[str, str]
    body: str
    message: Message | None = None
    text: str = ""
    attempt: int = 1


async def deliver(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """Have a notification posted."""
    message = parcel.message
    policy = subscription.attributes.get("DeliveryPolicy")
    effective = delivery_policies.effective(policy, parcel.topic.attributes.get("DeliveryPolicy"))
    headers = _headers(NOTIFICATION, message.id, message.topic, effective["requestPolicy"]["headerContentType"])
    headers["x-amz-sns-subscription-arn"] = parcel.arn(subscription)
    if subscription.raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    if message.trace is not None:
        headers["X-Amzn-Trace-Id"] = message.trace
    body = await parcel.content(subscription, text)
    post = Post(subscription.topic, subscription.id, subscription.endpoint, headers, body, message, text)
    await _schedule(parcel.ctx, post, await _pace(parcel.ctx, subscription, effective["throttlePolicy"]))


async def confirm(ctx: Context, subscription: Subscription, kind: str, message_id: str, body: str) -> None:
    """Have a confirmation posted."""
    headers = _headers(kind, message_id, topic.arn(ctx, subscription.topic), delivery_policies.PLAIN_TEXT)
    if kind != "SubscriptionConfirmation":
        headers["x-amz-sns-subscription-arn"] = arn(ctx, subscription)
    await _schedule(ctx, Post(subscription.topic, subscription.id, subscription.endpoint, headers, body), 0.0)


def _headers(kind: str, message_id: str, topic_arn: str, content_type: str) -> dict[str, str]:
    return {
        "User-Agent": _AGENT,
        "Content-Type": content_type,
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic_arn,
    }


async def _pace(ctx: Context, subscription: Subscription, throttle: dict[str, int] | None) -> float:
    """How long the message has to wait for its turn, in seconds."""
    if not throttle:
        return 0.0
    now = int(ctx.now() * _MICROSECOND)
    turn = max(now, await paces.get(ctx, subscription.topic, subscription.id) or 0)
    paces.put(ctx, turn + int(_MICROSECOND / throttle["maxReceivesPerSecond"]), subscription.topic, subscription.id)
    return (turn - now) / _MICROSECOND


async def _schedule(ctx: Context, post: Post, delay: float) -> None:
    await ctx.schedule("post", {"post": post}, delay=delay)


@service.task(transaction=False)
async def post(ctx: Context, payload: dict[str, Any]) -> None:
    """One attempt. Who unsubscribed in the meantime gets no notification."""
    sending = msgspec.convert(payload["post"], Post)
    if sending.message is not None and not await ctx.transact(_is_wanted, ctx, sending):
        return
    try:
        response = await _send(ctx, sending)
    except Failed as failure:
        await ctx.transact(_failed, ctx, sending, failure)
    else:
        await ctx.transact(_delivered, ctx, sending, response)


async def _is_wanted(ctx: Context, post: Post) -> bool:
    return await subscriptions.get(ctx, post.topic, post.subscription) is not None


async def _send(ctx: Context, post: Post) -> str:
    """What the endpoint said. Raises Failed: 5xx, 429 and silence are worth another try, whatever else is no success is final."""
    try:
        answer = await outbound.send(
            ctx, "POST", post.url, post.headers, post.body.encode(), limits.HTTP_TIMEOUT_SECONDS
        )
    except outbound.Unreachable as error:
        raise Failed("0", str(error), again=True) from error
    response = answer.body[:1000].decode("utf-8", "replace")
    if not 200 <= answer.status < 300:
        raise Failed(str(answer.status), response, again=answer.status >= 500 or answer.status == 429)
    return response


async def _parcel(ctx: Context, post: Post) -> tuple[Parcel, Subscription] | None:
    """None for confirmations, and where topic or subscription are gone."""
    topic = await topics.get(ctx, post.topic)
    subscription = await subscriptions.get(ctx, post.topic, post.subscription)
    if topic is None or subscription is None or post.message is None:
        return None
    return Parcel(ctx, topic, post.message), subscription


async def _delivered(ctx: Context, post: Post, response: str) -> None:
    found = await _parcel(ctx, post)
    if found is not None:
        metering.delivered(found[0])
        await status_log.delivered(*found, response, post.attempt)


async def _failed(ctx: Context, post: Post, failure: Failed) -> None:
    delay = await _delay(ctx, post) if failure.again else None
    if delay is not None:
        await _schedule(ctx, msgspec.structs.replace(post, attempt=post.attempt + 1), delay)
        return
    found = await _parcel(ctx, post)
    if found is not None:
        await queues.given_up(*found, post.text, failure, post.attempt)


async def _delay(ctx: Context, post: Post) -> float | None:
    """How long to wait for the next attempt, by the policies as they are now."""
    subscription = await subscriptions.get(ctx, post.topic, post.subscription)
    topic = await topics.get(ctx, post.topic)
    policies = [None if each is None else each.attributes.get("DeliveryPolicy") for each in (subscription, topic)]
    return delivery_policies.phases(*policies).delay(post.attempt)
