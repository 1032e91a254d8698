"""Batches on their way to where they are delivered: at least once, and for as long as the destination allows.

A batch goes through two stages. First its records are backed up, if all are, and processed, and those that failed are put under the error
prefix; then they are delivered. What the first stage made is kept when the second has to be tried again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.firehose import bucket, buffers, endpoints, limits, logs, processing, processors, settings, splunk
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.delivery import Delivery
from fogbank.services.firehose.records import DELETING, batches, streams
from fogbank.services.firehose.refusals import PROCESSING, Undelivered
from fogbank.services.firehose.service import service

_LONGEST_PAUSE = 900.0

_DELIVER = {
    settings.EXTENDED: bucket.deliver,
    settings.HTTP: endpoints.deliver,
    settings.SPLUNK: splunk.deliver,
}


@service.task(transaction=False)
async def deliver(ctx: Context, payload: dict[str, Any]) -> None:
    """One attempt."""
    delivery = await ctx.transact(_found, ctx, payload)
    if delivery is None:
        return
    made: list[Item] | None = None
    try:
        made = await _prepared(delivery)
        await _DELIVER[delivery.stream.kind](delivery, made)
    except Undelivered as failure:
        await logs.write(
            ctx, delivery.stream, delivery.settings, settings.role_of(delivery.settings), failure.code, failure.message
        )
        await ctx.transact(_put_off, delivery, made)
    else:
        await ctx.transact(buffers.finish, ctx, delivery.stream.id, delivery.number)


async def _found(ctx: Context, payload: dict[str, Any]) -> Delivery | None:
    """The batch, unless it is done or its stream is gone."""
    stream = await streams.get(ctx, payload["name"])
    batch = await batches.get(ctx, payload["id"], payload["batch"])
    if stream is None or stream.id != payload["id"] or stream.status == DELETING or batch is None:
        return None
    items = await buffers.items_of(ctx, stream.id, payload["batch"])
    return Delivery(ctx, stream, payload["batch"], batch, items)


async def _prepared(delivery: Delivery) -> list[Item]:
    """The first stage. Raises Undelivered."""
    if delivery.batch.is_processed:
        return delivery.items
    if settings.backs_up_all(delivery.stream.kind, delivery.settings):
        await bucket.back_up(delivery, delivery.items)
    found = await processing.process(delivery.ctx, delivery.stream, delivery.items)
    if found.refused:
        await bucket.put_refused(delivery, PROCESSING, found.refused)
    return found.items


async def _put_off(delivery: Delivery, made: list[Item] | None) -> None:
    """Try again later, or not at all where it has been tried for long enough."""
    ctx, stream, batch = delivery.ctx, delivery.stream, delivery.batch
    if ctx.now() - batch.since >= limits.KEPT_SECONDS:
        await buffers.finish(ctx, stream.id, delivery.number)
        return
    attempts = batch.attempts + 1
    changed = msgspec.structs.replace(batch, attempts=attempts)
    if made is not None and not batch.is_processed and _changes(delivery):
        changed = msgspec.structs.replace(changed, is_processed=True)
        await buffers.replace(ctx, stream.id, delivery.number, made)
    batches.put(ctx, changed, stream.id, delivery.number)
    payload = {"name": stream.name, "id": stream.id, "batch": delivery.number}
    await ctx.schedule("deliver", payload, delay=_pause(attempts))


def _pause(attempts: int) -> float:
    return min(2.0 ** min(attempts, 10), _LONGEST_PAUSE)


def _changes(delivery: Delivery) -> bool:
    """Has the first stage anything to do?"""
    backs_up = settings.backs_up_all(delivery.stream.kind, delivery.settings)
    return backs_up or bool(processors.enabled(delivery.settings.get("ProcessingConfiguration")))
