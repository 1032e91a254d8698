"""Tags of secrets: TagResource, UntagResource."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.secretsmanager import errors, limits
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import find_own
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]
Tags = dict[str, str]


def added(ctx: Context, present: Tags, given: list[dict[str, str]]) -> Tags:
    """The tags with those of a request added. Raises InvalidParameterException; tags of AWS's own are for its services."""
    new: Tags = {}
    for tag in given:
        key = tag.get("Key", "")
        if key.lower().startswith("aws:") and ctx.principal.kind != "service":
            raise errors.reserved_tag()
        if key in new:
            raise errors.duplicate_tag(key)
        new[key] = tag.get("Value", "")
    tags = {**present, **new}
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags()
    return tags


def shown(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@service.operation(**ON_SECRET)
async def tag_resource(ctx: Context, request: Request) -> None:
    """Add tags, and replace those that are there already. API_TagResource."""
    scope, secret = await find_own(ctx, request)
    await save(scope, secret, tags=added(scope, secret.tags, request["Tags"]))


@service.operation(**ON_SECRET)
async def untag_resource(ctx: Context, request: Request) -> None:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    scope, secret = await find_own(ctx, request)
    gone = frozenset(request["TagKeys"])
    await save(scope, secret, tags={key: value for key, value in secret.tags.items() if key not in gone})
