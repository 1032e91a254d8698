"""The settings of table buckets: encryption, storage class, maintenance, metrics, logging."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables import encryption, errors, maintenance
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import AES256, STANDARD, Found, find_bucket, save_bucket, tables, with_setting
from fogbank.services.s3tables.service import service

Request = dict[str, Any]


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
    now = maintenance.of_bucket(found.bucket.settings)
    _put(found, "maintenance", merged(now, request["value"], maintenance.FILES))
    for table in await tables.scan(found.ctx, found.bucket.name):
        await maintenance.soon(found.ctx, table)
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


@service.operation(**ON_RESOURCE)
async def get_table_bucket_maintenance_configuration(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    configuration = {maintenance.FILES: maintenance.of_bucket(found.bucket.settings)}
    return {"tableBucketARN": found.arn, "configuration": configuration}


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
