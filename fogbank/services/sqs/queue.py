"""The Queue record, where queues are kept, and how an operation finds the queue that its request names.

queues     (name)                 Queue
sources    (target, source)       the names of a dead-letter queue and of a queue that sends its dead letters there
deletions  (name)                 when a queue of that name was deleted, for as long as that matters
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.sqs import addresses, errors
from fogbank.services.sqs.attributes import Attributes, parse_redrive_policy
from fogbank.services.sqs.service import service

Request = dict[str, Any]


class DeadLetters(Record, frozen=True):
    """Where messages go that were received `receives` times: the name of a queue of the same account and region."""

    target: str
    receives: int


class Queue(Record, frozen=True):
    """A queue.

    id           its number, of 62 bits: in its receipt handles and in the keys of what outlives a purge
    backlog      the number under which its messages lie; a purge gives it a new one
    attributes   those that can be set, as the API has them; the fields after `purged_at` are the same for quick use
    created, modified, purged_at   epoch seconds
    """

    name: str
    id: int
    backlog: int
    attributes: Attributes
    tags: dict[str, str]
    created: int
    modified: int
    purged_at: float
    fifo: bool
    delay: int
    visibility: int
    retention: int
    wait: int
    maximum_size: int
    content_based: bool
    deduplicated_by_group: bool
    dead_letters: DeadLetters | None


queues = service.collection("queues", Queue, cached=True)
sources = service.collection("sources", bytes)
deletions = service.collection("deletions", float)


def quick(attributes: Attributes) -> dict[str, Any]:
    """The fields of a Queue that follow from its attributes."""
    return {
        "attributes": attributes,
        "fifo": attributes.get("FifoQueue") == "true",
        "delay": int(attributes["DelaySeconds"]),
        "visibility": int(attributes["VisibilityTimeout"]),
        "retention": int(attributes["MessageRetentionPeriod"]),
        "wait": int(attributes["ReceiveMessageWaitTimeSeconds"]),
        "maximum_size": int(attributes["MaximumMessageSize"]),
        "content_based": attributes.get("ContentBasedDeduplication") == "true",
        "deduplicated_by_group": attributes.get("DeduplicationScope") == "messageGroup",
        "dead_letters": _dead_letters(attributes),
    }


def _dead_letters(attributes: Attributes) -> DeadLetters | None:
    text = attributes.get("RedrivePolicy")
    if text is None:
        return None
    policy = parse_redrive_policy(text)
    target = addresses.parse_arn(policy.target)
    assert target is not None
    return DeadLetters(target.name, policy.receives)


def new_id(ctx: Context) -> int:
    """A number for a queue or a backlog, of 62 bits: no two are alike."""
    return int(ctx.ids.hex(16), 16) >> 2


# -- names


def arn(ctx: Context, name: str) -> str:
    """The ARN of a queue in the context's scope."""
    return f"arn:{ctx.partition}:sqs:{ctx.region}:{ctx.account}:{name}"


def url(ctx: Context, name: str) -> str:
    """The URL of a queue in the context's scope, under the endpoint that the caller uses."""
    return f"{ctx.endpoint}/{ctx.account}/{name}"


# -- finding


def scope_of(ctx: Context, account: str) -> Context:
    return ctx if account == ctx.account else ctx.at(account=account)


async def find(ctx: Context, request: Request) -> tuple[Context, Queue]:
    """The queue of a request's QueueUrl, and the context of its account. Raises QueueDoesNotExist, InvalidAddress."""
    account, name = addresses.parse_url(request["QueueUrl"])
    scope = scope_of(ctx, account)
    queue = queues.remembered(scope, name) or await queues.get(scope, name)
    if queue is None:
        raise errors.queue_does_not_exist()
    return scope, queue


async def modify(ctx: Context, queue: Queue, **changes: Any) -> Queue:
    """Write the queue with those fields changed."""
    queue = msgspec.structs.replace(queue, **changes)
    queues.put(ctx, queue, queue.name)
    return queue


# -- what the decision needs to know of a request


def named_arn(ctx: Context, request: Request) -> str:
    account, name = addresses.parse_url(request["QueueUrl"])
    return arn(scope_of(ctx, account), name)


async def named_owner(ctx: Context, request: Request) -> str | None:
    return addresses.parse_url(request["QueueUrl"])[0]


async def named_policy(ctx: Context, request: Request) -> str | None:
    """The policy of the queue. A queue of others that is not there is refused as one that nobody may see."""
    account, name = addresses.parse_url(request["QueueUrl"])
    return await policy_of(ctx, account, name)


async def policy_of(ctx: Context, account: str, name: str) -> str | None:
    scope = scope_of(ctx, account)
    queue = queues.remembered(scope, name)
    if queue is None:
        queue = await (scope.transact(queues.get, scope, name) if scope.tx is None else queues.get(scope, name))
    if queue is None and (account != ctx.principal.account or ctx.principal.kind == "service"):
        raise errors.no_such_queue_or_no_access()
    return None if queue is None else queue.attributes.get("Policy")


async def named_tags(ctx: Context, request: Request) -> dict[str, str]:
    """The tags of the queue, if it is there."""
    account, name = addresses.parse_url(request["QueueUrl"])
    queue = await queues.get(scope_of(ctx, account), name)
    return {} if queue is None else queue.tags


async def owned_policy(ctx: Context, request: Request) -> str | None:
    """The policy of an own queue: it can forbid, but cannot open to others what only the owner may do."""
    account, name = addresses.parse_url(request["QueueUrl"])
    return await policy_of(ctx, account, name) if account == ctx.principal.account else None


# Operations on one queue: those that its policy can open to others, and those that it cannot (API reference: "Cross-account
# permissions don't apply to this action").
SHARED: dict[str, Any] = {
    "resource": named_arn,
    "owner": named_owner,
    "policy": named_policy,
    "tags": named_tags,
    "unsigned": True,
}
OWNED: dict[str, Any] = {**SHARED, "policy": owned_policy, "unsigned": False}
