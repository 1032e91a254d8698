"""Confirmations: the token that an endpoint's owner has to give back, and the documents in which it is sent.

https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
"""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec

from fogbank.kernel import Context, mailbox
from fogbank.services.sns import envelope, limits, mails, posts, queues, signing, topic
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import Subscription, arn, remove, save, subscriptions, tokens
from fogbank.services.sns.topic import Topic, topics

Kind = Literal["SubscriptionConfirmation", "UnsubscribeConfirmation"]

_TOKEN_BYTES = 112
_SUBJECT = "AWS Notification - Subscription Confirmation"
_GONE_SUBJECT = "AWS Notification - Unsubscribe Confirmation"

_TEXTS: dict[Kind, str] = {
    "SubscriptionConfirmation": "You have chosen to subscribe to the topic {topic}.\n"
    "To confirm the subscription, visit the SubscribeURL included in this message.",
    "UnsubscribeConfirmation": "You have chosen to deactivate subscription {subscription}.\n"
    "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
}
_MAILS: dict[Kind, str] = {
    "SubscriptionConfirmation": "You have chosen to subscribe to the topic:\n{topic}\n\n"
    "To confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n{url}\n\n"
    "Please do not reply directly to this email. If you wish to remove yourself from receiving all future SNS subscription "
    "confirmation requests please send an email to sns-opt-out",
    "UnsubscribeConfirmation": "Your subscription to the topic below has been deactivated:\n{topic}\n\n"
    "If this was not your intention and you want to re-subscribe, please click or visit the link below to re-subscribe:\n{url}",
}


def new_token() -> str:
    """As long as AWS's, and as hard to guess."""
    return secrets.token_hex(_TOKEN_BYTES)


async def ask(ctx: Context, topic_: Topic, subscription: Subscription) -> None:
    """Have the owner of the endpoint confirm. `ctx` is in the scope of the topic."""
    await _send(ctx, topic_, subscription, "SubscriptionConfirmation")
    await _expire(ctx, subscription)


async def say_goodbye(ctx: Context, topic_: Topic, subscription: Subscription) -> None:
    """Tell an endpoint that it was unsubscribed by a link, with another link that takes it back."""
    await _send(ctx, topic_, subscription, "UnsubscribeConfirmation")
    await _expire(ctx, subscription)


async def _send(ctx: Context, topic_: Topic, subscription: Subscription, kind: Kind) -> None:
    topic_arn = topic.arn(ctx, topic_.name)
    url = envelope.confirm_url(ctx.endpoint, topic_arn, subscription.token)
    if subscription.protocol == "email":
        subject = _SUBJECT if kind == "SubscriptionConfirmation" else _GONE_SUBJECT
        body = _MAILS[kind].format(topic=topic_arn, url=url)
        mailbox.post(ctx, "email", subscription.endpoint, body, subject, mails.AWS_SENDER, _about(ctx, subscription))
        return
    text = _TEXTS[kind].format(topic=topic_arn, subscription=arn(ctx, subscription))
    message_id = ctx.ids.uuid()
    fields = envelope.confirmation(kind, message_id, subscription.token, topic_arn, text, url, ctx.now())
    body = envelope.text_of(await signing.signed(ctx, fields, topic_.signature, ctx.endpoint))
    if subscription.protocol == "email-json":
        mailbox.post(ctx, "email", subscription.endpoint, body, _SUBJECT, mails.AWS_SENDER, _about(ctx, subscription))
    elif subscription.protocol == "sqs":
        await _to_queue(ctx, topic_, subscription, message_id, body)
    elif subscription.protocol in ("http", "https"):
        await posts.confirm(ctx, subscription, kind, message_id, body)


def _about(ctx: Context, subscription: Subscription) -> dict[str, str]:
    return {"TopicArn": topic.arn(ctx, subscription.topic), "SubscriptionArn": arn(ctx, subscription)}


async def _to_queue(ctx: Context, topic_: Topic, subscription: Subscription, message_id: str, body: str) -> None:
    """To a queue of another account; if that does not let us in, nothing comes of it."""
    message = Message(message_id, topic.arn(ctx, topic_.name), body, None, None, {}, ctx.now(), ctx.endpoint)
    request = {"MessageBody": body}
    if subscription.endpoint.endswith(".fifo"):
        request |= {"MessageGroupId": subscription.id, "MessageDeduplicationId": message_id}
    try:
        await queues.send(Parcel(ctx, topic_, message), subscription.endpoint, request)
    except Failed:
        pass


# -- tokens


async def _expire(ctx: Context, subscription: Subscription) -> None:
    payload = {"topic": subscription.topic, "subscription": subscription.id, "token": subscription.token}
    await ctx.schedule("expire_token", payload, delay=limits.TOKEN_SECONDS)


@service.task
async def expire_token(ctx: Context, payload: dict[str, Any]) -> None:
    """After two days a token is of no use, and a subscription that nobody confirmed is gone."""
    tokens.delete(ctx, payload["topic"], payload["token"])
    found = await subscriptions.get(ctx, payload["topic"], payload["subscription"])
    if found is None or found.token != payload["token"] or await topics.get(ctx, payload["topic"]) is None:
        return
    if found.confirmed:
        save(ctx, msgspec.structs.replace(found, token=""))
    else:
        await remove(ctx, found)
