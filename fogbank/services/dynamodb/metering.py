"""The metrics of tables and indexes, `AWS/DynamoDB`: what requests consume and return, and what they are refused for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fogbank.kernel import metrics

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.capacity import Consumption
    from fogbank.services.dynamodb.schema import Index, Table

NAMESPACE = "AWS/DynamoDB"
_COUNT = "Count"


def consumed_of_table(ctx: Context, table: Table, direction: str, units: float) -> None:
    """`direction` is Read or Write."""
    _tally(ctx, table, f"Consumed{direction}CapacityUnits", units)
    _provisioned(ctx, table, table, direction)


def consumed(ctx: Context, table: Table, direction: str, consumption: Consumption) -> None:
    """Local indexes consume of their table, global ones have metrics of their own."""
    units = consumption.table
    for name, of_index in consumption.indexes.items():
        if name in consumption.local:
            units += of_index
        else:
            dimension = ("GlobalSecondaryIndexName", name)
            _tally(ctx, table, f"Consumed{direction}CapacityUnits", of_index, dimension)
            _provisioned(ctx, table, table.index(name), direction, dimension)
    if units:
        consumed_of_table(ctx, table, direction, units)


def _provisioned(ctx: Context, table: Table, of: Table | Index | None, direction: str, *more: tuple[str, str]) -> None:
    """The capacity of the table or of one of its indexes, told with what is consumed of it: AWS tells it each minute."""
    units = 0 if of is None else of.reads if direction == "Read" else of.writes
    if units:
        _tally(ctx, table, f"Provisioned{direction}CapacityUnits", units, *more)


def returned(ctx: Context, table: Table, operation: str, items: int) -> None:
    """`operation` is Query or Scan."""
    _tally(ctx, table, "ReturnedItemCount", items, ("Operation", operation))


def condition_failed(ctx: Context, table: Table) -> None:
    """A write of one item was refused because of its condition."""
    _tally(ctx, table, "ConditionalCheckFailedRequests", 1)


def held_up(ctx: Context, table: Table, direction: str, limit: str, index: Index | None) -> None:
    """There was no capacity for an item; `limit` is what was exceeded (`KeyRangeThroughput`)."""
    of_index = () if index is None else (("GlobalSecondaryIndexName", index.name),)
    for name in (f"{direction}ThrottleEvents", f"{direction}{limit}ThrottleEvents"):
        _tally(ctx, table, name, 1, *of_index)


def throttled(ctx: Context, table: Table) -> None:
    """A request was refused as a whole for lack of capacity."""
    operation = ctx.operation.title().replace("_", "")
    _tally(ctx, table, "ThrottledRequests", 1, ("Operation", operation))


def replicated(ctx: Context, table: str, since: float, region: str) -> None:
    """A change of that time (epoch seconds) in this region has come to the replica of another."""
    dimensions = (("TableName", table), ("ReceivingRegion", region))
    metrics.tally(ctx, NAMESPACE, "ReplicationLatency", (ctx.now() - since) * 1000, "Milliseconds", dimensions)


def expired(ctx: Context, table: Table) -> None:
    """An item was removed because its time had come."""
    _tally(ctx, table, "TimeToLiveDeletedItemCount", 1)


def _tally(ctx: Context, table: Table, name: str, value: float, *more: tuple[str, str]) -> None:
    metrics.tally_all(table.layout.scope(ctx), NAMESPACE, ((_tallied(name, table.name, *more), value),))


@lru_cache(4096)
def _tallied(name: str, table: str, *more: tuple[str, str]) -> metrics.Tallied:
    return name, _COUNT, (("TableName", table), *more)
