"""Making a table out of a backup or of another table's past: its definition, its rows, its end.

As on AWS, the new table has the source's keys, indexes, capacity and class; tags, streams, time to live and recovery are not restored.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CreateBackup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import creation, encryption, errors, rows, table_errors, tables, vectors
from fogbank.services.dynamodb.descriptions import describe
from fogbank.services.dynamodb.schema import Index, Table, attributes_used

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]


def source_scope(ctx: Context, named: str) -> Context:
    """The context of what is restored, which may be in another region when its ARN is given."""
    parts = named.split(":", 5)
    return ctx.at(region=parts[3]) if len(parts) == 6 and parts[3] != ctx.region else ctx


async def create(ctx: Context, request: Document, source: Table, at: float, backup: str | None) -> Table:
    """The record of the new table, CREATING until it is filled. Raises what AWS says of a target that cannot be."""
    name = tables.table_name(ctx, request["TargetTableName"])
    if await tables.tables.get(ctx, name) is not None:
        raise table_errors.restore_target_exists(name)
    spaces = tables.new_spaces(ctx)
    on_demand = source.on_demand
    if request.get("BillingModeOverride") is not None:
        on_demand = request["BillingModeOverride"] == creation.PAY_PER_REQUEST
    reads, writes = _capacity(request, source, on_demand)
    table = Table(
        name=name,
        id=ctx.ids.uuid(),
        arn=tables.arn_of(ctx, name),
        space=next(spaces),
        created=ctx.now(),
        status="CREATING",
        attributes=source.attributes,
        hash=source.hash,
        range=source.range,
        indexes=tuple(_indexes(request, source, on_demand, spaces)),
        on_demand=on_demand,
        on_demand_since=ctx.now() if on_demand else None,
        reads=reads,
        writes=writes,
        max_reads=source.max_reads,
        max_writes=source.max_writes,
        table_class=source.table_class,
        restored_from=backup or source.arn,
        restored_at=at,
        is_restoring=True,
        vectors=vectors.with_spaces(source.vectors if on_demand else (), spaces, "CREATING"),
    )
    table = msgspec.structs.replace(table, attributes=attributes_used(table))
    override = request.get("SSESpecificationOverride")
    if override is None:
        table = await encryption.like(ctx, table, source, None)
    else:
        table = await encryption.chosen(ctx, table, override)
    tables.tables.put(ctx, table, name)
    return table


def _capacity(request: Document, source: Table, on_demand: bool) -> tuple[int, int]:
    override = request.get("ProvisionedThroughputOverride")
    if on_demand:
        return 0, 0
    if override is not None:
        return override["ReadCapacityUnits"], override["WriteCapacityUnits"]
    if source.on_demand:
        raise errors.invalid_parameters(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return source.reads, source.writes


def _indexes(request: Document, source: Table, on_demand: bool, spaces: Iterator[int]) -> Iterator[Index]:
    """The source's indexes, or those of them that an override names. No index can be added by restoring."""
    for is_global, member in ((False, "LocalSecondaryIndexOverride"), (True, "GlobalSecondaryIndexOverride")):
        own = {index.name: index for index in source.indexes if index.is_global == is_global}
        chosen = request.get(member)
        names = list(own) if chosen is None else [each["IndexName"] for each in chosen]
        for name in names:
            index = own.get(name)
            if index is None:
                raise errors.validation(f"Index {name} of the override is no index of the source table")
            reads, writes = (0, 0) if on_demand else (index.reads or source.reads, index.writes or source.writes)
            yield msgspec.structs.replace(index, space=next(spaces), status="CREATING", reads=reads, writes=writes)


async def fill(ctx: Context, table: Table, values: list[bytes]) -> None:
    """Put items into the table, as rows' values."""
    layout = table.layout
    for value in values:
        image = rows.Image.stored(value)
        await rows.replace(ctx, layout, layout.key_of(image.item), None, image)


def finish(ctx: Context, table: Table) -> None:
    """It is what it was asked to be."""
    indexes = tuple([tables.with_status(index, "ACTIVE") for index in table.indexes])
    searched = tuple([msgspec.structs.replace(index, status="ACTIVE") for index in table.vectors])
    tables.put(ctx, table, status="ACTIVE", indexes=indexes, vectors=searched, is_restoring=False)


def description(table: Table) -> Document:
    return describe(table, {})
