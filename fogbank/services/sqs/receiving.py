"""ReceiveMessage: short and long polls, and what of a message is shown to its receiver. API_ReceiveMessage."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.sqs import encryption, errors, handles, limits, memory, message_attributes, throttling
from fogbank.services.sqs.attributes import KNOWN
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.drafts import check_token
from fogbank.services.sqs.message_attributes import TRACE_HEADER
from fogbank.services.sqs.messages import SECOND, Backlog, Received, messages, places, topic
from fogbank.services.sqs.queue import SHARED, Queue, find
from fogbank.services.sqs.sending import sequence_number
from fogbank.services.sqs.service import service

_SYSTEM_ATTRIBUTES = frozenset(
    {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "SequenceNumber",
        "MessageDeduplicationId",
        "MessageGroupId",
        "DeadLetterQueueSourceArn",
        TRACE_HEADER,
    }
)

Request = dict[str, Any]
Answer = dict[str, Any]


class _Attempt(NamedTuple):
    """What one look at the queue found. `again` is when to look again at the latest (microseconds)."""

    queue: Queue
    found: list[Received]
    wait: int
    again: int


@service.operation(transaction=False, **SHARED)
async def receive_message(ctx: Context, request: Request) -> Answer:
    """Receive up to ten messages; with a wait time, wait for the first of them until it is over."""
    _check(request)
    attempt = await ctx.transact(_first_attempt, ctx, request)
    if not attempt.found and attempt.wait:
        attempt = await _poll(ctx, request, attempt)
        if not attempt.found:
            await ctx.transact(_count_empty, ctx, request)
    if not attempt.found:
        return {}
    return {"Messages": [_shown(each, attempt.queue, request) for each in attempt.found]}


async def _poll(ctx: Context, request: Request, attempt: _Attempt) -> _Attempt:
    """Look again whenever something may have become visible: by a change of the queue, by time, by the clock being moved."""
    deadline = ctx.now() + attempt.wait
    with ctx.watch(*topic(attempt.queue), competes=True) as watch:
        while not attempt.found and (left := deadline - ctx.now()) > 0:
            due = max(attempt.again / SECOND - ctx.now(), 0)
            await watch.wait(timeout=min(left, due))
            attempt = await ctx.transact(_attempt, ctx, request)
    return attempt


def _check(request: Request) -> None:
    for parameter, low, high in (
        ("MaxNumberOfMessages", 1, limits.RECEIVED_AT_ONCE),
        ("VisibilityTimeout", 0, limits.VISIBILITY_SECONDS),
    ):
        value = request.get(parameter)
        if value is not None and not low <= value <= high:
            raise errors.out_of_range(value, parameter, low, high)
    wait = request.get("WaitTimeSeconds")
    if wait is not None and not 0 <= wait <= limits.WAIT_SECONDS:
        raise errors.invalid_wait(wait)
    for name in _names(request):
        if name not in _SYSTEM_ATTRIBUTES and name not in KNOWN:
            raise errors.unknown_attribute(name)


def _names(request: Request) -> list[str]:
    """The system attributes asked for, by the old parameter's name and by the new one's."""
    return (request.get("AttributeNames") or []) + (request.get("MessageSystemAttributeNames") or [])


async def _first_attempt(ctx: Context, request: Request) -> _Attempt:
    scope, queue = await find(ctx, request)
    await throttling.count(scope, queue, "ReceiveMessage")
    return await _look(scope, queue, request)


async def _attempt(ctx: Context, request: Request) -> _Attempt:
    return await _look(*await find(ctx, request), request)


async def _look(scope: Context, queue: Queue, request: Request) -> _Attempt:
    backlog = await open_backlog(scope, queue)
    wait = _given(request, "WaitTimeSeconds", queue.wait)
    attempt_id = _attempt_id(queue, request)
    found = await _received_before(backlog, request, attempt_id) if attempt_id else []
    if not found and not await _is_full(backlog, wait):
        found = await backlog.take(_given(request, "MaxNumberOfMessages", 1), _timeout(queue, request))
    await encryption.open_all(scope, (each.message for each in found))
    if found and attempt_id:
        got = [(each.sequence, each.place.receives, each.place.visible) for each in found]
        await memory.remember_attempt(backlog, attempt_id, got)
    await _save(backlog, len(found), wait)
    return _Attempt(queue, found, wait, backlog.next_visible())


async def _save(backlog: Backlog, found: int, wait: int) -> None:
    """What was found counts as use of the queue, and so does a short poll."""
    use = backlog.counts.use
    use.received += found
    if found or not wait:
        use.empty += not found
        await backlog.used()
    else:
        backlog.save()


async def _count_empty(ctx: Context, request: Request) -> None:
    """A long poll found nothing. That alone makes no queue active: those who wait for work would keep all of them so for ever."""
    backlog = await open_backlog(*await find(ctx, request))
    if backlog.counts.use.due:
        backlog.counts.use.empty += 1
        backlog.save()


def _given(request: Request, parameter: str, default: int) -> int:
    value = request.get(parameter)
    return default if value is None else int(value)


def _timeout(queue: Queue, request: Request) -> int:
    return _given(request, "VisibilityTimeout", queue.visibility)


async def _is_full(backlog: Backlog, wait: int) -> bool:
    """Are so many messages in flight that no more may be received? Only a short poll of a standard queue is told so, by OverLimit.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
    """
    if backlog.counts.received < limits.IN_FLIGHT or await backlog.in_flight() < limits.IN_FLIGHT:
        return False
    if not wait and not backlog.queue.fifo:
        raise errors.too_many_in_flight()
    return True


# -- retried attempts


def _attempt_id(queue: Queue, request: Request) -> str | None:
    attempt_id = request.get("ReceiveRequestAttemptId")
    if attempt_id is None:
        return None
    if not queue.fifo:
        raise errors.not_for_this_queue_type(attempt_id, "ReceiveRequestAttemptId")
    return check_token(attempt_id, "ReceiveRequestAttemptId")


async def _received_before(backlog: Backlog, request: Request, attempt_id: str) -> list[Received]:
    """What this attempt got before, hidden anew, if it is all still as it was left."""
    attempt = await memory.attempt_before(backlog, attempt_id)
    if attempt is None:
        return []
    found = [await _unchanged(backlog, *entry) for entry in attempt.got]
    if any(each is None for each in found):
        return []
    visible = backlog.now + max(_timeout(backlog.queue, request) * SECOND, 1)
    return [await _hidden_anew(backlog, each, visible) for each in found if each is not None]


async def _unchanged(backlog: Backlog, sequence: int, receive: int, visible: int) -> Received | None:
    message = await messages.get(backlog.ctx, backlog.number, sequence)
    place = await places.get(backlog.ctx, backlog.number, sequence)
    if message is None or place is None or place.receives != receive or place.visible != visible:
        return None
    return Received(sequence, message, place) if visible > backlog.now else None


async def _hidden_anew(backlog: Backlog, each: Received, visible: int) -> Received:
    return Received(each.sequence, each.message, await backlog.hide(each.sequence, each.place, visible))


# -- what is shown


def _shown(received: Received, queue: Queue, request: Request) -> Answer:
    message = received.message
    answer: Answer = {
        "MessageId": message.id,
        "ReceiptHandle": handles.issue(queue.id, received.sequence, received.place.receives),
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    names = _names(request)
    if names:
        answer["Attributes"] = _system_attributes(received, queue, names)
    wanted = request.get("MessageAttributeNames")
    if wanted and message.attributes:
        values = message_attributes.chosen(message.attributes, wanted)
        if values:
            whole = len(values) == len(message.attributes)
            answer["MD5OfMessageAttributes"] = message.attributes_md5 if whole else message_attributes.digest(values)
            answer["MessageAttributes"] = message_attributes.wire(values)
    return answer


def _system_attributes(received: Received, queue: Queue, names: list[str]) -> dict[str, str]:
    message, place = received.message, received.place
    values = {
        "SenderId": message.sender,
        "SentTimestamp": str(received.sequence // 1000),
        "ApproximateReceiveCount": str(message.earlier_receives + place.receives),
        "ApproximateFirstReceiveTimestamp": str(place.first_received // 1000),
        "SequenceNumber": sequence_number(received.sequence) if queue.fifo else None,
        "MessageDeduplicationId": message.deduplication,
        "MessageGroupId": message.group,
        TRACE_HEADER: message.trace,
        "DeadLetterQueueSourceArn": message.source,
    }
    everything = "All" in names
    return {name: value for name, value in values.items() if value is not None and (everything or name in names)}
