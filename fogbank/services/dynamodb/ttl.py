"""UpdateTimeToLive, DescribeTimeToLive, and the task that removes what expired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import errors, expiry, groups, metering, replica_errors, replicas, rows, tables
from fogbank.services.dynamodb.expiry import expiries
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_CHUNK = 100


@on_table
async def update_time_to_live(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    wanted = request["TimeToLiveSpecification"]
    attribute: str = wanted["AttributeName"]
    if table.ttl is not None and table.ttl != attribute:
        raise errors.validation(
            "TimeToLive is active on a different AttributeName: current AttributeName is " + table.ttl
        )
    if wanted["Enabled"] == (table.ttl is not None):
        raise errors.validation(f"TimeToLive is already {'enabled' if wanted['Enabled'] else 'disabled'}")
    if table.is_strong:
        raise replica_errors.strong_without("Time to Live")
    for each in await _alike(ctx, table):
        if wanted["Enabled"]:
            await _enable(each.layout.scope(ctx), each, attribute)
        else:
            await _disable(each.layout.scope(ctx), each)
    return {"TimeToLiveSpecification": {"Enabled": wanted["Enabled"], "AttributeName": attribute}}


async def _alike(ctx: Context, table: Table) -> list[Table]:
    """The tables whose time to live is the same: this one, and its other replicas."""
    group = await groups.group_of(ctx, table)
    return [table] if group is None or group.version != groups.CURRENT else await groups.replicas(ctx, group)


async def _enable(ctx: Context, table: Table, attribute: str) -> None:
    space = next(tables.new_spaces(ctx))
    tables.put(ctx, table, ttl=attribute, ttl_space=space, is_enabling_ttl=True)
    await ctx.schedule("backfill_expiries", {"table": table.name, "space": space, "start": b""})


async def _disable(ctx: Context, table: Table) -> None:
    tables.put(ctx, table, ttl=None, is_enabling_ttl=False)
    await ctx.unschedule("expire_items", table.name)
    await ctx.schedule("purge", {"collection": "expiries", "space": table.ttl_space})


@on_table
async def describe_time_to_live(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    if table.ttl is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    status = "ENABLING" if table.is_enabling_ttl else "ENABLED"
    return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": table.ttl}}


@service.task
async def expire_items(ctx: Context, payload: Document) -> None:
    """Remove the items whose second has come, and come again for the next."""
    table = await tables.tables.get(ctx, payload["table"])
    if table is None or table.ttl is None or table.status == "DELETING" or not await replicas.expires_here(ctx, table):
        return
    expired = await expiries.items(ctx, (int, bytes), table.ttl_space, until=(int(ctx.now()) + 1,), limit=_CHUNK)
    for (second, row), _ in expired:
        expiries.delete(ctx, table.ttl_space, second, row)
        await _expire(ctx, table, row, second)  # type: ignore[arg-type]
    await expiry.plan(ctx, table)


async def _expire(ctx: Context, table: Table, row: bytes, second: int) -> None:
    raw = await ctx.tx.get(row)
    if raw is None:
        return
    image = rows.Image.stored(raw)
    if expiry.expiry_of(table.ttl or "", image.item) == second:
        await rows.replace(ctx, table.layout, table.layout.key_of(image.item), image, None, by=rows.TTL)
        metering.expired(ctx, table)
