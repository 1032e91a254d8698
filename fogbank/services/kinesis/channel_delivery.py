"""What channels write: a put has it done within the channel's freshness, so a channel without new records costs nothing.

What is to be written, and under which key, is settled before it is done: after a crash the same object is written once more.
https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-about.html
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from typing import Any

import orjson

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context, zstd
from fogbank.services.kinesis import channel_keys, chunks, sequence
from fogbank.services.kinesis.channel_records import Channel, Plan, channels, cursors, plans, waiting
from fogbank.services.kinesis.chunks import Found
from fogbank.services.kinesis.queue_records import Cursor
from fogbank.services.kinesis.records import ACTIVE, UPDATING, Request, Shard, Stream, at, shards
from fogbank.services.kinesis.sequence import Position
from fogbank.services.kinesis.service import service

_AGAIN = 60
_ALL = 1 << 62
_INVALID = {"JSON": "The record is not a valid JSON payload.", "STRING": "The record is not a valid UTF-8 string."}

Placed = tuple[int, Found]
"""The number of a shard, and a record of it."""


async def announce(scope: Context, stream: Stream) -> None:
    """Records were put into a stream that has channels."""
    for channel_id in stream.channels:
        channel = await channels.get(scope, channel_id)
        if channel is not None and await waiting.get(scope, channel_id) is None:
            waiting.put(scope, b"", channel_id)
            await scope.schedule("deliver_channel", {"id": channel_id}, delay=channel.freshness, key=channel_id)


@service.task(transaction=False)
async def deliver_channel(ctx: Context, payload: Request) -> None:
    found = await ctx.transact(_planned, ctx, payload["id"])
    if found is None:
        return
    channel, plan = found
    try:
        writer = ctx.at()
        writer.principal = await ctx.assume(channel.role, source_arn=channel.arn)
        records = await writer.transact(_records, writer, channel, plan)
        await _write(writer, channel, plan, records)
    except AWSError as error:
        await _log(ctx, channel, error)
        await ctx.transact(_try_again, ctx, channel.id)
        return
    await ctx.transact(_written, ctx, channel, plan)


async def _planned(ctx: Context, channel_id: str) -> tuple[Channel, Plan] | None:
    channel = await channels.get(ctx, channel_id)
    if channel is None or channel.status not in (ACTIVE, UPDATING):
        return None
    plan = await plans.get(ctx, channel_id)
    if plan is None:
        stream = await at(ctx, channel.stream)
        numbers = [shard.number for shard in await shards.scan(ctx, stream.id)]
        ends: dict[int, tuple[int, int]] = {
            number: await chunks.next_position(ctx, stream, number) for number in numbers
        }
        plan = Plan(ends, *_keys(ctx, channel))
        plans.put(ctx, plan, channel_id)
        waiting.delete(ctx, channel_id)  # what comes from now on is for the next time
    return channel, plan


def _keys(ctx: Context, channel: Channel) -> tuple[str, str]:
    """Keys for the records, and for those that cannot be delivered. AWS ends every key with something of its own."""
    own = f"-000000-{ctx.ids.hex(11)}"
    template, compression = channel.storage["OutputKeyTemplate"], channel.storage["CompressionType"]
    key = channel_keys.resolved(template, channel.name, channel.id, compression, ctx.now())
    return f"{key}{own}", f"{channel.dead_letters['ErrorOutputPrefix']}{ctx.ids.uuid()}{own}"


async def _records(ctx: Context, channel: Channel, plan: Plan) -> list[Placed]:
    """The records of a plan, shard by shard."""
    stream = await at(ctx, channel.stream)
    found: list[Placed] = []
    for shard in await shards.scan(ctx, stream.id):
        end = plan.ends.get(shard.number)
        if end is not None:
            start = await _start(ctx, channel, shard)
            read, _ = await chunks.read(ctx, stream, shard, start, _ALL, _ALL)
            found += [(shard.number, record) for record in read if record.position < Position(*end)]
    return found


async def _start(ctx: Context, channel: Channel, shard: Shard) -> Position:
    """A shard that came after the channel is read from its beginning."""
    cursor = await cursors.get(ctx, channel.id, shard.number)
    return Position(*shard.first) if cursor is None else Position(cursor.ms, cursor.nth)


async def _written(ctx: Context, channel: Channel, plan: Plan) -> None:
    if await channels.get(ctx, channel.id) is None:
        return
    for number, end in plan.ends.items():
        cursors.put(ctx, Cursor(*end), channel.id, number)
    plans.delete(ctx, channel.id)
    if await waiting.get(ctx, channel.id) is not None:  # what came since the plan was made
        await ctx.schedule("deliver_channel", {"id": channel.id}, delay=channel.freshness, key=channel.id)


async def _try_again(ctx: Context, channel_id: str) -> None:
    """A put may have asked for the next time meanwhile: this comes before."""
    waiting.put(ctx, b"", channel_id)
    await ctx.schedule("deliver_channel", {"id": channel_id}, delay=_AGAIN, key=channel_id)


# -- objects


async def _write(ctx: Context, channel: Channel, plan: Plan, records: list[Placed]) -> None:
    """Raises what S3 says."""
    good = [placed for placed in records if _is_valid(channel, placed[1].data)]
    bad = [placed for placed in records if not _is_valid(channel, placed[1].data)]
    if good:
        separator = b"" if channel.format == "BYTE_ARRAY" else b"\n"
        body = b"".join(record.data + separator for _, record in good)
        options = {"StorageClass": channel.storage["StorageClass"], **_sealed(channel)}
        await _put(ctx, channel.storage, plan.key, _packed(channel.storage["CompressionType"], body), options)
    if bad:
        body = b"".join(_dead(channel, number, record) for number, record in bad)
        await _put(ctx, channel.dead_letters, plan.error_key, body, _sealed(channel))


def _is_valid(channel: Channel, data: bytes) -> bool:
    try:
        if channel.format == "JSON":
            orjson.loads(data)
        elif channel.format == "STRING":
            data.decode()
    except ValueError:
        return False
    return True


def _packed(compression: str, body: bytes) -> bytes:
    if compression == "GZIP":
        return gzip.compress(body, mtime=0)
    if compression == "ZSTD":
        return bytes(zstd.module().compress(body))
    return body


def _sealed(channel: Channel) -> dict[str, str]:
    if channel.encryption is None:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": channel.encryption["KeyId"]}


async def _put(ctx: Context, where: dict[str, str], key: str, body: bytes, options: dict[str, str]) -> None:
    request: dict[str, Any] = {
        "Bucket": where["BucketARN"].rpartition(":")[2],
        "ExpectedBucketOwner": where["ExpectedBucketOwner"],
        "Key": key,
        "Body": Payload(body),
        **options,
    }
    await ctx.call("s3", "PutObject", request, as_caller=True)


def _dead(channel: Channel, shard: int, record: Found) -> bytes:
    """A line about a record that cannot be delivered."""
    told = {
        "channelArn": channel.arn,
        "streamArn": channel.stream_arn,
        "shardId": f"shardId-{shard:012}",
        "sequenceNumber": sequence.number(record.position, shard),
        "partitionKey": record.key,
        "approximateArrivalTimestamp": record.position.ms,
        "errorCode": "InvalidRecordFormat",
        "errorMessage": _INVALID[channel.format],
        "rawData": b64encode(record.data).decode(),
    }
    return orjson.dumps(told) + b"\n"


# -- log


async def _log(ctx: Context, channel: Channel, error: AWSError) -> None:
    """Write what went wrong to the channel's log group, if it has one and this is there."""
    asked = channel.logging["CloudWatchLogs"]
    logs = ctx.app.services.get("logs")
    if not asked["Enabled"] or logs is None:
        return
    arn = f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:log-group:{asked['LogGroupName']}"
    told = {"channelArn": channel.arn, "errorCode": error.code, "errorMessage": error.message}
    line = (int(ctx.now() * 1000), orjson.dumps(told).decode())
    await logs.provided["vended_to_group"](ctx.at(), arn, asked["LogStreamName"], [line])
