"""The backlog that fits a queue."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.sqs.fifo import FifoBacklog
from fogbank.services.sqs.messages import Backlog
from fogbank.services.sqs.queue import Queue
from fogbank.services.sqs.standard import StandardBacklog


async def open_backlog(ctx: Context, queue: Queue) -> Backlog:
    """The queue's messages. `ctx` is in the scope of the queue's account."""
    return await (FifoBacklog if queue.fifo else StandardBacklog).open(ctx, queue)
