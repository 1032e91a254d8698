"""Channels: creating, describing, changing and deleting them. What they write is in `channel_delivery.py`."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, pages, zstd
from fogbank.kernel.actions import with_members
from fogbank.kernel.errors import not_implemented
from fogbank.services.kinesis import channel_keys, chunks, errors, limits, sealing, tags
from fogbank.services.kinesis import shards as shard_rules
from fogbank.services.kinesis.channel_records import (
    FAILED,
    ON_CHANNEL,
    Channel,
    arn_of,
    channel_names,
    channels,
    channels_of,
    cursors,
    described,
    find,
    plans,
    summary,
    waiting,
)
from fogbank.services.kinesis.queue_records import Cursor
from fogbank.services.kinesis.records import (
    ACTIVE,
    CREATING,
    DELETING,
    ON_DEMAND,
    UPDATING,
    Answer,
    Request,
    Stream,
    at,
    change,
    require_active,
    stream_arn,
)
from fogbank.services.kinesis.records import find as find_stream
from fogbank.services.kinesis.service import service

_FRESHNESS = 300
_MOST_FRESHNESS = 900
_LOG_STREAM = "DestinationDelivery"


def _source(ctx: Context, request: Request) -> str:
    sources = request["StreamConfigurationList"]
    return stream_arn(ctx, sources[0]) if sources else "*"


@service.operation(resource=_source, action=with_members("kinesis:CreateChannel", {"Tags": "kinesis:TagResource"}))
async def create_channel(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateChannel.html"""
    source, destination = _checked(request)
    labels = tags.checked({}, request.get("Tags") or {})
    scope, stream = await find_stream(ctx, source)
    await ctx.authorise(
        "kinesis:AssociateStreamsWithChannel", stream.arn, owner=scope.account, policy=stream.policy or None
    )
    await _require_room(ctx, scope, stream, request["ChannelName"])
    await ctx.pass_role(request["ServiceExecutionRoleARN"])
    encryption = request.get("EncryptionConfiguration")
    if encryption is not None:
        await sealing.check_key(ctx, encryption["KeyId"])
    channel = _made(ctx, request, source, destination, stream, labels)
    channels.put(ctx, channel, channel.id)
    channel_names.put(ctx, channel.id, channel.name)
    channels_of.put(ctx, b"", stream.id, channel.id)
    await ctx.schedule("open_channel", {"id": channel.id})
    return {"ChannelDescription": described(channel)}


def _checked(request: Request) -> tuple[Request, Request]:
    """The source and the destination. Raises ValidationException, NotImplemented."""
    sources = request["StreamConfigurationList"]
    if len(sources) != 1:
        raise errors.validation("StreamConfigurationList must contain exactly one entry.")
    destination, tables = request.get("S3DestinationConfiguration"), request.get("S3TablesDestinationConfiguration")
    if (destination is None) == (tables is None):
        raise errors.validation(
            "Exactly one of S3DestinationConfiguration and S3TablesDestinationConfiguration must be specified."
        )
    if destination is None:
        raise not_implemented("kinesis", "CreateChannel with S3TablesDestinationConfiguration")
    if sources[0]["RecordConfiguration"]["RecordFormatType"] == "GSR_JSON":
        raise errors.validation("RecordFormatType GSR_JSON is not supported for Amazon S3 destinations.")
    _checked_freshness(destination)
    if destination["StorageConfiguration"]["CompressionType"] == "ZSTD":
        zstd.require("kinesis", "CreateChannel with CompressionType ZSTD")
    channel_keys.check(destination["StorageConfiguration"].get("OutputKeyTemplate") or channel_keys.DEFAULT)
    return sources[0], destination


def _checked_freshness(destination: Request) -> int:
    found = destination.get("DataFreshnessInSeconds")
    freshness = _FRESHNESS if found is None else int(found)
    if not _FRESHNESS <= freshness <= _MOST_FRESHNESS:
        raise errors.validation(f"DataFreshnessInSeconds must be between {_FRESHNESS} and {_MOST_FRESHNESS}.")
    return freshness


async def _require_room(ctx: Context, scope: Context, stream: Stream, name: str) -> None:
    if (scope.account, scope.region) != (ctx.account, ctx.region):
        raise errors.validation("A channel and its stream must be in the same account and Region.")
    require_active(scope, stream)
    if stream.mode != ON_DEMAND:
        raise errors.validation(f"Channels are supported only on streams in On-Demand mode; {stream.name} is not.")
    if await channel_names.get(ctx, name) is not None:
        raise errors.channel_exists(ctx, name)
    if await channels_of.count(ctx, stream.id, limit=1):
        raise errors.too_many_channels(stream.name, 1)


def _made(
    ctx: Context, request: Request, source: Request, destination: Request, stream: Stream, labels: dict[str, str]
) -> Channel:
    name, channel_id = request["ChannelName"], ctx.ids.uuid()
    storage = destination["StorageConfiguration"]
    prefix = channel_keys.errors_prefix(name, channel_id)
    bucket = {key: storage[key] for key in ("BucketARN", "ExpectedBucketOwner")}
    given = destination.get("DeadLetterQueueS3Configuration") or bucket
    return Channel(
        channel_id,
        name,
        arn_of(ctx, channel_id),
        ctx.now(),
        request["ServiceExecutionRoleARN"],
        stream.name,
        stream.id,
        stream.arn,
        stream.created,
        source["RecordConfiguration"]["RecordFormatType"],
        {"OutputKeyTemplate": channel_keys.DEFAULT, "StorageClass": "STANDARD", **_given(storage)},
        {"ErrorOutputPrefix": prefix, **_given(given)},
        _checked_freshness(destination),
        _logging(request.get("LoggingConfiguration"), name, channel_id),
        request.get("EncryptionConfiguration"),
        tags=labels,
    )


def _given(members: Request) -> Request:
    return {name: value for name, value in members.items() if value is not None}


def _logging(given: Request | None, name: str, channel_id: str) -> dict[str, Any]:
    asked = _given((given or {}).get("CloudWatchLogs") or {"Enabled": False})
    if not asked["Enabled"]:
        return {"CloudWatchLogs": asked}
    names = {"LogGroupName": f"/aws/kinesis/{name}/{channel_id}", "LogStreamName": _LOG_STREAM}
    return {"CloudWatchLogs": {**names, **asked}}


# -- its states


@service.task(transaction=False)
async def open_channel(ctx: Context, payload: Request) -> None:
    """The channel delivers what is put from now on, or says why it cannot."""
    channel = await ctx.transact(channels.get, ctx, payload["id"])
    if channel is None or channel.status != CREATING:
        return
    await ctx.transact(_opened, ctx, channel.id, await _hindrance(ctx, channel))


async def _hindrance(ctx: Context, channel: Channel) -> str:
    """Why the role cannot write to the bucket; empty when it can, as far as can be seen from here."""
    bucket = channel.storage["BucketARN"].rpartition(":")[2]
    writer = ctx.at()

    async def look() -> None:
        await writer.call("s3", "HeadBucket", {"Bucket": bucket}, as_caller=True)

    try:
        writer.principal = await ctx.assume(channel.role, source_arn=channel.arn)
        await writer.transact(look)
    except AWSError as error:
        if error.status == 403 and writer.principal.kind == "role":
            return ""  # to see the bucket takes more than to write to it
        return error.message or f"{bucket}: {error.code}"
    return ""


async def _opened(ctx: Context, channel_id: str, hindrance: str) -> None:
    channel = await channels.get(ctx, channel_id)
    if channel is None or channel.status != CREATING:
        return
    if hindrance:
        channels.put(ctx, msgspec.structs.replace(channel, status=FAILED, reason=hindrance), channel_id)
        return
    stream = await at(ctx, channel.stream)
    for shard in await shard_rules.listed(ctx, stream, None):
        cursors.put(ctx, Cursor(*await chunks.next_position(ctx, stream, shard.number)), channel_id, shard.number)
    change(ctx, stream, channels=(*stream.channels, channel_id))
    channels.put(ctx, msgspec.structs.replace(channel, status=ACTIVE), channel_id)


@service.operation(**ON_CHANNEL)
async def describe_channel(ctx: Context, request: Request) -> Answer:
    return {"ChannelDescription": described((await find(ctx, request))[1])}


@service.operation(**ON_CHANNEL)
async def update_channel(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateChannel.html"""
    scope, channel = await find(ctx, request)
    if channel.status != ACTIVE:
        raise errors.channel_not_active(scope, channel.name, channel.status)
    if request.get("S3TablesDestinationConfiguration") is not None:
        raise errors.validation(f"The channel {channel.name} does not deliver to Amazon S3 Tables.")
    destination, asked = request.get("S3DestinationConfiguration"), request.get("LoggingConfiguration")
    changed = msgspec.structs.replace(
        channel,
        freshness=channel.freshness if destination is None else _checked_freshness(destination),
        logging=channel.logging if asked is None else _logging(asked, channel.name, channel.id),
        status=UPDATING,
    )
    channels.put(scope, changed, channel.id)
    await scope.schedule("activate_channel", {"id": channel.id})
    return {"ChannelDescription": described(changed)}


@service.task
async def activate_channel(ctx: Context, payload: Request) -> None:
    channel = await channels.get(ctx, payload["id"])
    if channel is not None and channel.status == UPDATING:
        channels.put(ctx, msgspec.structs.replace(channel, status=ACTIVE), channel.id)


@service.operation(**ON_CHANNEL)
async def delete_channel(ctx: Context, request: Request) -> None:
    """What is not written yet is not written any more. API_DeleteChannel."""
    scope, channel = await find(ctx, request)
    channels.put(scope, msgspec.structs.replace(channel, status=DELETING), channel.id)
    await scope.schedule("remove_channel", {"id": channel.id})


@service.task
async def remove_channel(ctx: Context, payload: Request) -> None:
    channel = await channels.get(ctx, payload["id"])
    if channel is None:
        return
    _, stream = await find_stream(ctx, {"StreamName": channel.stream})
    change(ctx, stream, channels=tuple(each for each in stream.channels if each != channel.id))
    for key, _ in await cursors.items(ctx, (int,), channel.id):
        cursors.delete(ctx, channel.id, *key)
    plans.delete(ctx, channel.id)
    waiting.delete(ctx, channel.id)
    channels_of.delete(ctx, channel.stream_id, channel.id)
    channel_names.delete(ctx, channel.name)
    channels.delete(ctx, channel.id)
    await ctx.unschedule("deliver_channel", channel.id)


@service.operation(resource=lambda ctx, request: f"arn:{ctx.partition}:kinesis:{ctx.region}:{ctx.account}:stream/*")
async def list_channels(ctx: Context, request: Request) -> Answer:
    """By their names. API_ListChannels."""
    token, wanted = request.get("NextToken"), request.get("StreamFilter") or []
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = min(request.get("MaxResults") or limits.LISTED, limits.LISTED)
    ids = await channel_names.scan(ctx, after=after, limit=None if wanted else limit + 1)
    rows = [channel for each in ids if (channel := await channels.get(ctx, each)) is not None]
    found = [channel for channel in rows if not wanted or any(_is_on(channel, each) for each in wanted)]
    shown, following = pages.page(found, limit, lambda channel: channel.name)
    return {"ChannelSummaries": [summary(channel) for channel in shown], "NextToken": following}


def _is_on(channel: Channel, wanted: Request) -> bool:
    created = wanted.get("StreamCreationTimestamp")
    return channel.stream_arn == wanted["StreamARN"] and created in (None, channel.stream_created)
