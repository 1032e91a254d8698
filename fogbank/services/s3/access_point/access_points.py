"""Access points as S3 meets them: given in a bucket's place, they stand for a bucket, and have a say about who comes in.

Whoever comes through an access point needs the permission of both, the access point and the bucket:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html. That somebody came through one is noted as the
condition keys that say so, in the context's `origin`.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from fogbank.identity import storage_access
from fogbank.identity.storage_access import BLOCKS, AccessPoint, Flags, MultiRegionAccessPoint, Scope
from fogbank.kernel import Context
from fogbank.services.s3 import errors
from fogbank.services.s3.permissions import publicity

_ARN_KEY = "s3:DataAccessPointArn"
_KEYS = frozenset({_ARN_KEY, "s3:DataAccessPointAccount", "s3:AccessPointNetworkOrigin"})

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-service-api-support.html
_COMPATIBLE = frozenset(
    {
        "abort_multipart_upload",
        "complete_multipart_upload",
        "copy_object",
        "create_multipart_upload",
        "delete_object",
        "delete_object_tagging",
        "delete_objects",
        "get_bucket_acl",
        "get_bucket_cors",
        "get_bucket_location",
        "get_bucket_notification_configuration",
        "get_bucket_policy",
        "get_object",
        "get_object_acl",
        "get_object_attributes",
        "get_object_legal_hold",
        "get_object_retention",
        "get_object_tagging",
        "head_bucket",
        "head_object",
        "list_multipart_uploads",
        "list_object_versions",
        "list_objects",
        "list_objects_v2",
        "list_parts",
        "put_object",
        "put_object_acl",
        "put_object_legal_hold",
        "put_object_retention",
        "put_object_tagging",
        "restore_object",
        "select_object_content",
        "update_object_encryption",
        "upload_part",
        "upload_part_copy",
    }
)


class Door(NamedTuple):
    """What counts of an access point, of whatever kind, when somebody comes through it."""

    arn: str
    account: str
    bucket: str
    policy: str
    flags: Flags
    vpc: str = ""
    scope: Scope | None = None

    async def blocks(self, ctx: Context, part: str) -> bool:
        """Is this part of the block on public access in force: the access point's own, or its account's?"""
        return self.flags[BLOCKS.index(part)] or await storage_access.blocks(ctx.at(account=self.account), part)


async def bucket_behind(ctx: Context, name: str) -> str | None:
    """The bucket that is meant by what is given in a bucket's place. None when that may only be a bucket's name.

    Raises NoSuchAccessPoint; MethodNotAllowed for operations that access points do not take; AccessDenied to those who come
    from elsewhere than the access point's VPC.
    """
    found = await storage_access.find(ctx, name)
    if found is None:
        if storage_access.is_access_point(name):
            raise errors.no_such_access_point(name)
        return None
    if ctx.service.name == "s3" and ctx.operation not in _COMPATIBLE:
        raise errors.method_not_allowed(ctx.request.method if ctx.request else "GET", "ACCESS_POINT")
    door = _door(ctx, found)
    if door.vpc and ctx.origin.get("aws:SourceVpc") != door.vpc:
        raise errors.access_denied()
    origin = "VPC" if door.vpc else "Internet"
    keys = {_ARN_KEY: door.arn, "s3:DataAccessPointAccount": door.account, "s3:AccessPointNetworkOrigin": origin}
    ctx.origin = {**ctx.origin, **keys}
    return door.bucket


def _door(ctx: Context, found: AccessPoint | MultiRegionAccessPoint) -> Door:
    if isinstance(found, AccessPoint):
        return Door(found.arn, found.account, found.bucket, found.policy, found.flags, found.vpc, found.scope)
    open_routes = [route for route in found.routes if route.dial] or list(found.routes)
    nearest = next((route for route in open_routes if route.region == ctx.region), open_routes[0])
    return Door(found.arn, found.account, nearest.bucket, found.policy, found.flags)


async def door_of(ctx: Context) -> Door | None:
    """The access point that the request came through."""
    arn = arn_of(ctx)
    found = await storage_access.find(ctx, arn) if arn is not None else None
    return None if found is None else _door(ctx, found)


def arn_of(ctx: Context) -> str | None:
    """The ARN of the access point that the request came through."""
    arn = ctx.origin.get(_ARN_KEY)
    return arn if isinstance(arn, str) else None


def apart(ctx: Context) -> Context:
    """The same request, about another bucket than the one that it came to: the source of a copy."""
    other = ctx.at()
    other.origin = {key: value for key, value in ctx.origin.items() if key not in _KEYS}
    return other


async def admit(ctx: Context, door: Door, action: str, request: dict[str, Any], keys: Any) -> None:
    """Raise AccessDenied unless the access point lets the caller do `action` to what the request names."""
    key = request.get("Key")
    resource = door.arn if key is None else f"{door.arn}/object/{key}"
    _check_scope(door, action, key)
    policy = await _policy_in_force(ctx, door)
    await ctx.authorise(action, resource, policy=policy or None, owner=door.account, keys=keys, params=request)


async def _policy_in_force(ctx: Context, door: Door) -> str:
    """A public policy, where those are restricted, lets in nobody but the access point's own account, and services."""
    is_outsider = ctx.principal.account != door.account and ctx.principal.kind != "service"
    if door.policy and is_outsider and publicity.is_public(json.loads(door.policy)):
        return "" if await door.blocks(ctx, "RestrictPublicBuckets") else door.policy
    return door.policy


def _check_scope(door: Door, action: str, key: str | None) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-directory-buckets-manage-scope.html"""
    if door.scope is None:
        return
    permissions, prefixes = door.scope.permissions, door.scope.prefixes
    if permissions and action.removeprefix("s3:") not in permissions:
        raise errors.access_denied()
    if prefixes and key is not None and not key.startswith(prefixes):
        raise errors.access_denied()


async def check_detached(ctx: Context, bucket: str) -> None:
    """Raise BucketHasAccessPointsAttached for a bucket that cannot be deleted yet."""
    if await storage_access.attached.count(ctx, bucket, limit=1):
        raise errors.bucket_has_access_points(bucket)


def split_source(path: str) -> tuple[str, str]:
    """(what is in the bucket's place, key) of a copy source that is decoded: `arn:...:accesspoint/name/object/key`."""
    if not path.startswith("arn:"):
        bucket, _, key = path.removeprefix("/").partition("/")
        return bucket, key
    arn, _, key = path.partition("/object/")
    return arn, key
