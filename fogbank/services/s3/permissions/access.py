"""What the decision about a request needs to know of S3: its resources, the policies that have a say, the owner, the keys.

An ACL has its say as statements of a policy, so that there is one decision and not two.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fogbank import protocols
from fogbank.identity import storage_access
from fogbank.kernel import Context
from fogbank.services.s3 import errors, records
from fogbank.services.s3.access_point import access_points
from fogbank.services.s3.bucket import regions
from fogbank.services.s3.express import directory_names
from fogbank.services.s3.express.directory_names import is_directory
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import tags, vault, versions
from fogbank.services.s3.permissions import grants, publicity
from fogbank.services.s3.records import Home, Object

Request = dict[str, Any]

# What an object's owner decides about, even where the bucket is another account's.
_OWNERS = (
    "s3:GetObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
)


def bucket_arn(ctx: Context, request: Request) -> str:
    name = request["Bucket"]
    return directory_names.arn(*_place(ctx, request), name) if is_directory(name) else f"arn:aws:s3:::{name}"


def object_arn(ctx: Context, request: Request) -> str:
    """Of a directory bucket's objects nothing is asked but whether the caller may have a session of the bucket."""
    name = request["Bucket"]
    return bucket_arn(ctx, request) if is_directory(name) else f"arn:aws:s3:::{name}/{request['Key']}"


def _place(ctx: Context, request: Request) -> tuple[str, str]:
    """Account and region of a bucket, which is about to be created where nothing was found."""
    home = records.noted(request)
    return (ctx.account, ctx.region) if home is None else (home.bucket.account, home.bucket.region)


# -- policies


async def policy(ctx: Context, request: Request) -> str | None:
    """The policy (JSON) that has a say about a request: the bucket's own, and what its ACLs amount to.

    Raises AccessDenied when the request came through an access point that does not let it.
    """
    return await (ctx.transact(_admitted, ctx, request) if ctx.tx is None else _admitted(ctx, request))


async def _admitted(ctx: Context, request: Request) -> str | None:
    home = await records.home_of(ctx, request)
    await regions.check(ctx, home, request)
    has_acls = home.bucket.ownership != records.ENFORCED
    found = await _policy(ctx, home, request, _actions(ctx, request) if has_acls else ())
    door = await access_points.door_of(ctx) if ctx.origin else None
    if door is not None:
        for action in _actions(ctx, request):
            await access_points.admit(ctx, door, action, request, condition_keys)
    return found


def _actions(ctx: Context, request: Request) -> tuple[str, ...]:
    """What the operation that was called takes; nothing where it asks about each of its objects."""
    operation = ctx.service.operations[ctx.operation]
    if operation.resource is no_resource:
        return ()
    action = operation.action or f"s3:{protocols.load('s3').operation_by_snake(operation.name).name}"
    found = action(ctx, request) if callable(action) else action
    return (found,) if isinstance(found, str) else found


async def _policy(ctx: Context, home: Home, request: Request, actions: tuple[str, ...]) -> str | None:
    bucket = home.bucket
    if bucket.ownership != records.ENFORCED and await _foreign_owner(home, request, actions):
        return _document([*_denials(bucket.policy), *await _granted(ctx, home, request)])
    if ctx.principal.account == bucket.account and ctx.principal.kind != "service":
        return bucket.policy or None
    own = bucket.policy
    if own and publicity.is_public(json.loads(own)) and await blocks(home, "RestrictPublicBuckets"):
        own = ""  # a public policy lets in nobody but the owner's own account, and services
        if ctx.principal.kind == "service":
            own = bucket.policy
    granted = await _granted(ctx, home, request)
    return _document([*_statements(own), *granted]) if granted else own or None


def _document(statements: list[dict[str, Any]]) -> str | None:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _statements(text: str) -> list[dict[str, Any]]:
    found = json.loads(text)["Statement"] if text else []
    return found if isinstance(found, list) else [found]


def _denials(text: str) -> list[dict[str, Any]]:
    """A bucket's policy lets nobody at the objects of other accounts, but it can keep them away."""
    return [statement for statement in _statements(text) if statement.get("Effect") == "Deny"]


async def owner(ctx: Context, request: Request) -> str:
    """The account that owns what a request is about: the bucket, or an object that another account wrote into it."""
    home = records.noted(request)
    if home is not None and home.bucket.ownership == records.ENFORCED:
        return home.bucket.account
    return await (ctx.transact(_owner, ctx, request) if ctx.tx is None else _owner(ctx, request))


async def _owner(ctx: Context, request: Request) -> str:
    home = await records.home_of(ctx, request)
    return await _foreign_owner(home, request, _actions(ctx, request)) or home.bucket.account


async def _foreign_owner(home: Home, request: Request, actions: tuple[str, ...]) -> str:
    """The account that an object belongs to, where that is not the bucket's and has a say."""
    if home.bucket.ownership == records.ENFORCED or not all(action.startswith(_OWNERS) for action in actions):
        return ""
    record = await _object_of(home, request)
    return "" if record is None else record.owner


async def blocks(home: Home, part: str) -> bool:
    """Is this part of the block on public access in force: the bucket's own, or its account's?"""
    return home.bucket.blocks(part) or await storage_access.blocks(home.ctx, part)


async def check_public_acl(ctx: Context, home: Home, is_public: bool) -> None:
    """Raise AccessDenied for a public ACL that the bucket, its account, or the access point that the request came through blocks.

    A bucket without ACLs has another refusal for them.
    """
    if not is_public or home.bucket.ownership == records.ENFORCED:
        return
    door = await access_points.door_of(ctx)
    if await blocks(home, "BlockPublicAcls") or (door is not None and await door.blocks(ctx, "BlockPublicAcls")):
        raise errors.access_denied()


async def _granted(ctx: Context, home: Home, request: Request) -> list[dict[str, Any]]:
    """What the ACLs of bucket and object grant to the caller, as statements."""
    bucket = home.bucket
    if bucket.ownership == records.ENFORCED:
        return []
    of_bucket, record = grants.of_bucket(bucket), await _object_of(home, request)
    of_object = grants.of_object(record, bucket) if record is not None else ()
    if grants.are_public((*of_bucket, *of_object)) and await _ignores_public_acls(ctx, home):
        of_bucket, of_object = grants.without_public(of_bucket), grants.without_public(of_object)
    found = grants.statements_of_bucket(of_bucket, ctx.principal, bucket.arn)
    if ctx.operation == "put_object_acl":  # an object's ACL is not the bucket's business once it is written
        found = []
    if record is not None:
        found += grants.statements_of_object(of_object, ctx.principal, object_arn(ctx, request))
    return found


async def _ignores_public_acls(ctx: Context, home: Home) -> bool:
    door = await access_points.door_of(ctx)
    if await blocks(home, "IgnorePublicAcls"):
        return True
    return door is not None and await door.blocks(ctx, "IgnorePublicAcls")


async def _object_of(home: Home, request: Request) -> Object | None:
    """The version that a request is about, if it is there."""
    key, version_id = request.get("Key"), request.get("VersionId")
    if key is None:
        return None
    if version_id and (version_id == versions.NULL or versions.is_id(version_id)):
        return await vault.version(home, key, version_id)
    return await vault.current(home, key)


async def _policy_for_admin(ctx: Context, request: Request) -> str | None:
    """The owner's root can always mend a policy, even one that locks everybody out."""
    if ctx.principal.kind == "root" and await records.owner_of(ctx, request) == ctx.principal.account:
        return None
    return await policy(ctx, request)


# -- condition keys

_KEYS = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:VersionId",
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "StorageClass": "s3:x-amz-storage-class",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
}


async def condition_keys(ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
    """S3's own condition keys: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""
    found: dict[str, str | tuple[str, ...]] = {
        key: str(request[member]) for member, key in _KEYS.items() if request.get(member) is not None
    }
    for name, value in (await _existing_tags(ctx, request)).items():
        found[f"s3:ExistingObjectTag/{name}"] = value
    home = records.noted(request)
    if home is not None and _goes_by_tags(home):
        found.update({f"s3:BucketTag/{name}": value for name, value in home.bucket.tags.items()})
    found.update(locks.condition_keys(request, ctx.now()))
    if request.get("Tagging").__class__ is str:
        given = tags.from_header(request["Tagging"])
        found.update({f"s3:RequestObjectTag/{name}": value for name, value in given.items()})
        found["s3:RequestObjectTagKeys"] = tuple(given)
    return found


async def resource_tags(ctx: Context, request: Request) -> dict[str, str]:
    """The tags of a bucket, where they have a say (see `abac.py`); inside a transaction or not."""
    home = await (ctx.transact(records.home_of, ctx, request) if ctx.tx is None else records.home_of(ctx, request))
    return home.bucket.tags if _goes_by_tags(home) else {}


def _goes_by_tags(home: Home) -> bool:
    return records.ABAC in home.bucket.features or is_directory(home.name)


async def _existing_tags(ctx: Context, request: Request) -> dict[str, str]:
    """The tags that the object of a request has now."""
    if request.get("Key") is None:
        return {}
    record = await _object_of(await records.home_of(ctx, request), request)
    return {} if record is None else record.traits.tags


# -- actions


Action = Callable[[Context, Request], str]


def on_version(action: str) -> Action:
    """The action that S3 has for an object, and under a name of its own for a certain version of it."""
    verb, noun, rest = action.partition("Object")
    version_action = f"s3:{verb}{noun}Version{rest}"

    def choose(ctx: Context, request: Request) -> str:
        return f"s3:{action}" if request.get("VersionId") is None else version_action

    return choose


def no_resource(ctx: Context, request: Request) -> tuple[str, ...]:
    """For operations that ask about each of their objects."""
    return ()


# -- options of operations

ON_BUCKET: dict[str, Any] = {
    "resource": bucket_arn,
    "policy": policy,
    "owner": owner,
    "keys": condition_keys,
    "tags": resource_tags,
}
ON_OBJECT: dict[str, Any] = {**ON_BUCKET, "resource": object_arn}
ON_POLICY: dict[str, Any] = {**ON_BUCKET, "policy": _policy_for_admin}
ON_EACH: dict[str, Any] = {**ON_BUCKET, "resource": no_resource}


def with_contents(ctx: Context, request: Request) -> tuple[str, str]:
    """GetObjectAttributes takes the right to read the object, too."""
    version = "" if request.get("VersionId") is None else "Version"
    return f"s3:GetObject{version}", f"s3:GetObject{version}Attributes"


READ = on_version("GetObject")
DELETE = on_version("DeleteObject")

# -- decisions inside of operations


async def check(ctx: Context, action: str | Action, request: Request) -> None:
    """Raise AccessDenied unless the caller may do `action` to the object, or bucket, that `request` names."""
    await (ctx.transact(_check, ctx, action, request) if ctx.tx is None else _check(ctx, action, request))


async def _check(ctx: Context, action: str | Action, request: Request) -> None:
    home = await records.home_of(ctx, request)
    named = action if isinstance(action, str) else action(ctx, request)
    if is_directory(home.name):
        named = directory_names.CREATE_SESSION
    if named == "s3:PutObjectAcl":
        asked = grants.requested(request)
        await check_public_acl(
            ctx, home, grants.are_public(grants.of_written(*asked, home.bucket.account, home.bucket))
        )
    door = await access_points.door_of(ctx)
    if door is not None:
        await access_points.admit(ctx, door, named, request, condition_keys)
    arn = object_arn(ctx, request) if "Key" in request else bucket_arn(ctx, request)
    await ctx.authorise(named, arn, **await _about(ctx, home, request, named))


async def _about(ctx: Context, home: Home, request: Request, action: str) -> dict[str, Any]:
    return {
        "policy": await _policy(ctx, home, request, (action,)),
        "owner": await _foreign_owner(home, request, (action,)) or home.bucket.account,
        "keys": condition_keys,
        "tags": resource_tags,
        "params": request,
    }


async def may(ctx: Context, action: str, request: Request) -> bool:
    """Whether the caller may do `action` to the object that `request` names; for what an answer tells. Inside a transaction."""
    home = await records.home_of(ctx, request)
    return await ctx.may(action, object_arn(ctx, request), **await _about(ctx, home, request, action))
