"""Tags of streams and of consumers."""

from __future__ import annotations

import re
from collections.abc import Callable

from fogbank.kernel import Context
from fogbank.services.kinesis import errors, limits
from fogbank.services.kinesis.records import ON_STREAM, Answer, Request, change, find
from fogbank.services.kinesis.resources import ON_RESOURCE, resource_of
from fogbank.services.kinesis.service import service

Tags = dict[str, str]

_ALLOWED = re.compile(r"[\w\s.:/=+\-@%]*")
_LISTED = 50


def checked(before: Tags, given: Tags) -> Tags:
    """The tags with those that are given. Raises InvalidArgumentException."""
    for key, value in given.items():
        if key.lower().startswith("aws:"):
            raise errors.bad_tag("Tag keys starting with aws: are reserved.")
        if not _ALLOWED.fullmatch(key) or not _ALLOWED.fullmatch(value):
            raise errors.bad_tag(
                "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @."
            )
    merged = {**before, **given}
    if len(merged) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return merged


def _shown(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


@service.operation(**ON_STREAM)
async def add_tags_to_stream(ctx: Context, request: Request) -> None:
    scope, stream = await find(ctx, request)
    change(scope, stream, tags=checked(stream.tags, request["Tags"]))


@service.operation(**ON_STREAM)
async def remove_tags_from_stream(ctx: Context, request: Request) -> None:
    scope, stream = await find(ctx, request)
    change(scope, stream, tags={key: value for key, value in stream.tags.items() if key not in request["TagKeys"]})


@service.operation(**ON_STREAM)
async def list_tags_for_stream(ctx: Context, request: Request) -> Answer:
    _, stream = await find(ctx, request)
    start = request.get("ExclusiveStartTagKey") or ""
    found = [tag for tag in _shown(stream.tags) if tag["Key"] > start]
    shown = found[: request.get("Limit") or _LISTED]
    return {"Tags": shown, "HasMoreTags": len(found) > len(shown)}


@service.operation(**ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    await _retag(ctx, request, lambda tags: checked(tags, request["Tags"]))


@service.operation(**ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    await _retag(
        ctx, request, lambda tags: {key: value for key, value in tags.items() if key not in request["TagKeys"]}
    )


async def _retag(ctx: Context, request: Request, work: Callable[[Tags], Tags]) -> None:
    found = await resource_of(ctx, request)
    found.change(tags=work(found.record.tags))


@service.operation(**ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    found = await resource_of(ctx, request)
    return {"Tags": _shown(found.record.tags)}
