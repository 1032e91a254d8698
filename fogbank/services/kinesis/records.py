"""What Kinesis keeps, and where it lies in the store.

    streams        name                              -> Stream, with its open shards
    shards         stream id, shard number           -> Shard, open or closed, until its last record is past retention
    chunks         stream id, shard number, ms, count -> the records that one request wrote to one shard (see `chunks.py`)
    consumers      stream id, name                   -> Consumer
    subscriptions  stream id, consumer, shard number -> Subscription, the latest one
    account        ()                                -> Settings
    queues_of      stream id, name of a queue        -> b"": the queues on a stream (see `queue_records.py`)

Everything is in the scope of the account and region. `stream id` is new for every stream, so that a stream that is made again under
the name of a deleted one begins empty.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.kinesis import errors, limits
from fogbank.services.kinesis.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

CREATING, ACTIVE, UPDATING, DELETING = "CREATING", "ACTIVE", "UPDATING", "DELETING"
PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"


class OpenShard(Record, frozen=True):
    """What a write needs to know of a shard: `start` is its first hash key, in decimal."""

    number: int
    start: str


class Encryption(Record, frozen=True):
    """The key of KMS as it was given, and the data key that the chunks are under, as KMS wrapped it."""

    key_id: str
    wrapped: bytes


class Stream(Record, frozen=True):
    """`created` is epoch seconds, `open` is sorted by hash key, `shards` is how many there ever were.

    `keys` are the data keys that the stream ever had; `key` is the present one, counted from 1, 0 when it is not encrypted.
    """

    name: str
    id: str
    arn: str
    created: float
    mode: str
    status: str = CREATING
    open: tuple[OpenShard, ...] = ()
    shards: int = 0
    retention_hours: int = limits.MINIMUM_RETENTION_HOURS
    keys: tuple[Encryption, ...] = ()
    key: int = 0
    monitored: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    policy: str = ""
    record_kib: int = limits.RECORD_KIB
    warm_mibps: int = 0
    distribution: str = "USER_PARTITION_KEY"
    channels: tuple[str, ...] = ()

    @property
    def encryption(self) -> Encryption | None:
        return self.keys[self.key - 1] if self.key else None


class Shard(Record, frozen=True):
    """`first` and `last` are positions (ms, count): where it begins, and where it was closed. Hash keys are decimal."""

    number: int
    start: str
    end: str
    first: tuple[int, int]
    last: tuple[int, int] | None = None
    parent: int | None = None
    adjacent: int | None = None

    @property
    def id(self) -> str:
        return shard_id(self.number)


class Consumer(Record, frozen=True):
    name: str
    arn: str
    created: float
    status: str = CREATING
    tags: dict[str, str] = {}
    policy: str = ""


class Subscription(Record, frozen=True):
    """`token` is that of the one who may go on sending; `since` is epoch seconds."""

    token: str
    since: float


class Settings(Record, frozen=True):
    """Commitment to a minimum of throughput: when it was begun and ended."""

    started: float | None = None
    ended: float | None = None


streams = service.collection("streams", Stream, cached=True)
shards = service.collection("shards", Shard)
chunks = service.collection("chunks", bytes)
consumers = service.collection("consumers", Consumer)
subscriptions = service.collection("subscriptions", Subscription)
account = service.collection("account", Settings)
queues_of = service.collection("queues_of", bytes)


def shard_id(number: int) -> str:
    return f"shardId-{number:012}"


def topic(arn: str) -> tuple[str, str]:
    """What those watch who wait for new records of a stream."""
    return "kinesis", arn


# -- naming and finding


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:kinesis:{ctx.region}:{ctx.account}:stream/{name}"


def named(ctx: Context, request: Request) -> tuple[Context, str]:
    """The scope and the name of the stream that a request names by name, by ARN, or by both."""
    name, arn = request.get("StreamName"), request.get("StreamARN")
    if arn is None:
        if name is None:
            raise errors.no_stream_named()
        return ctx, name
    parts = arn.split(":", 5)
    from_arn = parts[5].removeprefix("stream/").partition("/")[0]
    if name is not None and name != from_arn:
        raise errors.names_differ()
    scope = ctx if (parts[4], parts[3]) == (ctx.account, ctx.region) else ctx.at(account=parts[4], region=parts[3])
    return scope, from_arn


def scope_of(ctx: Context, arn: str) -> Context:
    parts = arn.split(":", 5)
    return ctx if (parts[4], parts[3]) == (ctx.account, ctx.region) else ctx.at(account=parts[4], region=parts[3])


def stream_arn(ctx: Context, request: Request) -> str:
    return arn_of(*named(ctx, request))


async def find(ctx: Context, request: Request) -> tuple[Context, Stream]:
    """The stream of a request, with its scope. Raises ResourceNotFoundException."""
    scope, name = named(ctx, request)
    return scope, await at(scope, name)


async def at(scope: Context, name: str) -> Stream:
    stream = await streams.get(scope, name)
    if stream is None:
        raise errors.stream_not_found(scope, name)
    return stream


def require_active(scope: Context, stream: Stream) -> None:
    if stream.status != ACTIVE:
        raise errors.stream_not_active(scope, stream.name, stream.status)


def change(scope: Context, stream: Stream, **fields: Any) -> Stream:
    """Write the stream with those fields changed."""
    changed = msgspec.structs.replace(stream, **fields)
    streams.put(scope, changed, changed.name)
    return changed


async def begin_update(ctx: Context, request: Request) -> tuple[Context, Stream]:
    """The stream of a request, which has to be ACTIVE."""
    scope, stream = await find(ctx, request)
    require_active(scope, stream)
    return scope, stream


async def updating(scope: Context, stream: Stream, **fields: Any) -> Stream:
    """Write the stream with those fields changed; it is UPDATING for a moment."""
    await scope.schedule("activate", {"name": stream.name, "id": stream.id})
    return change(scope, stream, status=UPDATING, **fields)


# -- for the decision about a request


async def _owner(ctx: Context, request: Request) -> str | None:
    return named(ctx, request)[0].account


async def _stream(ctx: Context, request: Request) -> Stream | None:
    scope, name = named(ctx, request)
    return await (scope.transact(streams.get, scope, name) if scope.tx is None else streams.get(scope, name))


async def _policy(ctx: Context, request: Request) -> str | None:
    stream = await _stream(ctx, request)
    return None if stream is None else stream.policy or None


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    stream = await _stream(ctx, request)
    return {} if stream is None else stream.tags


ON_STREAM: dict[str, Any] = {"resource": stream_arn, "owner": _owner, "policy": _policy, "tags": _tags}
