"""Tags of instances, permission sets, applications and trusted token issuers."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Collection, Context, Record
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.application import Application, applications, find_application
from fogbank.services.sso_admin.instance import Instance, arn_of, find, instances, key_of
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import PermissionSet, find_set, permission_sets
from fogbank.services.sso_admin.service import service
from fogbank.services.sso_admin.tagging import added
from fogbank.services.sso_admin.token_issuers import TokenIssuer, find_issuer, token_issuers

Request = dict[str, Any]
Tags = dict[str, str]
Tagged = Instance | PermissionSet | Application | TokenIssuer

# Where those lie whose keys are in their ARNs.
_ROWS: dict[type[Record], Collection[Any]] = {
    PermissionSet: permission_sets,
    Application: applications,
    TokenIssuer: token_issuers,
}


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


async def _find(ctx: Context, request: Request) -> Tagged:
    arn = request["ResourceArn"]
    instance = await find(ctx, {"InstanceArn": request.get("InstanceArn") or arn})
    if ":instance/" in arn and arn == arn_of(ctx, instance):
        return instance
    if ":permissionSet/" in arn:
        return await find_set(ctx, {"InstanceArn": arn_of(ctx, instance), "PermissionSetArn": arn})
    if ":application/" in arn:
        return await find_application(ctx, arn)
    if ":trustedTokenIssuer/" in arn:
        return await find_issuer(ctx, arn)
    raise errors.not_found(f"Could not find the resource {arn}")


def _save(ctx: Context, tagged: Tagged, tags: Tags) -> None:
    if isinstance(tagged, Instance):
        instances.put(ctx, replace(tagged, tags=tags), tagged.id)
    else:
        _ROWS[type(tagged)].put(ctx, replace(tagged, tags=tags), *key_of(tagged.arn))
