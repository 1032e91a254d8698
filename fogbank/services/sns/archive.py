"""The archive of a FIFO topic: its messages, for as many days as its archive policy says.

https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html

    archive  (topic id, sequence number)   Message
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.sns.message import Message
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import Topic, topics

_CHUNK = 50
_DAY = 86_400

archive = service.collection("archive", Message)


async def keep(ctx: Context, topic: Topic, message: Message) -> None:
    """Put a message into the topic's archive, if it has one."""
    if topic.archive_days:
        archive.put(ctx, message, topic.id, message.sequence)
        if await archive.count(ctx, topic.id, limit=2) < 2:
            await _expire_at(ctx, topic, message)


async def _expire_at(ctx: Context, topic: Topic, oldest: Message) -> None:
    due = oldest.at + topic.archive_days * _DAY + 1  # a second later, so that it surely is old enough
    await ctx.schedule("expire_archive", {"topic": topic.name, "id": topic.id}, at=due, key=topic.id)


@service.task
async def expire_archive(ctx: Context, payload: dict[str, Any]) -> None:
    """Forget what is older than the archive policy says; everything, when there is none any more."""
    topic = await topics.get(ctx, payload["topic"])
    if topic is not None and topic.id != payload["id"]:
        topic = None
    days = 0 if topic is None else topic.archive_days
    rows = await archive.scan(ctx, payload["id"], limit=_CHUNK)
    gone = [message for message in rows if message.at + days * _DAY <= ctx.now()]
    for message in gone:
        archive.delete(ctx, payload["id"], message.sequence)
    if len(gone) == _CHUNK:
        await ctx.schedule("expire_archive", payload, key=payload["id"])
    elif topic is not None and len(gone) < len(rows):
        await _expire_at(ctx, topic, rows[len(gone)])


async def policy_changed(ctx: Context, topic: Topic) -> None:
    """The policy is another one: what it does not keep goes now."""
    await ctx.schedule("expire_archive", {"topic": topic.name, "id": topic.id}, key=topic.id)
