"""Throttling, for servers with `--throttle dynamodb`: requests are refused that exceed a table's capacity, or that of a partition.

    buckets  (space, direction, partition or nothing)  Bucket

Capacity is a bucket of tokens, one for each unit: so many come every second, and those of five minutes may be saved up (of one second, for
a partition). A request is let through while there are any, and then takes what it costs, on credit if need be. Reads and writes have
buckets of their own, for a table with its local indexes, for each global index, and for each partition key.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fogbank.kernel import AWSError, Record
from fogbank.services.dynamodb import capacity, errors, limits, metering
from fogbank.services.dynamodb.schema import Index, Table
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.capacity import Consumption

READ, WRITE = "Read", "Write"

BURST_SECONDS = 300
_PARTITION = {READ: limits.PARTITION_READS, WRITE: limits.PARTITION_WRITES}


class Bucket(Record, frozen=True):
    """So many tokens there were at that time (epoch seconds)."""

    tokens: float
    at: float


buckets = service.collection("buckets", Bucket)


class _Draw(NamedTuple):
    """What is to be taken from a bucket: it gets `rate` tokens a second and holds those of `seconds`.

    `limit` names it in refusals, `of` is the global index whose it is.
    """

    space: int
    partition: bytes
    rate: float
    seconds: float
    units: float
    limit: str
    of: Index | None


def counts(ctx: Context, request: dict[str, object]) -> bool:
    """Need the units that a request consumes be known?"""
    return capacity.is_wanted(request) or "dynamodb" in ctx.app.settings.throttle


async def spend(ctx: Context, table: Table, direction: str, consumption: Consumption, partition: bytes = b"") -> None:
    """Take what a request consumed, or raise ProvisionedThroughputExceededException or ThrottlingException.

    `partition` is the key of the table's partition that the request is about, if it is about one. Does nothing without throttling.
    """
    if "dynamodb" not in ctx.app.settings.throttle:
        return
    ctx = table.layout.scope(ctx)
    now = ctx.now()
    left: list[tuple[_Draw, float]] = []
    for draw in _draws(table, direction, consumption, partition):
        bucket = await buckets.get(ctx, draw.space, direction, draw.partition)
        most = draw.rate * draw.seconds
        tokens = most if bucket is None else min(most, bucket.tokens + (now - bucket.at) * draw.rate)
        if tokens <= 0:
            metering.held_up(ctx, table, direction, draw.limit.removesuffix("Exceeded"), draw.of)
            raise _refusal(table, direction, draw)
        left.append((draw, tokens - draw.units))
    for draw, tokens in left:
        buckets.put(ctx, Bucket(tokens, now), draw.space, direction, draw.partition)


async def spend_at_once(
    ctx: Context, table: Table, direction: str, consumption: Consumption, partition: bytes = b""
) -> None:
    """`spend` for a request that is refused as a whole."""
    try:
        await spend(ctx, table, direction, consumption, partition)
    except AWSError:
        metering.throttled(ctx, table)
        raise


def _draws(table: Table, direction: str, consumption: Consumption, partition: bytes) -> list[_Draw]:
    shared = {name: units for name, units in consumption.indexes.items() if name not in consumption.local}
    units = consumption.table + sum(consumption.indexes[name] for name in consumption.local)
    draws = []
    if units:
        draws.append(_of(table, table, direction, units, None))
        if partition:
            rate = _PARTITION[direction]
            draws.append(_Draw(table.space, partition, rate, 1, units, "KeyRangeThroughputExceeded", None))
    for name, consumed in shared.items():
        index = table.index(name)
        if index is not None and consumed:
            draws.append(_of(table, index, direction, consumed, index))
    return draws


def _of(table: Table, of: Table | Index, direction: str, units: float, index: Index | None) -> _Draw:
    """What is taken from the capacity of a table or index as a whole."""
    provisioned, ceiling = (of.reads, of.max_reads) if direction == READ else (of.writes, of.max_writes)
    if not table.on_demand:
        return _Draw(of.space, b"", provisioned, BURST_SECONDS, units, "ProvisionedThroughputExceeded", index)
    if ceiling is not None:
        return _Draw(of.space, b"", ceiling, 1, units, "MaxOnDemandThroughputExceeded", index)
    return _Draw(of.space, b"", limits.TABLE_CAPACITY, 1, units, "AccountLimitExceeded", index)


def _refusal(table: Table, direction: str, draw: _Draw) -> AWSError:
    kind, arn = ("Table", table.arn) if draw.of is None else ("Index", f"{table.arn}/index/{draw.of.name}")
    return errors.throttled(draw.limit, f"{kind}{direction}{draw.limit}", arn, table.on_demand)
