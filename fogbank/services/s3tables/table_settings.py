"""The settings of tables: encryption, storage class, maintenance and its jobs, expiration of records."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.bucket_settings import UNREFERENCED_FILES, maintenance_of, merged
from fogbank.services.s3tables.records import AES256, STANDARD, Table, find_table, save_table, table_arn, with_setting
from fogbank.services.s3tables.service import service

Request = dict[str, Any]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-maintenance.html
_DEFAULTS: dict[str, Request] = {
    "icebergCompaction": {
        "status": "enabled",
        "settings": {"icebergCompaction": {"targetFileSizeMB": 512, "strategy": "auto"}},
    },
    "icebergSnapshotManagement": {
        "status": "enabled",
        "settings": {"icebergSnapshotManagement": {"minSnapshotsToKeep": 1, "maxSnapshotAgeHours": 120}},
    },
}
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


def _maintenance(table: Table) -> dict[str, Request]:
    return {**_DEFAULTS, **table.settings.get("maintenance", {})}


@service.operation(**ON_RESOURCE)
async def put_table_maintenance_configuration(ctx: Context, request: Request) -> Request:
    """How files are compacted, or snapshots expire. API_s3Buckets_PutTableMaintenanceConfiguration."""
    found, table = await find_table(ctx, request)
    kind, now = request["type"], _maintenance(table)
    put = {**table.settings.get("maintenance", {}), kind: merged(now[kind], request["value"], kind)}
    save_table(found.ctx, table, settings=with_setting(table.settings, "maintenance", put))
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_maintenance_configuration(ctx: Context, request: Request) -> Request:
    found, table = await find_table(ctx, request)
    return {"tableARN": table_arn(found.ctx, table), "configuration": _maintenance(table)}


@service.operation(**ON_RESOURCE)
async def get_table_maintenance_job_status(ctx: Context, request: Request) -> Request:
    """No job has run: Fogbank leaves the files of tables as they are. API_s3Buckets_GetTableMaintenanceJobStatus."""
    found, table = await find_table(ctx, request)
    jobs = {**_maintenance(table), UNREFERENCED_FILES: maintenance_of(found)}
    status = {kind: {"status": _not_run(job["status"], "Not_Yet_Run")} for kind, job in jobs.items()}
    return {"tableARN": table_arn(found.ctx, table), "status": status}


def _not_run(configured: str, otherwise: str) -> str:
    return otherwise if configured == "enabled" else "Disabled"


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
    """No job has run, as with maintenance."""
    _, table = await find_table(ctx, request)
    configured = table.settings.get("expiration", _NO_EXPIRATION).get("status", "disabled")
    return {"status": _not_run(configured, "NotYetRun")}
