"""Auto scaling settings of tables and their replicas, each in its own region. What comes of them is in `autoscaling.py`.

    scaling  (table)  Scaling

UpdateTableReplicaAutoScaling, DescribeTableReplicaAutoScaling; the settings of old global tables are in `joined_settings.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import Record
from fogbank.services.dynamodb import errors, groups, linked_roles, replica_errors, tables
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import ON_TABLE

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

READ, WRITE = "Read", "Write"
_DISABLED: Document = {"AutoScalingDisabled": True}


class Scaling(Record, frozen=True):
    """Descriptions of settings; those of indexes by index. `moved` is when each capacity was scaled last (epoch seconds)."""

    reads: Document | None = None
    writes: Document | None = None
    index_reads: dict[str, Document] = {}
    index_writes: dict[str, Document] = {}
    moved: dict[str, float] = {}

    def targets(self) -> dict[tuple[str, str], Document]:
        """The settings by index (empty for the table) and direction, of all that is to be scaled."""
        found = {("", READ): self.reads, ("", WRITE): self.writes}
        found |= {(index, READ): settings for index, settings in self.index_reads.items()}
        found |= {(index, WRITE): settings for index, settings in self.index_writes.items()}
        return {of: settings for of, settings in found.items() if settings and not settings["AutoScalingDisabled"]}


scaling = service.collection("scaling", Scaling)


def described(ctx: Context, update: Document, known: Document | None) -> Document:
    """An AutoScalingSettingsDescription of an AutoScalingSettingsUpdate: what it does not say stays. Raises ValidationException."""
    if update.get("AutoScalingDisabled"):
        return _DISABLED
    known = known or {}
    low, high = (update.get(name, known.get(name)) for name in ("MinimumUnits", "MaximumUnits"))
    if low is not None and high is not None and low > high:
        raise errors.invalid_parameters(f"MinimumUnits {low} must not be greater than MaximumUnits {high}")
    role = update.get("AutoScalingRoleArn") or known.get("AutoScalingRoleArn")
    policy = update.get("ScalingPolicyUpdate")
    return {
        "MinimumUnits": low,
        "MaximumUnits": high,
        "AutoScalingDisabled": False,
        "AutoScalingRoleArn": role or linked_roles.arn(ctx, linked_roles.SCALING),
        "ScalingPolicies": known.get("ScalingPolicies") if policy is None else [policy],
    }


async def of(ctx: Context, table: Table) -> Scaling:
    return await scaling.get(table.layout.scope(ctx), table.name) or Scaling()


async def put(ctx: Context, table: Table, changed: Scaling) -> None:
    """Keep the settings of a table, and have it scaled by them from now on."""
    scope = table.layout.scope(ctx)
    scaling.put(scope, changed, table.name)
    if changed.targets():
        await linked_roles.require(ctx, linked_roles.SCALING)
        await scope.schedule("scale_table", {"table": table.name}, key=table.name)


def forget(ctx: Context, table: str) -> None:
    scaling.delete(ctx, table)


async def _replicas(ctx: Context, table: Table) -> list[Table]:
    """The table and its other replicas."""
    group = await groups.group_of(ctx, table)
    return [table] if group is None else await groups.replicas(ctx, group)


@service.operation(**ON_TABLE)
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


@service.operation(**ON_TABLE)
async def update_table_replica_auto_scaling(ctx: Context, request: Document) -> Document:
    """Settings of writes are those of all replicas, settings of reads each replica's own."""
    table = await tables.find_described(ctx, request)
    tables.require_idle(table)
    if table.on_demand:
        raise errors.invalid_parameters("Auto scaling is not supported for tables with BillingMode PAY_PER_REQUEST")
    found = {each.layout.region: each for each in await _replicas(ctx, table)}
    changed = {region: _with_writes(ctx, each, await of(ctx, each), request) for region, each in found.items()}
    for update in request.get("ReplicaUpdates") or []:
        region = update["RegionName"]
        if region not in found:
            raise replica_errors.no_such_replica()
        changed[region] = _with_reads(ctx, found[region], changed[region], update)
    for region, settings in changed.items():
        await put(ctx, found[region], settings)
    return {"TableAutoScalingDescription": await _describe(ctx, table)}


def _with_writes(ctx: Context, table: Table, settings: Scaling, request: Document) -> Scaling:
    member = "ProvisionedWriteCapacityAutoScalingUpdate"
    updates, known = request.get("GlobalSecondaryIndexUpdates"), settings.index_writes
    return msgspec.structs.replace(
        settings,
        writes=_updated(ctx, request.get(member), settings.writes),
        index_writes={**known, **_of_indexes(ctx, table, updates, member, known)},
    )


def _with_reads(ctx: Context, table: Table, settings: Scaling, update: Document) -> Scaling:
    updates, known = update.get("ReplicaGlobalSecondaryIndexUpdates"), settings.index_reads
    of_indexes = _of_indexes(ctx, table, updates, "ProvisionedReadCapacityAutoScalingUpdate", known)
    return msgspec.structs.replace(
        settings,
        reads=_updated(ctx, update.get("ReplicaProvisionedReadCapacityAutoScalingUpdate"), settings.reads),
        index_reads={**known, **of_indexes},
    )


def _updated(ctx: Context, update: Document | None, known: Document | None) -> Document | None:
    return known if update is None else described(ctx, update, known)


def _of_indexes(
    ctx: Context, table: Table, updates: list[Document] | None, member: str, known: dict[str, Document]
) -> dict[str, Document]:
    """Descriptions of the settings that updates have for indexes. Raises ResourceNotFoundException."""
    found = {}
    for update in updates or []:
        name = update.get("IndexName", "")
        if table.index(name) is None:
            raise errors.no_such_resource()
        if update.get(member):
            found[name] = described(ctx, update[member], known.get(name))
    return found
