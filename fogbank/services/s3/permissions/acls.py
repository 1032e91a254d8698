"""Access control lists of buckets and objects. What they grant has its say as statements of a policy (see `access.py`).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html: whether a bucket has ACLs at all, and whose the objects
are that other accounts write into it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity.principals import canonical_id
from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors
from fogbank.services.s3.content import digests
from fogbank.services.s3.object import reads, vault
from fogbank.services.s3.permissions import access, acl_errors, grants, owners
from fogbank.services.s3.permissions.grants import Grants
from fogbank.services.s3.records import ENFORCED, GRANTED, PREFERRED, Bucket, buckets, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

_HARMLESS = ("", "private")


# -- what a bucket takes


def check_new_bucket(bucket: Bucket) -> None:
    """Refuse a bucket whose ACL says more than its ownership controls, or the block on public access, let it."""
    check_bucket(bucket)
    if grants.are_public(grants.of_bucket(bucket)) and bucket.blocks("BlockPublicAcls"):
        raise errors.acl_against_block()


def check_bucket(bucket: Bucket) -> None:
    """Refuse a bucket whose ACL says more than its ownership controls let it."""
    grants.check_canned(bucket.acl)
    if bucket.ownership == ENFORCED and not grants.are_owners_own(grants.of_bucket(bucket), bucket.account):
        raise errors.acl_against_ownership()


def check_written(bucket: Bucket, request: Request) -> None:
    """Refuse an ACL that comes with a new object, when the bucket takes none."""
    acl, listed = grants.requested(request)
    _check_ownership(bucket, acl, listed)


def _check_ownership(bucket: Bucket, acl: str, listed: Grants) -> None:
    """A bucket without ACLs takes the one that says what holds there anyway."""
    if bucket.ownership != ENFORCED or acl in ("", grants.OWNERS_OWN):
        return
    if acl != GRANTED or not grants.are_owners_own(listed, bucket.account):
        raise errors.acl_not_supported()


def owner_of_new(ctx: Context, bucket: Bucket, acl: str) -> str:
    """The account that a new object belongs to: empty for the bucket's own."""
    account = ctx.principal.account
    if bucket.ownership == ENFORCED or ctx.principal.kind == "service" or account in ("", bucket.account):
        return ""
    return "" if bucket.ownership == PREFERRED and acl == grants.OWNERS_OWN else account


# -- buckets


@service.operation(**access.ON_BUCKET)
async def get_bucket_acl(ctx: Context, request: Request) -> Answer:
    bucket = (await home_of(ctx, request)).bucket
    return {"Owner": owners.owner(bucket.account), "Grants": grants.described(grants.of_bucket(bucket))}


@service.operation(**access.ON_BUCKET)
async def put_bucket_acl(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    home = await home_of(ctx, request)
    acl, listed = _wanted(home.bucket, request, home.bucket.account)
    changed = replace(home.bucket, acl=acl, grants=listed)
    await access.check_public_acl(ctx, home, grants.are_public(grants.of_bucket(changed)))
    buckets.put(home.ctx, changed, home.name)
    return {}


# -- objects


@service.operation(action=access.on_version("GetObjectAcl"), **access.ON_OBJECT)
async def get_object_acl(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    owner = owners.owner(grants.owner_of(record, home.bucket))
    return {"Owner": owner, "Grants": grants.described(grants.of_object(record, home.bucket))}


@service.operation(action=access.on_version("PutObjectAcl"), **access.ON_OBJECT)
async def put_object_acl(ctx: Context, request: Request) -> Answer:
    digests.check_document(ctx.request)
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    acl, listed = _wanted(home.bucket, request, grants.owner_of(record, home.bucket))
    changed = replace(record, traits=replace(record.traits, acl=acl, grants=listed))
    await access.check_public_acl(ctx, home, grants.are_public(grants.of_object(changed, home.bucket)))
    await vault.rewrite(home, request["Key"], changed)
    await changes.happened(changes.ACL, home, request["Key"], changed)
    return {}


def _wanted(bucket: Bucket, request: Request, owner: str) -> tuple[str, Grants]:
    """The ACL that is to be put on something of the account `owner`: canned, in headers, or a document."""
    acl, listed = grants.requested(request)
    document = request.get("AccessControlPolicy")
    if acl and document is not None:
        raise acl_errors.document_and_headers()
    if not acl:
        if document is None:
            raise errors.missing_security_header()
        acl, listed = GRANTED, grants.of_document(document, canonical_id(owner))
    grants.check_canned(acl)
    _check_ownership(bucket, acl, listed)
    return acl, listed
