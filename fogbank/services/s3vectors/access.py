"""What the decision about a request needs to know: its resource, the bucket's policy, the owner, tags and condition keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.s3vectors.records import Address, address_of_arn, bucket_address, buckets, index_address, indexes

Request = dict[str, Any]
Locate = Callable[[Context, Request], Address]
Keys = dict[str, str | tuple[str, ...]]


def new_bucket(ctx: Context, request: Request) -> Address:
    return Address(ctx, request["vectorBucketName"])


def new_index(ctx: Context, request: Request) -> Address:
    address = bucket_address(ctx, request)
    return Address(address.ctx, address.bucket, request["indexName"])


def tagged(ctx: Context, request: Request) -> Address:
    return address_of_arn(ctx, request["resourceArn"], "resourceArn")


def options(locate: Locate) -> dict[str, Any]:
    """The options of operations on what `locate` finds in their requests."""

    def find(ctx: Context, request: Request) -> Address:
        """What names nothing is about everything, until the operation refuses it."""
        try:
            return locate(ctx, request)
        except AWSError:
            return Address(ctx, "*")

    async def owner(ctx: Context, request: Request) -> str:
        return find(ctx, request).ctx.account

    async def policy(ctx: Context, request: Request) -> str | None:
        return await policy_of(find(ctx, request))

    async def tags(ctx: Context, request: Request) -> dict[str, str]:
        return await tags_of(find(ctx, request))

    async def keys(ctx: Context, request: Request) -> Keys:
        return await condition_keys(find(ctx, request), request)

    return {
        "resource": lambda ctx, request: find(ctx, request).arn,
        "owner": owner,
        "policy": policy,
        "tags": tags,
        "keys": keys,
    }


async def policy_of(address: Address) -> str | None:
    ctx = address.ctx
    bucket = await ctx.transact(buckets.get, ctx, address.bucket)
    return bucket.policy or None if bucket is not None else None


async def tags_of(address: Address) -> dict[str, str]:
    ctx = address.ctx
    if address.index:
        index = await ctx.transact(indexes.get, ctx, address.bucket, address.index)
        return index.tags if index is not None else {}
    bucket = await ctx.transact(buckets.get, ctx, address.bucket)
    return bucket.tags if bucket is not None else {}


async def condition_keys(address: Address, request: Request) -> Keys:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3vectors.html"""
    bucket = Address(address.ctx, address.bucket)
    found: Keys = {f"s3vectors:VectorBucketTag/{name}": value for name, value in (await tags_of(bucket)).items()}
    encryption = request.get("encryptionConfiguration") or {}
    for member, key in (("sseType", "s3vectors:sseType"), ("kmsKeyArn", "s3vectors:kmsKeyArn")):
        if encryption.get(member):
            found[key] = encryption[member]
    return found


ON_BUCKET = options(bucket_address)
ON_INDEX = options(index_address)
ON_TAGGED = options(tagged)
ON_NEW_BUCKET = options(new_bucket)
ON_NEW_INDEX = options(new_index)


async def require_get(ctx: Context, request: Request) -> None:
    """Raise AccessDeniedException unless the caller may read vectors: listing and querying show more to those who may."""
    address = index_address(ctx, request)
    await ctx.authorise(
        "s3vectors:GetVectors",
        address.arn,
        policy=await policy_of(address),
        owner=address.ctx.account,
        tags=ON_INDEX["tags"],
        keys=ON_INDEX["keys"],
        params=request,
    )
