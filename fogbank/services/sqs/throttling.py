"""Throttling, for servers with `--throttle sqs`: a FIFO queue takes 300 calls of each action a second, unless it has high throughput.

    rates  (queue, action)   the second, and how many calls there were in it

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.sqs import errors
from fogbank.services.sqs.queue import Queue
from fogbank.services.sqs.service import service

CALLS_PER_SECOND = 300


class Rate(Record, frozen=True):
    second: int
    calls: int


rates = service.collection("rates", Rate)


async def count(scope: Context, queue: Queue, action: str) -> None:
    """Count a call in the queue's account. Raises RequestThrottled beyond the limit."""
    if "sqs" not in scope.app.settings.throttle or not queue.fifo:
        return
    if queue.attributes.get("FifoThroughputLimit") == "perMessageGroupId":
        return
    second = int(scope.now())
    rate = await rates.get(scope, queue.id, action)
    calls = rate.calls if rate is not None and rate.second == second else 0
    if calls >= CALLS_PER_SECOND:
        raise errors.throttled()
    rates.put(scope, Rate(second, calls + 1), queue.id, action)
