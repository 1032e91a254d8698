"""Directory buckets (S3 Express One Zone): what they are made of, what they take and what they do not.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-overview.html. They lie in the store as other buckets do and are
known by their names. Who may do anything with an object is who may create a session (`s3express:CreateSession`).
"""

from __future__ import annotations

from typing import Any

from fogbank import protocols
from fogbank.http import Request as HttpRequest
from fogbank.http import Response
from fogbank.kernel import AWSError, Context, pages
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.express import directory_names
from fogbank.services.s3.express.directory_names import CREATE_SESSION, STORAGE_CLASS, is_directory
from fogbank.services.s3.records import Bucket, Claim, Home, buckets, claims, find
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-APIs.html
ZONAL = frozenset(
    {
        "abort_multipart_upload",
        "complete_multipart_upload",
        "copy_object",
        "create_multipart_upload",
        "create_session",
        "delete_object",
        "delete_objects",
        "get_object",
        "get_object_attributes",
        "head_bucket",
        "head_object",
        "list_multipart_uploads",
        "list_objects_v2",
        "list_parts",
        "put_object",
        "rename_object",
        "upload_part",
        "upload_part_copy",
    }
)
_REGIONAL = frozenset(
    {
        "create_bucket",
        "delete_bucket",
        "delete_bucket_encryption",
        "delete_bucket_lifecycle",
        "delete_bucket_policy",
        "get_bucket_encryption",
        "get_bucket_lifecycle_configuration",
        "get_bucket_policy",
        "put_bucket_encryption",
        "put_bucket_lifecycle_configuration",
        "put_bucket_policy",
    }
)
_READING = frozenset(
    {
        "get_object",
        "get_object_attributes",
        "head_bucket",
        "head_object",
        "list_multipart_uploads",
        "list_objects_v2",
        "list_parts",
    }
)


# -- what they take


def check(ctx: Context, bucket: Bucket, request: Request) -> None:
    """Raise unless a request is one that directory buckets take, in the session of this bucket if it is in one."""
    operation = ctx.operation
    if operation not in ZONAL and operation not in _REGIONAL:
        method = ctx.request.method if ctx.request is not None else "GET"
        raise errors.method_not_allowed(method, "OBJECT" if "Key" in request else "BUCKET")
    _check_session(ctx, bucket, operation)
    _check_members(request)
    if operation in ("list_objects_v2", "list_multipart_uploads"):
        _check_listing(request)


def _check_session(ctx: Context, bucket: Bucket, operation: str) -> None:
    session = ctx.principal.session
    keys = {} if session is None else session.keys
    if keys.get("s3express:bucket", bucket.name) != bucket.name:
        raise errors.access_denied()
    if keys.get("s3express:sessionmode") == "ReadOnly" and operation in ZONAL - _READING:
        raise errors.access_denied()


_REFUSED = {
    "Tagging": "x-amz-tagging",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
    "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
}


def _check_members(request: Request) -> None:
    for member, header in _REFUSED.items():
        if request.get(member):
            raise errors.header_not_implemented(header)
    version_id = request.get("VersionId")
    if version_id not in (None, "null"):
        raise errors.invalid_version_id(version_id)
    # they have one storage class, so nobody needs to look at it from here on
    if request.pop("StorageClass", STORAGE_CLASS) != STORAGE_CLASS:
        raise errors.invalid_request(f"Directory buckets only support the storage class {STORAGE_CLASS}.")


def _check_listing(request: Request) -> None:
    """Listings go by folders, and begin where a token says."""
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or "/"
    if prefix and not prefix.endswith("/"):
        raise errors.invalid_argument(
            "Directory buckets only support prefixes that end in a delimiter (/)", "prefix", prefix
        )
    if delimiter != "/":
        raise errors.invalid_argument("Directory buckets only support / as a delimiter", "delimiter", delimiter)
    if request.get("StartAfter"):
        raise errors.header_not_implemented("start-after")


# -- creating and finding


async def create(ctx: Context, request: Request) -> Answer:
    """Create a directory bucket. Errors: InvalidBucketName, InvalidRequest, InvalidLocationConstraint, BucketAlready*."""
    name = request["Bucket"]
    zone = _zone_wanted(name, request.get("CreateBucketConfiguration") or {})
    if not directory_names.is_zone_of(zone, ctx.region):
        raise errors.invalid_location(zone)
    taken = await find(ctx, name)
    if taken is not None:
        own = taken.bucket.account == ctx.account
        raise errors.bucket_already_owned_by_you(name) if own else errors.bucket_already_exists(name)
    bucket = Bucket(name, ctx.account, ctx.region, ctx.now())
    claims.put(ctx, Claim(ctx.account, ctx.region), name)
    buckets.put(ctx, bucket, name)
    location = f"https://{name}.s3express-{zone}.{ctx.region}.amazonaws.com/"
    return {"Location": location, "BucketArn": directory_names.arn(ctx.account, ctx.region, name)}


def _zone_wanted(name: str, document: Request) -> str:
    zone = directory_names.zone_of(name)
    location, kind = document.get("Location"), document.get("Bucket")
    if zone is None or location is None or kind is None or location.get("Name") != zone:
        raise errors.invalid_bucket_name(name)
    is_local = directory_names.is_local(zone)
    wanted = ("LocalZone", "SingleLocalZone") if is_local else ("AvailabilityZone", "SingleAvailabilityZone")
    if (location.get("Type"), kind.get("DataRedundancy", wanted[1])) != wanted or kind.get("Type") != "Directory":
        raise errors.invalid_request("The specified location and bucket type do not go together.")
    return zone


def about(home: Home) -> Answer:
    """What HeadBucket tells of a directory bucket."""
    zone, bucket = directory_names.zone_of(home.name) or "", home.bucket
    return {
        "BucketArn": directory_names.arn(bucket.account, bucket.region, bucket.name),
        "BucketLocationType": "LocalZone" if directory_names.is_local(zone) else "AvailabilityZone",
        "BucketLocationName": zone,
        "BucketRegion": bucket.region,
        "AccessPointAlias": False,
    }


@service.operation(
    action="s3express:ListAllMyDirectoryBuckets",
    resource=lambda ctx, request: directory_names.arn(ctx.account, ctx.region, "*"),
)
async def list_directory_buckets(ctx: Context, request: Request) -> Answer:
    """The caller's directory buckets of the region: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListDirectoryBuckets.html"""
    limit, token = request.get("MaxDirectoryBuckets", limits.PAGE), request.get("ContinuationToken")
    bounds: dict[str, Any] = {}
    if token:
        error = errors.invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
        bounds["after"] = (pages.position(token, error),)
    owned = await buckets.scan(ctx, **bounds)
    found = [bucket for bucket in owned if is_directory(bucket.name) and bucket.region == ctx.region]
    answer: Answer = {"Buckets": [_entry(bucket) for bucket in found[:limit]]}
    if len(found) > limit > 0:
        answer["ContinuationToken"] = pages.token(found[limit - 1].name)
    return answer


def _entry(bucket: Bucket) -> Answer:
    arn = directory_names.arn(bucket.account, bucket.region, bucket.name)
    return {"Name": bucket.name, "CreationDate": int(bucket.created), "BucketRegion": bucket.region, "BucketArn": arn}


def _asks_for_directories(request: HttpRequest) -> bool:
    """ListDirectoryBuckets is ListBuckets but for the name that it was signed with."""
    return request.path == "/" and "/s3express/" in request.headers.get("authorization", "")


@service.edge(_asks_for_directories, method="GET")
async def _list_directories(ctx: Context, request: HttpRequest) -> Response:

    model = protocols.load("s3").operations["ListDirectoryBuckets"]
    codec = protocols.codec(model, "rest-xml", service.documents, service.enums)
    params = codec.parse(request, {})
    violations = codec.violations(params)
    if violations:
        raise errors.invalid_argument(
            f"Argument max-directory-buckets must be an integer between 0 and {limits.PAGE}",
            "max-directory-buckets",
            params.get("MaxDirectoryBuckets"),
        )
    operation = service.operations["list_directory_buckets"]
    ctx.operation = operation.name

    async def listed() -> Answer:
        await ctx.app.gateway.authorisation.check(ctx, operation, params)
        return await list_directory_buckets(ctx, params) or {}

    return codec.serialize(await ctx.transact(listed), ctx.request_id)


def invalid_write_offset() -> AWSError:
    return AWSError(
        "InvalidWriteOffset",
        "The write offset value that you specified does not match the current object size.",
        400,
    )


def too_many_parts(limit: int) -> AWSError:
    return AWSError(
        "TooManyParts",
        f"You have attempted to add more parts than the maximum of {limit} that are allowed for this object. You can use the "
        "CopyObject operation to copy this object to another and then add more data to the newly copied object.",
        400,
    )


# -- permission


def _taking_session(action: Any) -> Any:
    """In directory buckets an operation on objects takes the right to a session of the bucket, elsewhere what it takes."""

    def choose(ctx: Context, request: Request) -> Any:
        if is_directory(request["Bucket"]):
            return CREATE_SESSION
        return action(ctx, request) if callable(action) else action

    return choose


def take_sessions() -> None:
    """Have all operations on objects ask for a session in directory buckets; once they are declared."""
    for name in ZONAL - {"create_session"}:
        operation = service.operations[name]
        iam = operation.action or f"s3:{protocols.load('s3').operation_by_snake(name).name}"
        operation.action = _taking_session(iam)
