"""Who may come in from outside: bucket policies, object ownership, and the block on public access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.identity import directory, known
from fogbank.kernel import Context
from fogbank.services.s3 import errors
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access, acls, publicity
from fogbank.services.s3.records import BLOCKS, Home, buckets, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace


def _save(home: Home, **changes: Any) -> None:
    buckets.put(home.ctx, replace(home.bucket, **changes), home.name)


# -- bucket policies


@service.operation(**access.ON_POLICY)
async def put_bucket_policy(ctx: Context, request: Request) -> Answer:
    """Errors: MalformedPolicy; AccessDenied for a public policy where those are blocked."""
    digests.check_document(ctx.request)
    text = request["Policy"]
    home = await home_of(ctx, request)
    document = publicity.checked(text, home.bucket)
    await _check_principals(ctx, document)
    if publicity.is_public(document) and await access.blocks(home, "BlockPublicPolicy"):
        raise errors.public_policy_blocked(ctx.principal.arn, home.bucket.arn)
    _save(home, policy=text)
    return {}


async def _check_principals(ctx: Context, document: dict[str, Any]) -> None:
    """Users and roles have to be there; about accounts without IAM nothing is known, so that any may be."""
    for name in publicity.named(document):
        account = name.split(":")[4]
        if account != ctx.account and await directory.iam_token(ctx.at(account=account)) is None:
            continue
        if not await known.exists(ctx, name):
            raise errors.malformed_policy("Invalid principal in policy")


@service.operation(**access.ON_POLICY)
async def get_bucket_policy(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if not home.bucket.policy:
        raise errors.no_such_bucket_policy(home.name)
    return {"Policy": home.bucket.policy}


@service.operation(**access.ON_POLICY)
async def delete_bucket_policy(ctx: Context, request: Request) -> Answer:
    _save(await home_of(ctx, request), policy="")
    return {}


@service.operation(**access.ON_BUCKET)
async def get_bucket_policy_status(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if not home.bucket.policy:
        raise errors.no_such_bucket_policy(home.name)
    return {"PolicyStatus": {"IsPublic": publicity.is_public(json.loads(home.bucket.policy))}}


# -- the block on public access


@service.operation(action="s3:PutBucketPublicAccessBlock", **access.ON_BUCKET)
async def put_public_access_block(ctx: Context, request: Request) -> Answer:
    wanted = request["PublicAccessBlockConfiguration"] or {}
    _save(await home_of(ctx, request), block_public=tuple(bool(wanted.get(name)) for name in BLOCKS))
    return {}


@service.operation(action="s3:GetBucketPublicAccessBlock", **access.ON_BUCKET)
async def get_public_access_block(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if home.bucket.block_public is None:
        raise errors.no_such_configuration(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", home.name
        )
    return {"PublicAccessBlockConfiguration": dict(zip(BLOCKS, home.bucket.block_public, strict=True))}


@service.operation(action="s3:PutBucketPublicAccessBlock", **access.ON_BUCKET)
async def delete_public_access_block(ctx: Context, request: Request) -> Answer:
    _save(await home_of(ctx, request), block_public=None)
    return {}


# -- ownership


@service.operation(**access.ON_BUCKET)
async def put_bucket_ownership_controls(ctx: Context, request: Request) -> Answer:
    rules = request["OwnershipControls"].get("Rules") or []
    if len(rules) != 1:
        raise errors.malformed_xml()
    home = await home_of(ctx, request)
    acls.check_bucket(replace(home.bucket, ownership=rules[0]["ObjectOwnership"]))
    _save(home, ownership=rules[0]["ObjectOwnership"])
    return {}


@service.operation(**access.ON_BUCKET)
async def get_bucket_ownership_controls(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    if not home.bucket.ownership:
        raise errors.no_such_configuration(
            "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", home.name
        )
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": home.bucket.ownership}]}}


@service.operation(action="s3:PutBucketOwnershipControls", **access.ON_BUCKET)
async def delete_bucket_ownership_controls(ctx: Context, request: Request) -> Answer:
    """Without ownership controls the bucket has ACLs, as all buckets had once."""
    _save(await home_of(ctx, request), ownership="")
    return {}
