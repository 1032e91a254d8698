"""Auto scaling settings of replicas: kept and shown, for each replica in its own region. Nothing is scaled by them.

    scaling  (table)  Scaling

UpdateTableReplicaAutoScaling, DescribeTableReplicaAutoScaling; the settings of old global tables are in `joined_settings.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import Record
from fogbank.services.dynamodb import errors, groups, replica_errors, tables
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import ON_TABLE

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_DISABLED: Document = {"AutoScalingDisabled": True}


class Scaling(Record, frozen=True):
    """Descriptions of settings; those of indexes by index."""

    reads: Document | None = None
    writes: Document | None = None
    index_reads: dict[str, Document] = {}
    index_writes: dict[str, Document] = {}


scaling = service.collection("scaling", Scaling)


def described(update: Document) -> Document:
    """An AutoScalingSettingsDescription of an AutoScalingSettingsUpdate. Raises ValidationException."""
    low, high = update.get("MinimumUnits"), update.get("MaximumUnits")
    if low is not None and high is not None and low > high:
        raise errors.invalid_parameters(f"MinimumUnits {low} must not be greater than MaximumUnits {high}")
    policy = update.get("ScalingPolicyUpdate")
    return {
        "MinimumUnits": low,
        "MaximumUnits": high,
        "AutoScalingDisabled": bool(update.get("AutoScalingDisabled")),
        "AutoScalingRoleArn": update.get("AutoScalingRoleArn"),
        "ScalingPolicies": None if policy is None else [policy],
    }


async def of(ctx: Context, table: Table) -> Scaling:
    return await scaling.get(table.layout.scope(ctx), table.name) or Scaling()


def put(ctx: Context, table: Table, changed: Scaling) -> None:
    scaling.put(table.layout.scope(ctx), changed, table.name)


def forget(ctx: Context, table: str) -> None:
    scaling.delete(ctx, table)


async def _replicas(ctx: Context, table: Table) -> list[Table]:
    """The table and its other replicas."""
    group = await groups.group_of(ctx, table)
    return [table] if group is None else await groups.replicas(ctx, group)


@service.operation(**ON_TABLE, fidelity="derived")
async def describe_table_replica_auto_scaling(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    return {"TableAutoScalingDescription": await _describe(ctx, table)}


async def _describe(ctx: Context, table: Table) -> Document:
    shown = [await _describe_replica(ctx, each) for each in await _replicas(ctx, table)]
    return {"TableName": table.name, "TableStatus": table.status, "Replicas": shown}


async def _describe_replica(ctx: Context, table: Table) -> Document:
    settings = await of(ctx, table)
    return {
        "RegionName": table.layout.region,
        "ReplicaStatus": table.status,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": settings.reads or _DISABLED,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": settings.writes or _DISABLED,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index.name,
                "IndexStatus": index.status,
                "ProvisionedReadCapacityAutoScalingSettings": settings.index_reads.get(index.name, _DISABLED),
                "ProvisionedWriteCapacityAutoScalingSettings": settings.index_writes.get(index.name, _DISABLED),
            }
            for index in table.indexes
            if index.is_global
        ],
    }


@service.operation(**ON_TABLE, fidelity="derived")
async def update_table_replica_auto_scaling(ctx: Context, request: Document) -> Document:
    """Settings of writes are those of all replicas, settings of reads each replica's own."""
    table = await tables.find_described(ctx, request)
    tables.require_idle(table)
    if table.on_demand:
        raise errors.invalid_parameters("Auto scaling is not supported for tables with BillingMode PAY_PER_REQUEST")
    found = {each.layout.region: each for each in await _replicas(ctx, table)}
    changed = {region: _with_writes(each, await of(ctx, each), request) for region, each in found.items()}
    for update in request.get("ReplicaUpdates") or []:
        region = update["RegionName"]
        if region not in found:
            raise replica_errors.no_such_replica()
        changed[region] = _with_reads(found[region], changed[region], update)
    for region, settings in changed.items():
        put(ctx, found[region], settings)
    return {"TableAutoScalingDescription": await _describe(ctx, table)}


def _with_writes(table: Table, settings: Scaling, request: Document) -> Scaling:
    writes = request.get("ProvisionedWriteCapacityAutoScalingUpdate")
    of_indexes = _of_indexes(
        table, request.get("GlobalSecondaryIndexUpdates"), "ProvisionedWriteCapacityAutoScalingUpdate"
    )
    return msgspec.structs.replace(
        settings,
        writes=settings.writes if writes is None else described(writes),
        index_writes={**settings.index_writes, **of_indexes},
    )


def _with_reads(table: Table, settings: Scaling, update: Document) -> Scaling:
    reads = update.get("ReplicaProvisionedReadCapacityAutoScalingUpdate")
    of_indexes = _of_indexes(
        table, update.get("ReplicaGlobalSecondaryIndexUpdates"), "ProvisionedReadCapacityAutoScalingUpdate"
    )
    return msgspec.structs.replace(
        settings,
        reads=settings.reads if reads is None else described(reads),
        index_reads={**settings.index_reads, **of_indexes},
    )


def _of_indexes(table: Table, updates: list[Document] | None, member: str) -> dict[str, Document]:
    """Descriptions of the settings that updates have for indexes. Raises ResourceNotFoundException."""
    found = {}
    for update in updates or []:
        name = update.get("IndexName", "")
        if table.index(name) is None:
            raise errors.no_such_resource()
        if update.get(member):
            found[name] = described(update[member])
    return found
