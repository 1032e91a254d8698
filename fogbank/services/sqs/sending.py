"""SendMessage and SendMessageBatch."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.sqs import batches, encryption, errors, limits, memory, throttling
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.drafts import Draft, draft
from fogbank.services.sqs.messages import Backlog
from fogbank.services.sqs.queue import SHARED, Queue, find
from fogbank.services.sqs.service import service

Request = dict[str, Any]

# AWS's sequence numbers have 20 digits: this and the message's arrival in microseconds
_FIRST_NUMBER = 18 * 10**18


@service.operation(**SHARED)
async def send_message(ctx: Context, request: Request) -> Request:
    """Put a message into a queue. API_SendMessage."""
    scope, queue = await find(ctx, request)
    return await send_to(ctx, scope, queue, request)


async def send_to(ctx: Context, scope: Context, queue: Queue, request: Request) -> Request:
    """Put a message into that queue; `scope` is in its account. Returns the answer."""
    backlog = await _opened(scope, queue)
    drafted = draft(ctx, backlog, request, await encryption.data_key(backlog.ctx, backlog.queue))
    answer = await _send(backlog, drafted)
    await backlog.used()
    return {"MD5OfMessageBody": drafted.message.md5, **answer}


@service.operation(action="sqs:SendMessage", **SHARED)
async def send_message_batch(ctx: Context, request: Request) -> Request:
    """Put up to ten messages into a queue, each with its own success or failure. API_SendMessageBatch."""
    backlog = await _opened(*await find(ctx, request))
    entries = batches.checked(request["Entries"], "SendMessageBatchRequestEntry")
    _check_length(entries)
    data_key = await encryption.data_key(backlog.ctx, backlog.queue)

    async def send(entry: Request) -> Request:
        drafted = draft(ctx, backlog, entry, data_key)
        return {"MD5OfMessageBody": drafted.message.md5, **await _send(backlog, drafted)}

    answer = await batches.each(entries, send)
    await backlog.used()
    return answer


async def _opened(scope: Context, queue: Queue) -> Backlog:
    await throttling.count(scope, queue, "SendMessage")
    return await open_backlog(scope, queue)


def _check_length(entries: list[Request]) -> None:
    """The entries may have 1 MiB together, attributes included, whatever the queue's own maximum is."""
    total = sum(_length(entry) for entry in entries)
    if total > limits.BATCH_BYTES:
        raise errors.batch_too_long(total)


def _length(entry: Request) -> int:
    texts = [entry["MessageBody"]]
    for name, value in (entry.get("MessageAttributes") or {}).items():
        texts += [name, value.get("DataType") or "", value.get("StringValue") or "", value.get("BinaryValue") or b""]
    return sum(len(text if isinstance(text, bytes) else text.encode("utf-8", "replace")) for text in texts)


async def _send(backlog: Backlog, drafted: Draft) -> Request:
    """The members of the answer but for the body's digest. A duplicate is answered like the message it repeats."""
    message = drafted.message
    answer: Request = {}
    if message.attributes_md5 is not None:
        answer["MD5OfMessageAttributes"] = message.attributes_md5
    if drafted.system_md5 is not None:
        answer["MD5OfMessageSystemAttributes"] = drafted.system_md5
    if not backlog.queue.fifo:
        await backlog.add(message, await backlog.next_sequence())
        backlog.counts.use.count_sent(drafted.size)
        return {**answer, "MessageId": message.id}
    sent = await memory.sent_before(backlog, message)
    if sent is not None:
        backlog.counts.use.duplicates += 1
        return {**answer, "MessageId": sent.id, "SequenceNumber": sequence_number(sent.sequence)}
    sequence = await backlog.next_sequence()
    await backlog.add(message, sequence)
    backlog.counts.use.count_sent(drafted.size)
    await memory.remember_sent(backlog, message, sequence)
    return {**answer, "MessageId": message.id, "SequenceNumber": sequence_number(sequence)}


def sequence_number(sequence: int) -> str:
    """A FIFO message's sequence number as clients see it."""
    return str(_FIRST_NUMBER + sequence)
