"""Random histories of both kinds of queues against a plain-Python reference, on a clock that stands still between steps.

Here operations are called without HTTP, so that many histories can be tried.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import AWSError
from fogbank.services.sqs import fifo, messages, standard
from fogbank.services.sqs.queue import queues

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
RETENTION, RECEIVES = 100, 3


class StandingClock:
    """A clock that only moves when it is told to."""

    def __init__(self):
        self.moment, self.offset = START / SECOND, 0.0

    def now(self):
        return self.moment


# -- the reference


@dataclass
class Sent:
    """A message of the reference. `arrived` is unique, `visible` is when it can be received (again)."""

    body: str
    group: str
    arrived: int
    visible: int
    receives: int = 0


@dataclass
class Reference:
    """What a queue has to do, written down as simply as possible: lists, and looking through all of them. Times are microseconds."""

    is_fifo: bool
    now: int = START
    there: list[Sent] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    held: dict[str, list[Sent]] = field(default_factory=dict)
    last: int = 0

    def send(self, group, delay):
        self.last = max(self.now, self.last + 1)
        body = f"{group}{self.last}"
        self.there.append(Sent(body, group, self.last, self.now + delay * SECOND))
        return body

    def expire(self):
        self.there = [sent for sent in self.there if sent.arrived + RETENTION * SECOND > self.now]

    def receive(self, most, timeout):
        self.expire()
        taken = self._from_groups(most) if self.is_fifo else self._from_all(most)
        for sent in taken:
            sent.visible = self.now + max(timeout * SECOND, 1)  # so that one receive gets a message once
            sent.receives += 1
        return taken

    def _from_all(self, most):
        taken = []
        for sent in sorted(self.there, key=lambda sent: (sent.visible, sent.arrived)):
            if sent.visible <= self.now and len(taken) < most and not self._dies(sent):
                taken.append(sent)
        return taken

    def _from_groups(self, most):
        taken = []
        for group in sorted({sent.group for sent in self.there}, key=self._turn):
            line = [sent for sent in self.there if sent.group == group]
            if len(taken) == most or any(sent.visible > self.now for sent in line):
                continue
            mine = []
            for sent in line:
                if len(taken) + len(mine) < most and not self._dies(sent):
                    mine.append(sent)
            self.held[group] = mine
            taken += mine
        return taken

    def _turn(self, group):
        """When a group's turn is: since when it has had something to receive."""
        held = [sent.visible for sent in self.held.get(group, []) if sent in self.there]
        first = next(sent for sent in self.there if sent.group == group)
        return (max(held), group) if held else (first.arrived, group)

    def _dies(self, sent):
        if sent.receives < RECEIVES:
            return False
        self.there.remove(sent)
        self.dead.append(sent.body)
        return True

    def counted(self):
        hidden = [sent for sent in self.there if sent.visible > self.now]
        in_flight = sum(1 for sent in hidden if sent.receives)
        return len(self.there) - len(hidden), in_flight, len(hidden) - in_flight


# -- the real queue


class Real:
    """A queue and its dead-letter queue, used through the operations."""

    def __init__(self, is_fifo):
        self.app = App(Settings(ephemeral=True))
        self.app.clock = StandingClock()
        self.ctx = self.app.system_context("sqs", "123456789012", "us-east-1")
        self.suffix = ".fifo" if is_fifo else ""
        self.url = f"http://localhost/123456789012/queue{self.suffix}"

    async def call(self, operation, **request):
        handler = self.ctx.service.operations[operation]
        if not handler.transaction:
            return await handler.handler(self.ctx, request)
        return await self.ctx.transact(handler.handler, self.ctx, request)

    async def create(self):
        kind = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if self.suffix else {}
        await self.call("create_queue", QueueName=f"dead{self.suffix}", Attributes=kind)
        policy = {
            "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:dead{self.suffix}",
            "maxReceiveCount": RECEIVES,
        }
        attributes = {"MessageRetentionPeriod": str(RETENTION), "RedrivePolicy": json.dumps(policy), **kind}
        await self.call("create_queue", QueueName=f"queue{self.suffix}", Attributes=attributes)

    async def receive(self, most, timeout):
        answer = await self.call(
            "receive_message", QueueUrl=self.url, MaxNumberOfMessages=most, VisibilityTimeout=timeout
        )
        return answer.get("Messages", [])

    async def sweep(self):
        payload = {"name": f"queue{self.suffix}"}
        await self.ctx.transact(self.ctx.service.tasks["expire"].handler, self.ctx, payload)

    async def counted(self, name="queue"):
        url = self.url.replace("queue", name)
        answer = await self.call("get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
        names = ("", "NotVisible", "Delayed")
        return tuple(int(answer["Attributes"][f"ApproximateNumberOfMessages{name}"]) for name in names)

    async def check_rows(self):
        """What is kept beside the messages agrees with them."""
        ctx = self.ctx

        async def check():
            queue = await queues.get(ctx, f"queue{self.suffix}")
            number = queue.backlog
            numbers = await messages.counts.get(ctx, number) or messages.Counts()
            total = numbers.fresh + numbers.received
            assert await messages.messages.count(ctx, number) == total
            assert await messages.places.count(ctx, number) == numbers.received
            if queue.fifo:
                assert await fifo.lines.count(ctx, number) == total
                spots = await fifo.ready.count(ctx, number) + await fifo.held.count(ctx, number)
                assert spots == await fifo.groups.count(ctx, number)
                before = ((fifo.ready, numbers.fresh_from), (fifo.held, numbers.received_from))
            else:
                assert await standard.fresh.count(ctx, number) == numbers.fresh
                assert await standard.received.count(ctx, number) == numbers.received
                before = ((standard.fresh, numbers.fresh_from), (standard.received, numbers.received_from))
            for rows, bound in before:
                assert await rows.count(ctx, number, until=(bound,)) == 0

        await ctx.transact(check)


# -- histories

GROUPS = "abc"
sends = st.tuples(st.just("send"), st.sampled_from(GROUPS), st.sampled_from([0, 0, 0, 15]))
receives = st.tuples(st.just("receive"), st.integers(1, 4), st.sampled_from([0, 20, 20, 60]))
deletes = st.tuples(st.just("delete"), st.integers(0, 5))
changes = st.tuples(st.just("change"), st.integers(0, 5), st.sampled_from([0, 7, 40]))
advances = st.tuples(st.just("advance"), st.sampled_from([1, 7, 20, 45]))
histories = st.lists(st.one_of(sends, sends, receives, receives, deletes, changes, advances), max_size=40)


class History:
    """The reference and the real queue, taken through the same steps."""

    def __init__(self, is_fifo):
        self.reference, self.real = Reference(is_fifo), Real(is_fifo)
        self.got = []  # (message of the reference, its number of receives then, receipt handle)

    async def run(self, steps):
        await self.real.create()
        for name, *arguments in steps:
            await getattr(self, name)(*arguments)
            await self.real.check_rows()
        await self.real.sweep()
        self.reference.expire()
        assert await self.real.counted() == self.reference.counted()
        assert await self.real.counted("dead") == (len(self.reference.dead), 0, 0)

    async def send(self, group, delay):
        is_fifo = self.reference.is_fifo
        body = self.reference.send(group, 0 if is_fifo else delay)
        params = {"MessageGroupId": group} if is_fifo else {"DelaySeconds": delay}
        await self.real.call("send_message", QueueUrl=self.real.url, MessageBody=body, **params)

    async def receive(self, most, timeout):
        expected = self.reference.receive(most, timeout)
        got = await self.real.receive(most, timeout)
        assert [message["Body"] for message in got] == [sent.body for sent in expected]
        for sent, message in zip(expected, got, strict=True):
            self.got.append((sent, sent.receives, message["ReceiptHandle"]))

    async def settle(self, number, operation, **params):
        """Whether the queue did as it was asked to, and what to."""
        sent, receive, handle = self.got[-1 - number % len(self.got)]
        current = sent.receives == receive and sent.visible > self.reference.now
        try:
            await self.real.call(operation, QueueUrl=self.real.url, ReceiptHandle=handle, **params)
        except AWSError as error:
            assert error.code == "InvalidParameterValue"
            return sent, current, False
        return sent, current, True

    async def delete(self, number):
        if self.got:
            sent, current, done = await self.settle(number, "delete_message")
            there = sent in self.reference.there
            assert done == (not there or not self.reference.is_fifo or current)
            if there and done:
                self.reference.there.remove(sent)

    async def change(self, number, timeout):
        if self.got:
            sent, current, done = await self.settle(number, "change_message_visibility", VisibilityTimeout=timeout)
            there = sent in self.reference.there
            assert done == (there and (current or not self.reference.is_fifo))
            if done and sent.visible > self.reference.now:
                sent.visible = self.reference.now + timeout * SECOND

    async def advance(self, seconds):
        self.reference.now += seconds * SECOND
        self.real.app.clock.moment += seconds
        await self.real.sweep()
        self.reference.expire()


A_DEAD_LETTER_LEAVES_ROOM = [("send", "a", 0)] * 3 + [("receive", 1, 0), ("advance", 1)] * 3 + [("receive", 2, 0)]


@pytest.mark.parametrize("is_fifo", [False, True], ids=["standard", "fifo"])
@settings(max_examples=100, deadline=None)
@given(steps=histories)
@example(steps=A_DEAD_LETTER_LEAVES_ROOM)
def test_a_queue_does_what_the_reference_does(is_fifo, steps):
    async def run():
        history = History(is_fifo)
        try:
            await history.run(steps)
        finally:
            await history.real.app.close()

    asyncio.run(run())
