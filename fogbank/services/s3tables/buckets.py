"""Table buckets: creating, describing, listing, deleting."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3tables import encryption, errors, limits, tags
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import TableBucket, bucket_arn, buckets, find_bucket, is_for_metadata, namespaces
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-buckets-naming.html
_NAME = re.compile(r"[0-9a-z][0-9a-z-]{1,61}[0-9a-z]")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo", "aws")
_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")


# The bucket of metadata tables, which S3 makes on behalf of its caller, and nobody else.
_MANAGED = "aws-s3"


def _may_be_made(ctx: Context, name: str) -> bool:
    return _is_name(name) or (name == _MANAGED and is_for_metadata(ctx))


def kind_of(name: str) -> str:
    return "aws" if name == _MANAGED else "customer"


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not name.startswith(_PREFIXES) and not name.endswith(_SUFFIXES)


@service.operation(
    action=with_members(
        "s3tables:CreateTableBucket",
        {
            "encryptionConfiguration": "s3tables:PutTableBucketEncryption",
            "storageClassConfiguration": "s3tables:PutTableBucketStorageClass",
            "tags": "s3tables:TagResource",
        },
    ),
    resource=lambda ctx, request: bucket_arn(ctx, request["name"]),
)
async def create_table_bucket(ctx: Context, request: Request) -> Request:
    """Create a table bucket. API_s3Buckets_CreateTableBucket."""
    name = request["name"]
    if not _may_be_made(ctx, name):
        raise errors.bad_bucket_name()
    if await buckets.get(ctx, name) is not None:
        raise errors.bucket_exists()
    if await buckets.count(ctx, limit=limits.BUCKETS) >= limits.BUCKETS:
        raise errors.quota_exceeded("table buckets", limits.BUCKETS)
    settings = {
        "encryption": encryption.checked(request.get("encryptionConfiguration")),
        "storage_class": request.get("storageClassConfiguration"),
    }
    put = {key: value for key, value in settings.items() if value is not None}
    labels = tags.checked({}, request.get("tags") or {})
    buckets.put(ctx, TableBucket(name, ctx.ids.uuid(), ctx.now(), put, labels), name)
    return {"arn": bucket_arn(ctx, name)}


@service.operation(**ON_RESOURCE)
async def get_table_bucket(ctx: Context, request: Request) -> Request:
    """What there is to know of a table bucket. API_s3Buckets_GetTableBucket."""
    found = await find_bucket(ctx, request)
    return _shown(found.ctx, found.bucket)


def _shown(ctx: Context, bucket: TableBucket) -> Request:
    return {
        "arn": bucket_arn(ctx, bucket.name),
        "name": bucket.name,
        "ownerAccountId": ctx.account,
        "createdAt": bucket.created,
        "tableBucketId": bucket.id,
        "type": kind_of(bucket.name),
    }


@service.operation(resource=lambda ctx, request: "*")
async def list_table_buckets(ctx: Context, request: Request) -> Request:
    """The table buckets of the account in this region, by name. API_s3Buckets_ListTableBuckets."""
    limit, bounds = page_of(request, "maxBuckets")
    kind = request.get("type", "all")
    found = await buckets.scan(ctx, limit=limit + 2, **bounds)  # at most one is AWS's
    found = [bucket for bucket in found if kind in ("all", kind_of(bucket.name))][: limit + 1]
    shown, token = pages.page(found, limit, lambda bucket: bucket.name)
    return {"tableBuckets": [_shown(ctx, bucket) for bucket in shown], "continuationToken": token}


def page_of(request: Request, limit: str) -> tuple[int, Request]:
    """How many to list (by that member), and from where."""
    bounds: Request = {"starts_with": request.get("prefix")}
    if request.get("continuationToken"):
        bounds["after"] = (pages.position(request["continuationToken"], errors.bad_token()),)
    return request.get(limit) or limits.PAGE, bounds


@service.operation(**ON_RESOURCE)
async def delete_table_bucket(ctx: Context, request: Request) -> Request:
    """Delete a table bucket without namespaces. API_s3Buckets_DeleteTableBucket."""
    found = await find_bucket(ctx, request)
    if await namespaces.count(found.ctx, found.bucket.name, limit=1):
        raise errors.bucket_not_empty()
    buckets.delete(found.ctx, found.bucket.name)
    return {}
