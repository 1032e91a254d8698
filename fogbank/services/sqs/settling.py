"""What a receiver does with a message: DeleteMessage and ChangeMessageVisibility, one by one and in batches."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.sqs import batches, errors, handles, limits, throttling
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.messages import SECOND, Backlog, places
from fogbank.services.sqs.queue import SHARED, find
from fogbank.services.sqs.service import service

Request = dict[str, Any]


@service.operation(**SHARED)
async def delete_message(ctx: Context, request: Request) -> Request:
    """Delete a received message. One that is gone already is deleted successfully. API_DeleteMessage."""
    backlog = await _to_delete_from(ctx, request)
    await _delete(backlog, request["ReceiptHandle"])
    await backlog.used()
    return {}


@service.operation(action="sqs:DeleteMessage", **SHARED)
async def delete_message_batch(ctx: Context, request: Request) -> Request:
    """Delete up to ten received messages. API_DeleteMessageBatch."""
    backlog = await _to_delete_from(ctx, request)
    entries = batches.checked(request["Entries"], "DeleteMessageBatchRequestEntry")

    async def delete(entry: Request) -> Request:
        await _delete(backlog, entry["ReceiptHandle"])
        return {}

    answer = await batches.each(entries, delete)
    await backlog.used()
    return answer


@service.operation(**SHARED)
async def change_message_visibility(ctx: Context, request: Request) -> Request:
    """Hide a message in flight for that long from now on. API_ChangeMessageVisibility."""
    backlog = await open_backlog(*await find(ctx, request))
    await _change(backlog, request["ReceiptHandle"], request["VisibilityTimeout"])
    await backlog.used()
    return {}


@service.operation(action="sqs:ChangeMessageVisibility", **SHARED)
async def change_message_visibility_batch(ctx: Context, request: Request) -> Request:
    """Change the visibility of up to ten messages in flight. API_ChangeMessageVisibilityBatch."""
    backlog = await open_backlog(*await find(ctx, request))
    entries = batches.checked(request["Entries"], "ChangeMessageVisibilityBatchRequestEntry")

    async def change(entry: Request) -> Request:
        timeout = entry.get("VisibilityTimeout")
        if timeout is None:
            raise errors.missing_parameter("VisibilityTimeout")
        await _change(backlog, entry["ReceiptHandle"], timeout)
        return {}

    answer = await batches.each(entries, change)
    await backlog.used()
    return answer


async def _to_delete_from(ctx: Context, request: Request) -> Backlog:
    scope, queue = await find(ctx, request)
    await throttling.count(scope, queue, "DeleteMessage")
    return await open_backlog(scope, queue)


async def _delete(backlog: Backlog, text: str) -> None:
    handle = handles.read(text, backlog.queue.id)
    place = await places.get(backlog.ctx, backlog.number, handle.sequence)
    if place is None:
        return
    if not backlog.is_current(place, handle.receive):
        raise errors.receipt_handle_expired(text)
    await backlog.remove_received(handle.sequence, place)
    backlog.counts.use.deleted += 1


async def _change(backlog: Backlog, text: str, timeout: int) -> None:
    """A standard queue's message that is visible again stays so: AWS says yes to the change, and does nothing."""
    if not 0 <= timeout <= limits.VISIBILITY_SECONDS:
        raise errors.out_of_range(timeout, "VisibilityTimeout", 0, limits.VISIBILITY_SECONDS)
    handle = handles.read(text, backlog.queue.id)
    place = await places.get(backlog.ctx, backlog.number, handle.sequence)
    if place is None:
        raise errors.no_message_to_change(text)
    if not backlog.is_current(place, handle.receive):
        raise errors.receipt_handle_expired(text)
    if place.visible <= backlog.now:
        return
    visible = backlog.now + timeout * SECOND
    if visible > place.last_received + limits.VISIBILITY_SECONDS * SECOND:
        raise errors.total_visibility(timeout)
    await backlog.hide(handle.sequence, place, visible)
