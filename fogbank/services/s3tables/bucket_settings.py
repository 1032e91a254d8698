"""The settings of table buckets: encryption, storage class, maintenance, metrics, logging."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables import encryption, errors
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import AES256, STANDARD, Found, find_bucket, save_bucket, with_setting
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-table-buckets-maintenance.html
UNREFERENCED_FILES = "icebergUnreferencedFileRemoval"
_DEFAULT = {
    "status": "enabled",
    "settings": {UNREFERENCED_FILES: {"unreferencedDays": 3, "nonCurrentDays": 10}},
}


def _put(found: Found, name: str, document: Any) -> None:
    save_bucket(found, settings=with_setting(found.bucket.settings, name, document))


# -- encryption


@service.operation(**ON_RESOURCE)
async def put_table_bucket_encryption(ctx: Context, request: Request) -> Request:
    """How tables that are created from now on are encrypted. API_s3Buckets_PutTableBucketEncryption."""
    _put(await find_bucket(ctx, request), "encryption", encryption.checked(request["encryptionConfiguration"]))
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_bucket_encryption(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    return {"encryptionConfiguration": found.bucket.settings.get("encryption", AES256)}


@service.operation(**ON_RESOURCE)
async def delete_table_bucket_encryption(ctx: Context, request: Request) -> Request:
    """Back to the default, which every bucket has."""
    _put(await find_bucket(ctx, request), "encryption", None)
    return {}


# -- storage class


@service.operation(**ON_RESOURCE)
async def put_table_bucket_storage_class(ctx: Context, request: Request) -> Request:
    """The storage class of tables that are created from now on. API_s3Buckets_PutTableBucketStorageClass."""
    _put(await find_bucket(ctx, request), "storage_class", request["storageClassConfiguration"])
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_bucket_storage_class(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    return {"storageClassConfiguration": found.bucket.settings.get("storage_class", STANDARD)}


# -- maintenance


@service.operation(**ON_RESOURCE)
async def put_table_bucket_maintenance_configuration(ctx: Context, request: Request) -> Request:
    """When files are removed that no snapshot refers to. API_s3Buckets_PutTableBucketMaintenanceConfiguration."""
    found = await find_bucket(ctx, request)
    _put(found, "maintenance", merged(maintenance_of(found), request["value"], UNREFERENCED_FILES))
    return {}


def merged(before: Request, given: Request, kind: str) -> Request:
    """A maintenance configuration with what was given changed. Raises BadRequestException for settings of another kind."""
    settings = given.get("settings") or {}
    if settings and kind not in settings:
        raise errors.bad_request("The settings do not belong to the maintenance type.")
    changed = {name: value for name, value in (settings.get(kind) or {}).items() if value is not None}
    return {
        "status": given.get("status") or before["status"],
        "settings": {kind: {**before["settings"][kind], **changed}},
    }


def maintenance_of(found: Found) -> Request:
    setting: Request = found.bucket.settings.get("maintenance", _DEFAULT)
    return setting


@service.operation(**ON_RESOURCE)
async def get_table_bucket_maintenance_configuration(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    return {"tableBucketARN": found.arn, "configuration": {UNREFERENCED_FILES: maintenance_of(found)}}


# -- metrics


@service.operation(**ON_RESOURCE)
async def put_table_bucket_metrics_configuration(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    _put(found, "metrics", found.bucket.settings.get("metrics") or ctx.ids.uuid())
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_bucket_metrics_configuration(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    if "metrics" not in found.bucket.settings:
        raise errors.no_such("metrics configuration")
    return {"tableBucketARN": found.arn, "id": found.bucket.settings["metrics"]}


@service.operation(**ON_RESOURCE)
async def delete_table_bucket_metrics_configuration(ctx: Context, request: Request) -> Request:
    _put(await find_bucket(ctx, request), "metrics", None)
    return {}
