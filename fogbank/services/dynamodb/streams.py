"""Streams: what changed in a table, kept for 24 hours. Reading them is an API of its own (`fogbank.services.dynamodbstreams`).

    streams  (table, label)      Stream
    heads    (space)             Head: the last sequence number, the open shard
    shards   (space, number)     Shard
    records  (space, sequence)   size as AWS counts it (4 bytes), the record as JSON

A stream has one shard at a time, which is closed after four hours, when it gets a child: so consumers meet what they meet on AWS. A
sequence number is the time of the change in microseconds times 100, or the next one after the last, so that time can be found in it.
A record is written by the transaction that changes the item.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import time as wall
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from fogbank.kernel import Record
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.values import Item, item_size

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.rows import Image
    from fogbank.services.dynamodb.schema import Layout, Table

KEPT = 24 * 3600
SHARD_SECONDS = 4 * 3600
UNIT = 100_000_000
"""Sequence numbers per second."""
_FLOOR = 10**23
_CHUNK = 1000
_TTL = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


class Stream(Record, frozen=True):
    """`view` is the StreamViewType. `closed` is when it was disabled (epoch seconds), None while it is enabled."""

    table: str
    label: str
    arn: str
    space: int
    view: str
    hash: str
    range: str | None
    created: float
    closed: float | None = None


class Head(Record, frozen=True):
    """`first` is that of the open shard, so that a change need not read it."""

    sequence: int
    shard: int
    first: int = 0


class Shard(Record, frozen=True):
    """`first` is the first sequence number it may have, `last` the last one once it is closed. `parent` is the shard before."""

    id: str
    first: int
    last: int | None = None
    parent: str | None = None


streams = service.collection("streams", Stream)
heads = service.collection("stream-heads", Head)
shards = service.collection("shards", Shard)
records = service.collection("stream-records", bytes)


def number(sequence: int) -> str:
    """A sequence number as AWS writes it: 24 digits."""
    return str(_FLOOR + sequence)


def sequence_of(text: str) -> int:
    return int(text) - _FLOOR


def topic(arn: str) -> tuple[str, str]:
    """What consumers of a stream watch."""
    return "dynamodb-stream", arn


# -- enabling and disabling


async def enabled(ctx: Context, table: Table, view: str, space: int) -> Table:
    """Begin a stream. Returns the table's record with it."""
    now = ctx.now()
    label = wall.strftime("%Y-%m-%dT%H:%M:%S", wall.gmtime(now)) + f".{int(now * 1000) % 1000:03}"
    arn = f"{table.arn}/stream/{label}"
    stream = Stream(table.name, label, arn, space, view, table.hash, table.range, now)
    streams.put(ctx, stream, table.name, label)
    first = int(now * UNIT)
    await _open_shard(ctx, space, 0, first, None)
    heads.put(ctx, Head(first, 0, first), space)
    return msgspec.structs.replace(table, stream_label=label, stream_view=view, stream_space=space)


async def disabled(ctx: Context, table: Table) -> Table:
    """End the table's stream, which can be read for another 24 hours. Returns the table's record without it."""
    assert table.stream_label is not None
    stream = await streams.get(ctx, table.name, table.stream_label)
    head = await heads.get(ctx, table.stream_space)
    if stream is not None and head is not None:
        streams.put(ctx, msgspec.structs.replace(stream, closed=ctx.now()), stream.table, stream.label)
        await _close_shard(ctx, stream.space, head)
        await ctx.schedule("drop_stream", {"table": stream.table, "label": stream.label}, delay=KEPT)
        ctx.notify(*topic(stream.arn))
    return msgspec.structs.replace(table, stream_view=None, stream_space=0)


async def _open_shard(ctx: Context, space: int, number_: int, first: int, parent: str | None) -> None:
    at = first // (UNIT // 1000)
    shards.put(ctx, Shard(f"shardId-{at:020}-{ctx.ids.hex(8)}", first, None, parent), space, number_)
    # by then all that it ever had is older than 24 hours
    await ctx.schedule("trim_stream", {"space": space}, at=first / UNIT + SHARD_SECONDS + KEPT)


async def _close_shard(ctx: Context, space: int, head: Head) -> str:
    """Close the open shard. Returns its id."""
    shard = await shards.get(ctx, space, head.shard)
    assert shard is not None
    shards.put(ctx, msgspec.structs.replace(shard, last=head.sequence), space, head.shard)
    return shard.id


# -- writing


async def record(ctx: Context, layout: Layout, old: Image | None, new: Image | None, by_ttl: bool) -> None:
    """Note a change of an item, unless nothing changed."""
    table = layout.table
    before, after = None if old is None else old.item, None if new is None else new.item
    if before == after:
        return
    sequence = await _next(ctx, table.stream_space)
    value = _encoded(ctx, table, sequence, before, after, by_ttl)
    records.put(ctx, value, table.stream_space, sequence)
    ctx.notify(*topic(f"{table.arn}/stream/{table.stream_label}"))


async def _next(ctx: Context, space: int) -> int:
    """The sequence number of the change that is being made, in a shard that is not too old."""
    head = await heads.get(ctx, space)
    assert head is not None
    sequence = max(head.sequence + 1, int(ctx.now() * UNIT))
    shard, first = head.shard, head.first
    if sequence - first > SHARD_SECONDS * UNIT:
        shard, first = shard + 1, sequence
        await _open_shard(ctx, space, shard, first, await _close_shard(ctx, space, head))
    heads.put(ctx, Head(sequence, shard, first), space)
    return sequence


def _encoded(ctx: Context, table: Table, sequence: int, before: Item | None, after: Item | None, by_ttl: bool) -> bytes:
    """A stored record. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html"""
    either = after if after is not None else before
    assert either is not None
    keys = {name: either[name] for name in (table.hash, table.range) if name is not None}
    change: dict[str, Any] = {"ApproximateCreationDateTime": int(ctx.now()), "Keys": keys}
    size = item_size(keys)
    for view, image, member in (("NEW", after, "NewImage"), ("OLD", before, "OldImage")):
        if image is not None and view in (table.stream_view or "").split("_"):
            change[member] = image
            size += item_size(image)
    change |= {"SequenceNumber": number(sequence), "SizeBytes": size, "StreamViewType": table.stream_view}
    document = {
        "eventID": ctx.ids.hex(32),
        "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": ctx.region,
        "dynamodb": change,
    }
    if by_ttl:
        document["userIdentity"] = _TTL
    return size.to_bytes(4, "big") + orjson.dumps(document)


# -- forgetting


def horizon(ctx: Context) -> int:
    """The first sequence number that can still be read."""
    return max(int((ctx.now() - KEPT) * UNIT), 0)


@service.task
async def trim_stream(ctx: Context, payload: dict[str, Any]) -> None:
    """Remove records that are older than 24 hours, in chunks, and closed shards that ended before that."""
    space, first = payload["space"], horizon(ctx)
    old = await records.items(ctx, (int,), space, until=(first,), limit=_CHUNK)
    for key, _ in old:
        records.delete(ctx, space, *key)
    if len(old) == _CHUNK:
        await ctx.schedule("trim_stream", payload)
        return
    for key, shard in await shards.items(ctx, (int,), space):
        if shard.last is not None and shard.last < first:
            shards.delete(ctx, space, *key)


@service.task
async def drop_stream(ctx: Context, payload: dict[str, Any]) -> None:
    """A disabled stream is no more, 24 hours after its end."""
    stream = await streams.get(ctx, payload["table"], payload["label"])
    if stream is None:
        return
    streams.delete(ctx, stream.table, stream.label)
    heads.delete(ctx, stream.space)
    for key, _ in await shards.items(ctx, (int,), stream.space):
        shards.delete(ctx, stream.space, *key)
    await ctx.schedule("purge", {"collection": "stream-records", "space": stream.space})
