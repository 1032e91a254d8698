"""Streams, their consumers, queues and channels by ARN, as the operations on tags and policies name them."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context
from fogbank.services.kinesis import errors
from fogbank.services.kinesis.channel_records import Channel, channels
from fogbank.services.kinesis.queue_records import Queue, queues
from fogbank.services.kinesis.records import Consumer, Request, Stream, at, consumers, scope_of, streams


class Resource(NamedTuple):
    """A stream, a queue, a channel, or a consumer of `stream_id`, and the scope that it lies in."""

    scope: Context
    record: Stream | Consumer | Queue | Channel
    stream_id: str

    def change(self, **fields: Any) -> None:
        changed = msgspec.structs.replace(self.record, **fields)
        if isinstance(changed, Stream):
            streams.put(self.scope, changed, changed.name)
        elif isinstance(changed, Queue):
            queues.put(self.scope, changed, changed.name)
        elif isinstance(changed, Channel):
            channels.put(self.scope, changed, changed.id)
        else:
            consumers.put(self.scope, changed, self.stream_id, changed.name)


def _arn(ctx: Context, request: Request) -> str:
    return str(request["ResourceARN"])


async def _owner(ctx: Context, request: Request) -> str | None:
    return scope_of(ctx, request["ResourceARN"]).account


async def _policy(ctx: Context, request: Request) -> str | None:
    found = await _found(ctx, request["ResourceARN"])
    return None if found is None else found.record.policy or None


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    found = await _found(ctx, request["ResourceARN"])
    return {} if found is None else found.record.tags


ON_RESOURCE: dict[str, Any] = {"resource": _arn, "owner": _owner, "policy": _policy, "tags": _tags}


async def _found(ctx: Context, arn: str) -> Resource | None:
    """`arn:aws:kinesis:region:account:stream/name[/consumer/name:created]`, `...:queue/name`, `...:channel/id`"""
    scope = scope_of(ctx, arn)
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    if kind == "queue":
        queue = await queues.get(scope, rest)
        return None if queue is None else Resource(scope, queue, queue.stream_id)
    if kind == "channel":
        channel = await channels.get(scope, rest)
        return None if channel is None else Resource(scope, channel, channel.stream_id)
    name, has_consumer, consumer_name = rest.partition("/consumer/")
    stream = await streams.get(scope, name) if kind == "stream" else None
    if stream is None:
        return None
    if not has_consumer:
        return Resource(scope, stream, stream.id)
    consumer = await consumers.get(scope, stream.id, consumer_name.rpartition(":")[0])
    return Resource(scope, consumer, stream.id) if consumer is not None and consumer.arn == arn else None


async def resource_of(ctx: Context, request: Request) -> Resource:
    """The resource of a request's ResourceARN. Raises ResourceNotFoundException."""
    arn = request["ResourceARN"]
    found = await _found(ctx, arn)
    if found is not None:
        return found
    scope = scope_of(ctx, arn)
    if ":queue/" in arn:
        raise errors.queue_not_found(scope, arn)
    if ":channel/" in arn:
        raise errors.channel_not_found(scope, arn)
    name = arn.split("/", 1)[1].split("/")[0]
    await at(scope, name)
    raise errors.consumer_not_found(scope, arn.rpartition("/")[2].partition(":")[0])
