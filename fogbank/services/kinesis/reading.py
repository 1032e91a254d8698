"""GetShardIterator, GetRecords. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html

An iterator says all it needs: the stream, the shard, the position, and when it was given out. It is good for five minutes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.kinesis import chunks, errors, limits, metering, read_limits, sequence, shards
from fogbank.services.kinesis.chunks import Found
from fogbank.services.kinesis.records import ON_STREAM, Answer, Request, Shard, Stream, arn_of, at, find, streams
from fogbank.services.kinesis.records import shards as shard_rows
from fogbank.services.kinesis.sequence import START, Position
from fogbank.services.kinesis.service import service


class Iterator(NamedTuple):
    """Where a reader is. `made` is epoch seconds."""

    account: str
    region: str
    stream: str
    stream_id: str
    shard: int
    position: Position
    made: float

    def token(self) -> str:
        return pages.token(
            f"{self.account} {self.region} {self.stream} {self.stream_id} {self.shard} "
            f"{self.position.ms} {self.position.nth} {self.made:.3f}"
        )


def parse(text: str) -> Iterator:
    parts = pages.position(text, errors.invalid_iterator()).split(" ")
    if len(parts) != 8:
        raise errors.invalid_iterator()
    account, region, stream, stream_id, shard, ms, count, made = parts
    return Iterator(account, region, stream, stream_id, int(shard), Position(int(ms), int(count)), float(made))


def _iterator(scope: Context, stream: Stream, shard: Shard, position: Position) -> str:
    place = (scope.account, scope.region, stream.name, stream.id, shard.number, position)
    return Iterator(*place, scope.now()).token()


# -- GetShardIterator


@service.operation(**ON_STREAM)
async def get_shard_iterator(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html"""
    scope, stream = await find(ctx, request)
    shard = await shards.get(scope, stream, request["ShardId"])
    kind = request["ShardIteratorType"]
    number, moment = request.get("StartingSequenceNumber"), request.get("Timestamp")
    position = await starting(scope, stream, shard, kind, number, moment, "GetShardIterator")
    return {"ShardIterator": _iterator(scope, stream, shard, position)}


async def starting(
    scope: Context,
    stream: Stream,
    shard: Shard,
    kind: str,
    number: str | None,
    moment: float | None,
    operation: str,
) -> Position:
    """The first position that a reader will look at. Raises InvalidArgumentException."""
    if kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        if number is None:
            raise errors.sequence_number_missing(kind)
        position = sequence.position_of(number, shard.number)
        if position is None or position < Position(*shard.first):
            raise errors.bad_sequence_number(scope, operation, stream.name, shard.id, number)
        return position if kind == "AT_SEQUENCE_NUMBER" else Position(position.ms, position.nth + 1)
    if kind == "LATEST":
        return await chunks.next_position(scope, stream, shard.number)
    if kind == "AT_TIMESTAMP":
        if moment is None:
            raise errors.timestamp_missing()
        if moment > scope.now():
            raise errors.timestamp_in_future(moment, scope.now())
        return Position(int(moment * 1000), 0)
    return START


# -- GetRecords


def _resource(ctx: Context, request: Request) -> str:
    found = parse(request["ShardIterator"])
    return arn_of(ctx.at(account=found.account, region=found.region), found.stream)


async def _owner(ctx: Context, request: Request) -> str | None:
    return parse(request["ShardIterator"]).account


async def _stream_of(ctx: Context, request: Request) -> Stream | None:
    found = parse(request["ShardIterator"])
    return await streams.get(ctx.at(account=found.account, region=found.region), found.stream)


async def _policy(ctx: Context, request: Request) -> str | None:
    stream = await _stream_of(ctx, request)
    return None if stream is None else stream.policy or None


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    stream = await _stream_of(ctx, request)
    return {} if stream is None else stream.tags


_ON_ITERATOR: dict[str, Any] = {"resource": _resource, "owner": _owner, "policy": _policy, "tags": _tags}


@service.operation(**_ON_ITERATOR)
async def get_records(ctx: Context, request: Request) -> Answer:
    """The next records of a shard. Without a next iterator the shard has ended."""
    found = parse(request["ShardIterator"])
    scope = ctx.at(account=found.account, region=found.region)
    if scope.now() - found.made > limits.ITERATOR_SECONDS:
        raise errors.expired_iterator(found.made, scope.now())
    stream = await at(scope, found.stream)
    shard = None if stream.id != found.stream_id else await shard_rows.get(scope, stream.id, found.shard)
    if shard is None:
        raise errors.invalid_iterator()
    if request.get("StreamARN") not in (None, stream.arn):
        raise errors.invalid_argument("The StreamARN and the ShardIterator must refer to the same stream.")
    if request.get("DryRun"):
        raise errors.AWSError(
            "DryRunOperationException", "The request would have succeeded, but the DryRun flag is set."
        )
    await read_limits.admit(scope, stream, shard)
    limit = request.get("Limit") or limits.RECORDS_PER_READ
    batch = await read(scope, stream, shard, found.position, limit, limits.BYTES_PER_READ)
    await read_limits.count(scope, stream, shard, sum(len(record.data) for record in batch.records))
    metering.read(scope, stream, shard.number, batch.records)
    answer: Answer = {
        "Records": [described(record, shard.number) for record in batch.records],
        "MillisBehindLatest": batch.behind_ms,
    }
    if batch.has_ended:
        answer["ChildShards"] = [shards.child(child) for child in await shards.children(scope, stream, shard.number)]
    else:
        answer["NextShardIterator"] = _iterator(scope, stream, shard, batch.position)
    return answer


class Batch(NamedTuple):
    """What a reader gets: `position` is where it goes on, `has_ended` says that a closed shard has no more."""

    records: list[Found]
    position: Position
    behind_ms: int
    has_ended: bool


async def read(scope: Context, stream: Stream, shard: Shard, start: Position, most: int, most_bytes: int) -> Batch:
    """The next records of a shard that are not past retention."""
    now = int(scope.now() * 1000)
    start = max(start, Position(now - stream.retention_hours * 3_600_000, 0))
    records, has_more = await chunks.read(scope, stream, shard, start, most, most_bytes)
    position = Position(records[-1].position.ms, records[-1].position.nth + 1) if records else start
    behind = max(now - records[-1].position.ms, 0) if has_more else 0
    return Batch(records, position, behind, shard.last is not None and not has_more)


def described(record: Found, shard: int) -> Answer:
    return {
        "SequenceNumber": sequence.number(record.position, shard),
        "ApproximateArrivalTimestamp": record.position.ms / 1000,
        "Data": record.data,
        "PartitionKey": record.key,
        "EncryptionType": "KMS" if record.is_encrypted else None,
    }
