"""Backups: CreateBackup, DescribeBackup, ListBackups, DeleteBackup, RestoreTableFromBackup.

    backups       (table, created in microseconds, id)   Backup
    backup-items  (space, number)                         an item's row's value

A backup is of the moment at which it was asked for: it is copied in pieces by a task, out of the table and of the history that the table
keeps meanwhile. It outlives its table.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup.Tutorial.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import AWSError, Record
from fogbank.services.dynamodb import history as past
from fogbank.services.dynamodb import recovery, restoring, table_errors, tables
from fogbank.services.dynamodb.descriptions import Size, describe
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

# what a deleted table leaves, in seconds
SYSTEM_KEPT = 35 * 86400
_LISTED = 100
_CHUNK = 100


class Backup(Record, frozen=True):
    """`table` is the table's definition as it was. Bytes and items are counted while it is made.

    `kind` is USER, or SYSTEM for what a table with point-in-time recovery leaves when it is deleted; that is kept for 35 days.
    """

    id: str
    name: str
    space: int
    created: float
    table: Table
    status: str = "CREATING"
    items: int = 0
    bytes: int = 0
    kind: str = "USER"

    @property
    def arn(self) -> str:
        return f"{self.table.arn}/backup/{self.id}"


backups = service.collection("backups", Backup)
copies = service.collection("backup-items", bytes)


def _put(ctx: Context, backup: Backup, **changes: Any) -> Backup:
    changed = msgspec.structs.replace(backup, **changes)
    backups.put(ctx, changed, changed.table.name, past.moment_of(changed.created), changed.id)
    return changed


def backup_arn(ctx: Context, request: Document) -> str:
    return str(request["BackupArn"])


async def find(ctx: Context, arn: str) -> Backup:
    """Raises BackupNotFoundException."""
    table, slash, backup_id = arn.rpartition("/backup/")
    name = table.rpartition("table/")[2]
    found = [each for each in await backups.scan(ctx, name) if each.id == backup_id] if slash else []
    if not found or found[0].arn != arn:
        raise table_errors.backup_not_found(arn)
    return found[0]


# -- making


@on_table
async def create_backup(ctx: Context, request: Document) -> Document:
    table = await recovery.find(ctx, request["TableName"])
    if table.status == "CREATING":
        raise table_errors.backup_of_table_in_use(table.name)
    backup = await _begin(ctx, table, request["BackupName"], "USER")
    await recovery.begin(ctx, table)
    return {"BackupDetails": _details(backup)}


async def _begin(ctx: Context, table: Table, name: str, kind: str) -> Backup:
    now = ctx.now()
    backup_id = f"{int(now * 1000):014}-{ctx.ids.hex(8)}"
    backup = _put(ctx, Backup(backup_id, name, next(tables.new_spaces(ctx)), now, table, kind=kind))
    payload = {"table": table.name, "id": table.id, "arn": backup.arn, "after": b""}
    await ctx.schedule("copy_into_backup", payload)
    return backup


async def keep_last_moment(ctx: Context, table: Table) -> None:
    """A table with recovery is being deleted: it is removed when it has been copied into a backup of its last moment."""
    backup = await _begin(ctx, table, f"{table.name}$DeletedTableBackup", "SYSTEM")
    await ctx.schedule("forget_backup", {"arn": backup.arn}, delay=SYSTEM_KEPT)


@service.task
async def forget_backup(ctx: Context, payload: Document) -> None:
    try:
        await _remove(ctx, await find(ctx, payload["arn"]))
    except AWSError:
        return  # somebody deleted it before


@service.task
async def copy_into_backup(ctx: Context, payload: Document) -> None:
    """Copy a piece, and come again for the next."""
    backup = await find(ctx, payload["arn"])
    table = await tables.tables.get(ctx, payload["table"])
    if table is None or table.id != payload["id"]:
        return
    piece = await past.piece_as_of(ctx, table, past.moment_of(backup.created), payload["after"])
    for number, value in enumerate(piece.values, backup.items):
        copies.put(ctx, value, backup.space, number)
    size = sum(int.from_bytes(value[:4], "big") for value in piece.values)
    backup = _put(ctx, backup, items=backup.items + len(piece.values), bytes=backup.bytes + size)
    if piece.after is not None:
        await ctx.schedule("copy_into_backup", {**payload, "after": piece.after})
        return
    _put(ctx, backup, status="AVAILABLE")
    if backup.kind == "SYSTEM":
        await ctx.schedule("remove_table", {"table": table.name, "id": table.id})
    else:
        await recovery.end(ctx, table)


# -- showing


def _details(backup: Backup) -> Document:
    return {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.bytes,
        "BackupStatus": backup.status,
        "BackupType": backup.kind,
        "BackupCreationDateTime": backup.created,
        "BackupExpiryDateTime": backup.created + SYSTEM_KEPT if backup.kind == "SYSTEM" else None,
    }


def _description(backup: Backup) -> Document:
    """The backup and the table as it was. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BackupDescription.html"""
    table = backup.table
    shown = describe(table, {table.space: Size(backup.items, backup.bytes)})
    throughput = shown["ProvisionedThroughput"]
    features: Document = {}
    for member, kept in (
        ("LocalSecondaryIndexes", ("IndexName", "KeySchema", "Projection")),
        ("GlobalSecondaryIndexes", ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")),
    ):
        if shown[member]:
            features[member] = [{name: index[name] for name in kept} for index in shown[member]]
    if shown["StreamSpecification"]:
        features["StreamDescription"] = shown["StreamSpecification"]
    if table.ttl is not None:
        features["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": table.ttl}
    return {
        "BackupDetails": _details(backup),
        "SourceTableDetails": {
            "TableName": table.name,
            "TableId": table.id,
            "TableArn": table.arn,
            "TableSizeBytes": backup.bytes,
            "KeySchema": shown["KeySchema"],
            "TableCreationDateTime": table.created,
            "ProvisionedThroughput": {name: throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")},
            "ItemCount": backup.items,
            "BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED",
        },
        "SourceTableFeatureDetails": features,
    }


@service.operation(resource=backup_arn)
async def describe_backup(ctx: Context, request: Document) -> Document:
    return {"BackupDescription": _description(await find(ctx, request["BackupArn"]))}


@service.operation
async def list_backups(ctx: Context, request: Document) -> Document:
    """Table by table, in the order of their making. There are none of AWS Backup."""
    limit = request.get("Limit", _LISTED)
    low, high = request.get("TimeRangeLowerBound", 0.0), request.get("TimeRangeUpperBound", float("inf"))
    prefix = () if request.get("TableName") is None else (tables.table_name(ctx, request["TableName"]),)
    found = await backups.scan(ctx, *prefix)
    start = request.get("ExclusiveStartBackupArn")
    if start is not None:
        arns = [backup.arn for backup in found]
        found = found[arns.index(start) + 1 :] if start in arns else []
    kind = request.get("BackupType", "ALL")
    found = [backup for backup in found if low <= backup.created < high and kind in (backup.kind, "ALL")]
    shown = found[:limit]
    return {
        "BackupSummaries": [_summary(backup) for backup in shown],
        "LastEvaluatedBackupArn": shown[-1].arn if len(found) > limit else None,
    }


def _summary(backup: Backup) -> Document:
    table = backup.table
    return {"TableName": table.name, "TableId": table.id, "TableArn": table.arn, **_details(backup)}


# -- removing and restoring


@service.operation(resource=backup_arn)
async def delete_backup(ctx: Context, request: Document) -> Document:
    backup = await find(ctx, request["BackupArn"])
    if backup.status == "CREATING":
        raise table_errors.backup_in_use(backup.arn)
    await _remove(ctx, backup)
    return {"BackupDescription": _description(msgspec.structs.replace(backup, status="DELETED"))}


async def _remove(ctx: Context, backup: Backup) -> None:
    backups.delete(ctx, backup.table.name, past.moment_of(backup.created), backup.id)
    await ctx.schedule("purge", {"collection": copies.name, "space": backup.space})


@service.operation(resource=backup_arn)
async def restore_table_from_backup(ctx: Context, request: Document) -> Document:
    there = restoring.source_scope(ctx, request["BackupArn"])
    backup = await find(there, request["BackupArn"])
    if backup.status != "AVAILABLE":
        raise table_errors.backup_in_use(backup.arn)
    table = await restoring.create(ctx, request, backup.table, backup.created, backup.arn)
    payload = {"space": backup.space, "region": there.region, "table": table.name, "number": 0}
    await ctx.schedule("restore_from_backup", payload)
    return {"TableDescription": restoring.description(table)}


@service.task
async def restore_from_backup(ctx: Context, payload: Document) -> None:
    """Put a piece of the backup into the new table, and come again for the next."""
    table = await tables.tables.get(ctx, payload["table"])
    if table is None:
        return
    there = ctx.at(region=payload["region"])
    found = await copies.items(there, (int,), payload["space"], since=(payload["number"],), limit=_CHUNK)
    await restoring.fill(ctx, table, [value for _, value in found])
    if len(found) == _CHUNK:
        await ctx.schedule("restore_from_backup", {**payload, "number": found[-1][0][0] + 1})  # type: ignore[operator]
        return
    restoring.finish(ctx, table)
