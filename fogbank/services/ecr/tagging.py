"""Tags of repositories: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fogbank.kernel import Context
from fogbank.services.ecr import errors, limits
from fogbank.services.ecr.records import Answer, Home, Request, find_named, repositories
from fogbank.services.ecr.service import service

_ARN = re.compile(r"arn:[\w-]+:ecr:([a-z0-9-]+):(\d{12}):repository/(.+)")
_SIGNS = re.compile(r"[\w\s.:/=+\-@]*")


def checked(arn: str, present: Mapping[str, str], added: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The tags with others added. Raises InvalidTagParameterException, TooManyTagsException.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html
    """
    tags = dict(present)
    for each in added:
        key, value = each["Key"], each["Value"]
        if not 1 <= len(key) <= limits.TAG_KEY_LENGTH or len(value) > limits.TAG_VALUE_LENGTH:
            raise errors.invalid_tag(
                f"Tag keys have 1 to {limits.TAG_KEY_LENGTH} characters, values up to {limits.TAG_VALUE_LENGTH}."
            )
        if key.lower().startswith("aws:"):
            raise errors.invalid_tag("Tag keys must not begin with 'aws:', which is reserved.")
        if not _SIGNS.fullmatch(key) or not _SIGNS.fullmatch(value):
            raise errors.invalid_tag(f"The tag '{key}' has characters that are not allowed.")
        tags[key] = value
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(arn)
    return tags


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _arn(ctx: Context, request: Request) -> str:
    return str(request["resourceArn"])


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    found = _ARN.fullmatch(request["resourceArn"])
    repository = await repositories.get(ctx, found[3]) if found is not None else None
    return repository.tags if repository is not None else {}


_ON_ARN: dict[str, Any] = {"resource": _arn, "tags": _tags}


async def _find(ctx: Context, request: Request) -> Home:
    """The repository of an ARN. Raises InvalidParameterException, RepositoryNotFoundException."""
    found = _ARN.fullmatch(request["resourceArn"])
    if found is None or (found[1], found[2]) != (ctx.region, ctx.account):
        raise errors.unsatisfied("resourceArn", "must be the ARN of a repository of this registry")
    return await find_named(ctx, found[3])


@service.operation(**_ON_ARN)
async def tag_resource(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html"""
    home = await _find(ctx, request)
    home.change(tags=checked(home.arn, home.repository.tags, request["tags"]))
    return {}


@service.operation(**_ON_ARN)
async def untag_resource(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UntagResource.html"""
    home = await _find(ctx, request)
    gone = frozenset(request["tagKeys"])
    home.change(tags={key: value for key, value in home.repository.tags.items() if key not in gone})
    return {}


@service.operation(**_ON_ARN)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListTagsForResource.html"""
    return {"tags": listed((await _find(ctx, request)).repository.tags)}
