"""Buffers: records that were acknowledged and wait until there are enough of them, or until the first has waited for long enough.

A buffer is one batch that grows. It is *cut* when it is full or when its time has come: a task takes it on its way, and the next
record begins another. What a request brings is one row, so nothing is ever rewritten but the buffer's counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.services.firehose import limits
from fogbank.services.firehose.records import (
    Batch,
    Buffer,
    Stream,
    batches,
    buffers,
    chunks,
    streams,
)
from fogbank.services.firehose.service import service

_SWEPT = 500


class Item(NamedTuple):
    """A record on its way.

    at        when it came (epoch seconds)
    metadata  where in a Kinesis stream it was
    keys      its partition, by the names of the keys: those of queries and those of functions
    """

    id: str
    at: float
    data: bytes
    metadata: dict[str, Any] | None = None
    query_keys: dict[str, str] | None = None
    lambda_keys: dict[str, str] | None = None


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Item]).decode


async def add(ctx: Context, stream: Stream, items: list[Item]) -> None:
    """Keep records in the transaction that acknowledges them."""
    before = await buffers.get(ctx, stream.id) or Buffer()
    size = before.size + sum(len(item.data) for item in items)
    chunks.put(ctx, _pack(items), stream.id, before.batch, before.chunks)
    first = before.first if before.records else ctx.now()
    buffer = Buffer(before.batch, before.chunks + 1, before.records + len(items), size, first)
    hints = hints_of(stream)
    if size >= hints["SizeInMBs"] * limits.MIB:
        await _cut(ctx, stream, buffer)
        return
    buffers.put(ctx, buffer, stream.id)
    if not before.records:
        await ctx.schedule(
            "cut", {"name": stream.name, "id": stream.id}, delay=hints["IntervalInSeconds"], key=stream.id
        )


def hints_of(stream: Stream) -> dict[str, int]:
    hints: dict[str, int] = stream.destination["BufferingHints"]
    return hints


async def retime(ctx: Context, stream: Stream) -> None:
    """Other hints hold for the records that wait already."""
    buffer = await buffers.get(ctx, stream.id)
    if buffer is None or not buffer.records:
        return
    hints = hints_of(stream)
    if buffer.size >= hints["SizeInMBs"] * limits.MIB:
        await _cut(ctx, stream, buffer)
        return
    payload = {"name": stream.name, "id": stream.id}
    await ctx.schedule("cut", payload, at=buffer.first + hints["IntervalInSeconds"], key=stream.id)


@service.task
async def cut(ctx: Context, payload: dict[str, Any]) -> None:
    """The first record has waited for long enough."""
    stream = await streams.get(ctx, payload["name"])
    buffer = await buffers.get(ctx, payload["id"])
    if stream is not None and stream.id == payload["id"] and buffer is not None and buffer.records:
        await _cut(ctx, stream, buffer)


async def _cut(ctx: Context, stream: Stream, buffer: Buffer) -> None:
    """Take the buffer on its way."""
    batch = Batch(buffer.first, buffer.records, buffer.size, since=ctx.now(), request=ctx.ids.uuid())
    batches.put(ctx, batch, stream.id, buffer.batch)
    buffers.put(ctx, Buffer(buffer.batch + 1), stream.id)
    await ctx.unschedule("cut", stream.id)
    await ctx.schedule("deliver", {"name": stream.name, "id": stream.id, "batch": buffer.batch})


async def items_of(ctx: Context, stream_id: str, batch: int) -> list[Item]:
    """The records of a batch, in the order in which they came."""
    return [item for chunk in await chunks.scan(ctx, stream_id, batch) for item in _unpack(chunk)]


async def replace(ctx: Context, stream_id: str, batch: int, items: list[Item]) -> None:
    """Have other records in a batch."""
    for (number,), _ in await chunks.items(ctx, (int,), stream_id, batch):
        chunks.delete(ctx, stream_id, batch, number)
    chunks.put(ctx, _pack(items), stream_id, batch, 0)


async def finish(ctx: Context, stream_id: str, batch: int) -> None:
    """A batch is done. Its rows follow, in parts."""
    batches.delete(ctx, stream_id, batch)
    await ctx.schedule("sweep", {"id": stream_id, "batch": batch})


@service.task
async def sweep(ctx: Context, payload: dict[str, Any]) -> None:
    stream_id, batch = payload["id"], payload["batch"]
    found = await chunks.items(ctx, (int,), stream_id, batch, limit=_SWEPT)
    for (number,), _ in found:
        chunks.delete(ctx, stream_id, batch, number)
    if len(found) == _SWEPT:
        await ctx.schedule("sweep", payload)
