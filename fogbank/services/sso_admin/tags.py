"""Tags of instances and permission sets: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.instance import Instance, arn_of, find, instances
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import PermissionSet, find_set, key_of, permission_sets
from fogbank.services.sso_admin.service import service
from fogbank.services.sso_admin.tagging import added

Request = dict[str, Any]
Tags = dict[str, str]


@service.operation(resource=lambda ctx, request: request["ResourceArn"])
async def tag_resource(ctx: Context, request: Request) -> Request:
    """API_TagResource."""
    tagged = await _find(ctx, request)
    _save(ctx, tagged, added(tagged.tags, request["Tags"]))
    return {}


@service.operation(resource=lambda ctx, request: request["ResourceArn"])
async def untag_resource(ctx: Context, request: Request) -> Request:
    """API_UntagResource."""
    tagged, gone = await _find(ctx, request), frozenset(request["TagKeys"])
    _save(ctx, tagged, {key: value for key, value in tagged.tags.items() if key not in gone})
    return {}


@service.operation(resource=lambda ctx, request: request["ResourceArn"])
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    tagged = await _find(ctx, request)
    return listed(request, "Tags", sorted(tagged.tags), str, lambda key: {"Key": key, "Value": tagged.tags[key]})


async def _find(ctx: Context, request: Request) -> Instance | PermissionSet:
    arn = request["ResourceArn"]
    instance = await find(ctx, {"InstanceArn": request.get("InstanceArn") or arn})
    if ":instance/" in arn and arn == arn_of(ctx, instance):
        return instance
    if ":permissionSet/" in arn:
        return await find_set(ctx, {"InstanceArn": arn_of(ctx, instance), "PermissionSetArn": arn})
    raise errors.not_found(f"Could not find the resource {arn}")


def _save(ctx: Context, tagged: Instance | PermissionSet, tags: Tags) -> None:
    if isinstance(tagged, Instance):
        instances.put(ctx, replace(tagged, tags=tags), tagged.id)
    else:
        permission_sets.put(ctx, replace(tagged, tags=tags), *key_of(tagged.arn))
