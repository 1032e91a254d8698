"""The files of tables, in their warehouses: hidden buckets of S3 that the service reads and writes as itself.

It does so as `maintenance.s3tables.amazonaws.com`, which the policy of a KMS key has to let in, as on AWS:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html
"""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import quote

from fogbank.http import Payload
from fogbank.identity import warehouses
from fogbank.identity.principals import service_principal
from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.s3tables import errors

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def new_warehouse(ctx: Context) -> str:
    """The URI of a warehouse that no table has yet."""
    return f"s3://{ctx.ids.uuid()[:18]}{ctx.ids.hex(30)}{warehouses.SUFFIX}"


def bucket_of(warehouse: str) -> str:
    return warehouse.removeprefix("s3://")


async def create(ctx: Context, warehouse: str, encryption: dict[str, Any]) -> None:
    algorithm, key = encryption["sseAlgorithm"], encryption.get("kmsKeyArn") or ""
    await warehouses.of(ctx.app).create(ctx, bucket_of(warehouse), algorithm, key)


async def remove_files(ctx: Context, warehouse: str, keys: list[str]) -> None:
    await warehouses.of(ctx.app).delete_files(ctx, bucket_of(warehouse), keys)


async def remove(ctx: Context, warehouse: str) -> None:
    await warehouses.of(ctx.app).delete(ctx, bucket_of(warehouse))


async def _call(ctx: Context, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    inner = ctx.at()
    inner.principal = service_principal("maintenance.s3tables", ctx.account)
    try:
        return await inner.call("s3", operation, params, as_caller=True)
    except AWSError as error:
        if error.code == "AccessDenied":
            raise errors.forbidden(error.message) from error
        raise


def _place(location: str) -> dict[str, Any]:
    """The bucket and key of a URI. Raises BadRequestException."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.startswith("s3://") or not key:
        raise errors.bad_metadata_location()
    return {"Bucket": bucket, "Key": key}


async def write(ctx: Context, location: str, data: bytes) -> None:
    """Outside of transactions only: a large file takes its time."""
    request = {**_place(location), "Body": Payload(data), "ContentType": "application/json"}
    await _call(ctx, "PutObject", request)


async def copy(ctx: Context, source: str, location: str) -> None:
    """Outside of transactions only, like `write`."""
    place = _place(source)
    copied = quote(f"{place['Bucket']}/{place['Key']}")
    await _call(ctx, "CopyObject", {**_place(location), "CopySource": copied})


async def size(ctx: Context, location: str) -> int | None:
    """The bytes of a file; None when it is not there."""
    try:
        found: int = (await _call(ctx, "HeadObject", _place(location)))["ContentLength"]
    except AWSError as error:
        if error.code in _MISSING:
            return None
        raise
    return found


async def read(ctx: Context, location: str) -> bytes:
    """Outside of transactions only. Raises NotFoundException."""

    async def opened() -> Any:
        return (await _call(ctx, "GetObject", _place(location)))["Body"]

    try:
        data = await bodies.whole(await ctx.transact(opened))
    except AWSError as error:
        if error.code in _MISSING:
            raise errors.no_such("metadata file") from error
        raise
    return gzip.decompress(data) if location.endswith(".gz") else data


async def listed(ctx: Context, warehouse: str, token: str | None) -> tuple[list[tuple[str, float]], str | None]:
    """A page of the files: their keys and when they were written, and the token of the next page."""
    found = await _call(ctx, "ListObjectsV2", {"Bucket": bucket_of(warehouse), "ContinuationToken": token})
    return [(entry["Key"], entry["LastModified"]) for entry in found["Contents"]], found.get("NextContinuationToken")
