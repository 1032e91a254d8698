"""Canned ACLs. Those that are public are put to the decision about a request as statements of a policy (see `access.py`).

What would only be kept, and enforced by nobody, is refused: grants, and canned ACLs for groups other than everyone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity.principals import canonical_id
from fogbank.kernel import Context
from fogbank.services.s3 import access, changes, errors, owners, reads, vault
from fogbank.services.s3.records import ENFORCED, Bucket, buckets, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_TAKEN = frozenset({"private", "public-read", "public-read-write", "bucket-owner-full-control", "bucket-owner-read"})
_GRANTS = frozenset({"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"})
# On an object, this one says what ownership by the bucket's owner says anyway.
OWNERS_OWN = "bucket-owner-full-control"


def check_bucket(bucket: Bucket) -> None:
    """Refuse a bucket whose ACL says more than its ownership controls let it."""
    if bucket.ownership == ENFORCED and bucket.acl != "private":
        raise errors.acl_against_ownership()
    check_canned(bucket, bucket.acl, "private")


def check_canned(bucket: Bucket, acl: str | None, *harmless: str) -> None:
    """Refuse canned ACLs that the bucket does not take, and those that Fogbank could only pretend to enforce."""
    if acl is None or acl in harmless:
        return
    if bucket.ownership == ENFORCED:
        raise errors.acl_not_supported()
    if acl not in _TAKEN:
        raise errors.header_not_implemented("x-amz-acl", f"Fogbank does not enforce the canned ACL {acl} yet.")
    if acl.startswith("public") and bucket.blocks("BlockPublicAcls"):
        raise errors.access_denied()


@service.operation(**access.ON_BUCKET)
async def get_bucket_acl(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    return _acl(home.bucket, home.bucket.acl)


@service.operation(**access.ON_BUCKET)
async def put_bucket_acl(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    acl = _canned(home.bucket, request)
    await access.check_public_acl(ctx, home, acl)
    buckets.put(home.ctx, replace(home.bucket, acl=acl), home.name)
    return {}


@service.operation(action=access.on_version("GetObjectAcl"), **access.ON_OBJECT)
async def get_object_acl(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    return _acl(home.bucket, record.traits.acl)


@service.operation(action=access.on_version("PutObjectAcl"), **access.ON_OBJECT)
async def put_object_acl(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    acl = _canned(home.bucket, request, OWNERS_OWN)
    await access.check_public_acl(ctx, home, acl)
    record = await reads.readable(home, request)
    changed = replace(record, traits=replace(record.traits, acl=acl))
    await vault.rewrite(home, request["Key"], changed)
    await changes.happened(changes.ACL, home, request["Key"], changed)
    return {}


def _canned(bucket: Bucket, request: Request, *harmless: str) -> str:
    """The canned ACL in a request. A list of grants passes only if it says what `private` says."""
    acl = request.get("ACL")
    if acl is None:
        _check_grants(bucket, request)
        acl = "private"
    if acl not in harmless and bucket.ownership == ENFORCED:
        raise errors.acl_not_supported()
    check_canned(bucket, acl, *harmless)
    return acl


def _check_grants(bucket: Bucket, request: Request) -> None:
    if request.keys() & _GRANTS:
        raise errors.header_not_implemented("x-amz-grant-*", "Fogbank does not implement grants yet.")
    document = request.get("AccessControlPolicy")
    if document is None:
        raise errors.missing_security_header()
    grants = [(grant.get("Grantee", {}).get("ID"), grant.get("Permission")) for grant in document.get("Grants") or []]
    if grants != [(canonical_id(bucket.account), "FULL_CONTROL")]:
        raise errors.header_not_implemented("AccessControlPolicy", "Fogbank does not implement grants yet.")


def _acl(bucket: Bucket, acl: str) -> Answer:
    owner = owners.owner(bucket.account)
    grants: list[Answer] = [{"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}]
    if acl in ("public-read", "public-read-write"):
        grants.append({"Grantee": {"Type": "Group", "URI": _ALL_USERS}, "Permission": "READ"})
    if acl == "public-read-write":
        grants.append({"Grantee": {"Type": "Group", "URI": _ALL_USERS}, "Permission": "WRITE"})
    return {"Owner": owner, "Grants": grants}
