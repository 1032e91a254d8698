"""Access control lists as values: canned ones, those in headers and documents, and what they let a caller do.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fogbank.identity.principals import Principal, canonical_id
from fogbank.services.s3.errors import from_violation
from fogbank.services.s3.permissions import acl_errors
from fogbank.services.s3.records import ENFORCED, GRANTED, Bucket, Grant, Object

Request = Mapping[str, Any]
Grants = tuple[Grant, ...]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
_PUBLIC = frozenset({ALL_USERS, AUTHENTICATED_USERS})
# The canonical user that `aws-exec-read` lets in: Amazon EC2, for image bundles.
_EC2 = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
_LOG_DELIVERERS = frozenset({"logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"})

_FULL = "FULL_CONTROL"
_CANONICAL_ID = re.compile(r"[0-9a-f]{64}")

_HEADERS = {
    "GrantFullControl": ("x-amz-grant-full-control", _FULL),
    "GrantRead": ("x-amz-grant-read", "READ"),
    "GrantReadACP": ("x-amz-grant-read-acp", "READ_ACP"),
    "GrantWrite": ("x-amz-grant-write", "WRITE"),
    "GrantWriteACP": ("x-amz-grant-write-acp", "WRITE_ACP"),
}
_HEADER_NAMES = frozenset(_HEADERS)
MEMBERS = _HEADER_NAMES | {"ACL"}
_GRANTEE = re.compile(r'\s*(id|uri|emailaddress)\s*=\s*"?([^",]*)"?\s*', re.IGNORECASE)

_OF_BUCKETS = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": ((_EC2, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
    # of no effect on a bucket, and no mistake
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}
OWNERS_OWN = "bucket-owner-full-control"


# -- what a request asks for


def requested(request: Request) -> tuple[str, Grants]:
    """The ACL in the headers of a request: a canned one's name, or GRANTED and the grants; nothing when it has none."""
    acl = request.get("ACL") or ""
    if _HEADER_NAMES.isdisjoint(request):
        return acl, ()
    if acl:
        raise acl_errors.canned_and_grants()
    return GRANTED, tuple(grant for member in _HEADERS if member in request for grant in _of_header(request, member))


def _of_header(request: Request, member: str) -> list[Grant]:
    header, permission = _HEADERS[member]
    found = []
    for part in request[member].split(","):
        matched = _GRANTEE.fullmatch(part)
        if matched is None:
            raise acl_errors.bad_header(header, request[member])
        found.append(Grant(_grantee(matched[1].lower(), matched[2], ("id", "uri")), permission))
    return found


def _grantee(kind: str, value: str, names: tuple[str, str]) -> str:
    """A grantee that exists; `names` are those that a mistake in an id, or in a URI, is reported under."""
    if kind == "id":
        if _CANONICAL_ID.fullmatch(value) is None:
            raise acl_errors.invalid_id(names[0], value)
    elif kind == "uri":
        if value not in _GROUPS:
            raise acl_errors.invalid_group(names[1], value)
    else:
        raise acl_errors.no_grants_by_email()
    return value


def of_document(document: Request, owner: str) -> Grants:
    """The grants in an AccessControlPolicy of something that belongs to the canonical user `owner`."""
    named = (document.get("Owner") or {}).get("ID")
    if named is None:
        raise acl_errors.malformed()
    if named != owner:
        raise acl_errors.owner_cannot_change()
    return tuple([_of_entry(entry) for entry in document.get("Grants") or []])


_KINDS = {"CanonicalUser": ("id", "ID"), "Group": ("uri", "URI"), "AmazonCustomerByEmail": ("email", "EmailAddress")}


def _of_entry(entry: Request) -> Grant:
    grantee, permission = entry.get("Grantee") or {}, entry.get("Permission")
    kind, member = _KINDS.get(grantee.get("Type") or "", ("", ""))
    value = grantee.get(member)
    if not kind or value is None or permission is None:
        raise acl_errors.malformed()
    return Grant(_grantee(kind, value, ("CanonicalUser/ID", "Group/URI")), permission)


def check_canned(acl: str) -> None:
    """Raise InvalidArgument for what is no canned ACL."""
    if acl not in ("", GRANTED) and acl not in _OF_BUCKETS:
        raise from_violation("aCL", acl)


# -- what is in force


def of_bucket(bucket: Bucket) -> Grants:
    if bucket.acl == GRANTED:
        return bucket.grants
    return _expanded(canonical_id(bucket.account), _OF_BUCKETS.get(bucket.acl, ()))


def of_object(record: Object, bucket: Bucket) -> Grants:
    """What an object's ACL grants: to its owner everything, unless it says otherwise."""
    if bucket.ownership == ENFORCED:
        return _expanded(canonical_id(bucket.account), ())
    return of_written(record.traits.acl, record.traits.grants, owner_of(record, bucket), bucket)


def owner_of(record: Object, bucket: Bucket) -> str:
    """The account that an object belongs to."""
    return bucket.account if bucket.ownership == ENFORCED else record.owner or bucket.account


def of_written(acl: str, listed: Grants, owner: str, bucket: Bucket) -> Grants:
    """What the ACL of an object of that account, in that bucket, amounts to."""
    if acl == GRANTED:
        return listed
    further = _OF_BUCKETS.get(acl, ())
    if owner != bucket.account and acl in ("bucket-owner-read", OWNERS_OWN):
        further = ((canonical_id(bucket.account), _FULL if acl == OWNERS_OWN else "READ"),)
    return _expanded(canonical_id(owner), further)


def _expanded(owner: str, further: tuple[tuple[str, str], ...]) -> Grants:
    return (Grant(owner, _FULL), *[Grant(*each) for each in further])


def are_public(grants: Grants) -> bool:
    """Do they let in groups of people whom nobody knows?"""
    return any(grant.grantee in _PUBLIC for grant in grants)


def without_public(grants: Grants) -> Grants:
    return tuple([grant for grant in grants if grant.grantee not in _PUBLIC])


def are_owners_own(grants: Grants, account: str) -> bool:
    """Do they grant everything to the owner, an account, and nothing to others?"""
    return grants == (Grant(canonical_id(account), _FULL),)


# -- what they let a caller do

_LISTING = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")
# Who may write may give what is written an ACL, too.
_WRITING = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
# Permission: actions on the bucket.
_ON_BUCKET = {"READ": _LISTING, "READ_ACP": ("s3:GetBucketAcl",), "WRITE_ACP": ("s3:PutBucketAcl",)}
_ON_OBJECT = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}


def names_of(principal: Principal) -> frozenset[str]:
    """The grantees that a caller is."""
    if principal.kind == "anonymous":
        return frozenset({ALL_USERS})
    if principal.kind == "service":
        return frozenset({LOG_DELIVERY} if principal.arn in _LOG_DELIVERERS else ())
    return frozenset({ALL_USERS, AUTHENTICATED_USERS, canonical_id(principal.account)})


def statements_of_bucket(grants: Grants, principal: Principal, arn: str) -> list[dict[str, Any]]:
    """What a bucket's ACL grants to a caller, as statements of a policy."""
    held = _held(grants, principal)
    on_bucket = [action for permission in held for action in _ON_BUCKET.get(permission, ())]
    found = [_allow(on_bucket, arn)] if on_bucket else []
    return [*found, _allow(list(_WRITING), f"{arn}/*")] if "WRITE" in held else found


def statements_of_object(grants: Grants, principal: Principal, arn: str) -> list[dict[str, Any]]:
    """What an object's ACL grants to a caller, as statements of a policy."""
    actions = [action for permission in _held(grants, principal) for action in _ON_OBJECT.get(permission, ())]
    return [_allow(actions, arn)] if actions else []


def _held(grants: Grants, principal: Principal) -> tuple[str, ...]:
    names = names_of(principal)
    held = {grant.permission for grant in grants if grant.grantee in names}
    return ("READ", "WRITE", "READ_ACP", "WRITE_ACP") if _FULL in held else tuple(sorted(held))


def _allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource}


# -- answers


def described(grants: Grants) -> list[dict[str, Any]]:
    return [{"Grantee": _described(grant.grantee), "Permission": grant.permission} for grant in grants]


def _described(grantee: str) -> dict[str, str]:
    if grantee.startswith("http"):
        return {"Type": "Group", "URI": grantee}
    return {"Type": "CanonicalUser", "ID": grantee}
