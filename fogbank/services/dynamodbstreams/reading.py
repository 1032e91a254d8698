"""GetShardIterator, GetRecords. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html

An iterator says all it needs: the stream, the shard, the next sequence number, and when it was given out. It is good for 15 minutes.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context, pages
from fogbank.services.dynamodb.guards import scope_of
from fogbank.services.dynamodb.streams import UNIT, Shard, Stream, heads, horizon, records, sequence_of
from fogbank.services.dynamodbstreams import errors
from fogbank.services.dynamodbstreams.descriptions import ON_STREAM, find, policy_of_stream, readable
from fogbank.services.dynamodbstreams.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_LIFE = 15 * 60
_MOST = 1000
_BYTES = 1 << 20


def _iterator(ctx: Context, stream: Stream, shard: Shard, sequence: int) -> str:
    return f"{stream.arn}|1|" + pages.token(f"{shard.id} {sequence} {int(ctx.now())}")


@service.operation(**ON_STREAM)
async def get_shard_iterator(ctx: Context, request: Request) -> Answer:
    ctx = scope_of(ctx, request["StreamArn"])
    stream = await find(ctx, request["StreamArn"])
    shard = await _shard(ctx, stream, request["ShardId"])
    return {"ShardIterator": _iterator(ctx, stream, shard, await _start(ctx, stream, shard, request))}


async def _shard(ctx: Context, stream: Stream, shard_id: str) -> Shard:
    found = next((shard for shard in await readable(ctx, stream) if shard.id == shard_id), None)
    if found is None:
        raise errors.shard_not_found(shard_id, stream.arn)
    return found


async def _start(ctx: Context, stream: Stream, shard: Shard, request: Request) -> int:
    """The first sequence number that an iterator will look at."""
    kind, text = request["ShardIteratorType"], request.get("SequenceNumber")
    if kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        if text is None:
            raise errors.sequence_number_missing(kind)
        return _from_number(ctx, shard, text) + (kind == "AFTER_SEQUENCE_NUMBER")
    if text is not None:
        raise errors.sequence_number_unwanted(kind)
    if kind == "LATEST":
        head = await heads.get(ctx, stream.space)
        return (shard.last if shard.last is not None or head is None else head.sequence) + 1  # type: ignore[operator]
    if kind == "AT_TIMESTAMP":
        if request.get("Timestamp") is None:
            raise errors.timestamp_missing()
        return max(shard.first, int(request["Timestamp"] * UNIT))
    return shard.first


def _from_number(ctx: Context, shard: Shard, text: str) -> int:
    if not text.isdigit():
        raise errors.invalid_sequence_number(text)
    sequence = sequence_of(text)
    if sequence < shard.first or (shard.last is not None and sequence > shard.last):
        raise errors.invalid_sequence_number(text)
    if sequence < horizon(ctx):
        raise errors.trimmed()
    return sequence


def _arn_of_iterator(ctx: Context, request: Request) -> str:
    return str(request["ShardIterator"]).partition("|")[0] or "*"


async def _owner(ctx: Context, request: Request) -> str:
    return scope_of(ctx, _arn_of_iterator(ctx, request)).account


async def _policy(ctx: Context, request: Request) -> str | None:
    return await ctx.transact(policy_of_stream, ctx, _arn_of_iterator(ctx, request))


@service.operation(resource=_arn_of_iterator, owner=_owner, policy=_policy)
async def get_records(ctx: Context, request: Request) -> Answer:
    """The next records of a shard, up to 1,000 and 1 MB. Without a next iterator the shard has ended."""
    limit = request.get("Limit", _MOST)
    if limit > _MOST:
        raise errors.limit_out_of_range(limit, _MOST)
    arn, _, token = request["ShardIterator"].partition("|1|")
    ctx = scope_of(ctx, arn)
    shard_id, sequence, issued = pages.position(token, errors.invalid_iterator()).split(" ")
    if ctx.now() - int(issued) > _LIFE:
        raise errors.expired_iterator()
    stream = await find(ctx, arn)
    shard = await _shard(ctx, stream, shard_id)
    found, after = await read(ctx, stream.space, shard, int(sequence), limit)
    ended = shard.last is not None and after > shard.last
    return {"Records": found, "NextShardIterator": None if ended else _iterator(ctx, stream, shard, after)}


async def read(ctx: Context, space: int, shard: Shard, sequence: int, limit: int) -> tuple[list[Any], int]:
    """(records of a shard from a sequence number on, the number after them)."""
    since = max(sequence, horizon(ctx))
    until = None if shard.last is None else (shard.last + 1,)
    rows = await records.items(ctx, (int,), space, since=(since,), until=until, limit=limit)
    found: list[Any] = []
    size = 0
    for (number,), value in rows:
        size += int.from_bytes(value[:4], "big")
        if found and size > _BYTES:
            return found, number  # type: ignore[return-value]
        found.append(orjson.loads(value[4:]))
        since = number + 1  # type: ignore[operator]
    if len(rows) < limit and shard.last is not None:
        since = shard.last + 1
    return found, since
