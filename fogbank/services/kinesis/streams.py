"""Streams: CreateStream, DeleteStream, the descriptions, ListStreams, DescribeLimits, and the task that forgets old records."""

from __future__ import annotations

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.kinesis import chunks, errors, limits, shards, tags
from fogbank.services.kinesis.channel_records import channels_of
from fogbank.services.kinesis.read_limits import reads
from fogbank.services.kinesis.records import (
    ACTIVE,
    DELETING,
    ON_DEMAND,
    ON_STREAM,
    PROVISIONED,
    Answer,
    Request,
    Stream,
    arn_of,
    change,
    consumers,
    find,
    queues_of,
    stream_arn,
    streams,
    subscriptions,
)
from fogbank.services.kinesis.records import chunks as chunk_rows
from fogbank.services.kinesis.records import shards as shard_rows
from fogbank.services.kinesis.service import service

_SWEPT = 500
_TRIM_SECONDS = 3600

# -- creating and deleting


@service.operation(
    resource=stream_arn, action=with_members("kinesis:CreateStream", {"Tags": "kinesis:AddTagsToStream"})
)
async def create_stream(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""
    name = request["StreamName"]
    mode = (request.get("StreamModeDetails") or {}).get("StreamMode", PROVISIONED)
    count = await _shard_count(ctx, mode, request.get("ShardCount"))
    labels = tags.checked({}, request.get("Tags") or {})
    if await streams.get(ctx, name) is not None:
        raise errors.stream_exists(ctx, name)
    stream = Stream(
        name,
        ctx.ids.hex(16),
        arn_of(ctx, name),
        ctx.now(),
        mode,
        tags=labels,
        record_kib=request.get("MaxRecordSizeInKiB") or limits.RECORD_KIB,
        warm_mibps=request.get("WarmThroughputMiBps") or 0,
        distribution=request.get("RecordDistributionStrategy") or "USER_PARTITION_KEY",
    )
    streams.put(ctx, await shards.begin(ctx, stream, count), name)
    await ctx.schedule("activate", {"name": name, "id": stream.id})
    await ctx.schedule("trim", {"name": name, "id": stream.id}, delay=stream.retention_hours * 3600)


async def _shard_count(ctx: Context, mode: str, asked: int | None) -> int:
    """With how many shards a stream begins. Raises LimitExceededException."""
    if mode == ON_DEMAND:
        if asked is not None:
            raise errors.validation("ShardCount must not be specified for a stream in On-Demand mode.")
        there = sum(stream.mode == ON_DEMAND for stream in await streams.scan(ctx))
        if there >= limits.ON_DEMAND_STREAMS:
            raise errors.too_many_on_demand(ctx, limits.ON_DEMAND_STREAMS)
        return limits.ON_DEMAND_SHARDS
    if asked is None:
        raise errors.validation("ShardCount must be specified for a stream in Provisioned mode.")
    await shards.require_room(ctx, asked)
    return asked


@service.task
async def activate(ctx: Context, payload: Request) -> None:
    """What was asked of a stream is done: it becomes ACTIVE."""
    stream = await streams.get(ctx, payload["name"])
    if stream is not None and stream.id == payload["id"] and stream.status != DELETING:
        change(ctx, stream, status=ACTIVE)


@service.operation(**ON_STREAM)
async def delete_stream(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html"""
    scope, stream = await find(ctx, request)
    if stream.status == DELETING:
        raise errors.stream_not_active(scope, stream.name, stream.status)
    if await queues_of.count(scope, stream.id, limit=1):
        raise errors.queues_left(scope, stream.name)
    if await channels_of.count(scope, stream.id, limit=1):
        raise errors.channels_left(scope, stream.name)
    if not request.get("EnforceConsumerDeletion") and await consumers.count(scope, stream.id, limit=1):
        raise errors.consumers_left(scope, stream.name)
    change(scope, stream, status=DELETING)
    await scope.schedule("finish_deletion", {"name": stream.name, "id": stream.id})


@service.task
async def finish_deletion(ctx: Context, payload: Request) -> None:
    """The stream is gone; what it held follows, in parts."""
    stream = await streams.get(ctx, payload["name"])
    if stream is not None and stream.id == payload["id"]:
        streams.delete(ctx, stream.name)
        for consumer in await consumers.scan(ctx, stream.id):
            consumers.delete(ctx, stream.id, consumer.name)
    await ctx.schedule("sweep", {"id": payload["id"]})


@service.task
async def sweep(ctx: Context, payload: Request) -> None:
    """Remove a part of what a deleted stream held."""
    stream_id, removed = payload["id"], 0
    swept = ((chunk_rows, (int, int, int)), (shard_rows, (int,)), (subscriptions, (str, int)), (reads, (int,)))
    for rows, types in swept:
        for key, _ in await rows.items(ctx, types, stream_id, limit=_SWEPT):
            rows.delete(ctx, stream_id, *key)
            removed += 1
    if removed:
        await ctx.schedule("sweep", payload)


@service.task
async def trim(ctx: Context, payload: Request) -> None:
    """Forget records that are past retention, and closed shards that have none left."""
    stream = await streams.get(ctx, payload["name"])
    if stream is None or stream.id != payload["id"]:
        return
    horizon, delay = horizon_ms(ctx, stream), stream.retention_hours * 3600
    for shard in await shard_rows.scan(ctx, stream.id):
        if await chunks.trim(ctx, stream.id, shard.number, horizon, _SWEPT) == _SWEPT:
            await ctx.schedule("trim", payload)
            return
        if shard.last is not None and shard.last[0] < horizon:
            shard_rows.delete(ctx, stream.id, shard.number)
        elif shard.last is not None or await chunks.any_left(ctx, stream.id, shard.number):
            delay = _TRIM_SECONDS
    await ctx.schedule("trim", payload, delay=delay)


def horizon_ms(ctx: Context, stream: Stream) -> int:
    """Records from before (in milliseconds since the epoch) are past retention."""
    return int((ctx.now() - stream.retention_hours * 3600) * 1000)


# -- describing


@service.operation(**ON_STREAM)
async def describe_stream(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html"""
    scope, stream = await find(ctx, request)
    found = await shards.listed(scope, stream, request.get("ExclusiveStartShardId"))
    shown = found[: min(request.get("Limit") or limits.LISTED, limits.LISTED_SHARDS)]
    encryption = stream.encryption
    description: Answer = {
        **_common(stream),
        "Shards": [shards.described(shard) for shard in shown],
        "HasMoreShards": len(found) > len(shown),
        "EncryptionType": "NONE" if encryption is None else "KMS",
        "KeyId": None if encryption is None else encryption.key_id,
    }
    return {"StreamDescription": description}


@service.operation(**ON_STREAM)
async def describe_stream_summary(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html"""
    scope, stream = await find(ctx, request)
    encryption = stream.encryption
    summary: Answer = {
        **_common(stream),
        "EncryptionType": "NONE" if encryption is None else "KMS",
        "KeyId": None if encryption is None else encryption.key_id,
        "OpenShardCount": len(stream.open),
        "ConsumerCount": await consumers.count(scope, stream.id),
        "MaxRecordSizeInKiB": stream.record_kib,
        "RecordDistributionStrategy": stream.distribution,
    }
    if stream.warm_mibps:
        summary["WarmThroughput"] = {"TargetMiBps": stream.warm_mibps, "CurrentMiBps": stream.warm_mibps}
    return {"StreamDescriptionSummary": summary}


def _common(stream: Stream) -> Answer:
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": stream.created,
        "EnhancedMonitoring": [{"ShardLevelMetrics": list(stream.monitored)}],
    }


def _any(ctx: Context, request: Request) -> str:
    return "*"


@service.operation(resource=_any)
async def list_streams(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html"""
    start, given = request.get("ExclusiveStartStreamName"), request.get("NextToken")
    if given is not None:
        start = pages.position(given, errors.invalid_token())
    limit = min(request.get("Limit") or limits.LISTED, limits.LISTED)
    found = await streams.scan(ctx, after=None if start is None else (start,), limit=limit + 1)
    shown, token = pages.page(found, limit, lambda stream: stream.name)
    return {
        "StreamNames": [stream.name for stream in shown],
        "HasMoreStreams": token is not None,
        "NextToken": token,
        "StreamSummaries": [
            {
                "StreamName": stream.name,
                "StreamARN": stream.arn,
                "StreamStatus": stream.status,
                "StreamModeDetails": {"StreamMode": stream.mode},
                "StreamCreationTimestamp": stream.created,
            }
            for stream in shown
        ],
    }


@service.operation(resource=_any)
async def describe_limits(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeLimits.html"""
    return {
        "ShardLimit": limits.SHARDS,
        "OpenShardCount": await shards.open_shards(ctx),
        "OnDemandStreamCount": sum(stream.mode == ON_DEMAND for stream in await streams.scan(ctx)),
        "OnDemandStreamCountLimit": limits.ON_DEMAND_STREAMS,
    }
