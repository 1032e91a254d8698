"""The capacity of old global tables: DescribeGlobalTableSettings, UpdateGlobalTableSettings.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateGlobalTableSettings.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import errors, groups, replica_errors, scaling, tables
from fogbank.services.dynamodb.creation import PAY_PER_REQUEST
from fogbank.services.dynamodb.groups import Group
from fogbank.services.dynamodb.joined import ON_GLOBAL_TABLE, find
from fogbank.services.dynamodb.scaling import READ, WRITE, Settings
from fogbank.services.dynamodb.schema import Index, Table
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

# what AWS gives a table that becomes provisioned without being told more
_FIRST_CAPACITY = 5


@service.operation(**ON_GLOBAL_TABLE)
async def describe_global_table_settings(ctx: Context, request: Document) -> Document:
    return await _settings(ctx, await find(ctx, request["GlobalTableName"]))


async def _settings(ctx: Context, group: Group) -> Document:
    shown = [await _describe(ctx, group, table) for table in await groups.replicas(ctx, group)]
    return {"GlobalTableName": group.name, "ReplicaSettings": shown}


async def _describe(ctx: Context, group: Group, table: Table) -> Document:
    own = await scaling.of(ctx, table)
    member = group.member(table.layout.region)
    indexes = [_describe_index(index, own) for index in table.indexes if index.is_global]
    return {
        "RegionName": table.layout.region,
        "ReplicaStatus": None if member is None else member.status,
        "ReplicaBillingModeSummary": {"BillingMode": PAY_PER_REQUEST if table.on_demand else "PROVISIONED"},
        "ReplicaProvisionedReadCapacityUnits": table.reads,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": own.get(("", READ)),
        "ReplicaProvisionedWriteCapacityUnits": table.writes,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": own.get(("", WRITE)),
        "ReplicaGlobalSecondaryIndexSettings": indexes or None,
        "ReplicaTableClassSummary": None if table.table_class is None else {"TableClass": table.table_class},
    }


def _describe_index(index: Index, own: Settings) -> Document:
    return {
        "IndexName": index.name,
        "IndexStatus": index.status,
        "ProvisionedReadCapacityUnits": index.reads or None,
        "ProvisionedReadCapacityAutoScalingSettings": own.get((index.name, READ)),
        "ProvisionedWriteCapacityUnits": index.writes or None,
        "ProvisionedWriteCapacityAutoScalingSettings": own.get((index.name, WRITE)),
    }


# -- changing


@service.operation(**ON_GLOBAL_TABLE)
async def update_global_table_settings(ctx: Context, request: Document) -> Document:
    """Writes and billing are those of all replicas, reads and class each replica's own."""
    group = await find(ctx, request["GlobalTableName"])
    own = {update["RegionName"]: update for update in request.get("ReplicaSettingsUpdate") or []}
    for region in own:
        if group.member(region) is None:
            raise replica_errors.replica_not_found(group.name, region)
    for table in await groups.replicas(ctx, group):
        tables.require_idle(table)
        update = own.get(table.layout.region, {})
        tables.put(table.layout.scope(ctx), _changed(table, request, update, ctx.now()))
        await _scale(await scaling.of(ctx, table), request, update)
    return await _settings(ctx, group)


def _changed(table: Table, request: Document, own: Document, now: float) -> Table:
    mode = request.get("GlobalTableBillingMode")
    on_demand = table.on_demand if mode is None else mode == PAY_PER_REQUEST
    reads, writes = (
        own.get("ReplicaProvisionedReadCapacityUnits"),
        request.get("GlobalTableProvisionedWriteCapacityUnits"),
    )
    if on_demand and (reads or writes):
        raise errors.invalid_parameters(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    table = msgspec.structs.replace(
        table,
        on_demand=on_demand,
        on_demand_since=now if on_demand and not table.on_demand else table.on_demand_since,
        reads=0 if on_demand else reads or table.reads or _FIRST_CAPACITY,
        writes=0 if on_demand else writes or table.writes or _FIRST_CAPACITY,
        table_class=own.get("ReplicaTableClass") or table.table_class,
    )
    for update in request.get("GlobalTableGlobalSecondaryIndexSettingsUpdate") or []:
        table = _with_index(table, update["IndexName"], writes=update.get("ProvisionedWriteCapacityUnits"))
    for update in own.get("ReplicaGlobalSecondaryIndexSettingsUpdate") or []:
        table = _with_index(table, update["IndexName"], reads=update.get("ProvisionedReadCapacityUnits"))
    return table


def _with_index(table: Table, name: str, **capacity: int | None) -> Table:
    index = table.index(name)
    if index is None or not index.is_global:
        raise replica_errors.index_not_found(name)
    changed = msgspec.structs.replace(index, **{unit: value for unit, value in capacity.items() if value is not None})
    indexes = [changed if each.name == name else each for each in table.indexes]
    return msgspec.structs.replace(table, indexes=tuple(indexes))


async def _scale(settings: Settings, request: Document, own: Document) -> None:
    of_writes, of_reads = (
        "ProvisionedWriteCapacityAutoScalingSettingsUpdate",
        "ProvisionedReadCapacityAutoScalingSettingsUpdate",
    )
    await settings.update(("", WRITE), request.get(f"GlobalTable{of_writes}"))
    await settings.update(("", READ), own.get(f"Replica{of_reads}"))
    for update in request.get("GlobalTableGlobalSecondaryIndexSettingsUpdate") or []:
        await settings.update((update["IndexName"], WRITE), update.get(of_writes))
    for update in own.get("ReplicaGlobalSecondaryIndexSettingsUpdate") or []:
        await settings.update((update["IndexName"], READ), update.get(of_reads))
