"""Buckets: create, find, list, delete, and what is set on them as a whole (versioning, tags)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import msgspec

from fogbank.kernel import Answered, Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3 import errors, limits, settings
from fogbank.services.s3.access_point import access_points
from fogbank.services.s3.bucket import hosts, names
from fogbank.services.s3.content import digests
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.configuration import blocked_at_first
from fogbank.services.s3.express import directories
from fogbank.services.s3.express.directory_names import is_directory
from fogbank.services.s3.locking import errors as lock_errors
from fogbank.services.s3.locking import mfa
from fogbank.services.s3.object import tags
from fogbank.services.s3.permissions import abac, access, acls, grants, owners
from fogbank.services.s3.records import (
    ENABLED,
    ENFORCED,
    SUSPENDED,
    Bucket,
    Claim,
    DefaultRetention,
    buckets,
    claims,
    find,
    history,
    home_of,
    objects,
)
from fogbank.services.s3.service import service
from fogbank.services.s3.upload import uploads

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

FIRST_REGION = "us-east-1"


# -- creating and deleting


_CREATE = with_members(
    "s3:CreateBucket",
    {
        **dict.fromkeys(grants.MEMBERS, "s3:PutBucketAcl"),
        "ObjectLockEnabledForBucket": "s3:PutBucketObjectLockConfiguration",
        "ObjectOwnership": "s3:PutBucketOwnershipControls",
    },
)


@service.operation(resource=access.bucket_arn, action=_CREATE)
async def create_bucket(ctx: Context, request: Request) -> Answer:
    """Create a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html

    Errors: InvalidBucketName, IllegalLocationConstraintException, BucketAlreadyOwnedByYou, BucketAlreadyExists.
    """
    name = request["Bucket"]
    document = request.get("CreateBucketConfiguration") or {}
    if is_directory(name):
        return await directories.create(ctx, request)
    _check_name(name, ctx, request)
    if "Location" in document or "Bucket" in document:  # those are of directory buckets, whose names tell
        raise errors.invalid_bucket_name(name)
    region = _region(ctx, document.get("LocationConstraint"))
    location = f"/{name}" if region == FIRST_REGION else f"http://{name}.s3.amazonaws.com/"
    taken = await find(ctx, name)
    if taken is not None:
        _check_taken(ctx, taken.bucket, region)
        return {"Location": location}
    if await buckets.count(ctx) >= limits.BUCKETS_PER_ACCOUNT:
        raise errors.too_many_buckets()
    acl, granted = grants.requested(request)
    bucket = Bucket(
        name,
        ctx.account,
        region,
        ctx.now(),
        tags=tags.check_bucket(tags.from_set(document.get("Tags") or [])),
        acl=acl or "private",
        grants=granted,
        ownership=request.get("ObjectOwnership") or ENFORCED,
        versioning=ENABLED if request.get("ObjectLockEnabledForBucket") else "",
        retention=DefaultRetention() if request.get("ObjectLockEnabledForBucket") else None,
        blocked=blocked_at_first(region),
    )
    acls.check_new_bucket(bucket)
    claims.put(ctx, Claim(ctx.account, region), name)
    buckets.put(ctx, bucket, name)
    return {"Location": location}


def _check_name(name: str, ctx: Context, request: Request) -> None:
    if not names.is_bucket_name(name):
        raise errors.invalid_bucket_name(name)
    is_regional = request.get("BucketNamespace") == "account-regional"
    if (is_regional or name.endswith("-an")) and not (
        is_regional and names.is_account_regional(name, ctx.account, ctx.region)
    ):
        raise errors.invalid_bucket_name(name)


def _region(ctx: Context, constraint: str | None) -> str:
    """The region of a new bucket. Only the endpoint of us-east-1 creates buckets elsewhere.

    Some clients sign for no region at all (`US`, `auto`, `aws-global`): they mean that of us-east-1.
    """
    here = ctx.region if hosts.is_region(ctx.region) else FIRST_REGION
    if constraint is None:
        if here != FIRST_REGION:
            raise errors.illegal_location("unspecified")
        return FIRST_REGION
    region = "eu-west-1" if constraint == "EU" else constraint
    if here not in (region, FIRST_REGION):
        raise errors.illegal_location(constraint)
    return region


def _check_taken(ctx: Context, taken: Bucket, region: str) -> None:
    """Who creates a bucket of their own again in us-east-1 is told that all is well, everybody else is not."""
    if taken.account != ctx.account:
        raise errors.bucket_already_exists(taken.name)
    if not (region == taken.region == FIRST_REGION):
        raise errors.bucket_already_owned_by_you(taken.name)


@service.operation(**access.ON_BUCKET)
async def delete_bucket(ctx: Context, request: Request) -> Answer:
    """Delete an empty bucket, and what is configured on it. Uploads under way are aborted."""
    home = await home_of(ctx, request)
    if await objects.scan(home.ctx, home.name, limit=1) or await history.scan(home.ctx, home.name, limit=1):
        raise errors.bucket_not_empty(home.name, bool(home.bucket.versioning))
    await access_points.check_detached(home.ctx, home.name)
    await uploads.abort_all(home)
    await keys.forget(home)
    await settings.forget(home)
    claims.delete(home.ctx, home.name)
    buckets.delete(home.ctx, home.name)
    return {}


# -- finding


@service.operation(action="s3:ListBucket", **access.ON_BUCKET)
async def head_bucket(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if is_directory(home.name):
        return directories.about(home)
    return {"BucketRegion": home.bucket.region, "AccessPointAlias": False}


def _tell_region(ctx: Context, answered: Answered) -> Awaitable[None] | None:
    """Who may not look at a bucket is told where it is all the same: so tools find its region."""
    if ctx.operation == "head_bucket" and answered.response.status == 403 and "Bucket" in answered.params:
        return _tell_region_of(ctx, answered)
    return None


async def _tell_region_of(ctx: Context, answered: Answered) -> None:
    home = await ctx.transact(find, ctx, answered.params["Bucket"])
    if home is not None:
        answered.response.headers.append(("x-amz-bucket-region", home.bucket.region))


service.after.append(_tell_region)


@service.operation(**access.ON_BUCKET)
async def get_bucket_location(ctx: Context, request: Request) -> Answer:
    """The region as location constraint: nothing for us-east-1."""
    region = (await home_of(ctx, request)).bucket.region
    return {"LocationConstraint": None if region == FIRST_REGION else region}


@service.operation(action="s3:ListAllMyBuckets", resource=lambda ctx, request: "*")
async def list_buckets(ctx: Context, request: Request) -> Answer:
    """The caller's buckets in the order of their names: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html"""
    if ctx.principal.kind == "anonymous":
        raise errors.access_denied()
    limit = request.get("MaxBuckets", limits.BUCKET_PAGE)
    if not 1 <= limit <= limits.BUCKET_PAGE:
        raise errors.invalid_argument(
            f"Argument max-buckets must be an integer between 1 and {limits.BUCKET_PAGE}", "max-buckets", limit
        )
    found = await _owned(ctx, request, limit + 1)
    shown = found[:limit]
    wants_region = bool(request.keys() & {"MaxBuckets", "Prefix", "BucketRegion", "ContinuationToken"})
    answer: Answer = {
        "Owner": owners.owner(ctx.account),
        "Prefix": request.get("Prefix"),
        "Buckets": [_entry(bucket, wants_region) for bucket in shown],
    }
    if len(found) > limit:
        answer["ContinuationToken"] = pages.token(shown[-1].name)
    return answer


async def _owned(ctx: Context, request: Request, limit: int) -> list[Bucket]:
    token, region = request.get("ContinuationToken"), request.get("BucketRegion")
    bounds: dict[str, Any] = {"starts_with": request.get("Prefix") or ""}
    if token:
        error = errors.invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
        bounds["after"] = (pages.position(token, error),)
    found = await buckets.scan(ctx, **bounds)
    return [each for each in found if not is_directory(each.name) and region in (None, each.region)][:limit]


def _entry(bucket: Bucket, with_region: bool) -> Answer:
    entry: Answer = {"Name": bucket.name, "CreationDate": int(bucket.created)}
    if with_region:
        entry["BucketRegion"] = bucket.region
    return entry


# -- versioning


@service.operation(**access.ON_BUCKET)
async def put_bucket_versioning(ctx: Context, request: Request) -> Answer:
    """Enable or suspend versioning: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html"""
    digests.check_document(ctx.request)
    document = request["VersioningConfiguration"] or {}
    status, mfa_delete = document.get("Status"), document.get("MFADelete")
    if status not in (ENABLED, SUSPENDED):
        raise errors.bad_versioning_document()
    home = await home_of(ctx, request)
    bucket = home.bucket
    if mfa_delete == ENABLED or bucket.mfa_delete == ENABLED or "MFA" in request:
        await mfa.verify(home, request.get("MFA"))
    if status == SUSPENDED and bucket.retention is not None:
        raise lock_errors.versioning_is_needed()
    if status == SUSPENDED and "replication" in bucket.features:
        raise errors.invalid_bucket_state(
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the "
            "versioning state, first delete the replication configuration."
        )
    changed = replace(bucket, versioning=status, mfa_delete=mfa_delete or bucket.mfa_delete)
    buckets.put(home.ctx, changed, home.name)
    return {}


@service.operation(**access.ON_BUCKET)
async def get_bucket_versioning(ctx: Context, request: Request) -> Answer:
    """Empty until versioning was set for the first time."""
    bucket = (await home_of(ctx, request)).bucket
    return {"Status": bucket.versioning or None, "MFADelete": bucket.mfa_delete or None}


# -- tags


@service.operation(**access.ON_BUCKET)
async def put_bucket_tagging(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    wanted = tags.check_bucket(tags.from_set(request["Tagging"]["TagSet"]))
    home = await home_of(ctx, request)
    abac.check_tagging(home)
    buckets.put(home.ctx, replace(home.bucket, tags=wanted), home.name)
    return {}


@service.operation(**access.ON_BUCKET)
async def get_bucket_tagging(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if not home.bucket.tags:
        raise errors.no_such_tag_set(home.name)
    return {"TagSet": tags.to_set(home.bucket.tags)}


@service.operation(action="s3:PutBucketTagging", **access.ON_BUCKET)
async def delete_bucket_tagging(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    abac.check_tagging(home)
    buckets.put(home.ctx, replace(home.bucket, tags={}), home.name)
    return {}
