"""Fan-out: which subscriptions a message gets to, and how.

What ends in this store (queues, mails, texts, pushes) is delivered in the publisher's own transaction: a message that was acknowledged is
there, in the order of its group. What goes elsewhere, and what a large topic has beyond its first hundred subscriptions, is a task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.sns import data_protection, filters, functions, mails, metering, posts, queues
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Failed, Letter, Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import ROSTER, Subscription, roster, subscriptions
from fogbank.services.sns.topic import Topic, topics

_AT_ONCE = ROSTER - 1

Deliver = Callable[[Parcel, Subscription, str], Awaitable[None]]

_BY_PROTOCOL: dict[str, Deliver] = {
    "application": mails.deliver_push,
    "email": mails.deliver_mail,
    "email-json": mails.deliver_mail,
    "firehose": functions.deliver,
    "http": posts.deliver,
    "https": posts.deliver,
    "lambda": functions.deliver,
    "sms": mails.deliver_text,
}


async def fan_out(ctx: Context, topic: Topic, messages: list[Message]) -> None:
    """Deliver to the subscriptions of the topic. `ctx` is in the scope of the topic."""
    if messages:
        await _deliver(ctx, topic, messages, await roster(ctx, topic.name))


async def _deliver(ctx: Context, topic: Topic, messages: list[Message], found: list[Subscription]) -> None:
    """Deliver to these subscriptions; the last one of so many as a roster has at most is left to a task."""
    taking = [subscription for subscription in found[:_AT_ONCE] if subscription.takes_new_messages]
    parcels = [Parcel(ctx, topic, message) for message in messages]
    if len(parcels) == 1:
        await _hand_out(parcels[0], taking)
    else:
        for subscription in taking:
            await hand_over(parcels, subscription)
    if len(found) > _AT_ONCE:
        payload = {"topic": topic.name, "messages": messages, "after": found[_AT_ONCE - 1].id}
        await ctx.schedule("fan_out_further", payload)


async def _hand_out(parcel: Parcel, to: list[Subscription]) -> None:
    """Deliver one message to all of these, to the queues among them together."""
    for_queues: list[tuple[Letter, Subscription]] = []
    for subscription in to:
        letter = await _letter(parcel, subscription)
        if letter is None:
            continue
        if subscription.protocol == "sqs":
            for_queues.append((letter, subscription))
        else:
            await _BY_PROTOCOL[subscription.protocol](parcel, subscription, letter.text)
    await queues.deliver_each(for_queues)


async def hand_over(parcels: list[Parcel], subscription: Subscription) -> None:
    """Deliver to a subscription what it is to get of these, in this order."""
    letters = [letter for parcel in parcels if (letter := await _letter(parcel, subscription))]
    if subscription.protocol == "sqs":
        await queues.deliver(letters, subscription)
        return
    for letter in letters:
        await _BY_PROTOCOL[subscription.protocol](letter.parcel, subscription, letter.text)


async def _letter(parcel: Parcel, subscription: Subscription) -> Letter | None:
    """None where the subscription's filter, or the topic's data protection policy, does not let the message through."""
    text = parcel.text(subscription)
    policy = subscription.filter
    if policy is not None and not filters.lets_through(
        policy, subscription.filter_scope, text, parcel.message.attributes
    ):
        metering.filtered_out(parcel, filters.reason(subscription.filter_scope, text, parcel.message.attributes))
        return None
    if parcel.topic.data_protection is not None:
        try:
            text = data_protection.applied(parcel.topic.data_protection, "Outbound", subscription.principal, text)
        except data_protection.Denied:
            refusal = Failed("403", "The data protection policy of the topic denies the message.")
            await queues.given_up(parcel, subscription, text, refusal)
            return None
    return Letter(parcel, text)


@service.task
async def fan_out_further(ctx: Context, payload: dict[str, Any]) -> None:
    topic = await topics.get(ctx, payload["topic"])
    if topic is not None:
        found = await subscriptions.scan(ctx, topic.name, after=(payload["after"],), limit=ROSTER)
        await _deliver(ctx, topic, msgspec.convert(payload["messages"], list[Message]), found)
