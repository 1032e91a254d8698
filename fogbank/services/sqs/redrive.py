"""Dead-letter queues: which queue may send its dead letters where, and ListDeadLetterSourceQueues."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.sqs import addresses, errors, limits
from fogbank.services.sqs.attributes import Attributes, parse_redrive_allow_policy, parse_redrive_policy
from fogbank.services.sqs.queue import SHARED, Queue, arn, find, queues, sources, url
from fogbank.services.sqs.service import service

Request = dict[str, Any]


async def check_target(ctx: Context, name: str, fifo: bool, attributes: Attributes) -> None:
    """Refuse a RedrivePolicy whose target is not there, of another kind, or not for this queue. Raises InvalidParameterValue."""
    text = attributes.get("RedrivePolicy")
    if text is None:
        return
    target = addresses.parse_arn(parse_redrive_policy(text).target)
    assert target is not None
    if target.account != ctx.account:
        raise errors.redrive_policy(text, "Dead letter target owner should be same as the source.")
    queue = await queues.get(ctx, target.name) if target.region == ctx.region else None
    if queue is None:
        raise errors.redrive_policy(text, "Dead letter target does not exist.")
    if queue.name == name:
        raise errors.redrive_policy(text, "Dead-letter queue must be different from the source queue.")
    if queue.fifo != fifo:
        raise errors.redrive_policy(text, "Dead-letter queue must be same type of queue as the source.")
    allowed = queue.attributes.get("RedriveAllowPolicy")
    if allowed is not None and not parse_redrive_allow_policy(allowed).allows(arn(ctx, name)):
        raise errors.redrive_policy(text, "Queue does not allow this queue to use it as a dead-letter queue.")


def link(ctx: Context, before: Queue | None, after: Queue | None) -> None:
    """Keep `sources` in step with a queue that is created, changed or deleted."""
    if before is not None and before.dead_letters is not None:
        sources.delete(ctx, before.dead_letters.target, before.name)
    if after is not None and after.dead_letters is not None:
        sources.put(ctx, b"", after.dead_letters.target, after.name)


async def has_sources(ctx: Context, name: str) -> bool:
    """Is this queue the dead-letter queue of any other?"""
    return bool(await sources.raw_items(ctx, name, limit=1))


@service.operation(**SHARED)
async def list_dead_letter_source_queues(ctx: Context, request: Request) -> Request:
    """The queues that send their dead letters to a queue. API_ListDeadLetterSourceQueues."""
    scope, queue = await find(ctx, request)
    limit, after = page_of(request)
    rows = await sources.items(scope, (str,), queue.name, after=after, limit=limit + 1)
    names, token = pages.page([str(key[0]) for key, _ in rows], limit, lambda name: name)
    answer: Request = {"queueUrls": [url(scope, name) for name in names]}
    return {**answer, "NextToken": token} if request.get("MaxResults") else answer


def page_of(request: Request) -> tuple[int, tuple[str] | None]:
    """How many results are asked for, and after which key. Raises InvalidParameterValue."""
    limit = request.get("MaxResults")
    if limit is not None and not 1 <= limit <= limits.PAGE:
        raise errors.out_of_range(limit, "MaxResults", 1, limits.PAGE)
    token = request.get("NextToken")
    after = None if not token else (pages.position(token, errors.invalid_next_token(token)),)
    return limit or limits.PAGE, after
