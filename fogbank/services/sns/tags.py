"""Tags of topics: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.sns import errors, limits
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import ON_TOPIC, Topic, find, modify

Request = dict[str, Any]


def checked(present: dict[str, str], added: list[dict[str, str]]) -> dict[str, str]:
    """The tags of a topic with others added. Raises InvalidParameterException, TagLimitExceededException."""
    new = {tag["Key"]: tag["Value"] for tag in added}
    if len(new) < len(added):
        raise errors.duplicate_tags()
    if any(key.lower().startswith("aws:") for key in new):
        raise errors.reserved_tag()
    if len(present | new) > limits.TAGS:
        raise errors.too_many_tags()
    return present | new


async def _find(ctx: Context, request: Request) -> tuple[Context, Topic]:
    try:
        return await find(ctx, request["ResourceArn"], "ResourceArn")
    except AWSError as error:
        if error.code == "NotFoundException":
            raise errors.resource_not_found() from None
        raise


@service.operation(**ON_TOPIC)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagResource."""
    scope, topic = await _find(ctx, request)
    modify(scope, topic, tags=checked(topic.tags, request["Tags"]))
    return {}


@service.operation(**ON_TOPIC)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    scope, topic = await _find(ctx, request)
    gone = frozenset(request["TagKeys"])
    modify(scope, topic, tags={key: value for key, value in topic.tags.items() if key not in gone})
    return {}


@service.operation(**ON_TOPIC)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """All tags of a topic. API_ListTagsForResource."""
    _, topic = await _find(ctx, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in topic.tags.items()]}
