"""Tags of groups and sampling rules: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Collection, Context
from fogbank.services.xray import errors, groups, sampling_rules, tags
from fogbank.services.xray.records import arn
from fogbank.services.xray.service import service

Request = dict[str, Any]


async def _find(ctx: Context, request: Request) -> tuple[Collection[Any], Any]:
    """(its collection, what is tagged). Raises ResourceNotFoundException."""
    given = request["ResourceARN"]
    kind, _, rest = given.split(":", 5)[-1].partition("/")
    name = rest.partition("/")[0]
    if kind == "group" and (group := await groups.groups.get(ctx, name)) and given == groups.arn_of(ctx, group):
        return groups.groups, group
    if kind == "sampling-rule" and given == arn(ctx, "sampling-rule", rest):
        rule = await sampling_rules.rules.get(ctx, rest)
        if rule is not None:
            return sampling_rules.rules, rule
    raise errors.no_such_resource(given)


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    return (await _find(ctx, request))[1].tags  # type: ignore[no-any-return]


_ON_RESOURCE: dict[str, Any] = {"resource": lambda ctx, request: request["ResourceARN"], "tags": _tags}


@service.operation(**_ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagResource."""
    collection, found = await _find(ctx, request)
    merged = tags.added(found.tags, request["Tags"], request["ResourceARN"])
    collection.put(ctx, msgspec.structs.replace(found, tags=merged), found.name)
    return {}


@service.operation(**_ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    collection, found = await _find(ctx, request)
    left = {key: value for key, value in found.tags.items() if key not in request["TagKeys"]}
    collection.put(ctx, msgspec.structs.replace(found, tags=left), found.name)
    return {}


@service.operation(**_ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    if request.get("NextToken") is not None:
        raise errors.invalid_token()
    found = await _tags(ctx, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}
