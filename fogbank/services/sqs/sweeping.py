"""What clears queues: retention, PurgeQueue, and the rows that a purged or deleted queue leaves behind."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Collection, Context
from fogbank.services.sqs import errors, fifo, limits, standard
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.messages import SECOND, Found, counts, messages, places
from fogbank.services.sqs.queue import SHARED, find, modify, new_id, queues
from fogbank.services.sqs.service import service

Request = dict[str, Any]

# rows that one transaction of a task deletes, so that nothing waits for it for long
_CHUNK = 500

_LAYOUT: tuple[Collection[Any], ...] = (
    messages,
    places,
    standard.fresh,
    standard.received,
    standard.tenants,
    fifo.lines,
    fifo.groups,
    fifo.ready,
    fifo.held,
)


@service.operation(**SHARED)
async def purge_queue(ctx: Context, request: Request) -> Request:
    """Delete all messages of a queue, at once. API_PurgeQueue."""
    scope, queue = await find(ctx, request)
    if ctx.now() - queue.purged_at < limits.PURGE_SECONDS:
        raise errors.purge_in_progress(queue.name)
    old = await counts.get(scope, queue.backlog)
    await discard(scope, queue.backlog)
    queue = await modify(scope, queue, backlog=new_id(ctx), purged_at=ctx.now())
    backlog = await open_backlog(scope, queue)
    if old is not None:  # sequence numbers go on, so that an old receipt handle means no new message
        backlog.counts.last, backlog.counts.use = old.last, old.use
    await backlog.used()
    await scope.unschedule("expire", str(queue.id))
    return {}


async def discard(ctx: Context, backlog: int) -> None:
    """Forget a backlog: its rows are deleted little by little."""
    counts.delete(ctx, backlog)
    await ctx.schedule("clear", {"backlog": backlog})


@service.task
async def clear(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete some rows of a backlog that nobody uses any more, and go on until there are none."""
    backlog = payload["backlog"]
    for collection in _LAYOUT:
        rows = await collection.raw_items(ctx, backlog, limit=_CHUNK)
        if rows:
            prefix = collection.row_key(ctx, backlog)
            for key, _ in rows:
                ctx.tx.delete(prefix + key)
            await ctx.schedule("clear", payload)
            return


@service.task
async def expire(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete the messages that were kept for as long as the queue says, and come back when the next one is due."""
    queue = await queues.get(ctx, payload["name"])
    if queue is None:
        return
    backlog = await open_backlog(ctx, queue)
    last = backlog.now - queue.retention * SECOND
    expired = await messages.items(ctx, (int,), backlog.number, until=(last + 1,), limit=_CHUNK)
    for (sequence,), message in expired:
        place = await places.get(ctx, backlog.number, sequence)
        await backlog.remove(Found(sequence, message, place))  # type: ignore[arg-type]
    oldest = await messages.items(ctx, (int,), backlog.number, limit=1)
    if oldest:
        await backlog.expire_at(max(backlog.expiry(oldest[0][0][0]), backlog.now))  # type: ignore[arg-type]
    else:
        backlog.counts.expires = 0
    backlog.save()
