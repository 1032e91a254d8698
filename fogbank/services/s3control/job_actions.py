"""What a job does to one object: the operation of S3 that it calls, as the job's role.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-operations.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

from fogbank.identity import storage_access
from fogbank.kernel import Context, bodies
from fogbank.protocols import checksums
from fogbank.services.s3control import errors, manifests
from fogbank.services.s3control.jobs import Job, Row

Request = dict[str, Any]

SUCCESSFUL = "Successful"

# Jobs whose operations only write to the store: they are done with many objects at once.
ATOMIC = frozenset(
    {
        "S3DeleteObjectTagging",
        "S3InitiateRestoreObject",
        "S3PutObjectAcl",
        "S3PutObjectLegalHold",
        "S3PutObjectRetention",
        "S3PutObjectTagging",
        "S3ReplicateObject",
        "S3UpdateObjectEncryption",
    }
)


def bucket_of(arn: str) -> str:
    """What stands in a bucket's place for an ARN: a bucket's name, or the ARN of an access point."""
    return arn.partition(":::")[2] or arn


def place(row: Row) -> Request:
    """The object that a row of a manifest names."""
    bucket, key, version = row
    found = {"Bucket": bucket_of(bucket) if bucket.startswith("arn:") else bucket, "Key": manifests.key_of(key)}
    return found | ({"VersionId": version} if version else {})


async def perform(ctx: Context, job: Job, row: Row) -> str:
    """Do to an object what the job does, as whoever the context is. Returns what the report says; raises AWSError."""
    asked = job.operation[job.action]
    if job.action == "LambdaInvoke":
        from fogbank.services.s3control import job_functions

        return await job_functions.invoke(ctx, job, row)
    if job.action == "S3ComputeObjectChecksum":
        return await _compute_checksum(ctx, asked, row)
    if job.action == "S3ReplicateObject":
        await _replicate(ctx, place(row))
        return SUCCESSFUL
    if job.action == "S3PutObjectCopy":
        await ctx.call("s3", "CopyObject", copy_request(asked, row), as_caller=True)
        return SUCCESSFUL
    operation, params = _PLAIN[job.action]
    await ctx.call("s3", operation, place(row) | params(asked), as_caller=True)
    return SUCCESSFUL


# -- operations that are the same for each object


def _tagging(asked: Request) -> Request:
    return {"Tagging": {"TagSet": asked.get("TagSet") or []}}


def _nothing(asked: Request) -> Request:
    return {}


def _acl(asked: Request) -> Request:
    policy = asked.get("AccessControlPolicy") or {}
    canned = policy.get("CannedAccessControlList")
    if canned is not None:
        return {"ACL": canned}
    given = policy.get("AccessControlList") or {}
    grants = [
        {"Grantee": _grantee(each["Grantee"]), "Permission": each["Permission"]} for each in given.get("Grants") or []
    ]
    return {"AccessControlPolicy": {"Owner": given.get("Owner"), "Grants": grants}}


def _grantee(given: Request) -> Request:
    kind, value = given["TypeIdentifier"], given["Identifier"]
    if kind == "id":
        return {"Type": "CanonicalUser", "ID": value}
    if kind == "uri":
        return {"Type": "Group", "URI": value}
    return {"Type": "AmazonCustomerByEmail", "EmailAddress": value}


def _restore(asked: Request) -> Request:
    tier = (asked.get("GlacierJobTier") or "STANDARD").capitalize()
    request: Request = {"GlacierJobParameters": {"Tier": tier}}
    if asked.get("ExpirationInDays") is not None:
        request["Days"] = asked["ExpirationInDays"]
    return {"RestoreRequest": request}


def _legal_hold(asked: Request) -> Request:
    return {"LegalHold": asked["LegalHold"]}


def _retention(asked: Request) -> Request:
    bypass = asked.get("BypassGovernanceRetention")
    return {"Retention": asked["Retention"]} | ({"BypassGovernanceRetention": True} if bypass else {})


def _encryption(asked: Request) -> Request:
    return {"ObjectEncryption": asked["ObjectEncryption"]}


_PLAIN = {
    "S3PutObjectTagging": ("PutObjectTagging", _tagging),
    "S3DeleteObjectTagging": ("DeleteObjectTagging", _nothing),
    "S3PutObjectAcl": ("PutObjectAcl", _acl),
    "S3InitiateRestoreObject": ("RestoreObject", _restore),
    "S3PutObjectLegalHold": ("PutObjectLegalHold", _legal_hold),
    "S3PutObjectRetention": ("PutObjectRetention", _retention),
    "S3UpdateObjectEncryption": ("UpdateObjectEncryption", _encryption),
}


# -- replicating


async def _replicate(ctx: Context, which: Request) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html"""
    bucket, key = which["Bucket"], which["Key"]
    buckets = storage_access.buckets(ctx.app)
    found = await buckets.place(ctx, bucket)
    if found is None:
        raise errors.no_such_bucket(bucket)
    await ctx.authorise("s3:InitiateReplication", f"arn:aws:s3:::{bucket}/{key}", owner=found.account)
    await buckets.replicate(ctx, bucket, key, which.get("VersionId") or "")


# -- copying

_SAME = {
    "CannedAccessControlList": "ACL",
    "MetadataDirective": "MetadataDirective",
    "AnnotationDirective": "AnnotationDirective",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
    "RedirectLocation": "WebsiteRedirectLocation",
    "StorageClass": "StorageClass",
    "SSEAwsKmsKeyId": "SSEKMSKeyId",
    "ObjectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "ObjectLockMode": "ObjectLockMode",
    "ObjectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "ObjectLockEventHold": "ObjectLockEventHold",
    "BucketKeyEnabled": "BucketKeyEnabled",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
}
_METADATA = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
    "ContentType": "ContentType",
    "HttpExpiresDate": "Expires",
}
_ALGORITHMS = {"AES256": "AES256", "KMS": "aws:kms"}
_GRANTS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}


def copy_request(asked: Request, row: Row) -> Request:
    """The CopyObject request for an object."""
    source = place(row)
    prefix = asked.get("TargetKeyPrefix")
    request: Request = {
        "Bucket": bucket_of(asked["TargetResource"]),
        "Key": f"{prefix.rstrip('/')}/{source['Key']}" if prefix else source["Key"],
        "CopySource": _copy_source(source),
    }
    request |= {name: asked[given] for given, name in _SAME.items() if asked.get(given) is not None}
    if asked.get("RequesterPays"):
        request["RequestPayer"] = "requester"
    if asked.get("NewObjectTagging") is not None:
        request["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in asked["NewObjectTagging"]])
        request["TaggingDirective"] = "REPLACE"
    return request | _new_metadata(asked) | _grants(asked)


def _copy_source(source: Request) -> str:
    bucket, key = source["Bucket"], quote(source["Key"], safe="/")
    where = f"{bucket}/object/{key}" if bucket.startswith("arn:") else f"{bucket}/{key}"
    version = source.get("VersionId")
    return where if version is None else f"{where}?versionId={version}"


def _new_metadata(asked: Request) -> Request:
    given = asked.get("NewObjectMetadata")
    if given is None:
        return {"ServerSideEncryption": "aws:kms"} if asked.get("SSEAwsKmsKeyId") else {}
    request: Request = {name: given[member] for member, name in _METADATA.items() if given.get(member) is not None}
    if given.get("UserMetadata"):
        request["Metadata"] = given["UserMetadata"]
    if request:
        request["MetadataDirective"] = asked.get("MetadataDirective") or "REPLACE"
    if given.get("SSEAlgorithm"):
        request["ServerSideEncryption"] = _ALGORITHMS[given["SSEAlgorithm"]]
    return request


def _grants(asked: Request) -> Request:
    """Grants as the headers of a copy have them: `id="..."`."""
    found: dict[str, list[str]] = {}
    for grant in asked.get("AccessControlGrants") or []:
        name = _GRANTS.get(grant["Permission"])
        if name is not None:
            grantee = grant["Grantee"]
            found.setdefault(name, []).append(f'{grantee["TypeIdentifier"]}="{grantee["Identifier"]}"')
    return {name: ", ".join(grantees) for name, grantees in found.items()}


# -- checksums


async def _compute_checksum(ctx: Context, asked: Request, row: Row) -> str:
    """The checksum of an object's bytes, as the report says it."""
    algorithm = asked.get("ChecksumAlgorithm") or "CRC64NVME"
    running = checksums.new(algorithm)

    async def open_object() -> Request:
        return await ctx.call("s3", "GetObject", place(row), as_caller=True)

    found = await ctx.transact(open_object)
    async for piece in bodies.pieces(found["Body"]):
        running.update(piece)
    digest = running.digest()
    return json.dumps(
        {
            "checksum_base64": b64encode(digest).decode(),
            "etag": found["ETag"].strip('"'),
            "checksumAlgorithm": algorithm,
            "checksumType": "FULL_OBJECT",
            "checksum_hex": digest.hex().upper(),
        }
    )
