"""Tags of groups: Tag, Untag, GetTags."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.resource_groups import errors
from fogbank.services.resource_groups.groups import ON_GROUP, Request, find, groups
from fogbank.services.resource_groups.service import service

_MOST = 50


@service.operation(**ON_GROUP)
async def tag(ctx: Context, request: Request) -> Request:
    """API_Tag."""
    group = await find(ctx, request)
    if any(key.lower().startswith("aws:") for key in request["Tags"]):
        raise errors.bad_request("Tag keys must not begin with aws:, which is reserved.")
    tags = {**group.tags, **request["Tags"]}
    if len(tags) > _MOST:
        raise errors.bad_request(f"A group can have at most {_MOST} tags.")
    groups.put(ctx, msgspec.structs.replace(group, tags=tags), group.name)
    return {"Arn": group.arn(ctx), "Tags": request["Tags"]}


@service.operation(**ON_GROUP)
async def untag(ctx: Context, request: Request) -> Request:
    """API_Untag."""
    group = await find(ctx, request)
    tags = {key: value for key, value in group.tags.items() if key not in request["Keys"]}
    groups.put(ctx, msgspec.structs.replace(group, tags=tags), group.name)
    return {"Arn": group.arn(ctx), "Keys": request["Keys"]}


@service.operation(**ON_GROUP)
async def get_tags(ctx: Context, request: Request) -> Request:
    """API_GetTags."""
    group = await find(ctx, request)
    return {"Arn": group.arn(ctx), "Tags": group.tags}
