"""Delivery streams: made, described, listed, deleted, and the states in between."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.actions import with_members
from fogbank.services.firehose import encryption, errors, limits, settings, tags
from fogbank.services.firehose.records import (
    ACTIVE,
    CREATING,
    CREATING_FAILED,
    DELETING,
    DESTINATION_ID,
    DIRECT_PUT,
    FROM_KINESIS,
    ON_STREAM,
    Answer,
    Encryption,
    Request,
    Settings,
    Stream,
    arn_of,
    batches,
    buffers,
    change,
    checkpoints,
    chunks,
    find,
    stream_arn,
    streams,
)
from fogbank.services.firehose.service import service

_SWEPT = 500
_ABSENT_SOURCES = {"MSKAsSource": "sources of MSK", "DatabaseAsSource": "databases as sources"}


@service.operation(
    resource=stream_arn, action=with_members("firehose:CreateDeliveryStream", {"Tags": "firehose:TagDeliveryStream"})
)
async def create_delivery_stream(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html"""
    name = request["DeliveryStreamName"]
    kind = request.get("DeliveryStreamType") or DIRECT_PUT
    source = _source(ctx, kind, request)
    wanted = settings.given(request, "DestinationConfiguration")
    labels = tags.checked({}, request.get("Tags") or [])
    if await streams.get(ctx, name) is not None:
        raise errors.exists(ctx, name)
    if await streams.count(ctx, limit=limits.STREAMS) >= limits.STREAMS:
        raise errors.too_many_streams(ctx, limits.STREAMS)
    arn = arn_of(ctx, name)
    destination = await settings.completed(ctx, arn, wanted)
    if source is not None:
        await ctx.pass_role(source["RoleARN"])
        await settings.require_trust(ctx, arn, source["RoleARN"])
    stream = Stream(name, ctx.ids.hex(16), arn, ctx.now(), kind, wanted.kind, destination, source=source, tags=labels)
    streams.put(ctx, stream, name)
    if asked := request.get("DeliveryStreamEncryptionConfigurationInput"):
        change(ctx, stream, encryption=await encryption.begin(ctx, stream, asked))
    await ctx.schedule("activate", {"name": name, "id": stream.id})
    return {"DeliveryStreamARN": arn}


def _source(ctx: Context, kind: str, request: Request) -> Settings | None:
    """Where records come from, None for those that are put. Raises InvalidArgumentException."""
    if kind in _ABSENT_SOURCES:
        raise errors.not_delivered_to(_ABSENT_SOURCES[kind])
    given: Settings | None = request.get("KinesisStreamSourceConfiguration")
    if (given is not None) != (kind == FROM_KINESIS):
        raise errors.invalid(
            "KinesisStreamSourceConfig must be specified exactly for delivery streams of type KinesisStreamAsSource."
        )
    if given is None:
        return None
    if request.get("DeliveryStreamEncryptionConfigurationInput"):
        raise errors.invalid("Server-side encryption is not supported on KinesisStreamAsSource delivery stream type.")
    if given["KinesisStreamARN"].split(":")[3] != ctx.region:
        raise errors.invalid("The Kinesis stream has to be in the region of the Firehose stream.")
    return {**given, "DeliveryStartTimestamp": ctx.now()}


@service.task
async def activate(ctx: Context, payload: dict[str, Any]) -> None:
    stream = await streams.get(ctx, payload["name"])
    if stream is None or stream.id != payload["id"] or stream.status != CREATING:
        return
    if stream.encryption.failure is not None:
        change(ctx, stream, status=CREATING_FAILED, failure=stream.encryption.failure)
        return
    stream = await encryption.settle(ctx, stream)
    change(ctx, stream, status=ACTIVE)
    if stream.source is not None:
        await ctx.stand("read", f"{stream.name}/{stream.id}")


@service.operation(**ON_STREAM)
async def delete_delivery_stream(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeleteDeliveryStream.html"""
    stream = await find(ctx, request["DeliveryStreamName"])
    if stream.status in (CREATING, DELETING):
        raise errors.in_use(ctx, stream.name, stream.status)
    change(ctx, stream, status=DELETING)
    await ctx.sit("read", f"{stream.name}/{stream.id}")
    await ctx.schedule("finish_deletion", {"name": stream.name, "id": stream.id})


@service.task
async def finish_deletion(ctx: Context, payload: dict[str, Any]) -> None:
    """The stream is gone, and with it what had not been delivered; its rows follow, in parts."""
    stream = await streams.get(ctx, payload["name"])
    if stream is None or stream.id != payload["id"]:
        return
    await encryption.release(ctx, stream)
    streams.delete(ctx, stream.name)
    buffers.delete(ctx, stream.id)
    await ctx.unschedule("cut", stream.id)
    await ctx.schedule("sweep_stream", {"id": stream.id})


@service.task
async def sweep_stream(ctx: Context, payload: dict[str, Any]) -> None:
    stream_id, removed = payload["id"], 0
    kept: Any
    types: tuple[type, ...]
    for kept, types in ((chunks, (int, int)), (batches, (int,)), (checkpoints, (str,))):
        for key, _ in await kept.items(ctx, types, stream_id, limit=_SWEPT):
            kept.delete(ctx, stream_id, *key)
            removed += 1
    if removed:
        await ctx.schedule("sweep_stream", payload)


@service.operation(**ON_STREAM)
async def describe_delivery_stream(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_DescribeDeliveryStream.html"""
    stream = await find(ctx, request["DeliveryStreamName"])
    after = request.get("ExclusiveStartDestinationId") or ""
    destinations = [{"DestinationId": DESTINATION_ID, **settings.described(stream)}] if after < DESTINATION_ID else []
    return {
        "DeliveryStreamDescription": {
            "DeliveryStreamName": stream.name,
            "DeliveryStreamARN": stream.arn,
            "DeliveryStreamStatus": stream.status,
            "FailureDescription": stream.failure,
            "DeliveryStreamEncryptionConfiguration": _encryption(stream),
            "DeliveryStreamType": stream.type,
            "VersionId": str(stream.version),
            "CreateTimestamp": stream.created,
            "LastUpdateTimestamp": stream.updated or None,
            "Source": None if stream.source is None else {"KinesisStreamSourceDescription": stream.source},
            "Destinations": destinations,
            "HasMoreDestinations": False,
        }
    }


def _encryption(stream: Stream) -> Answer | None:
    """A stream that reads another has no encryption of its own."""
    return encryption.described(stream) if stream.type == DIRECT_PUT or stream.encryption != Encryption() else None


def _any(ctx: Context, request: Request) -> str:
    return "*"


@service.operation(resource=_any)
async def list_delivery_streams(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_ListDeliveryStreams.html"""
    after, kind = request.get("ExclusiveStartDeliveryStreamName"), request.get("DeliveryStreamType")
    found = [
        stream.name
        for stream in await streams.scan(ctx, after=None if after is None else (after,))
        if kind in (None, stream.type)
    ]
    shown = found[: request.get("Limit") or limits.LISTED]
    return {"DeliveryStreamNames": shown, "HasMoreDeliveryStreams": len(found) > len(shown)}
