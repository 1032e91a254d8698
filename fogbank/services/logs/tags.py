"""Tags of log groups and destinations, by both of the APIs that there are."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.logs import errors, limits
from fogbank.services.logs.records import ON_GROUP, Answer, LogGroup, Request, change, find, group_named, name_in
from fogbank.services.logs.service import service

Tags = dict[str, str]


def checked(arn: str, before: Tags, given: Tags) -> Tags:
    """The tags with those that are given. Raises InvalidParameterException, TooManyTagsException."""
    for key in given:
        if key.lower().startswith("aws:"):
            raise errors.invalid_parameter("Tag keys starting with aws: are reserved for AWS use.")
    merged = {**before, **given}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(arn)
    return merged


def fit(tags: Tags, wanted: list[Request]) -> bool:
    """Has the resource all of the tags? A value may begin with `!` (not) and have `*` at its ends."""
    return all(_fits(tags, each["key"], each.get("values") or []) for each in wanted)


def _fits(tags: Tags, key: str, values: list[str]) -> bool:
    if key not in tags:
        return False
    refused = [value[1:] for value in values if value.startswith("!")]
    accepted = [value for value in values if not value.startswith("!")]
    is_accepted = not accepted or any(_is_like(tags[key], value) for value in accepted)
    return is_accepted and not any(_is_like(tags[key], value) for value in refused)


def _is_like(text: str, wanted: str) -> bool:
    core = wanted.strip("*")
    if wanted.startswith("*") and wanted.endswith("*"):
        return core in text
    if wanted.startswith("*"):
        return text.endswith(core)
    return text.startswith(core) if wanted.endswith("*") else text == core


# -- of log groups only


@service.operation(**ON_GROUP)
async def tag_log_group(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    change(ctx, group, tags=checked(group.name, group.tags, request["tags"]))


@service.operation(**ON_GROUP)
async def untag_log_group(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    change(ctx, group, tags=without(group.tags, request["tags"]))


@service.operation(**ON_GROUP)
async def list_tags_log_group(ctx: Context, request: Request) -> Answer:
    return {"tags": (await find(ctx, request)).tags}


# -- of whatever has an ARN


def without(tags: Tags, keys: list[str]) -> Tags:
    return {key: value for key, value in tags.items() if key not in keys}


def _arn(ctx: Context, request: Request) -> str:
    return str(request["resourceArn"])


async def _tags(ctx: Context, request: Request) -> Tags:
    return (await _group(ctx, request)).tags


ON_RESOURCE: dict[str, Any] = {"resource": _arn, "tags": _tags}


async def _group(ctx: Context, request: Request) -> LogGroup:
    return await group_named(ctx, name_in(ctx, request["resourceArn"]))


@service.operation(**ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    group = await _group(ctx, request)
    change(ctx, group, tags=checked(request["resourceArn"], group.tags, request["tags"]))


@service.operation(**ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    group = await _group(ctx, request)
    change(ctx, group, tags=without(group.tags, request["tagKeys"]))


@service.operation(**ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    return {"tags": (await _group(ctx, request)).tags}
