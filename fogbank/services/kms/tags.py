"""Tags of keys: TagResource, UntagResource, ListResourceTags.

https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import errors, limits, states
from fogbank.services.kms.access import ON_KEY, find_own, find_to_manage
from fogbank.services.kms.key import modify
from fogbank.services.kms.listing import among, page_of, paged
from fogbank.services.kms.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def checked(present: Tags, added: list[dict[str, str]]) -> Tags:
    """The tags of a key with others added. Raises TagException, LimitExceededException."""
    names = [tag["TagKey"] for tag in added]
    if len(set(names)) < len(names):
        raise errors.invalid_tag("Duplicate tag keys")
    if any(name.lower().startswith("aws:") for name in names):
        raise errors.invalid_tag("Tag keys that start with aws: are reserved.")
    tags = {**present, **{tag["TagKey"]: tag["TagValue"] for tag in added}}
    if len(tags) > limits.TAGS:
        raise errors.limit_exceeded(f"A KMS key cannot have more than {limits.TAGS} tags.")
    return tags


@service.operation(**ON_KEY)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagResource."""
    target = await find_to_manage(ctx, request, "TagResource")
    states.require(target, states.TO_CHANGE)
    modify(ctx, target.key, tags=checked(target.key.tags, request["Tags"]))
    return {}


@service.operation(**ON_KEY)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    target = await find_to_manage(ctx, request, "UntagResource")
    states.require(target, states.TO_CHANGE)
    gone = frozenset(request["TagKeys"])
    modify(ctx, target.key, tags={name: value for name, value in target.key.tags.items() if name not in gone})
    return {}


@service.operation(**ON_KEY)
async def list_resource_tags(ctx: Context, request: Request) -> Request:
    """The tags of a key, by name. API_ListResourceTags."""
    target = await find_own(ctx, request, "ListResourceTags")
    page = page_of(request, 50, 50)
    rows = among(sorted(target.key.tags.items()), page, _name)
    return paged("Tags", rows, page, _name, lambda tag: {"TagKey": tag[0], "TagValue": tag[1]})


def _name(tag: tuple[str, str]) -> str:
    return tag[0]
