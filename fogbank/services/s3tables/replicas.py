"""Replication of tables at work: after each commit the newest metadata is carried to the destinations, with the files that it needs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-replication-how-replication-works.html. A replica has the namespace and the
name of its source, and nobody else writes to it. The role of the configuration has to be allowed each step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Context
from fogbank.services.s3tables import commits, copies, errors, tables
from fogbank.services.s3tables.commits import Named
from fogbank.services.s3tables.copies import Impossible, Way
from fogbank.services.s3tables.iceberg.avro import Unsupported
from fogbank.services.s3tables.records import (
    Replica,
    Table,
    bucket_arn,
    buckets,
    find_bucket,
    find_table,
    namespaces,
    places,
    replicas,
    table_arn,
)
from fogbank.services.s3tables.records import tables as records
from fogbank.services.s3tables.replication import PRINCIPAL, configuration_of, destinations_of
from fogbank.services.s3tables.service import service

Payload = dict[str, Any]


class Work(NamedTuple):
    """A table whose newest metadata one destination does not have; `before` is how it went there the last time."""

    table: Table
    role: str
    destination: str
    before: Replica


@service.task(transaction=False)
async def replicate_table(ctx: Context, payload: Payload) -> None:
    """Carry what is newest to each destination, until all have it or have failed."""
    while (work := await ctx.transact(_next, ctx, payload)) is not None:
        await ctx.transact(_note, ctx, work, await _tried(ctx, work))


async def _next(ctx: Context, payload: Payload) -> Work | None:
    bucket, place = await buckets.get(ctx, payload["bucket"]), await places.get(ctx, payload["bucket"], payload["id"])
    table = None if place is None else await records.get(ctx, payload["bucket"], place.namespace, place.name)
    configuration = None if bucket is None or table is None else configuration_of(table.settings, bucket.settings)
    if bucket is None or table is None or configuration is None:
        return None
    for destination in destinations_of(configuration):
        before = await replicas.get(ctx, bucket.name, table.id, destination) or Replica()
        if before.tried != table.metadata:
            return Work(table, configuration["role"], destination, before)
    return None


async def _note(ctx: Context, work: Work, replica: Replica) -> None:
    replicas.put(ctx, replica, work.table.bucket, work.table.id, work.destination)


async def _tried(ctx: Context, work: Work) -> Replica:
    tried, before = work.table.metadata, work.before
    try:
        arn = await _replicate(ctx, work)
    except AWSError as error:
        return Replica(tried, error.message, before.arn, before.done, before.at)
    except (Impossible, Unsupported) as error:
        return Replica(tried, str(error), before.arn, before.done, before.at)
    return Replica(tried, "", arn, tried, ctx.now())


# -- carrying it


async def _replicate(ctx: Context, work: Work) -> str:
    """Carry a table to a destination; gives the ARN of the table there. Raises AWSError, Impossible, Unsupported."""
    table, source_arn = work.table, table_arn(ctx, work.table)
    principal = await ctx.assume(
        work.role, source_arn=bucket_arn(ctx, table.bucket), session_name="s3tables-replication", service=PRINCIPAL
    )
    source = _seen_by(principal, ctx, bucket_arn(ctx, table.bucket))
    named = Named(bucket_arn(ctx, table.bucket), table.namespace, table.name)
    for action in ("GetTable", "GetTableMetadataLocation", "GetTableData"):
        await commits.require(source, action, named)
    home = _seen_by(principal, ctx, work.destination)
    copy = await _target(home, work, source_arn)
    location = await copies.copy(Way(source, table.warehouse, home, copy.warehouse), table.metadata)
    await home.transact(_commit, home, table_arn(home, copy), location)
    return table_arn(home, copy)


def _seen_by(principal: Principal, ctx: Context, arn: str) -> Context:
    """A context where the bucket of that ARN is, for the role."""
    region, account = arn.split(":")[3:5]
    home = ctx.at(account=account, region=region)
    home.principal, home.origin = principal, {}
    home.request, home.protocol = None, ""
    return home


async def _target(home: Context, work: Work, source_arn: str) -> Table:
    """The replica, which is made when it is not there. Raises ConflictException when another table has its name."""
    named = Named(work.destination, work.table.namespace, work.table.name)
    found = await home.transact(_replica, home, named, work.before.arn)
    if found is None:
        return await _create(home, named, source_arn)
    if found.source != source_arn:
        raise errors.table_exists()
    for action in ("PutTableData", "UpdateTableMetadataLocation"):
        await commits.require(home, action, Named(work.destination, found.namespace, found.name))
    return found


async def _replica(home: Context, named: Named, arn: str) -> Table | None:
    """The table that was made before, wherever it is by now, or the one of that name."""
    bucket = (await find_bucket(home, named.params)).bucket.name
    place = await places.get(home, bucket, arn.rpartition("/")[2])
    name = (named.namespace, named.name) if place is None else (place.namespace, place.name)
    return await records.get(home, bucket, *name)


async def _create(home: Context, named: Named, source_arn: str) -> Table:
    bucket = named.bucket_arn.rpartition("/")[2]
    if await home.transact(namespaces.get, home, bucket, named.namespace) is None:
        await commits.call(
            home, "CreateNamespace", {"tableBucketARN": named.bucket_arn, "namespace": [named.namespace]}
        )
    for action in ("CreateTable", "PutTableData", "UpdateTableMetadataLocation"):
        await commits.require(home, action, named, f"{named.bucket_arn}/table/*")
    _, table, _ = await tables.create(home, named.params, None, source_arn)
    return table


async def _commit(home: Context, arn: str, location: str) -> None:
    found, table = await find_table(home, {"tableArn": arn})
    tables.changed(home, found, table, metadata=location)
