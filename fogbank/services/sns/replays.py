"""The replay of a topic's archive to a subscription.

https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html

A replay is a task that goes through the archive in chunks. Until it has caught up, its subscription gets nothing else; after that
messages come as they are published, or, when it has an ending point, no more.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.sns.archive import archive
from fogbank.services.sns.fanout import hand_over
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import COMPLETED, ENDED, IN_PROGRESS, PENDING, Subscription, save, subscriptions
from fogbank.services.sns.subscription_attributes import Replay, replay
from fogbank.services.sns.topic import Topic, topics

_CHUNK = 50


async def begin(ctx: Context, subscription: Subscription) -> Subscription:
    """Replay to the subscription what its policy says, from the start; without a policy an earlier replay stops."""
    text = subscription.attributes.get("ReplayPolicy")
    if text is None:
        await ctx.unschedule("go_on", subscription.id)
        return save(ctx, msgspec.structs.replace(subscription, replay="", replayed_until=0))
    await ctx.schedule("go_on", {"topic": subscription.topic, "subscription": subscription.id}, key=subscription.id)
    return save(ctx, msgspec.structs.replace(subscription, replay=PENDING, replayed_until=0))


@service.task
async def go_on(ctx: Context, payload: dict[str, Any]) -> None:
    """Deliver the next messages of the archive."""
    topic = await topics.get(ctx, payload["topic"])
    subscription = await subscriptions.get(ctx, payload["topic"], payload["subscription"])
    if topic is None or subscription is None or "ReplayPolicy" not in subscription.attributes:
        return
    span = replay(subscription.attributes["ReplayPolicy"])
    rows = await _next(ctx, topic, subscription, span)
    await _deliver(ctx, topic, subscription, rows)
    state = IN_PROGRESS if len(rows) == _CHUNK else COMPLETED if span.end is None else ENDED
    until = rows[-1].sequence if rows else subscription.replayed_until
    save(ctx, msgspec.structs.replace(subscription, replay=state, replayed_until=until))
    if state == IN_PROGRESS:
        await ctx.schedule("go_on", payload, key=subscription.id)
    elif span.end is not None and span.end > ctx.now():
        await ctx.schedule("go_on", payload, at=span.end, key=subscription.id)


async def _next(ctx: Context, topic: Topic, subscription: Subscription, span: Replay) -> list[Message]:
    since = max(int(span.start * 1e6), subscription.replayed_until + 1)
    until = None if span.end is None else (int(span.end * 1e6) + 1,)
    return await archive.scan(ctx, topic.id, since=(since,), until=until, limit=_CHUNK)


async def _deliver(ctx: Context, topic: Topic, subscription: Subscription, messages: list[Message]) -> None:
    await hand_over([Parcel(ctx, topic, message, replayed=True) for message in messages], subscription)


def status(subscription: Subscription) -> str:
    """ReplayStatus as the API has it."""
    return COMPLETED if subscription.replay == ENDED else subscription.replay
