"""How the messages of a queue lie in the store, and the operations on that layout which both kinds of queues share.

A queue's messages lie under its *backlog number*, the first part (B) of every key here. Purging gives the queue another number, and a
task clears the old one. Times are microseconds since the epoch. A message's *sequence number* is the time of its arrival, made unique
within the backlog by counting up; so the oldest messages, which expire first, come first.

    messages   (B, sequence)              Message: what was sent, never rewritten
    places     (B, sequence)              Place: of a message that was received: until when it is hidden, how often it was received
    fresh      (B, visible, sequence)     \\  a standard queue's messages in the order of becoming visible: those never received
    received   (B, visible, sequence)     /  (among them the delayed), and those received (in flight, or visible again)
    lines      (B, group, sequence)       \\
    groups     (B, group)                  | a FIFO queue's messages by group, and its groups: `ready` are the groups with no
    ready      (B, sequence, group)        | message in flight, by their first message; `held` those with, by the time when
    held       (B, free, group)           /  the last of these is visible again
    tenants    (B, group)                 how many messages a tenant of a fair queue has; `fresh` and `received` tell the group, too
    counts     (B)                        Counts

Nothing has a timer. What is visible, delayed, in flight or expired is read off the keys and the clock: receiving scans `fresh` and
`received`, or `ready` and `held`, up to now, and takes the first ones, however many messages there are and however many groups are
blocked. To send, receive or delete a message costs a handful of point operations.

One task per queue deletes what has expired, at the moment when its oldest message does. Receiving looks for itself all the same, since
a task may be late.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Self

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.sqs.counts import NEVER, Counts, Tally
from fogbank.services.sqs.fairness import Quiet
from fogbank.services.sqs.message_attributes import TypedValues
from fogbank.services.sqs.queue import Queue, arn, queues
from fogbank.services.sqs.service import service

SECOND = 1_000_000

MINUTE = 60 * SECOND

# metrics are put so long before the end of a minute, so that alarms see them which look at its end (microseconds)
_BEFORE = 100_000

# so many rows are passed over again and again before a count that only reads is written down
_PASSED_AGAIN = 1000


# the queue (id) and the key of KMS (ARN) for which a data key was made
DataKeyId = tuple[int, str]


class Message(Record, frozen=True):
    """What was sent. Digests are hexadecimal MD5.

    source           the queue (ARN) from which the message came here as a dead letter
    earlier_receives how often it was received in former queues
    first_received   when it was first received in a former queue, 0 for never (microseconds)
    visible          when it can be received for the first time, in a standard queue (microseconds)
    data_key         what it is under, if it was sent to a queue with a key of KMS
    """

    id: str
    body: str
    md5: str
    sender: str
    attributes: TypedValues = {}
    attributes_md5: str | None = None
    trace: str | None = None
    group: str | None = None
    deduplication: str | None = None
    source: str | None = None
    earlier_receives: int = 0
    first_received: int = 0
    visible: int = 0
    data_key: DataKeyId | None = None


class Place(Record, frozen=True):
    """Where a received message is: hidden until `visible`, received `receives` times, for the first and for the last time when."""

    visible: int
    receives: int
    first_received: int
    last_received: int
    group: str | None = None


messages = service.collection("messages", Message)
places = service.collection("places", Place)
counts = service.collection("counts", Counts)


class Found(NamedTuple):
    """A message in the queue; it has no place unless it was received."""

    sequence: int
    message: Message
    place: Place | None


class Received(NamedTuple):
    """A message in a receiver's hands."""

    sequence: int
    message: Message
    place: Place


class Backlog:
    """The messages of a queue, within a transaction. Use `open`, then what is asked for, then `save`, or `used` if a client did it.

    `now` is the time of the whole transaction. `worth_saving`: who has only counted should `save`, too.
    """

    def __init__(self, ctx: Context, queue: Queue, numbers: Counts | None) -> None:
        self.ctx = ctx
        self.queue = queue
        self.number = queue.backlog
        self.now = int(ctx.now() * SECOND)
        self.counts = numbers or Counts.empty(self.now)
        self.worth_saving = False
        self._announced = False

    @classmethod
    async def open(cls, ctx: Context, queue: Queue) -> Self:
        """`ctx` is in the scope of the queue's account."""
        return cls(ctx, queue, await counts.get(ctx, queue.backlog))

    def save(self) -> None:
        counts.put(self.ctx, self.counts, self.number)

    async def used(self) -> None:
        """Save it. The queue is active from now on: its metrics are put when the minute is over."""
        use, due = self.counts.use, self.end_of_minute
        use.last = self.now
        if not use.due or use.due > due:
            await self.measure_at(due)
        self.save()

    @property
    def end_of_minute(self) -> int:
        """When the metrics of this minute are put."""
        return (self.now + _BEFORE) // MINUTE * MINUTE + MINUTE - _BEFORE

    async def measure_at(self, moment: int) -> None:
        """Have the metrics put at that time."""
        use = self.counts.use
        if not use.due:
            use.since = self.now // MINUTE * MINUTE
        use.due = moment
        payload = {"name": self.queue.name, "id": self.queue.id}
        await self.ctx.schedule("measure", payload, at=moment / SECOND, key=str(self.queue.id))

    # -- sending

    async def next_sequence(self) -> int:
        """The arrival time of the next message, made unique."""
        self.counts.last = max(self.now, self.counts.last + 1)
        return self.counts.last

    async def add(self, message: Message, sequence: int) -> None:
        """Put a message in."""
        messages.put(self.ctx, message, self.number, sequence)
        self.counts.fresh += 1
        await self.enqueue(message, sequence)
        if not self.counts.expires:
            await self.expire_at(self.expiry(sequence))
        self.announce()

    async def enqueue(self, message: Message, sequence: int) -> None:
        raise NotImplementedError

    def announce(self) -> None:
        """Have those look again who wait for messages: once, as the transaction ends only once."""
        if not self._announced:
            self._announced = True
            self.ctx.notify(*topic(self.queue))

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        """Receive up to `limit` visible messages and hide them for `timeout` seconds."""
        raise NotImplementedError

    async def first_visible(self) -> Found | None:
        """The message that would be received next."""
        raise NotImplementedError

    def next_visible(self) -> int:
        """When to look again at the latest, after nothing was visible; NEVER when there is nothing to become visible."""
        raise NotImplementedError

    def received_again(self, message: Message, place: Place | None, timeout: int) -> Place:
        """The place of a message that is being received. It is hidden at least until after now, so that it is taken only once."""
        visible = self.now + max(timeout * SECOND, 1)
        self.counts.received_from = min(self.counts.received_from, visible)
        if place is None:
            self.counts.fresh -= 1
            self.counts.received += 1
            return Place(visible, 1, message.first_received or self.now, self.now, message.group)
        return Place(visible, place.receives + 1, place.first_received, self.now, message.group)

    async def must_go(self, found: Found) -> bool:
        """Is this message not to be delivered any more: because it has expired, or was received too often? Then it is gone now."""
        if self.expiry(found.sequence) <= self.now:
            await self.remove(found)
            return True
        policy = self.queue.dead_letters
        if policy is None or found.place is None or found.place.receives < policy.receives:
            return False
        return await self.bury(policy.target, found, found.place)

    # -- settling

    async def remove(self, found: Found) -> None:
        """Take a message out for good."""
        if found.place is not None:
            await self.remove_received(found.sequence, found.place)
            return
        messages.delete(self.ctx, self.number, found.sequence)
        self.counts.fresh -= 1
        await self.dequeue(found.sequence, found.message)

    async def dequeue(self, sequence: int, message: Message) -> None:
        """Take a message out of its order that was never received."""
        raise NotImplementedError

    async def remove_received(self, sequence: int, place: Place) -> None:
        """Take a message out for good that was received: what was sent need not be read for that."""
        messages.delete(self.ctx, self.number, sequence)
        places.delete(self.ctx, self.number, sequence)
        self.counts.received -= 1
        await self.dequeue_received(sequence, place)

    async def dequeue_received(self, sequence: int, place: Place) -> None:
        raise NotImplementedError

    async def hide(self, sequence: int, place: Place, visible: int) -> Place:
        """Change until when a received message is hidden."""
        self.counts.received_from = min(self.counts.received_from, visible)
        hidden = Place(visible, place.receives, place.first_received, place.last_received, place.group)
        places.put(self.ctx, hidden, self.number, sequence)
        await self.requeue(sequence, place, hidden)
        self.announce()
        return hidden

    async def requeue(self, sequence: int, before: Place, after: Place) -> None:
        raise NotImplementedError

    def is_current(self, place: Place, receive: int) -> bool:
        """May the receiver that got the message as its `receive`th one still settle it?"""
        raise NotImplementedError

    # -- dead letters

    async def bury(self, target: str, found: Found, place: Place) -> bool:
        """Move a message to the dead-letter queue, if that queue is there."""
        grave = await queues.get(self.ctx, target)
        if grave is None or grave.fifo != self.queue.fifo:
            return False
        await self.remove(found)
        other = await type(self).open(self.ctx, grave)
        dead = msgspec.structs.replace(
            found.message,
            source=arn(self.ctx, self.queue.name),
            earlier_receives=found.message.earlier_receives + place.receives,
            first_received=place.first_received,
            visible=self.now,
        )
        await other.add(dead, await other.sequence_of_dead_letter(found.sequence))
        await other.used()
        return True

    async def sequence_of_dead_letter(self, sequence: int) -> int:
        raise NotImplementedError

    # -- expiry

    def expiry(self, sequence: int) -> int:
        return sequence + self.queue.retention * SECOND

    async def expire_at(self, moment: int) -> None:
        """Have the expired messages deleted at that time."""
        self.counts.expires = moment
        await self.ctx.schedule("expire", {"name": self.queue.name}, at=moment / SECOND, key=str(self.queue.id))

    # -- counting

    async def counted(self) -> tuple[int, int, int]:
        """How many messages are visible, in flight, delayed. Exact."""
        delayed, in_flight = await self.delayed(), await self.in_flight()
        return self.counts.fresh + self.counts.received - delayed - in_flight, in_flight, delayed

    async def after_now(self, tally: Tally, between: Callable[[int, int], Awaitable[int]]) -> int:
        """What the tally says about now. `between` counts the rows from one moment to another, the second one excluded."""
        at, now = tally.at, self.now
        if at < 0:
            tally.count, passed = 0, -await between(now + 1, NEVER)
        elif at <= now:
            passed = await between(at + 1, now + 1)
        else:  # the clock was set back
            passed = -await between(now + 1, at + 1)
        tally.count -= passed
        tally.at = now
        self.worth_saving = self.worth_saving or abs(passed) > _PASSED_AGAIN
        return tally.count

    async def in_flight(self) -> int:
        """Messages that were received and are hidden."""
        raise NotImplementedError

    async def delayed(self) -> int:
        """Messages that were never visible yet."""
        raise NotImplementedError

    async def groups_in_flight(self) -> int | None:
        """How many groups have messages in flight; None where groups are no lines."""
        return None

    async def quiet(self) -> Quiet | None:
        """What those tenants have who are not noisy; None where groups are no tenants."""
        return None


def topic(queue: Queue) -> tuple[str, str]:
    """What receivers wait for: something changed in the queue."""
    return ("sqs", str(queue.id))
