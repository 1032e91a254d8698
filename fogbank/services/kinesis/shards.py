"""Shards: how they begin, ListShards, SplitShard, MergeShards, UpdateShardCount.

A shard's records have hash keys in a range; together the open shards of a stream have every hash key once.
https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.kinesis import chunks, errors, limits, sequence
from fogbank.services.kinesis.records import (
    ON_DEMAND,
    ON_STREAM,
    PROVISIONED,
    Answer,
    OpenShard,
    Request,
    Shard,
    Stream,
    at,
    begin_update,
    named,
    shard_id,
    shards,
    streams,
    updating,
)
from fogbank.services.kinesis.sequence import Position
from fogbank.services.kinesis.service import service

_SPACE = limits.MAX_HASH + 1

# -- making and closing; each returns the stream with its open shards changed, which the caller writes


async def begin(scope: Context, stream: Stream, count: int) -> Stream:
    """The first shards of a stream: even parts of the hash keys."""
    for start, end in _even(count):
        stream = add(scope, stream, start, end)
    return stream


def _even(count: int) -> list[tuple[int, int]]:
    bounds = [_SPACE * part // count for part in range(count + 1)]
    return [(start, end - 1) for start, end in pairwise(bounds)]


def add(
    scope: Context,
    stream: Stream,
    start: int,
    end: int,
    parent: int | None = None,
    adjacent: int | None = None,
    after: int = 0,
) -> Stream:
    """Open a shard, which begins now, but later than the millisecond `after`; the first ones begin with their stream."""
    ms = max(int(scope.now() * 1000), after + 1) if after else int(stream.created * 1000)
    shard = Shard(stream.shards, str(start), str(end), (ms, 0), None, parent, adjacent)
    shards.put(scope, shard, stream.id, shard.number)
    opened = sorted([*stream.open, OpenShard(shard.number, shard.start)], key=lambda each: int(each.start))
    return msgspec.structs.replace(stream, open=tuple(opened), shards=stream.shards + 1)


async def close(scope: Context, stream: Stream, shard: Shard) -> tuple[Stream, int]:
    """Close a shard. Returns the millisecond of its end, too."""
    last = await chunks.next_position(scope, stream, shard.number)
    shards.put(scope, msgspec.structs.replace(shard, last=last), stream.id, shard.number)
    still = tuple(each for each in stream.open if each.number != shard.number)
    return msgspec.structs.replace(stream, open=still), last.ms


class Ring:
    """The open shards of a stream, by hash key."""

    def __init__(self, stream: Stream) -> None:
        self._starts = [int(each.start) for each in stream.open]
        self._numbers = [each.number for each in stream.open]

    def shard_of(self, hash_key: int) -> int:
        """The number of the open shard that has the hash key."""
        return self._numbers[bisect_right(self._starts, hash_key) - 1]


# -- how many there may be


async def open_shards(ctx: Context) -> int:
    return sum(len(stream.open) for stream in await streams.scan(ctx) if stream.mode == PROVISIONED)


async def require_room(ctx: Context, more: int) -> None:
    """Raise LimitExceededException when the account cannot have so many shards more."""
    count = await open_shards(ctx)
    if count + more > limits.SHARDS:
        raise errors.too_many_shards(ctx, count, limits.SHARDS, more)


# -- finding


def number_of(text: str) -> int | None:
    """The number in a shard id (`shardId-000000000003`); it is also found without its prefix's zeros."""
    digits = text.removeprefix("shardId-")
    return int(digits) if digits != text and digits.isdecimal() else None


async def get(scope: Context, stream: Stream, text: str) -> Shard:
    """The shard of that id. Raises ResourceNotFoundException."""
    number = number_of(text)
    shard = None if number is None else await shards.get(scope, stream.id, number)
    if shard is None:
        raise errors.shard_not_found(scope, stream.name, text)
    return shard


async def listed(scope: Context, stream: Stream, after: str | None) -> list[Shard]:
    """The shards with ids greater than `after`."""
    found = await shards.scan(scope, stream.id)
    return found if after is None else [shard for shard in found if shard.id > after]


async def children(scope: Context, stream: Stream, parent: int) -> list[Shard]:
    return [shard for shard in await shards.scan(scope, stream.id) if parent in (shard.parent, shard.adjacent)]


def described(shard: Shard) -> Answer:
    numbers = {"StartingSequenceNumber": sequence.number(Position(*shard.first), shard.number)}
    if shard.last is not None:
        numbers["EndingSequenceNumber"] = sequence.number(Position(*shard.last), shard.number)
    return {
        "ShardId": shard.id,
        "ParentShardId": None if shard.parent is None else shard_id(shard.parent),
        "AdjacentParentShardId": None if shard.adjacent is None else shard_id(shard.adjacent),
        "HashKeyRange": {"StartingHashKey": shard.start, "EndingHashKey": shard.end},
        "SequenceNumberRange": numbers,
    }


def child(shard: Shard) -> Answer:
    """A shard as readers of a closed parent are told of it."""
    return {
        "ShardId": shard.id,
        "ParentShards": [shard_id(parent) for parent in (shard.parent, shard.adjacent) if parent is not None],
        "HashKeyRange": {"StartingHashKey": shard.start, "EndingHashKey": shard.end},
    }


# -- ListShards


def _listed_name(ctx: Context, request: Request) -> tuple[Context, str]:
    token = request.get("NextToken")
    if token is None:
        return named(ctx, request)
    return ctx, pages.position(token, errors.invalid_token()).split(" ")[0]


def _listed_arn(ctx: Context, request: Request) -> str:
    scope, name = _listed_name(ctx, request)
    return f"arn:{scope.partition}:kinesis:{scope.region}:{scope.account}:stream/{name}"


@service.operation(resource=_listed_arn)
async def list_shards(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html"""
    scope, name = _listed_name(ctx, request)
    after, filtered = request.get("ExclusiveStartShardId"), request.get("ShardFilter")
    token = request.get("NextToken")
    if token is not None:
        if any(request.get(member) is not None for member in ("StreamName", "StreamARN", "StreamCreationTimestamp")):
            raise errors.token_with_stream()
        after, filtered = _resumed(ctx, token)
    stream = await at(scope, name)
    found = [shard for shard in await listed(scope, stream, after) if _passes(ctx, stream, shard, filtered)]
    limit = min(request.get("MaxResults") or limits.LISTED_SHARDS, limits.LISTED_SHARDS)
    shown, following = found[:limit], None
    if len(found) > limit:
        kind = msgspec.json.encode(filtered).decode()
        following = pages.token(f"{name} {int(ctx.now())} {shown[-1].id} {kind}")
    return {"Shards": [described(shard) for shard in shown], "NextToken": following}


def _resumed(ctx: Context, token: str) -> tuple[str, Request | None]:
    _, made, after, kind = pages.position(token, errors.invalid_token()).split(" ", 3)
    if ctx.now() - int(made) > limits.TOKEN_SECONDS:
        raise errors.expired_token()
    return after, msgspec.json.decode(kind)


def _passes(ctx: Context, stream: Stream, shard: Shard, wanted: Request | None) -> bool:
    """Does a ShardFilter let the shard through? https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html"""
    if wanted is None:
        return True
    kind, now = wanted["Type"], int(ctx.now() * 1000)
    horizon = now - stream.retention_hours * 3_600_000
    if kind == "AFTER_SHARD_ID":
        if not wanted.get("ShardId"):
            raise errors.invalid_argument("ShardId must be specified for the shard filter type AFTER_SHARD_ID.")
        return shard.id > str(wanted["ShardId"])
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        if wanted.get("Timestamp") is None:
            raise errors.invalid_argument(f"Timestamp must be specified for the shard filter type {kind}.")
        horizon = int(wanted["Timestamp"] * 1000)
    if kind == "AT_LATEST":
        return shard.last is None
    if kind.startswith("FROM"):
        return shard.last is None or shard.last[0] >= horizon
    was_open = shard.last is None or shard.last[0] > horizon
    # those that were open then; at the horizon itself the oldest ones there are
    begun = shard.first[0] <= max(horizon, int(stream.created * 1000))
    return was_open and begun


# -- resharding


@service.operation(**ON_STREAM)
async def split_shard(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html"""
    scope, stream = await _resharded(ctx, request)
    shard = await _open(scope, stream, request["ShardToSplit"])
    start, end, at_key = int(shard.start), int(shard.end), int(request["NewStartingHashKey"])
    if not start + 1 < at_key < end:
        raise errors.bad_split(scope, stream.name, shard.id, request["NewStartingHashKey"], start, end)
    await require_room(scope, 1)
    stream = await _split(scope, stream, shard, at_key)
    await updating(scope, stream)


async def _split(scope: Context, stream: Stream, shard: Shard, at_key: int) -> Stream:
    stream, ended = await close(scope, stream, shard)
    stream = add(scope, stream, int(shard.start), at_key - 1, shard.number, after=ended)
    return add(scope, stream, at_key, int(shard.end), shard.number, after=ended)


@service.operation(**ON_STREAM)
async def merge_shards(ctx: Context, request: Request) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html"""
    scope, stream = await _resharded(ctx, request)
    one = await _open(scope, stream, request["ShardToMerge"])
    other = await _open(scope, stream, request["AdjacentShardToMerge"])
    if int(one.end) + 1 != int(other.start) and int(other.end) + 1 != int(one.start):
        raise errors.not_adjacent(scope, stream.name, one.id, other.id)
    await updating(scope, await _merge(scope, stream, one, other))


async def _merge(scope: Context, stream: Stream, one: Shard, other: Shard) -> Stream:
    stream, ended = await close(scope, stream, one)
    stream, ended_too = await close(scope, stream, other)
    start, end = min(int(one.start), int(other.start)), max(int(one.end), int(other.end))
    return add(scope, stream, start, end, one.number, other.number, max(ended, ended_too))


async def _resharded(ctx: Context, request: Request) -> tuple[Context, Stream]:
    scope, stream = await begin_update(ctx, request)
    if stream.mode == ON_DEMAND:
        raise errors.on_demand(scope, stream.name)
    return scope, stream


async def _open(scope: Context, stream: Stream, text: str) -> Shard:
    shard = await get(scope, stream, text)
    if shard.last is not None:
        raise errors.shard_closed(scope, stream.name, text)
    return shard


@service.operation(**ON_STREAM)
async def update_shard_count(ctx: Context, request: Request) -> Answer:
    """To so many shards of the same size, by splits and merges.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
    """
    scope, stream = await _resharded(ctx, request)
    current, target = len(stream.open), request["TargetShardCount"]
    if target > 2 * current:
        raise errors.scaled_too_far("up", current, target)
    if 2 * target < current:
        raise errors.scaled_too_far("down", current, target)
    await require_room(scope, max(target - current, 0))
    await updating(scope, await _scaled(scope, stream, target))
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "CurrentShardCount": current,
        "TargetShardCount": target,
    }


async def _scaled(scope: Context, stream: Stream, target: int) -> Stream:
    """Split shards where the new bounds are, then merge what lies between two of them."""
    wanted = _even(target)
    for start, _ in wanted[1:]:
        shard = await shards.get(scope, stream.id, Ring(stream).shard_of(start))
        assert shard is not None
        if int(shard.start) != start:
            stream = await _split(scope, stream, shard, start)
    for start, end in wanted:
        while True:
            inside = [each for each in stream.open if start <= int(each.start) <= end]
            if len(inside) < 2:
                break
            one = await shards.get(scope, stream.id, inside[0].number)
            other = await shards.get(scope, stream.id, inside[1].number)
            assert one is not None and other is not None
            stream = await _merge(scope, stream, one, other)
    return stream
