"""Reading a Kinesis stream into the buffer: the standing work of a delivery stream that has one as its source.

Reading begins where the stream was when the delivery stream was made. A batch and the checkpoint behind it are kept one after the
other, so what was read when the server was killed is read again: it is delivered at least once.
"""

from __future__ import annotations

import base64
from typing import Any

from fogbank.consumers.settings import GOOD, Batch, Settings, Verdict
from fogbank.consumers.shards import stream_of
from fogbank.consumers.streams import GivenUp, StreamConsumer
from fogbank.kernel import Context
from fogbank.services.firehose import aggregates, buffers, metering, roles
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.records import ACTIVE, Stream, checkpoints, streams
from fogbank.services.firehose.service import service

_BATCH = 1000


@service.standing
async def read(ctx: Context, about: str) -> None:
    """Read for one life of a delivery stream (`name/id`)."""
    name, _, id = about.partition("/")
    stream = await ctx.transact(streams.get, ctx, name)
    if stream is None or stream.id != id or stream.status != ACTIVE or stream.source is None:
        return
    arn = stream.source["KinesisStreamARN"]
    scope = await roles.acting(ctx, stream.arn, stream.source["RoleARN"], arn.split(":")[4])

    async def handle(batch: Batch) -> Verdict:
        return await _handle(ctx.at(), name, id, batch)

    settings = Settings(_BATCH, starting="AT_TIMESTAMP", starting_at=stream.source["DeliveryStartTimestamp"])
    await StreamConsumer(stream_of(scope, arn), settings, _Checkpoints(ctx, id), handle, _nothing).run()


async def _nothing(given: GivenUp) -> None:
    """Nothing is given up: reading goes on for as long as the stream has the records."""


async def _handle(ctx: Context, name: str, id: str, batch: Batch) -> Verdict:
    items = [item for record in batch.records for item in _items(batch.shard, record["kinesis"])]
    return await ctx.transact(_kept, ctx, name, id, items)


async def _kept(ctx: Context, name: str, id: str, items: list[Item]) -> Verdict:
    stream = await streams.get(ctx, name)
    if stream is not None and stream.id == id:
        await buffers.add(ctx, stream, items)
        _measure(ctx, stream, items)
    return GOOD


def _measure(ctx: Context, stream: Stream, items: list[Item]) -> None:
    if items:
        metering.read(ctx, stream, items)


def _items(shard: str, record: dict[str, Any]) -> list[Item]:
    """A record, or those that a producer has put together in it."""
    data = base64.b64decode(record["data"])
    parts = aggregates.parts(data)
    if not parts:
        return [_item(shard, record, record["partitionKey"], 0, data)]
    return [_item(shard, record, key, number, inner) for number, (key, inner) in enumerate(parts)]


def _item(shard: str, record: dict[str, Any], key: str, number: int, data: bytes) -> Item:
    """Its metadata are what functions are told of it."""
    at = record["approximateArrivalTimestamp"]
    metadata = {
        "shardId": shard,
        "partitionKey": key,
        "approximateArrivalTimestamp": int(at * 1000),
        "sequenceNumber": record["sequenceNumber"],
        "subsequenceNumber": number,
    }
    return Item(f"{record['sequenceNumber']}{number:08}", at, data, metadata)


class _Checkpoints:
    """Readers of shards ask for them at the same time, each in a transaction of its own."""

    def __init__(self, ctx: Context, id: str) -> None:
        self._ctx = ctx
        self._id = id

    async def load(self, shard: str) -> str | None:
        ctx = self._ctx.at()
        return await ctx.transact(checkpoints.get, ctx, self._id, shard)

    async def save(self, shard: str, sequence: str) -> None:
        ctx = self._ctx.at()

        async def put() -> None:
            checkpoints.put(ctx, sequence, self._id, shard)

        await ctx.transact(put)
