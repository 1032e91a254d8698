"""Tags of entities. Keys are compared without case and kept as they were last spelled.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules. `declare` makes the three operations of a kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from fogbank.kernel import AWSError, Context
from fogbank.kernel.service import Resources
from fogbank.services.iam import errors, limits
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service

Request = dict[str, Any]
Tags = dict[str, str]
R = TypeVar("R")


def of_new(request: Request, noun: str) -> Tags:
    """The tags that a thing is created with. Raises InvalidInput and LimitExceeded."""
    return added({}, request.get("Tags", ()), noun)


def added(tags: Tags, new: list[dict[str, str]], noun: str) -> Tags:
    """`tags` with new ones, which replace those with the same key in any spelling."""
    given = {tag["Key"]: tag["Value"] for tag in new}
    if len({key.lower() for key in given}) < len(new):
        raise errors.duplicate_tag_keys()
    if any(key.lower().startswith("aws:") for key in given):
        raise errors.reserved_tag_key()
    merged = {**removed(tags, list(given)), **given}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(noun)
    return merged


def removed(tags: Tags, keys: list[str]) -> Tags:
    """`tags` without those keys, in whatever spelling."""
    gone = {key.lower() for key in keys}
    return {key: value for key, value in tags.items() if key.lower() not in gone}


def shown(tags: Tags) -> list[dict[str, str]]:
    """Tags as the API shows them, by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def declare(
    noun: str,
    suffix: str,
    find: Callable[[Context, Request], Awaitable[R]],
    save: Callable[[Context, R], None],
    resource: Resources,
) -> None:
    """Declare TagX, UntagX and ListXTags.

    suffix   the operations' X in snake case: "instance_profile"
    find     gives the record that a request is about, which has its `tags`; raises NoSuchEntity
    save     keeps the changed record
    resource gives the ARN of what a request is about
    """

    async def tag(ctx: Context, request: Request) -> Request:
        record: Any = await find(ctx, request)
        save(ctx, replace(record, tags=added(record.tags, request["Tags"], noun)))
        return {}

    async def untag(ctx: Context, request: Request) -> Request:
        record: Any = await find(ctx, request)
        save(ctx, replace(record, tags=removed(record.tags, request["TagKeys"])))
        return {}

    async def list_tags(ctx: Context, request: Request) -> Request:
        record: Any = await find(ctx, request)
        return listed(request, "Tags", shown(record.tags), lambda tag: tag["Key"])

    async def tags_of(ctx: Context, request: Request) -> Tags:
        try:
            record: Any = await find(ctx, request)
        except AWSError:  # what is not there has none, and is not found in due course
            return {}
        return record.tags

    service.operation_from(tag, f"tag_{suffix}", resource=resource, tags=tags_of)
    service.operation_from(untag, f"untag_{suffix}", resource=resource, tags=tags_of)
    service.operation_from(list_tags, f"list_{suffix}_tags", resource=resource, tags=tags_of)
