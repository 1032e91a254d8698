"""Continuous backups: UpdateContinuousBackups, DescribeContinuousBackups, RestoreTableToPointInTime.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb import errors, restoring, table_errors, tables
from fogbank.services.dynamodb import history as past
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_DAY = 86400
# AWS can restore up to five minutes ago; here it is this second
_DAYS = 35


async def find(ctx: Context, given: str) -> Table:
    name = tables.table_name(ctx, given)
    table = await tables.tables.get(ctx, name)
    if table is None or table.status == "DELETING":
        raise table_errors.no_table_to_back_up(name)
    return table


@on_table
async def describe_continuous_backups(ctx: Context, request: Document) -> Document:
    return {"ContinuousBackupsDescription": _describe(ctx, await find(ctx, request["TableName"]))}


@on_table
async def update_continuous_backups(ctx: Context, request: Document) -> Document:
    """Switch point-in-time recovery on or off, or change its period. Off, what it knew is gone."""
    table = await find(ctx, request["TableName"])
    wanted = request["PointInTimeRecoverySpecification"]
    days = wanted.get("RecoveryPeriodInDays")
    if not wanted["PointInTimeRecoveryEnabled"]:
        table = await _disable(ctx, table)
    elif table.recoverable_since is None:
        table = await begin(ctx, table)
        table = tables.put(ctx, table, recoverable_since=ctx.now(), recovery_days=days or _DAYS)
        payload = {"table": table.name, "space": table.history_space}
        await ctx.schedule("forget_history", payload, delay=_DAY, key=table.name)
    elif days is not None:
        table = tables.put(ctx, table, recovery_days=days)
    return {"ContinuousBackupsDescription": _describe(ctx, table)}


async def begin(ctx: Context, table: Table) -> Table:
    """Have the table note its history, for one more who needs it. What was is known from this moment on."""
    space = table.history_space or next(tables.new_spaces(ctx))
    floor = past.moment_of(ctx.now()) + 1
    return tables.put(
        ctx,
        table,
        history_space=space,
        history_floor=max(floor, table.history_floor),
        history_users=table.history_users + 1,
    )


async def end(ctx: Context, table: Table) -> Table:
    """One less needs the table's history; after the last one it goes."""
    if table.history_users > 1:
        return tables.put(ctx, table, history_users=table.history_users - 1)
    await past.purge(ctx, table.history_space)
    return tables.put(ctx, table, history_space=0, history_users=0)


async def _disable(ctx: Context, table: Table) -> Table:
    if table.recoverable_since is None:
        return table
    await ctx.unschedule("forget_history", table.name)
    return await end(ctx, tables.put(ctx, table, recoverable_since=None))


def earliest(ctx: Context, table: Table) -> float:
    assert table.recoverable_since is not None
    return max(table.recoverable_since, ctx.now() - table.recovery_days * _DAY)


def _describe(ctx: Context, table: Table) -> Document:
    recovery: Document = {"PointInTimeRecoveryStatus": "DISABLED"}
    if table.recoverable_since is not None:
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": table.recovery_days,
            "EarliestRestorableDateTime": earliest(ctx, table),
            "LatestRestorableDateTime": ctx.now(),
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}


def _source_arn(ctx: Context, request: Document) -> str:
    return request.get("SourceTableArn") or tables.arn_of(ctx, request.get("SourceTableName", ""))


@service.operation(resource=_source_arn)
async def restore_table_to_point_in_time(ctx: Context, request: Document) -> Document:
    """A new table with what was in another one, here or in another region, at a time of its recovery period."""
    given = request.get("SourceTableArn") or request.get("SourceTableName")
    if given is None:
        raise errors.validation("Either SourceTableName or SourceTableArn must be specified")
    there = restoring.source_scope(ctx, given)
    source = await find(there, given)
    if source.recoverable_since is None:
        raise table_errors.recovery_unavailable(source.name)
    at = _time(ctx, source, request)
    table = await restoring.create(ctx, request, source, at, backup=None)
    await begin(there, source)
    about = {"source": source.name, "id": source.id, "region": there.region, "table": table.name}
    payload = {**about, "moment": past.moment_of(at), "after": b""}
    await ctx.schedule("restore_from_history", payload)
    return {"TableDescription": restoring.description(table)}


def _time(ctx: Context, source: Table, request: Document) -> float:
    wanted = request.get("RestoreDateTime")
    if request.get("UseLatestRestorableTime"):
        if wanted is not None:
            raise errors.validation("Cannot specify both RestoreDateTime and UseLatestRestorableTime")
        return ctx.now()
    if wanted is None:
        raise errors.validation("Either RestoreDateTime or UseLatestRestorableTime must be specified")
    if not earliest(ctx, source) <= wanted <= ctx.now():
        raise table_errors.invalid_restore_time()
    return float(wanted)


@service.task
async def restore_from_history(ctx: Context, payload: Document) -> None:
    """Put a piece of what there was into the new table, and come again for the next."""
    there = ctx.at(region=payload["region"])
    source = await tables.tables.get(there, payload["source"])
    table = await tables.tables.get(ctx, payload["table"])
    if source is None or source.id != payload["id"] or table is None:
        return
    piece = await past.piece_as_of(there, source, payload["moment"], payload["after"])
    await restoring.fill(ctx, table, piece.values)
    if piece.after is not None:
        await ctx.schedule("restore_from_history", {**payload, "after": piece.after})
        return
    restoring.finish(ctx, table)
    await end(there, source)
