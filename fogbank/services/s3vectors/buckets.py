"""Vector buckets and their policies."""

from __future__ import annotations

from calendar import timegm
from typing import Any

from fogbank.identity import policy_grammar
from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3vectors import encryption, errors, limits, tags
from fogbank.services.s3vectors.access import ON_BUCKET, ON_NEW_BUCKET
from fogbank.services.s3vectors.records import (
    CLASSIC,
    ENHANCED,
    Address,
    Bucket,
    Encryption,
    bucket_address,
    bucket_at,
    buckets,
    check_name,
    indexes,
    replace,
)
from fogbank.services.s3vectors.service import service

Request = dict[str, Any]

# Buckets created from then on have no classic indexes (API_UpdateIndexMode).
ENHANCED_SINCE = timegm((2026, 9, 30, 0, 0, 0))


def is_enhanced_only(bucket: Bucket) -> bool:
    return bucket.created >= ENHANCED_SINCE


@service.operation(
    action=with_members("s3vectors:CreateVectorBucket", {"tags": "s3vectors:TagResource"}), **ON_NEW_BUCKET
)
async def create_vector_bucket(ctx: Context, request: Request) -> Request:
    """Create a vector bucket. API_CreateVectorBucket."""
    name = request["vectorBucketName"]
    check_name(name, "vectorBucketName")
    if await buckets.get(ctx, name) is not None:
        raise errors.bucket_exists()
    if await buckets.count(ctx, limit=limits.BUCKETS) >= limits.BUCKETS:
        raise errors.quota_exceeded("vector buckets", limits.BUCKETS)
    address, now = Address(ctx, name), ctx.now()
    setting = await encryption.read(address, request.get("encryptionConfiguration"), Encryption())
    mode = ENHANCED if now >= ENHANCED_SINCE else CLASSIC
    buckets.put(ctx, Bucket(name, now, setting, mode, tags=tags.checked({}, request.get("tags") or {})), name)
    return {"vectorBucketArn": address.arn}


@service.operation(**ON_BUCKET)
async def get_vector_bucket(ctx: Context, request: Request) -> Request:
    """What there is to know of a bucket. API_GetVectorBucket."""
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    details = {"encryptionConfiguration": encryption.shown(bucket.encryption), "defaultIndexMode": bucket.mode}
    return {"vectorBucket": {**_summary(address, bucket), **details}}


def _summary(address: Address, bucket: Bucket) -> Request:
    return {"vectorBucketName": bucket.name, "vectorBucketArn": address.bucket_arn, "creationTime": bucket.created}


@service.operation(resource=lambda ctx, request: "*")
async def list_vector_buckets(ctx: Context, request: Request) -> Request:
    """The buckets of the account in this region, by name. API_ListVectorBuckets."""
    limit, bounds = page_of(request)
    found = await buckets.scan(ctx, limit=limit + 1, **bounds)
    shown, token = pages.page(found, limit, lambda bucket: bucket.name)
    return {"vectorBuckets": [_summary(Address(ctx, bucket.name), bucket) for bucket in shown], "nextToken": token}


def page_of(request: Request) -> tuple[int, Request]:
    """How many to list, and from where."""
    bounds: Request = {"starts_with": request.get("prefix")}
    if request.get("nextToken"):
        bounds["after"] = (pages.position(request["nextToken"], errors.bad_token()),)
    return request.get("maxResults") or limits.PAGE, bounds


@service.operation(**ON_BUCKET)
async def delete_vector_bucket(ctx: Context, request: Request) -> Request:
    """Delete a bucket that has no indexes. API_DeleteVectorBucket."""
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    if await indexes.count(address.ctx, bucket.name, limit=1):
        raise errors.bucket_not_empty()
    buckets.delete(address.ctx, bucket.name)
    return {}


@service.operation(**ON_BUCKET)
async def put_vector_bucket_default_index_mode(ctx: Context, request: Request) -> Request:
    """The mode of indexes that are created from now on. API_PutVectorBucketDefaultIndexMode."""
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    check_mode(bucket, request["defaultIndexMode"], "defaultIndexMode")
    buckets.put(address.ctx, replace(bucket, mode=request["defaultIndexMode"]), bucket.name)
    return {}


def check_mode(bucket: Bucket, mode: str, member: str) -> None:
    if mode == CLASSIC and is_enhanced_only(bucket):
        raise errors.validation(
            "CLASSIC mode is available only in vector buckets that were created before September 30, 2026", member
        )


# -- policies


@service.operation(**ON_BUCKET)
async def put_vector_bucket_policy(ctx: Context, request: Request) -> Request:
    """Who else may use the bucket and its indexes. API_PutVectorBucketPolicy."""
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    text = request["policy"]
    if len(text.encode()) > limits.POLICY_BYTES:
        raise errors.validation(f"The policy must have at most {limits.POLICY_BYTES} bytes", "policy")
    try:
        policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.validation(f"Invalid policy: {error.message}", "policy") from None
    buckets.put(address.ctx, replace(bucket, policy=text), bucket.name)
    return {}


@service.operation(**ON_BUCKET)
async def get_vector_bucket_policy(ctx: Context, request: Request) -> Request:
    bucket = await bucket_at(bucket_address(ctx, request))
    if not bucket.policy:
        raise errors.policy_not_found()
    return {"policy": bucket.policy}


@service.operation(**ON_BUCKET)
async def delete_vector_bucket_policy(ctx: Context, request: Request) -> Request:
    address = bucket_address(ctx, request)
    bucket = await bucket_at(address)
    buckets.put(address.ctx, replace(bucket, policy=""), bucket.name)
    return {}
