"""How many messages are visible, in flight and delayed, as time goes by, forth and back."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.sqs.messages import Backlog, Tally

MOMENTS = st.integers(0, 50)


class Rows:
    """Rows in time order with a tally of those ahead, as a backlog has them."""

    def __init__(self, tally):
        self.tally = tally
        self.moments = []
        self.passed = 0

    def put(self, moment):
        self.moments.insert(bisect_left(self.moments, moment), moment)
        self.tally.came(moment)

    def delete(self, which):
        self.tally.went(self.moments.pop(which % len(self.moments)))

    def ahead_of(self, now):
        async def between(since, until):
            found = bisect_left(self.moments, until) - bisect_left(self.moments, since)
            self.passed += found
            return found

        backlog = SimpleNamespace(now=now, worth_saving=False)
        return asyncio.run(Backlog.after_now(backlog, self.tally, between))


steps = st.lists(st.tuples(st.sampled_from(["put", "put", "delete", "look"]), MOMENTS))


@given(steps, st.sampled_from([-1, 0, 20]))
def test_a_tally_counts_like_counting_does(steps, at):
    rows = Rows(Tally(0, at))
    for step, moment in steps:
        if step == "put":
            rows.put(moment)
        elif step == "delete" and rows.moments:
            rows.delete(moment)
        elif step == "look":
            assert rows.ahead_of(moment) == sum(each > moment for each in rows.moments)


def test_each_row_is_counted_once():
    rows = Rows(Tally(0, 0))
    for moment in range(1, 1001):
        rows.put(moment)
    for now in range(0, 1001, 10):
        assert rows.ahead_of(now) == 1000 - now
    assert rows.passed == 1000


def test_messages_in_flight_are_visible_again_when_their_time_is_over(queue, send, receive, counted, clock):
    for number in range(3):
        send(queue, str(number))
    receive(queue, 2, VisibilityTimeout=10)
    assert counted(queue) == (1, 2, 0)
    clock.advance(seconds=11)
    assert counted(queue) == (3, 0, 0)


def test_messages_are_delayed_until_their_time_comes(queue, send, counted, clock):
    for delay in (0, 10, 20):
        send(queue, "late", DelaySeconds=delay)
    assert counted(queue) == (1, 0, 2)
    clock.advance(seconds=11)
    assert counted(queue) == (2, 0, 1)


def test_what_is_counted_follows_a_clock_that_is_set_back(queue, send, receive, counted, clock):
    send(queue, "sent")
    send(queue, "delayed", DelaySeconds=60)
    receive(queue, VisibilityTimeout=60)
    clock.advance(seconds=100)
    assert counted(queue) == (2, 0, 0)
    clock.reset()
    assert counted(queue) == (0, 1, 1)


def test_a_purged_queue_counts_anew(sqs, queue, send, receive, counted):
    send(queue, "a")
    send(queue, "b")
    receive(queue, 1)
    sqs.purge_queue(QueueUrl=queue)
    assert counted(queue) == (0, 0, 0)
    send(queue, "c")
    assert counted(queue) == (1, 0, 0)


def test_messages_of_a_group_that_are_visible_at_different_times_are_counted_one_by_one(
    sqs, fifo, send, receive, counted, clock
):
    for body in ("a", "b", "c"):
        send(fifo, body, MessageGroupId="g")
    first, second, _ = receive(fifo, VisibilityTimeout=30)
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=5)
    assert counted(fifo) == (0, 3, 0)
    clock.advance(seconds=6)
    assert counted(fifo) == (1, 2, 0)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=second["ReceiptHandle"])
    assert counted(fifo) == (1, 1, 0)
    clock.advance(seconds=30)
    assert counted(fifo) == (2, 0, 0)
