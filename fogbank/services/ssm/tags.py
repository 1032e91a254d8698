"""Tags of parameters: AddTagsToResource, RemoveTagsFromResource, ListTagsForResource."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.ssm import errors, limits
from fogbank.services.ssm.access import ON_TAGGED
from fogbank.services.ssm.parameter import Parameter, find_by_name, parameters
from fogbank.services.ssm.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises TooManyTagsError, ValidationException; AWS's own tags are for its services."""
    for tag in given:
        if tag["Key"].lower().startswith("aws:") and ctx.principal.kind != "service":
            raise errors.reserved_tag()
    tags = {**present, **{tag["Key"]: tag["Value"] for tag in given}}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags()
    return tags


@service.operation(**ON_TAGGED)
async def add_tags_to_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_AddTagsToResource."""
    parameter = await _find(ctx, request)
    _save(ctx, parameter, added(ctx, parameter.tags, request["Tags"]))
    return {}


@service.operation(**ON_TAGGED)
async def remove_tags_from_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_RemoveTagsFromResource."""
    parameter = await _find(ctx, request)
    gone = frozenset(request["TagKeys"])
    _save(ctx, parameter, {key: value for key, value in parameter.tags.items() if key not in gone})
    return {}


@service.operation(**ON_TAGGED)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """All tags of a parameter. API_ListTagsForResource."""
    parameter = await _find(ctx, request)
    return {"TagList": [{"Key": key, "Value": value} for key, value in parameter.tags.items()]}


async def _find(ctx: Context, request: Request) -> Parameter:
    if request["ResourceType"] != "Parameter":
        raise not_implemented("ssm", f"{ctx.operation} for resources of type {request['ResourceType']}")
    try:
        return await find_by_name(ctx, request, "ResourceId")
    except AWSError:
        raise errors.invalid_resource_id() from None


def _save(ctx: Context, parameter: Parameter, tags: Tags) -> None:
    parameters.put(ctx, msgspec.structs.replace(parameter, tags=tags), parameter.name)
