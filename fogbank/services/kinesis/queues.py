"""Queues on streams: creating, describing, changing and deleting them. What they deliver is in `queue_delivery.py`."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.kinesis import chunks, errors, limits, tags
from fogbank.services.kinesis import shards as shard_rules
from fogbank.services.kinesis.queue_records import (
    BUILT_IN,
    ON_QUEUE,
    Cursor,
    Queue,
    arn_of,
    cursors,
    described,
    due,
    find,
    queues,
    taken,
)
from fogbank.services.kinesis.records import (
    ACTIVE,
    DELETING,
    ON_DEMAND,
    UPDATING,
    Answer,
    Request,
    Stream,
    consumers,
    queues_of,
    require_active,
)
from fogbank.services.kinesis.records import find as find_stream
from fogbank.services.kinesis.records import topic as stream_topic
from fogbank.services.kinesis.sequence import START, Position
from fogbank.services.kinesis.service import service
from fogbank.services.kinesis.streams import horizon_ms

_VISIBILITY = 30
_MOST = 6
_SWEPT = 500
_LATEST, _AT_TIMESTAMP = "LATEST", "AT_TIMESTAMP"


@service.operation(
    resource=lambda ctx, request: arn_of(ctx, request["QueueName"]),
    action=with_members("kinesis:CreateQueue", {"Tags": "kinesis:TagResource"}),
)
async def create_queue(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateQueue.html"""
    name, sources = request["QueueName"], request["StreamConfigurationList"]
    if len(sources) != 1:
        raise errors.validation("StreamConfigurationList must contain exactly one entry.")
    start = sources[0].get("StartingPosition") or {"Type": _LATEST}
    if (start["Type"] == _AT_TIMESTAMP) != (start.get("Timestamp") is not None):
        raise errors.validation("Timestamp must be specified for, and only for, a StartingPosition of AT_TIMESTAMP.")
    attributes = request.get("QueueAttributes") or {}
    most = _receives(attributes, _MOST)
    labels = tags.checked({}, request.get("Tags") or {})
    scope, stream = await find_stream(ctx, sources[0])
    await ctx.authorise(
        "kinesis:AssociateStreamsWithQueue", stream.arn, owner=scope.account, policy=stream.policy or None
    )
    await _require_room(ctx, scope, stream, name)
    visibility = attributes.get("VisibilityTimeoutSeconds")
    queue = Queue(
        name,
        ctx.ids.hex(16),
        arn_of(ctx, name),
        ctx.now(),
        stream.name,
        stream.id,
        stream.arn,
        stream.created,
        start["Type"],
        start.get("Timestamp"),
        _VISIBILITY if visibility is None else visibility,
        most,
        tags=labels,
    )
    queues.put(ctx, queue, name)
    queues_of.put(ctx, b"", stream.id, name)
    for shard in await shard_rules.listed(ctx, stream, None):
        position = await _begin(ctx, stream, shard.number, start)
        cursors.put(ctx, Cursor(*position), queue.id, shard.number)
    await ctx.schedule("activate_queue", {"name": name, "id": queue.id})
    return {"QueueDescription": described(queue)}


def _receives(attributes: Request, before: int) -> int:
    """How often a record is received before it is dead, 0 for ever. Raises ValidationException."""
    given = attributes.get("DeadLetterConfiguration")
    if given is None:
        return before
    if given["TargetType"] != BUILT_IN:
        return 0
    if given.get("MaxReceiveCount") is None:
        raise errors.validation("MaxReceiveCount is required when TargetType is BUILT_IN.")
    return int(given["MaxReceiveCount"])


async def _require_room(ctx: Context, scope: Context, stream: Stream, name: str) -> None:
    if (scope.account, scope.region) != (ctx.account, ctx.region):
        raise errors.validation("A queue and its stream must be in the same account and Region.")
    require_active(scope, stream)
    if stream.mode != ON_DEMAND:
        raise errors.validation(f"Queues are supported only on streams in On-Demand mode; {stream.name} is not.")
    if await queues.get(ctx, name) is not None:
        raise errors.queue_exists(ctx, name)
    if await consumers.count(ctx, stream.id) + await queues_of.count(ctx, stream.id) >= limits.CONSUMERS:
        raise errors.too_many_consumers(stream.name, limits.CONSUMERS)


async def _begin(ctx: Context, stream: Stream, shard: int, start: Request) -> Position:
    if start["Type"] == _LATEST:
        return await chunks.next_position(ctx, stream, shard)
    return Position(int(start["Timestamp"] * 1000), 0) if start["Type"] == _AT_TIMESTAMP else START


@service.task
async def activate_queue(ctx: Context, payload: Request) -> None:
    """The queue delivers; it says from when on."""
    queue = await queues.get(ctx, payload["name"])
    if queue is None or queue.id != payload["id"] or queue.status == DELETING:
        return
    _, stream = await find_stream(ctx, {"StreamName": queue.stream})
    earliest = max(horizon_ms(ctx, stream) / 1000, stream.created)
    start = queue.created if queue.start_type == _LATEST else max(queue.start or 0.0, earliest)
    queues.put(ctx, msgspec.structs.replace(queue, status=ACTIVE, start=start), queue.name)
    ctx.notify(*stream_topic(queue.stream_arn))


@service.operation(**ON_QUEUE)
async def describe_queue(ctx: Context, request: Request) -> Answer:
    return {"QueueDescription": described((await find(ctx, request))[1])}


@service.operation(**ON_QUEUE)
async def update_queue(ctx: Context, request: Request) -> Answer:
    scope, queue = await find(ctx, request)
    if queue.status != ACTIVE:
        raise errors.queue_not_active(scope, queue.name, queue.status)
    attributes = request["QueueAttributes"]
    visibility = attributes.get("VisibilityTimeoutSeconds")
    changed = msgspec.structs.replace(
        queue,
        visibility=queue.visibility if visibility is None else visibility,
        most=_receives(attributes, queue.most),
        status=UPDATING,
    )
    queues.put(scope, changed, queue.name)
    await scope.schedule("activate_queue", {"name": queue.name, "id": queue.id})
    return {"QueueDescription": described(changed)}


@service.operation(**ON_QUEUE)
async def delete_queue(ctx: Context, request: Request) -> None:
    scope, queue = await find(ctx, request)
    queues.put(scope, msgspec.structs.replace(queue, status=DELETING), queue.name)
    await scope.schedule("remove_queue", {"name": queue.name, "id": queue.id})


@service.task
async def remove_queue(ctx: Context, payload: Request) -> None:
    """The queue is gone; what it kept follows, in parts."""
    queue = await queues.get(ctx, payload["name"])
    if queue is not None and queue.id == payload["id"]:
        queues.delete(ctx, queue.name)
        queues_of.delete(ctx, queue.stream_id, queue.name)
    removed = 0
    for rows, types in ((cursors, (int,)), (taken, (int, int, int)), (due, (int, int, int, int, int))):
        for key, _ in await rows.items(ctx, types, payload["id"], limit=_SWEPT):
            rows.delete(ctx, payload["id"], *key)
            removed += 1
    if removed:
        await ctx.schedule("remove_queue", payload)


@service.operation(resource=lambda ctx, request: arn_of(ctx, "*"))
async def list_queues(ctx: Context, request: Request) -> Answer:
    token, wanted = request.get("NextToken"), request.get("StreamFilter") or []
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = min(request.get("MaxResults") or limits.LISTED, limits.LISTED)
    rows = await queues.scan(ctx, after=after, limit=None if wanted else limit + 1)
    found = [queue for queue in rows if not wanted or any(_is_on(queue, each) for each in wanted)]
    shown, following = pages.page(found, limit, lambda queue: queue.name)
    return {"QueueSummaries": [_summary(queue) for queue in shown], "NextToken": following}


def _is_on(queue: Queue, wanted: Request) -> bool:
    created = wanted.get("StreamCreationTimestamp")
    return queue.stream_arn == wanted["StreamARN"] and created in (None, queue.stream_created)


def _summary(queue: Queue) -> Answer:
    source = {"StreamARN": queue.stream_arn, "StreamCreationTimestamp": queue.stream_created}
    names = ("QueueName", "QueueARN", "QueueStatus", "QueueCreationTimestamp")
    whole = described(queue)
    return {**{name: whole[name] for name in names}, "Streams": [source]}
