"""ListStreams, DescribeStream. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.dynamodb.guards import policies, scope_of
from fogbank.services.dynamodb.streams import Shard, Stream, horizon, number, shards, streams
from fogbank.services.dynamodbstreams import errors
from fogbank.services.dynamodbstreams.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_LISTED = 100


def stream_arn(ctx: Context, request: Request) -> str:
    return str(request["StreamArn"])


async def _owner(ctx: Context, request: Request) -> str:
    return scope_of(ctx, stream_arn(ctx, request)).account


async def _policy(ctx: Context, request: Request) -> str | None:
    return await ctx.transact(policy_of_stream, ctx, stream_arn(ctx, request))


async def policy_of_stream(ctx: Context, arn: str) -> str | None:
    policy = await policies.get(scope_of(ctx, arn), arn)
    return None if policy is None else policy.text


ON_STREAM: dict[str, Any] = {"resource": stream_arn, "owner": _owner, "policy": _policy}
"""Options of operations on one stream, which may be another account's."""


async def find(ctx: Context, arn: str) -> Stream:
    """The stream of that ARN. Raises ResourceNotFoundException."""
    prefix = f"arn:{ctx.partition}:dynamodb:"
    table, slash, label = arn.rpartition("/stream/")
    if not arn.startswith(prefix) or not slash:
        raise errors.invalid_arn()
    stream = await streams.get(scope_of(ctx, arn), table.rpartition("table/")[2], label)
    if stream is None or stream.arn != arn:
        raise errors.stream_not_found(arn)
    return stream


@service.operation(resource=lambda ctx, request: "*")
async def list_streams(ctx: Context, request: Request) -> Answer:
    """The streams of the account in this region, or of one table; also those that were disabled in the last 24 hours."""
    limit, table = request.get("Limit", _LISTED), request.get("TableName")
    if limit > _LISTED:
        raise errors.limit_out_of_range(limit, _LISTED)
    table = None if table is None else table.rpartition("/")[2]
    start = request.get("ExclusiveStartStreamArn")
    after = None if start is None else await _place(ctx, start, table)
    prefix = () if table is None else (table,)
    found = await streams.scan(ctx, *prefix, after=after, limit=limit + 1)
    shown = found[:limit]
    return {
        "Streams": [{"StreamArn": each.arn, "TableName": each.table, "StreamLabel": each.label} for each in shown],
        "LastEvaluatedStreamArn": shown[-1].arn if len(found) > limit else None,
    }


async def _place(ctx: Context, arn: str, table: str | None) -> tuple[str, ...]:
    stream = await find(ctx, arn)
    return (stream.table, stream.label) if table is None else (stream.label,)


@service.operation(**ON_STREAM)
async def describe_stream(ctx: Context, request: Request) -> Answer:
    """A stream and its shards, as far as they have records that can be read."""
    ctx = scope_of(ctx, request["StreamArn"])
    stream = await find(ctx, request["StreamArn"])
    limit = request.get("Limit", _LISTED)
    if limit > _LISTED:
        raise errors.limit_out_of_range(limit, _LISTED)
    found = await readable(ctx, stream)
    children = (request.get("ShardFilter") or {}).get("ShardId")
    if children is not None:
        found = [shard for shard in found if shard.parent == children]
    start = request.get("ExclusiveStartShardId")
    if start is not None:
        found = [shard for shard in found if shard.id > start]
    shown = found[:limit]
    keys = [{"AttributeName": stream.hash, "KeyType": "HASH"}]
    if stream.range is not None:
        keys.append({"AttributeName": stream.range, "KeyType": "RANGE"})
    return {
        "StreamDescription": {
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": "ENABLED" if stream.closed is None else "DISABLED",
            "StreamViewType": stream.view,
            "CreationRequestDateTime": stream.created,
            "TableName": stream.table,
            "KeySchema": keys,
            "Shards": [_shard(shard) for shard in shown],
            "LastEvaluatedShardId": shown[-1].id if len(found) > limit else None,
        }
    }


async def readable(ctx: Context, stream: Stream) -> list[Shard]:
    first = horizon(ctx)
    return [shard for shard in await shards.scan(ctx, stream.space) if shard.last is None or shard.last >= first]


def _shard(shard: Shard) -> Answer:
    return {
        "ShardId": shard.id,
        "SequenceNumberRange": {
            "StartingSequenceNumber": number(shard.first),
            "EndingSequenceNumber": None if shard.last is None else number(shard.last),
        },
        "ParentShardId": shard.parent,
    }
