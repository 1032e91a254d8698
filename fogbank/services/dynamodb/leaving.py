"""Replicas that leave their global table: deleted, or disassociated to be tables of their own.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-CoreConcepts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import expiry, groups, replica_errors, streams, table_errors, tables
from fogbank.services.dynamodb.groups import CURRENT, Group
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.unreplicated import changes, home_of

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_DAY = 86400


async def delete(ctx: Context, table: Table, region: str) -> Table:
    group, _ = await groups.member_of(ctx, table, region)
    there = ctx.at(region=region)
    doomed = await groups.replica(ctx, group, region)
    assert doomed is not None
    await ctx.authorise("dynamodb:DeleteTableReplica", doomed.arn)
    if doomed.is_protected:
        raise table_errors.deletion_protected()
    group = await retire(there, doomed)
    if doomed.stream_view is not None:
        doomed = await streams.disabled(there, doomed)
    tables.put(there, doomed, status="DELETING")
    await there.schedule("remove_table", {"table": doomed.name, "id": doomed.id})
    return tables.put(ctx, table, status="UPDATING")


async def retire(ctx: Context, table: Table) -> Group:
    """The replica is going to be deleted. Refused for one that others were copied from a day ago or less."""
    group, member = await groups.member_of(ctx, table, ctx.region)
    if group.version == CURRENT and member.sourced > ctx.now() - _DAY and len(group.members) > 1:
        raise replica_errors.replica_was_source()
    return groups.put(ctx, group.with_status(ctx.region, "DELETING"))


async def leave(ctx: Context, table: Table) -> None:
    """The replica is no more, or stands alone. The last one that is left is a table like any other."""
    group = await groups.group_of(ctx, table)
    if group is None:
        return
    group = groups.put(ctx, group.without(ctx.region))
    left = await groups.replicas(ctx, group)
    if len(group.members) <= 1:
        await _dissolve(ctx, group)
        left = [tables.put(other.layout.scope(ctx), other, group="", is_strong=False) for other in left]
    for other in left:
        scope = other.layout.scope(ctx)
        if other.ttl is not None:  # it may be the one now by which items expire
            await expiry.plan(scope, other)
        await scope.schedule("activate_table", {"table": other.name, "id": other.id})


async def _dissolve(ctx: Context, group: Group) -> None:
    home = home_of(ctx, group.id)
    groups.groups.delete(home, group.id)
    await home.schedule("purge", {"collection": changes.name, "space": group.id})


async def disassociate(ctx: Context, table: Table, request: Document) -> Table:
    """The local replica becomes a table of its own, once all changes have been brought to where they belong."""
    updates = request["ReplicaUpdates"]
    if len(updates) > 1:
        raise replica_errors.disassociation_alone()
    region = updates[0]["Disassociate"]["RegionName"]
    if region != ctx.region:
        raise replica_errors.disassociation_elsewhere()
    group, member = await groups.member_of(ctx, table, region)
    if group.is_strong:
        raise replica_errors.disassociation_of_strong()
    if member.is_protected:
        raise replica_errors.disassociation_protected()
    await ctx.authorise("dynamodb:DisassociateTableReplica", table.arn)
    await ctx.schedule("disassociate_replica", {"table": table.name, "id": table.id})
    return tables.put(ctx, table, status="UPDATING")


@service.task
async def disassociate_replica(ctx: Context, payload: Document) -> None:
    table = await tables.tables.get(ctx, payload["table"])
    if table is None or table.id != payload["id"] or not table.group:
        return
    if await changes.count(home_of(ctx, table.group), table.group, limit=1):
        await ctx.schedule("disassociate_replica", payload, delay=1)
        return
    await leave(ctx, table)
    alone = await tables.tables.get(ctx, table.name)
    assert alone is not None
    tables.put(ctx, alone, group="", status="ACTIVE")
