"""Channels, which write the records of a stream to a bucket, as they are stored.

    channels       id                          -> Channel
    channel_names  name                        -> the id of the channel of that name
    channels_of    stream id, id of a channel  -> b"": the channels on a stream
    cursors        channel id, shard number    -> Cursor: the records before it are written
    plans          channel id                  -> Plan: the records that are being written
    waiting        channel id                  -> b"": there are records that wait to be written, and a task that will do it

https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-about.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.kinesis import errors
from fogbank.services.kinesis.queue_records import Cursor
from fogbank.services.kinesis.records import CREATING, Answer, Request, scope_of
from fogbank.services.kinesis.service import service

FAILED = "FAILED"


class Channel(Record, frozen=True):
    """`created` and `stream_created` are epoch seconds.

    format       of the stream's records: JSON, STRING, BYTE_ARRAY
    storage, dead_letters, logging, encryption   as the API has them, with their defaults
    freshness    how long records wait at most, in seconds
    reason       why it failed
    """

    id: str
    name: str
    arn: str
    created: float
    role: str
    stream: str
    stream_id: str
    stream_arn: str
    stream_created: float
    format: str
    storage: dict[str, str]
    dead_letters: dict[str, str]
    freshness: int
    logging: dict[str, Any]
    encryption: dict[str, str] | None = None
    status: str = CREATING
    reason: str = ""
    tags: dict[str, str] = {}
    policy: str = ""


class Plan(Record, frozen=True):
    """What is to be written next: of each shard the records up to (ms, count); under which key, if it is not tried for the first time."""

    ends: dict[int, tuple[int, int]]
    key: str
    error_key: str


channels = service.collection("channels", Channel)
channel_names = service.collection("channel_names", str)
channels_of = service.collection("channels_of", bytes)
cursors = service.collection("channel_cursors", Cursor)
plans = service.collection("channel_plans", Plan)
waiting = service.collection("channel_waiting", bytes)


def arn_of(ctx: Context, channel_id: str) -> str:
    return f"arn:{ctx.partition}:kinesis:{ctx.region}:{ctx.account}:channel/{channel_id}"


async def find(ctx: Context, request: Request) -> tuple[Context, Channel]:
    """The channel of a request's ChannelARN, with its scope. Raises ResourceNotFoundException."""
    arn = request["ChannelARN"]
    scope = scope_of(ctx, arn)
    channel = await channels.get(scope, arn.partition("/")[2])
    if channel is None:
        raise errors.channel_not_found(scope, arn)
    return scope, channel


# -- for the decision about a request


def _arn(ctx: Context, request: Request) -> str:
    return str(request["ChannelARN"])


async def _owner(ctx: Context, request: Request) -> str | None:
    return scope_of(ctx, request["ChannelARN"]).account


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    scope, channel_id = scope_of(ctx, request["ChannelARN"]), request["ChannelARN"].partition("/")[2]
    found = await (
        scope.transact(channels.get, scope, channel_id) if scope.tx is None else channels.get(scope, channel_id)
    )
    return {} if found is None else found.tags


ON_CHANNEL: dict[str, Any] = {"resource": _arn, "owner": _owner, "tags": _tags}


# -- as the API shows them


def described(channel: Channel) -> Answer:
    return {
        **_named(channel),
        "ServiceExecutionRoleARN": channel.role,
        "StreamConfigurationList": [
            {
                "StreamARN": channel.stream_arn,
                "StreamCreationTimestamp": channel.stream_created,
                "RecordConfiguration": {"RecordFormatType": channel.format},
            }
        ],
        "S3DestinationConfiguration": {
            "DataFreshnessInSeconds": channel.freshness,
            "DeadLetterQueueS3Configuration": channel.dead_letters,
            "StorageConfiguration": channel.storage,
        },
        "EncryptionConfiguration": channel.encryption,
        "LoggingConfiguration": channel.logging,
    }


def summary(channel: Channel) -> Answer:
    source = {"StreamARN": channel.stream_arn, "StreamCreationTimestamp": channel.stream_created}
    return {**_named(channel), "ChannelDestinationType": "S3", "Streams": [source]}


def _named(channel: Channel) -> Answer:
    return {
        "ChannelName": channel.name,
        "ChannelARN": channel.arn,
        "ChannelId": channel.id,
        "ChannelStatus": channel.status,
        "ChannelStatusReason": channel.reason or None,
        "ChannelCreationTimestamp": channel.created,
    }
