"""Replication of tables: the configurations, of buckets and of tables, what they are about, and how it goes. `replicas` does the work.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-replication-tables.html
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.principals import service_host
from fogbank.kernel import Context
from fogbank.services.s3tables import errors
from fogbank.services.s3tables.access import ON_RESOURCE
from fogbank.services.s3tables.records import (
    Found,
    Replica,
    Table,
    buckets,
    find_bucket,
    find_table,
    replicas,
    save_bucket,
    save_table,
    table_arn,
    tables,
    with_setting,
)
from fogbank.services.s3tables.service import service

Request = dict[str, Any]
Settings = dict[str, Any]

PRINCIPAL = "replication.s3tables"


# -- what they are about


def configuration_of(settings: Settings, bucket_settings: Settings) -> Settings | None:
    """The replication of a table: its own, or else that of its bucket."""
    setting = settings.get("replication") or bucket_settings.get("replication")
    return None if setting is None else setting["configuration"]


def destinations_of(configuration: Settings) -> list[str]:
    """The ARNs of table buckets."""
    return [place["destinationTableBucketARN"] for rule in configuration["rules"] for place in rule["destinations"]]


async def soon(found: Found, table: Table) -> None:
    """Replicate the table if it shall be: without metadata there is nothing to replicate, and replicas go no further."""
    if table.metadata and not table.source and configuration_of(table.settings, found.bucket.settings):
        payload = {"bucket": table.bucket, "id": table.id}
        await found.ctx.schedule("replicate_table", payload, key=f"{table.bucket}/{table.id}")


async def forget(found: Found, table: Table) -> None:
    """Keep no longer how replicating the table went."""
    for (destination,), _ in await replicas.items(found.ctx, (str,), table.bucket, table.id):
        replicas.delete(found.ctx, table.bucket, table.id, destination)


@service.task
async def replicate_table_bucket(ctx: Context, payload: Request) -> None:
    """A configuration is about the tables, too, that are there already."""
    bucket = await buckets.get(ctx, payload["bucket"])
    if bucket is None:
        return
    found = Found(ctx, bucket)
    for table in await tables.scan(ctx, bucket.name):
        await soon(found, table)


# -- the configurations


async def _put(ctx: Context, settings: Settings, request: Request) -> Settings:
    """The settings with the configuration of a request. Raises ConflictException when another one is there than was meant."""
    keys = {"iam:PassedToService": service_host(PRINCIPAL)}
    await ctx.authorise("iam:PassRole", request["configuration"]["role"], keys=keys)
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
    settings = await _put(ctx, found.bucket.settings, request)
    save_bucket(found, settings=settings)
    await found.ctx.schedule("replicate_table_bucket", {"bucket": found.bucket.name}, key=found.bucket.name)
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
    settings = await _put(ctx, table.settings, request)
    await forget(found, table)
    await soon(found, save_table(found.ctx, table, settings=settings))
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
    """How far each destination of the table or its bucket is. API_s3Buckets_GetTableReplicationStatus."""
    found, table = await find_table(ctx, request)
    configuration = configuration_of(table.settings, found.bucket.settings)
    if configuration is None:
        raise errors.no_such("replication configuration")
    shown = []
    for destination in destinations_of(configuration):
        replica = await replicas.get(found.ctx, table.bucket, table.id, destination) or Replica()
        shown.append(_state(table, destination, replica))
    return {"sourceTableArn": table_arn(found.ctx, table), "destinations": shown}


def _state(table: Table, destination: str, replica: Replica) -> Request:
    state = "failed" if replica.message else "completed"
    return {
        "replicationStatus": state if replica.tried and replica.tried == table.metadata else "pending",
        "destinationTableBucketArn": destination,
        "destinationTableArn": replica.arn or None,
        "lastSuccessfulReplicatedUpdate": {"metadataLocation": replica.done, "timestamp": replica.at}
        if replica.done
        else None,
        "failureMessage": replica.message or None,
    }
