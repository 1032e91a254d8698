"""The settings of tables: encryption, storage class, maintenance and its jobs, expiration of records."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables import maintenance
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.bucket_settings import merged
from fogbank.services.s3tables.records import AES256, STANDARD, find_table, jobs, save_table, table_arn, with_setting
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

_NO_EXPIRATION = {"status": "disabled"}


@service.operation(**ON_RESOURCE)
async def get_table_encryption(ctx: Context, request: Request) -> Request:
    _, table = await find_table(ctx, request)
    return {"encryptionConfiguration": table.settings.get("encryption", AES256)}


@service.operation(**ON_RESOURCE)
async def get_table_storage_class(ctx: Context, request: Request) -> Request:
    _, table = await find_table(ctx, request)
    return {"storageClassConfiguration": table.settings.get("storage_class", STANDARD)}


# -- maintenance


@service.operation(**ON_RESOURCE)
async def put_table_maintenance_configuration(ctx: Context, request: Request) -> Request:
    """How files are compacted, or snapshots expire. API_s3Buckets_PutTableMaintenanceConfiguration."""
    found, table = await find_table(ctx, request)
    kind, now = request["type"], maintenance.of_table(table.settings)
    put = {**table.settings.get("maintenance", {}), kind: merged(now[kind], request["value"], kind)}
    save_table(found.ctx, table, settings=with_setting(table.settings, "maintenance", put))
    await maintenance.soon(found.ctx, table)
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_maintenance_configuration(ctx: Context, request: Request) -> Request:
    found, table = await find_table(ctx, request)
    return {"tableARN": table_arn(found.ctx, table), "configuration": maintenance.of_table(table.settings)}


@service.operation(**ON_RESOURCE)
async def get_table_maintenance_job_status(ctx: Context, request: Request) -> Request:
    """How the jobs went the last time. API_s3Buckets_GetTableMaintenanceJobStatus."""
    found, table = await find_table(ctx, request)
    files = {maintenance.FILES: maintenance.of_bucket(found.bucket.settings)}
    status = {
        kind: maintenance.status(configured, await jobs.get(found.ctx, table.bucket, table.id, kind))
        for kind, configured in {**maintenance.of_table(table.settings), **files}.items()
    }
    return {"tableARN": table_arn(found.ctx, table), "status": status}


# -- expiration of records


@service.operation(**ON_RESOURCE)
async def put_table_record_expiration_configuration(ctx: Context, request: Request) -> Request:
    """After how many days records are to expire. API_s3Buckets_PutTableRecordExpirationConfiguration."""
    found, table = await find_table(ctx, request)
    save_table(found.ctx, table, settings=with_setting(table.settings, "expiration", request["value"]))
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_record_expiration_configuration(ctx: Context, request: Request) -> Request:
    _, table = await find_table(ctx, request)
    return {"configuration": table.settings.get("expiration", _NO_EXPIRATION)}


@service.operation(**ON_RESOURCE)
async def get_table_record_expiration_job_status(ctx: Context, request: Request) -> Request:
    """No job has run: Fogbank leaves the records of tables as they are."""
    _, table = await find_table(ctx, request)
    configured = table.settings.get("expiration", _NO_EXPIRATION).get("status", "disabled")
    return {"status": "NotYetRun" if configured == "enabled" else "Disabled"}
