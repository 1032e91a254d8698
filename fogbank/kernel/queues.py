"""Sending to queues from other services, to many at once. SQS has the queues, and provides what is here as `post`.

    answers = await queues.post(ctx, [Letter(arn, {"MessageBody": text}), ...], source_arn=topic)

Each message is sent as `ctx.call("sqs", "SendMessage", ...)` would send it, and each queue's policy decides; what a call has to find out
anew each time is found once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel.errors import AWSError, not_implemented

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

PROVIDED = "post"


class Letter(NamedTuple):
    """`queue` is an ARN, `request` a request of SendMessage without its QueueUrl."""

    queue: str
    request: dict[str, Any]


Answer = dict[str, Any] | AWSError
Post = Callable[["Context", list[Letter], str | None], Awaitable[list[Answer]]]


async def post(ctx: Context, letters: list[Letter], source_arn: str | None = None) -> list[Answer]:
    """Send as this service, in the context's transaction; `source_arn` is the resource on whose behalf.

    Returns, in the order of the letters, the answer of SendMessage, or the refusal: then nothing was sent to that queue.
    """
    sqs = ctx.app.services.get("sqs")
    if sqs is None:
        raise not_implemented("sqs", "SendMessage")
    provided: Post = sqs.provided[PROVIDED]
    return await provided(ctx, letters, source_arn)
