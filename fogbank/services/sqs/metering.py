"""The metrics of queues, `AWS/SQS`: what was done with a queue, and what is in it, by minute.

What is done is counted in the row that every use of a queue writes anyway (`Use` in `messages.py`), and put once a minute by a task that
counts what is there, too. A queue that is not used rests: its metrics are put every quarter of an hour, for all of these minutes, unless
an alarm looks at them; and after six hours it is not active any more.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, metrics
from fogbank.services.sqs.backlogs import open_backlog
from fogbank.services.sqs.counts import Use
from fogbank.services.sqs.fairness import Quiet
from fogbank.services.sqs.messages import MINUTE, SECOND, Backlog, messages, places
from fogbank.services.sqs.queue import queues
from fogbank.services.sqs.service import service

NAMESPACE = "AWS/SQS"
_COUNT = "Count"

_ACTIVE = 6 * 60 * MINUTE
_WAKEFUL = 5 * MINUTE
_REST = 15 * MINUTE
# a message that was received so often, and is still there, is no part of the age of a standard queue
_POISONED = 3
_LOOKED_AT = 10

Value = tuple[str, float | metrics.Statistics, str]


class _Gauges(NamedTuple):
    """What is in a queue. `oldest` is when its oldest message arrived (microseconds), 0 for none."""

    visible: int
    in_flight: int
    delayed: int
    oldest: int
    groups: int | None
    quiet: Quiet | None


@service.task
async def measure(ctx: Context, payload: dict[str, Any]) -> None:
    """Put what a queue has to tell, and come back as long as it is active."""
    queue = await queues.get(ctx, payload["name"])
    if queue is None or queue.id != payload["id"]:
        return
    backlog = await open_backlog(ctx, queue)
    minute = backlog.counts.use.due // MINUTE * MINUTE
    gauges = await _gauges(backlog)
    is_watched = await _put(backlog, minute, gauges)
    await _rest(backlog, minute, gauges, is_watched)
    backlog.save()


async def _gauges(backlog: Backlog) -> _Gauges:
    visible, in_flight, delayed = await backlog.counted()
    return _Gauges(
        visible, in_flight, delayed, await _oldest(backlog), await backlog.groups_in_flight(), await backlog.quiet()
    )


async def _oldest(backlog: Backlog) -> int:
    """A dead letter counts from when it was moved."""
    arrivals = []
    rows = await messages.items(backlog.ctx, (int,), backlog.number, limit=_LOOKED_AT)
    for (sequence,), message in rows:
        place = None if backlog.queue.fifo else await places.get(backlog.ctx, backlog.number, sequence)
        if place is None or place.receives < _POISONED:
            arrivals.append(message.visible if message.source and not backlog.queue.fifo else int(sequence))
    return min(arrivals, default=0)


# -- putting


async def _put(backlog: Backlog, minute: int, gauges: _Gauges) -> bool:
    """For the minute that ends, and for those before it in which the queue rested."""
    use = backlog.counts.use
    groups = None if gauges.groups is None else 0
    for rested in range(max(use.since, minute - _REST), minute, MINUTE):
        await _put_values(backlog, _steady(use.visible, use.oldest, rested, groups), rested)
    values = _steady(gauges.visible, gauges.oldest, minute, gauges.groups) + _moving(gauges, use, minute)
    return await _put_values(backlog, values, minute)


async def _put_values(backlog: Backlog, values: list[Value], minute: int) -> bool:
    dimensions = {"QueueName": backlog.queue.name}
    return await metrics.put(backlog.ctx, NAMESPACE, [(*value, dimensions) for value in values], minute / SECOND)


def _steady(visible: int, oldest: int, minute: int, groups: int | None) -> list[Value]:
    """What an active queue always tells."""
    values: list[Value] = [("ApproximateNumberOfMessagesVisible", visible, _COUNT)]
    if oldest:
        values.append(("ApproximateAgeOfOldestMessage", _age(oldest, minute), "Seconds"))
    if groups is not None:
        values.append(("ApproximateNumberOfGroupsWithInflightMessages", groups, _COUNT))
    return values


def _of_tenants(quiet: Quiet, minute: int) -> list[Value]:
    values: list[Value] = [
        ("ApproximateNumberOfNoisyGroups", quiet.noisy, _COUNT),
        ("ApproximateNumberOfMessagesVisibleInQuietGroups", quiet.visible, _COUNT),
        ("ApproximateNumberOfMessagesNotVisibleInQuietGroups", quiet.in_flight, _COUNT),
        ("ApproximateNumberOfMessagesDelayedInQuietGroups", quiet.delayed, _COUNT),
    ]
    if quiet.oldest:
        values.append(("ApproximateAgeOfOldestMessageInQuietGroups", _age(quiet.oldest, minute), "Seconds"))
    return values


def _age(arrival: int, minute: int) -> int:
    """In seconds, at the end of the minute."""
    return max(minute + MINUTE - arrival, 0) // SECOND


def _moving(gauges: _Gauges, use: Use, minute: int) -> list[Value]:
    """What there is to tell of a queue that does not rest."""
    values: list[Value] = [
        ("ApproximateNumberOfMessagesNotVisible", gauges.in_flight, _COUNT),
        ("ApproximateNumberOfMessagesDelayed", gauges.delayed, _COUNT),
        ("NumberOfMessagesSent", use.sent, _COUNT),
        ("NumberOfMessagesReceived", use.received, _COUNT),
        ("NumberOfEmptyReceives", use.empty, _COUNT),
        ("NumberOfMessagesDeleted", use.deleted, _COUNT),
    ]
    if gauges.groups is not None:
        values.append(("NumberOfDeduplicatedSentMessages", use.duplicates, _COUNT))
    if gauges.quiet is not None:
        values += _of_tenants(gauges.quiet, minute)
    if use.sent:
        sizes = metrics.Statistics(use.sent, use.size, use.smallest, use.largest)
        values.append(("SentMessageSize", sizes, "Bytes"))
    return values


# -- going on


async def _rest(backlog: Backlog, minute: int, gauges: _Gauges, is_watched: bool) -> None:
    """Begin to count anew, and decide when to come back."""
    before = backlog.counts.use
    use = Use(before.due, before.last, minute + MINUTE, gauges.visible, gauges.oldest)
    backlog.counts.use = use
    idle = backlog.now - use.last
    is_needed = is_watched and gauges.visible + gauges.in_flight + gauges.delayed > 0
    if idle >= _ACTIVE and not is_needed:
        use.due = 0
        return
    is_steady = idle >= _WAKEFUL and not is_watched and not gauges.in_flight and not gauges.delayed
    await backlog.measure_at(max(use.due + (_REST if is_steady else MINUTE), backlog.end_of_minute))
