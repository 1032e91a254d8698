"""Tags of queues: TagQueue, UntagQueue, ListQueueTags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.kernel import Context
from fogbank.services.sqs import errors, limits
from fogbank.services.sqs.queue import OWNED, find, modify
from fogbank.services.sqs.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def checked(queue: str, present: Tags, added: Mapping[str, str]) -> Tags:
    """The tags of a queue with others added. Raises InvalidParameterValue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
    """
    for key, value in added.items():
        if not 1 <= len(key) <= limits.TAG_KEY_LENGTH:
            raise errors.tag_key_length()
        if len(value) > limits.TAG_VALUE_LENGTH:
            raise errors.tag_value_length()
        if key.lower().startswith("aws:"):
            raise errors.tag_key_reserved()
    tags = {**present, **added}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(queue)
    return tags


@service.operation(**OWNED)
async def tag_queue(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagQueue."""
    scope, queue = await find(ctx, request)
    if not request["Tags"]:
        raise errors.missing_parameter("Tags")
    await modify(scope, queue, tags=checked(queue.name, queue.tags, request["Tags"]))
    return {}


@service.operation(**OWNED)
async def untag_queue(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagQueue."""
    scope, queue = await find(ctx, request)
    if not request["TagKeys"]:
        raise errors.missing_parameter("TagKeys")
    gone = frozenset(request["TagKeys"])
    await modify(scope, queue, tags={key: value for key, value in queue.tags.items() if key not in gone})
    return {}


@service.operation(**OWNED)
async def list_queue_tags(ctx: Context, request: Request) -> Request:
    """All tags of a queue. API_ListQueueTags."""
    _, queue = await find(ctx, request)
    return {"Tags": queue.tags} if queue.tags else {}
