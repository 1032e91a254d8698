"""Tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.stepfunctions import arns, errors, limits
from fogbank.services.stepfunctions.records import Activity, Machine, activities, given, machines
from fogbank.services.stepfunctions.service import service

Request = dict[str, Any]


def merged(arn: str, present: Mapping[str, str], added: list[dict[str, str]]) -> dict[str, str]:
    """Raises TooManyTags, ValidationException."""
    found = {**present, **{tag.get("key") or "": tag.get("value") or "" for tag in added}}
    if any((tag.get("key") or "").lower().startswith("aws:") for tag in added):
        raise errors.reserved_tag()
    if len(found) > limits.TAGS:
        raise errors.too_many_tags(arn)
    return found


async def _tagged(ctx: Context, text: str) -> Machine | Activity:
    """Raises InvalidArn, ResourceNotFound."""
    arn = arns.parse(text, arns.MACHINE, arns.ACTIVITY)
    kept: Any = machines if arn.kind == arns.MACHINE else activities
    found = await kept.get(ctx, arn.name)
    if found is None or arn.account != ctx.account or arn.region != ctx.region or arn.qualifier:
        raise errors.no_resource(text)
    return found  # type: ignore[no-any-return]


def _keep(ctx: Context, found: Machine | Activity, tags: dict[str, str]) -> None:
    kept: Any = machines if isinstance(found, Machine) else activities
    kept.put(ctx, msgspec.structs.replace(found, tags=tags), found.name)


@service.operation(resource=given)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """API_TagResource."""
    found = await _tagged(ctx, request["resourceArn"])
    _keep(ctx, found, merged(request["resourceArn"], found.tags, request["tags"]))
    return {}


@service.operation(resource=given)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """API_UntagResource."""
    found = await _tagged(ctx, request["resourceArn"])
    _keep(ctx, found, {key: value for key, value in found.tags.items() if key not in request["tagKeys"]})
    return {}


@service.operation(resource=given)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    found = await _tagged(ctx, request["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in found.tags.items()]}
