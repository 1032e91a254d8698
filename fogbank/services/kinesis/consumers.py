"""Consumers with enhanced fan-out: registering and describing them. What they read is in `subscriptions.py`.

https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.kinesis import errors, limits, tags
from fogbank.services.kinesis.records import (
    ACTIVE,
    ON_STREAM,
    Answer,
    Consumer,
    Request,
    Stream,
    consumers,
    find,
    queues_of,
    require_active,
    scope_of,
    stream_arn,
    streams,
    subscriptions,
)
from fogbank.services.kinesis.service import service


@service.operation(
    **ON_STREAM | {"action": with_members("kinesis:RegisterStreamConsumer", {"Tags": "kinesis:TagResource"})}
)
async def register_stream_consumer(ctx: Context, request: Request) -> Answer:
    scope, stream = await find(ctx, request)
    require_active(scope, stream)
    name = request["ConsumerName"]
    if await consumers.get(scope, stream.id, name) is not None:
        raise errors.consumer_exists(scope, name, stream.name)
    if await consumers.count(scope, stream.id) + await queues_of.count(scope, stream.id) >= limits.CONSUMERS:
        raise errors.too_many_consumers(stream.name, limits.CONSUMERS)
    arn = f"{stream.arn}/consumer/{name}:{int(scope.now())}"
    consumer = Consumer(name, arn, scope.now(), tags=tags.checked({}, request.get("Tags") or {}))
    consumers.put(scope, consumer, stream.id, name)
    await scope.schedule("activate_consumer", {"stream": stream.id, "name": name})
    return {"Consumer": _described(consumer)}


@service.task
async def activate_consumer(ctx: Context, payload: Request) -> None:
    consumer = await consumers.get(ctx, payload["stream"], payload["name"])
    if consumer is not None and consumer.status != "DELETING":
        consumers.put(ctx, msgspec.structs.replace(consumer, status=ACTIVE), payload["stream"], consumer.name)


def _described(consumer: Consumer) -> Answer:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": consumer.status,
        "ConsumerCreationTimestamp": consumer.created,
    }


# -- one consumer, by its ARN or by stream and name


def consumer_arn(ctx: Context, request: Request) -> str:
    arn = request.get("ConsumerARN")
    return arn if arn is not None else f"{stream_arn(ctx, request)}/consumer/{request.get('ConsumerName')}"


async def consumer_owner(ctx: Context, request: Request) -> str | None:
    return scope_of(ctx, consumer_arn(ctx, request)).account


async def consumer_policy(ctx: Context, request: Request) -> str | None:
    async def look() -> str | None:
        found = await _look_up(ctx, request)
        return None if found is None else found[2].policy or None

    return await (ctx.transact(look) if ctx.tx is None else look())


ON_CONSUMER: dict[str, Any] = {"resource": consumer_arn, "owner": consumer_owner, "policy": consumer_policy}


async def _look_up(ctx: Context, request: Request) -> tuple[Context, Stream, Consumer] | None:
    arn = consumer_arn(ctx, request)
    scope = scope_of(ctx, arn)
    name, _, consumer_name = arn.split(":", 5)[5].removeprefix("stream/").partition("/consumer/")
    stream = await streams.get(scope, name)
    if stream is None:
        raise errors.stream_not_found(scope, name)
    consumer = await consumers.get(scope, stream.id, consumer_name.partition(":")[0])
    if consumer is None or request.get("ConsumerARN") not in (None, consumer.arn):
        return None
    return scope, stream, consumer


async def find_consumer(ctx: Context, request: Request) -> tuple[Context, Stream, Consumer]:
    """The consumer of a request, its stream and scope. Raises ResourceNotFoundException."""
    if request.get("ConsumerARN") is None and request.get("ConsumerName") is None:
        raise errors.invalid_argument("Either ConsumerARN, or StreamARN and ConsumerName must be specified.")
    found = await _look_up(ctx, request)
    if found is None:
        arn = consumer_arn(ctx, request)
        raise errors.consumer_not_found(scope_of(ctx, arn), arn.rpartition("/")[2].partition(":")[0])
    return found


@service.operation(**ON_CONSUMER)
async def describe_stream_consumer(ctx: Context, request: Request) -> Answer:
    _, stream, consumer = await find_consumer(ctx, request)
    return {"ConsumerDescription": _described(consumer) | {"StreamARN": stream.arn}}


@service.operation(**ON_CONSUMER)
async def deregister_stream_consumer(ctx: Context, request: Request) -> None:
    scope, stream, consumer = await find_consumer(ctx, request)
    consumers.put(scope, msgspec.structs.replace(consumer, status="DELETING"), stream.id, consumer.name)
    await scope.schedule("remove_consumer", {"stream": stream.id, "name": consumer.name, "arn": consumer.arn})


@service.task
async def remove_consumer(ctx: Context, payload: Request) -> None:
    consumer = await consumers.get(ctx, payload["stream"], payload["name"])
    if consumer is None or consumer.arn != payload["arn"]:
        return
    consumers.delete(ctx, payload["stream"], consumer.name)
    for key, _ in await subscriptions.items(ctx, (int,), payload["stream"], consumer.name):
        subscriptions.delete(ctx, payload["stream"], consumer.name, *key)


@service.operation(**ON_STREAM)
async def list_stream_consumers(ctx: Context, request: Request) -> Answer:
    scope, stream = await find(ctx, request)
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = min(request.get("MaxResults") or limits.LISTED, limits.LISTED)
    found = await consumers.scan(scope, stream.id, after=after, limit=limit + 1)
    shown, following = pages.page(found, limit, lambda consumer: consumer.name)
    return {"Consumers": [_described(consumer) for consumer in shown], "NextToken": following}
