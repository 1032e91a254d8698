"""Queues: CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, GetQueueAttributes, SetQueueAttributes."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.sqs import errors, limits, redrive, tags
from fogbank.services.sqs.attributes import (
    COUNTS,
    KNOWN,
    Attributes,
    changed,
    check_name,
    defaults,
    first_difference,
    shown,
)
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.messages import topic
from fogbank.services.sqs.queue import (
    OWNED,
    SHARED,
    Queue,
    arn,
    deletions,
    find,
    modify,
    new_id,
    policy_of,
    queues,
    quick,
    scope_of,
    url,
)
from fogbank.services.sqs.service import service
from fogbank.services.sqs.sweeping import discard

Request = dict[str, Any]


# -- creating and deleting


def _own_queue(ctx: Context, request: Request) -> str:
    return arn(ctx, request["QueueName"])


@service.operation(resource=_own_queue, action=with_members("sqs:CreateQueue", {"tags": "sqs:TagQueue"}))
async def create_queue(ctx: Context, request: Request) -> Request:
    """Create a queue, or find the one that has this name and these attributes. API_CreateQueue."""
    name, asked = request["QueueName"], request.get("Attributes") or {}
    fifo = asked.get("FifoQueue", "").lower() == "true"
    check_name(name, fifo)
    existing = await queues.get(ctx, name)
    if existing is None:
        await _create(ctx, name, fifo, asked, tags.checked(name, {}, request.get("tags") or {}))
    else:
        _compare(existing, asked)
    return {"QueueUrl": url(ctx, name)}


async def _create(ctx: Context, name: str, fifo: bool, asked: Attributes, labels: dict[str, str]) -> None:
    attributes = changed(defaults(fifo), asked, fifo)
    deleted = await deletions.get(ctx, name)
    if deleted is not None and ctx.now() - deleted < limits.DELETED_RECENTLY_SECONDS:
        raise errors.queue_deleted_recently()
    await redrive.check_target(ctx, name, fifo, attributes)
    now = int(ctx.now())
    queue = Queue(name, new_id(ctx), new_id(ctx), attributes, labels, now, now, 0.0, **_without_attributes(attributes))
    queues.put(ctx, queue, name)
    redrive.link(ctx, None, queue)


def _without_attributes(attributes: Attributes) -> dict[str, Any]:
    return {name: value for name, value in quick(attributes).items() if name != "attributes"}


def _compare(existing: Queue, asked: Attributes) -> None:
    """Refuse to create a queue that is there and differs in what is asked for; what is not asked for may be anything."""
    wanted = changed(existing.attributes, asked, existing.fifo)
    different = first_difference(existing.attributes, {name: wanted.get(name, "") for name in asked})
    if different is not None:
        raise errors.queue_exists(different)


@service.operation(**OWNED)
async def delete_queue(ctx: Context, request: Request) -> Request:
    """Delete a queue with all that is in it. Its name is free again after a minute. API_DeleteQueue."""
    scope, queue = await find(ctx, request)
    queues.delete(scope, queue.name)
    redrive.link(scope, queue, None)
    await discard(scope, queue.backlog)
    await scope.unschedule("expire", str(queue.id))
    await scope.unschedule("measure", str(queue.id))
    deletions.put(scope, ctx.now(), queue.name)
    await scope.schedule("forget_deletion", {"name": queue.name}, delay=limits.DELETED_RECENTLY_SECONDS, key=queue.name)
    scope.notify(*topic(queue))
    return {}


@service.task
async def forget_deletion(ctx: Context, payload: dict[str, Any]) -> None:
    deletions.delete(ctx, payload["name"])


# -- finding


async def _owner_of_name(ctx: Context, request: Request) -> str | None:
    return request.get("QueueOwnerAWSAccountId") or ctx.account


def _arn_of_name(ctx: Context, request: Request) -> str:
    return arn(scope_of(ctx, request.get("QueueOwnerAWSAccountId") or ctx.account), request["QueueName"])


async def _policy_of_name(ctx: Context, request: Request) -> str | None:
    return await policy_of(ctx, request.get("QueueOwnerAWSAccountId") or ctx.account, request["QueueName"])


@service.operation(resource=_arn_of_name, owner=_owner_of_name, policy=_policy_of_name)
async def get_queue_url(ctx: Context, request: Request) -> Request:
    """The URL of a queue by its name. API_GetQueueUrl."""
    scope = scope_of(ctx, request.get("QueueOwnerAWSAccountId") or ctx.account)
    if await queues.get(scope, request["QueueName"]) is None:
        raise errors.queue_does_not_exist()
    return {"QueueUrl": url(scope, request["QueueName"])}


@service.operation(resource=lambda ctx, request: arn(ctx, "*"))
async def list_queues(ctx: Context, request: Request) -> Request:
    """The URLs of the account's queues in this region, by name. API_ListQueues."""
    limit, after = redrive.page_of(request)
    prefix = request.get("QueueNamePrefix")
    rows = await queues.scan(ctx, starts_with=prefix or None, after=after, limit=limit + 1)
    found, token = pages.page(rows, limit, lambda queue: queue.name)
    if not found:
        return {}
    answer: Request = {"QueueUrls": [url(ctx, queue.name) for queue in found]}
    return {**answer, "NextToken": token} if request.get("MaxResults") else answer


# -- attributes


@service.operation(**SHARED)
async def get_queue_attributes(ctx: Context, request: Request) -> Request:
    """The attributes asked for, none when none are asked for. API_GetQueueAttributes."""
    scope, queue = await find(ctx, request)
    names = frozenset(request.get("AttributeNames") or ())
    for name in names - KNOWN:
        raise errors.unknown_attribute(name)
    if not names:
        return {}
    wanted = KNOWN if "All" in names else names
    values = {**_facts(scope, queue), **shown(queue.attributes)}
    if not wanted.isdisjoint(COUNTS):
        values.update(await _counted(scope, queue))
    return {"Attributes": {name: value for name, value in values.items() if name in wanted}}


def _facts(ctx: Context, queue: Queue) -> Attributes:
    return {
        "QueueArn": arn(ctx, queue.name),
        "CreatedTimestamp": str(queue.created),
        "LastModifiedTimestamp": str(queue.modified),
    }


async def _counted(ctx: Context, queue: Queue) -> Attributes:
    """How many messages there are: visible, in flight, delayed."""
    backlog = await open_backlog(ctx, queue)
    numbers = await backlog.counted()
    if backlog.worth_saving:
        backlog.save()
    return dict(zip(COUNTS, map(str, numbers), strict=True))


@service.operation(**OWNED)
async def set_queue_attributes(ctx: Context, request: Request) -> Request:
    """Change attributes of a queue. They count at once. API_SetQueueAttributes."""
    scope, queue = await find(ctx, request)
    attributes = changed(queue.attributes, request["Attributes"], queue.fifo)
    if "RedrivePolicy" in request["Attributes"]:
        await redrive.check_target(scope, queue.name, queue.fifo, attributes)
    after = await modify(scope, queue, modified=int(ctx.now()), **quick(attributes))
    redrive.link(scope, queue, after)
    await _retention_changed(scope, queue, after)
    scope.notify(*topic(after))
    return {}


async def _retention_changed(ctx: Context, before: Queue, after: Queue) -> None:
    """Messages that are there live as long as the queue says now."""
    if after.retention < before.retention:
        backlog = await open_backlog(ctx, after)
        if backlog.counts.expires:
            await backlog.expire_at(backlog.now)
            backlog.save()
