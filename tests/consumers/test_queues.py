"""The reader of a queue: what becomes of messages when it stops, and when its handler is throttled."""

import asyncio
import types
from contextlib import suppress

import pytest

from fogbank.consumers import queues
from fogbank.consumers.queues import QueueConsumer
from fogbank.consumers.settings import GOOD, Settings, Verdict

VISIBLE = 30


class Queue:
    """A queue of one message, as a context: time passes with every question."""

    endpoint = "http://localhost"

    def __init__(self):
        self.app = types.SimpleNamespace(requests=set())
        self.time = 0.0
        self.messages = [{"MessageId": "1", "ReceiptHandle": "r", "Body": "x", "MD5OfBody": ""}]
        self.deleted = []

    def at(self):
        return self

    def now(self):
        self.time += 1
        return self.time

    async def transact(self, work):
        return await work()

    async def call(self, service, operation, request, as_caller):
        if operation == "GetQueueAttributes":
            return {"Attributes": {"VisibilityTimeout": str(VISIBLE)}}
        if operation == "DeleteMessageBatch":
            self.deleted += request["Entries"]
            return {}
        if not self.messages:
            await asyncio.Event().wait()
        return {"Messages": [self.messages.pop()]}


@pytest.fixture
def queue(monkeypatch):
    monkeypatch.setattr(queues, "_PAUSE", 0.001)
    monkeypatch.setattr(queues, "_LONGEST_PAUSE", 0.001)
    return Queue()


def read(queue, handle, until):
    """Read until something has happened, then stop; what is begun goes on."""

    async def work():
        consumer = QueueConsumer(queue, "arn:aws:sqs:us-east-1:123456789012:work", Settings(1), handle)
        reading = asyncio.ensure_future(consumer.run())
        await until.wait()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await asyncio.gather(*queue.app.requests)

    asyncio.run(asyncio.wait_for(work(), 30))


def test_a_batch_that_was_begun_is_finished_though_nobody_reads_on(queue):
    begun = asyncio.Event()

    async def handle(batch):
        begun.set()
        await asyncio.sleep(0.01)
        return GOOD

    read(queue, handle, begun)
    assert len(queue.deleted) == 1


def test_a_throttled_handler_is_asked_again_until_others_may_get_the_messages(queue):
    times, over = [], asyncio.Event()

    async def handle(batch):
        times.append(queue.time)
        if queue.time > VISIBLE - 5:
            over.set()
        return Verdict(is_throttled=True)

    read(queue, handle, over)
    assert len(times) > 2 and times[-1] < VISIBLE + 5
    assert queue.deleted == []
