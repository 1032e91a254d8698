"""DeleteTable, and the task that removes a table.

A table with point-in-time recovery leaves a backup of its last moment, as on AWS; it is DELETING until that is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import (
    backups,
    encryption,
    groups,
    guards,
    history,
    insights,
    kinesis_log,
    leaving,
    replica_errors,
    scaling,
    streams,
    table_errors,
    tables,
    tags,
    vectors,
)
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table, require_idle

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]

_SHOWN = (
    "TableName",
    "TableStatus",
    "ProvisionedThroughput",
    "TableSizeBytes",
    "ItemCount",
    "TableArn",
    "TableId",
    "BillingModeSummary",
    "DeletionProtectionEnabled",
)


@on_table
async def delete_table(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    require_idle(table)
    if table.is_protected:
        raise table_errors.deletion_protected()
    if table.history_users > (table.recoverable_since is not None):
        raise table_errors.table_in_use(table.name, "backed up")
    group = await groups.group_of(ctx, table)
    if group is not None:
        if group.is_strong:
            raise replica_errors.strong_shrinks_at_once()
        await leaving.retire(ctx, table)
    shown = await tables.shown(ctx, table)
    if table.stream_view is not None:
        table = await streams.disabled(ctx, table)
    table = tables.put(ctx, table, status="DELETING")
    if table.recoverable_since is not None:
        await backups.keep_last_moment(ctx, table)
    else:
        await ctx.schedule("remove_table", {"table": table.name, "id": table.id})
    shown["TableStatus"] = table.status
    return {"TableDescription": {name: shown[name] for name in _SHOWN}}


@service.task
async def remove_table(ctx: Context, payload: Document) -> None:
    """The table goes at once, so that its name is free; its rows follow, in parts."""
    table = await tables.tables.get(ctx, payload["table"])
    if table is None or table.id != payload["id"]:
        return
    tables.tables.delete(ctx, table.name)
    tags.replace(ctx, table.name, [])
    guards.policies.delete(ctx, table.arn)
    await leaving.leave(ctx, table)
    await encryption.release(ctx, table)
    await insights.forget(ctx, table.name)
    await scaling.forget(ctx, table)
    await _remove_rows(ctx, table)


async def _remove_rows(ctx: Context, table: Table) -> None:
    await ctx.schedule("purge", {"collection": "items", "space": table.space})
    for index in table.indexes:
        await ctx.schedule("purge", {"collection": "index-items", "space": index.space})
    for vector_index in table.vectors:
        await ctx.schedule("purge", {"collection": vectors.vector_items.name, "space": vector_index.space})
    if table.ttl is not None:
        await ctx.unschedule("expire_items", table.name)
        await ctx.schedule("purge", {"collection": "expiries", "space": table.ttl_space})
    if table.history_space:
        await ctx.unschedule("forget_history", table.name)
        await history.purge(ctx, table.history_space)
    if table.destinations:
        kinesis_log.lasts.delete(ctx, table.space)
        await ctx.schedule("purge", {"collection": kinesis_log.records.name, "space": table.space})
