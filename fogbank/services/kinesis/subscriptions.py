"""SubscribeToShard: the records of a shard are pushed as they come, for five minutes.

Of the subscriptions of a consumer to a shard only the latest goes on; its token is in the store, so that this holds among workers.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.kinesis import errors, limits, metering, reading, sequence, shards
from fogbank.services.kinesis.consumers import ON_CONSUMER, find_consumer
from fogbank.services.kinesis.records import (
    ACTIVE,
    Answer,
    Request,
    Shard,
    Stream,
    Subscription,
    streams,
    subscriptions,
    topic,
)
from fogbank.services.kinesis.records import shards as shard_rows
from fogbank.services.kinesis.sequence import Position
from fogbank.services.kinesis.service import service

# How long a reader is left without an event when nothing comes: it is told then that it is up to date.
_SILENCE_SECONDS = 5
_RECORDS = 10_000


class _Subscriber(NamedTuple):
    """Who reads what. `until` is when the subscription ends (epoch seconds)."""

    scope: Context
    stream: Stream
    consumer: str
    shard: int
    token: str
    until: float


@service.operation(transaction=False, **ON_CONSUMER)
async def subscribe_to_shard(ctx: Context, request: Request) -> Answer:
    subscriber, position = await ctx.transact(_subscribe, ctx, request)
    return {"EventStream": _events(subscriber, position)}


async def _subscribe(ctx: Context, request: Request) -> tuple[_Subscriber, Position]:
    """Take the place of the consumer's subscription to that shard. Raises ResourceInUseException within five seconds."""
    scope, stream, consumer = await find_consumer(ctx, request)
    if consumer.status != ACTIVE:
        raise errors.consumer_not_active(scope, consumer.name, consumer.created, stream.name, consumer.status)
    shard = await shards.get(scope, stream, request["ShardId"])
    wanted = request["StartingPosition"]
    number, moment = wanted.get("SequenceNumber"), wanted.get("Timestamp")
    position = await reading.starting(scope, stream, shard, wanted["Type"], number, moment, "SubscribeToShard")
    before = await subscriptions.get(scope, stream.id, consumer.name, shard.number)
    if before is not None and scope.now() - before.since < limits.RENEWAL_SECONDS:
        raise errors.subscribed_recently(consumer.name, shard.id)
    token = scope.ids.hex(16)
    subscriptions.put(scope, Subscription(token, scope.now()), stream.id, consumer.name, shard.number)
    scope.notify(*topic(stream.arn))  # the one before is to see that it is over
    until = scope.now() + limits.SUBSCRIPTION_SECONDS
    return _Subscriber(scope, stream, consumer.name, shard.number, token, until), position


async def _events(subscriber: _Subscriber, position: Position) -> AsyncIterator[Answer]:
    scope = subscriber.scope
    with scope.watch(*topic(subscriber.stream.arn)) as watch:
        while True:
            batch, children = await scope.transact(_next, subscriber, position)
            if batch is None:
                return
            if batch.records or children is not None or scope.now() < subscriber.until:
                metering.pushed(scope, subscriber.stream, subscriber.consumer, batch.records, batch.behind_ms)
                yield _event(subscriber, batch, children)
            if children is not None:
                return
            position = batch.position
            if batch.behind_ms:
                continue
            left = subscriber.until - scope.now()
            if left <= 0:
                return
            await watch.wait(min(_SILENCE_SECONDS, left))


async def _next(subscriber: _Subscriber, start: Position) -> tuple[reading.Batch | None, list[Shard] | None]:
    """The next records, and the children of a shard that has ended. No batch when the subscription is another's now."""
    scope, stream = subscriber.scope, await streams.get(subscriber.scope, subscriber.stream.name)
    now = await subscriptions.get(scope, subscriber.stream.id, subscriber.consumer, subscriber.shard)
    if now is None or now.token != subscriber.token:
        return None, None
    shard = None if stream is None else await shard_rows.get(scope, subscriber.stream.id, subscriber.shard)
    if stream is None or shard is None or stream.id != subscriber.stream.id:
        raise AWSError(
            "ResourceNotFoundException", f"Stream {subscriber.stream.name} under account {scope.account} not found."
        )
    batch = await reading.read(scope, stream, shard, start, _RECORDS, limits.EVENT_BYTES)
    return batch, await shards.children(scope, stream, shard.number) if batch.has_ended else None


def _event(subscriber: _Subscriber, batch: reading.Batch, children: list[Shard] | None) -> Answer:
    # going on after the position before the next one
    ms, count = batch.position
    continuation = sequence.number(Position(ms, max(count - 1, 0)), subscriber.shard)
    event: Answer = {
        "Records": [reading.described(record, subscriber.shard) for record in batch.records],
        "ContinuationSequenceNumber": continuation,
        "MillisBehindLatest": batch.behind_ms,
    }
    if children is not None:
        event["ChildShards"] = [shards.child(child) for child in children]
    return {"SubscribeToShardEvent": event}
