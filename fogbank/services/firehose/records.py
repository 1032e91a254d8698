"""What Firehose keeps, and where it lies in the store.

    streams      name                         -> Stream
    buffers      stream id                    -> Buffer, the batch that records are gathered in
    chunks       stream id, batch, number     -> the records that one request brought (see `buffers.py`)
    batches      stream id, batch             -> Batch, one that is on its way
    checkpoints  stream id, shard             -> how far a Kinesis stream was read

Everything is in the scope of the account and region. A stream id is new for every stream, so that one that is made again under the
name of a deleted one begins empty.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.firehose import errors
from fogbank.services.firehose.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
Settings = dict[str, Any]

CREATING, CREATING_FAILED, ACTIVE, DELETING = "CREATING", "CREATING_FAILED", "ACTIVE", "DELETING"
DIRECT_PUT, FROM_KINESIS = "DirectPut", "KinesisStreamAsSource"
DESTINATION_ID = "destinationId-000000000001"


class Encryption(Record, frozen=True):
    """`key` is the ARN of a customer's key, empty for one of AWS's; `grant` is that of Firehose for it."""

    status: str = "DISABLED"
    kind: str = ""
    key: str = ""
    grant: str = ""
    failure: dict[str, str] | None = None


class Stream(Record, frozen=True):
    """`source` and `destination` are in wire form, `kind` is the destination's (`ExtendedS3`). `updated` is 0 until it was."""

    name: str
    id: str
    arn: str
    created: float
    type: str
    kind: str
    destination: dict[str, Any]
    source: dict[str, Any] | None = None
    status: str = CREATING
    version: int = 1
    updated: float = 0.0
    encryption: Encryption = Encryption()
    tags: dict[str, str] = {}
    failure: dict[str, str] | None = None


class Buffer(Record, frozen=True):
    """`size` is in bytes, `first` is when its first record came (epoch seconds)."""

    batch: int = 0
    chunks: int = 0
    records: int = 0
    size: int = 0
    first: float = 0.0


class Batch(Record, frozen=True):
    """Records on their way: `first` is when the first of them came; `since` is when delivering was first tried.

    is_processed  its records are what the processors made of them, and those that they refused are told of
    request       the id under which an endpoint knows it
    """

    first: float
    records: int
    size: int
    attempts: int = 0
    since: float = 0.0
    is_processed: bool = False
    request: str = ""


streams = service.collection("streams", Stream, cached=True)
buffers = service.collection("buffers", Buffer)
chunks = service.collection("chunks", bytes)
batches = service.collection("batches", Batch)
checkpoints = service.collection("checkpoints", str)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:firehose:{ctx.region}:{ctx.account}:deliverystream/{name}"


def stream_arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["DeliveryStreamName"])


async def tags_of(ctx: Context, request: Request) -> dict[str, str]:
    """Those of the stream that a request names, for the decision about it: none where there is no such stream."""
    stream = await streams.get(ctx, request["DeliveryStreamName"])
    return {} if stream is None else stream.tags


ON_STREAM: dict[str, Any] = {"resource": stream_arn, "tags": tags_of}


async def find(ctx: Context, name: str) -> Stream:
    """Raises ResourceNotFoundException."""
    stream = await streams.get(ctx, name)
    if stream is None:
        raise errors.not_found(ctx, name)
    return stream


async def find_active(ctx: Context, name: str) -> Stream:
    """Raises ResourceNotFoundException, ResourceInUseException."""
    stream = await find(ctx, name)
    if stream.status != ACTIVE:
        raise errors.in_use(ctx, name, stream.status)
    return stream


def change(ctx: Context, stream: Stream, **fields: Any) -> Stream:
    """Write the stream with those fields changed."""
    changed = msgspec.structs.replace(stream, **fields)
    streams.put(ctx, changed, changed.name)
    return changed
