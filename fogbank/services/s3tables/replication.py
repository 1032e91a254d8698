"""Replication of tables: configurations are kept, and their status says that nothing is replicated.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-replication-tables.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3tables import errors
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import (
    Table,
    find_bucket,
    find_table,
    save_bucket,
    save_table,
    table_arn,
    with_setting,
)
from fogbank.services.s3tables.service import service

Request = dict[str, Any]
Settings = dict[str, Any]

_REASON = "Fogbank does not replicate tables."


def _put(ctx: Context, settings: Settings, request: Request) -> Settings:
    """The settings with the configuration of a request. Raises ConflictException when another one is there than was meant."""
    _check_token(settings, request.get("versionToken"))
    setting = {"token": ctx.ids.hex(20), "configuration": request["configuration"]}
    return with_setting(settings, "replication", setting)


def _check_token(settings: Settings, token: str | None) -> None:
    if token is not None and token != settings.get("replication", {}).get("token"):
        raise errors.wrong_version_token()


def _shown(settings: Settings) -> Request:
    setting = settings.get("replication")
    if setting is None:
        raise errors.no_such("replication configuration")
    return {"versionToken": setting["token"], "configuration": setting["configuration"]}


def _answer(settings: Settings) -> Request:
    return {"versionToken": settings["replication"]["token"], "status": "Success"}


# -- of buckets


@service.operation(**ON_RESOURCE)
async def put_table_bucket_replication(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    await ctx.pass_role(request["configuration"]["role"])
    settings = _put(ctx, found.bucket.settings, request)
    save_bucket(found, settings=settings)
    return _answer(settings)


@service.operation(**ON_RESOURCE)
async def get_table_bucket_replication(ctx: Context, request: Request) -> Request:
    return _shown((await find_bucket(ctx, request)).bucket.settings)


@service.operation(**ON_RESOURCE)
async def delete_table_bucket_replication(ctx: Context, request: Request) -> Request:
    found = await find_bucket(ctx, request)
    _check_token(found.bucket.settings, request.get("versionToken"))
    save_bucket(found, settings=with_setting(found.bucket.settings, "replication", None))
    return {}


# -- of tables


@service.operation(**ON_RESOURCE)
async def put_table_replication(ctx: Context, request: Request) -> Request:
    found, table = await find_table(ctx, request)
    await ctx.pass_role(request["configuration"]["role"])
    settings = _put(ctx, table.settings, request)
    save_table(found.ctx, table, settings=settings)
    return _answer(settings)


@service.operation(**ON_RESOURCE)
async def get_table_replication(ctx: Context, request: Request) -> Request:
    _, table = await find_table(ctx, request)
    return _shown(table.settings)


@service.operation(**ON_RESOURCE)
async def delete_table_replication(ctx: Context, request: Request) -> Request:
    found, table = await find_table(ctx, request)
    _check_token(table.settings, request["versionToken"])
    save_table(found.ctx, table, settings=with_setting(table.settings, "replication", None))
    return {}


@service.operation(**ON_RESOURCE)
async def get_table_replication_status(ctx: Context, request: Request) -> Request:
    """A failure for each destination of the table or its bucket."""
    found, table = await find_table(ctx, request)
    destinations = [
        {
            "replicationStatus": "failed",
            "destinationTableBucketArn": destination["destinationTableBucketARN"],
            "failureMessage": _REASON,
        }
        for destination in _destinations(table, found.bucket.settings)
    ]
    return {"sourceTableArn": table_arn(found.ctx, table), "destinations": destinations}


def _destinations(table: Table, bucket_settings: Settings) -> list[Request]:
    setting = table.settings.get("replication") or bucket_settings.get("replication")
    if setting is None:
        raise errors.no_such("replication configuration")
    return [destination for rule in setting["configuration"]["rules"] for destination in rule["destinations"]]
