"""The scopes of Access Grants as values: S3 URIs that stand for a bucket, for the keys under a prefix, or for one object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location.html
"""

from __future__ import annotations

from typing import Any

EVERYWHERE = "s3://"


def bucket_of(scope: str) -> str:
    """The bucket of a scope; empty for all of them."""
    return scope.removeprefix(EVERYWHERE).partition("/")[0].rstrip("*")


def prefix_of(scope: str) -> str:
    """How the keys begin that a scope is about, without the `*`."""
    return scope.removeprefix(EVERYWHERE).partition("/")[2].rstrip("*")


def is_location(scope: str) -> bool:
    """May a location be registered with this scope?"""
    if not scope.startswith(EVERYWHERE) or "*" in scope[:-1]:
        return False
    return scope == EVERYWHERE or bool(bucket_of(scope))


def joined(location: str, sub_prefix: str) -> str:
    """The scope of a grant: the location's, with a further prefix behind it."""
    base = location.removesuffix("*")
    if not sub_prefix:
        return location if location.endswith("*") or "/" in location.removeprefix(EVERYWHERE) else f"{location}/*"
    is_bucket = location != EVERYWHERE and "/" not in location.removeprefix(EVERYWHERE)
    return f"{base}/{sub_prefix}" if is_bucket else f"{base}{sub_prefix}"


def covers(scope: str, target: str) -> bool:
    """Is what `target` is about a part of what `scope` is about?"""
    if scope.endswith("*"):
        return target.startswith(scope[:-1]) or target.rstrip("*") + "/" == scope[:-1]
    return target == scope


# -- what a session may do

_READ = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectAcl",
    "s3:GetObjectVersionAcl",
    "s3:ListMultipartUploadParts",
)
_WRITE = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
)
_LIST = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")


def allows(granted: str, wanted: str) -> bool:
    """Is a permission part of another?"""
    return granted in (wanted, "READWRITE")


def session_policy(scope: str, permission: str) -> dict[str, Any]:
    """The policy of a session for a scope: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location-register.html"""
    bucket, prefix = bucket_of(scope), prefix_of(scope)
    wild = "*" if scope.endswith("*") else ""
    objects = f"arn:aws:s3:::{bucket or '*'}/{prefix}{wild}"
    statements = []
    if permission in ("READ", "READWRITE"):
        statements.append(_allow(_READ, objects))
        listing = _allow(_LIST, f"arn:aws:s3:::{bucket or '*'}")
        narrow = {"Condition": {"StringLike": {"s3:prefix": f"{prefix}{wild}"}}} if prefix else {}
        statements.append(listing | narrow)
        statements.append(_allow(("kms:Decrypt",), "*"))
    if permission in ("WRITE", "READWRITE"):
        statements.append(_allow(_WRITE, objects))
        statements.append(_allow(("kms:Decrypt", "kms:GenerateDataKey"), "*"))
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: tuple[str, ...], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
