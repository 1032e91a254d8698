"""The backlog of a FIFO queue: messages in lines by group, and the groups in the order in which they can be received from.

A group that has a message in flight is held: nothing of it is received until all of its messages in flight are deleted or visible
again. Since a held group gives nothing, all that it has in flight comes from one receive, ten messages at most. The layout is in
`messages.py`.

The delay of a FIFO queue is the queue's alone, and changing it changes it for the messages that are there: so it is no part of any key.
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Collection, Record
from fogbank.services.sqs.counts import NEVER
from fogbank.services.sqs.messages import (
    SECOND,
    Backlog,
    Found,
    Message,
    Place,
    Received,
    messages,
    places,
)
from fogbank.services.sqs.service import service

# a message in flight: its sequence number, and when it is visible again
InFlight = tuple[int, int]


class Group(Record, frozen=True):
    """A group with messages.

    first  the sequence number of its first message; it is only looked at when none is held
    held   its messages in flight
    """

    first: int
    held: list[InFlight] = []

    @property
    def free(self) -> int:
        """When the last message in flight is visible again."""
        return max(visible for _, visible in self.held)

    @property
    def is_uneven(self) -> bool:
        """Do its messages in flight become visible at different times?"""
        return len({visible for _, visible in self.held}) > 1


# what a row of `held` says: when each of the group's messages in flight is visible again
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[int]).decode

lines = service.collection("lines", bytes)
groups = service.collection("groups", Group)
ready = service.collection("ready", bytes)
held = service.collection("held", bytes)


class FifoBacklog(Backlog):
    async def enqueue(self, message: Message, sequence: int) -> None:
        group = _group(message)
        lines.put(self.ctx, b"", self.number, group, sequence)
        if await groups.get(self.ctx, self.number, group) is None:
            self._arrive(group, Group(sequence))

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        taken: list[Received] = []
        while len(taken) < limit and (due := await self._due(limit - len(taken))):
            for group in due:
                if len(taken) < limit:
                    taken += await self._take_from(group, limit - len(taken), timeout)
        return taken

    async def _due(self, limit: int) -> list[str]:
        """The groups that have something to receive, the one that has had it for longest first."""
        numbers, due = self.counts, []
        if numbers.fresh_from <= self._arrived_before:
            rows = await self._first(ready, numbers.fresh_from, limit)
            numbers.fresh_from = rows[0][0] if rows else NEVER
            due = [row for row in rows if row[0] <= self._arrived_before]
        if numbers.received_from <= self.now:
            rows = await self._first(held, numbers.received_from, limit)
            numbers.received_from = rows[0][0] if rows else NEVER
            due = sorted(due + [row for row in rows if row[0] <= self.now])
        return [name for _, name in due[:limit]]

    async def _first(self, rows: Collection[bytes], since: int, limit: int) -> list[tuple[int, str]]:
        found = await rows.items(self.ctx, (int, str), self.number, since=(since,), limit=limit)
        return [key for key, _ in found]  # type: ignore[misc]

    @property
    def _arrived_before(self) -> int:
        """Messages that arrived until then are not delayed any more. Without a delay the clock does not matter."""
        return self.now - self.queue.delay * SECOND if self.queue.delay else NEVER - 1

    async def _take_from(self, group: str, limit: int, timeout: int) -> list[Received]:
        """Receive the first messages of a group that has none in flight."""
        taken: list[Received] = []
        wanted, last = limit, -1
        while wanted:
            line = await self._line(group, wanted, last)
            for sequence in line:
                if sequence > self._arrived_before:
                    break
                found = await self._find(sequence)
                if not await self.must_go(found):
                    place = self.received_again(found.message, found.place, timeout)
                    places.put(self.ctx, place, self.number, sequence)
                    taken.append(Received(sequence, found.message, place))
            if len(line) < wanted:
                break
            wanted, last = limit - len(taken), line[-1]  # those that went to the dead letters leave room for others
        await self._regroup(group, [(each.sequence, each.place.visible) for each in taken])
        return taken

    async def _line(self, group: str, limit: int, after: int = -1) -> list[int]:
        """The first messages of a group, those behind the sequence `after`."""
        rows = await lines.items(self.ctx, (int,), self.number, group, after=(after,), limit=limit)
        return [key[0] for key, _ in rows]  # type: ignore[misc]

    async def _find(self, sequence: int) -> Found:
        message = await messages.get(self.ctx, self.number, sequence)
        place = await places.get(self.ctx, self.number, sequence) if self.counts.received else None
        assert message is not None
        return Found(sequence, message, place)

    async def first_visible(self) -> Found | None:
        due = await self._due(1)
        return await self._find((await self._line(due[0], 1))[0]) if due else None

    def next_visible(self) -> int:
        return min(self.counts.received_from, self.counts.fresh_from + self.queue.delay * SECOND, NEVER)

    # -- settling

    async def dequeue(self, sequence: int, message: Message) -> None:
        await self._leave_line(_group(message), sequence)

    async def dequeue_received(self, sequence: int, place: Place) -> None:
        await self._leave_line(_group(place), sequence)

    async def _leave_line(self, name: str, sequence: int) -> None:
        lines.delete(self.ctx, self.number, name, sequence)
        await self._replace(name, sequence, [])
        self.announce()

    async def requeue(self, sequence: int, before: Place, after: Place) -> None:
        await self._replace(_group(before), sequence, [(sequence, after.visible)])

    def is_current(self, place: Place, receive: int) -> bool:
        """A FIFO queue lets only the last receiver settle, and only while the message is hidden."""
        return place.receives == receive and place.visible > self.now

    # -- groups

    async def _replace(self, name: str, sequence: int, instead: list[InFlight]) -> None:
        """Put something else in the place of one message that a group has in flight."""
        group = await groups.get(self.ctx, self.number, name)
        if group is not None:
            await self._move(name, group, [entry for entry in group.held if entry[0] != sequence] + instead)

    async def _regroup(self, name: str, in_flight: list[InFlight]) -> None:
        group = await groups.get(self.ctx, self.number, name)
        if group is not None:
            await self._move(name, group, in_flight)

    async def _move(self, name: str, group: Group, in_flight: list[InFlight]) -> None:
        """Put a group where it belongs that has these messages in flight now."""
        self._leave(name, group)
        if in_flight:
            self._arrive(name, Group(group.first, in_flight))
            return
        first = await self._line(name, 1)
        if first:
            self._arrive(name, Group(first[0]))
        else:
            groups.delete(self.ctx, self.number, name)

    def _arrive(self, name: str, group: Group) -> None:
        groups.put(self.ctx, group, self.number, name)
        if group.held:
            held.put(self.ctx, _pack([visible for _, visible in group.held]), self.number, group.free, name)
            self.counts.hidden.came(group.free, len(group.held))
            self.counts.uneven += group.is_uneven
            self.counts.received_from = min(self.counts.received_from, group.free)
        else:
            ready.put(self.ctx, b"", self.number, group.first, name)
            self.counts.fresh_from = min(self.counts.fresh_from, group.first)

    def _leave(self, name: str, group: Group) -> None:
        if group.held:
            held.delete(self.ctx, self.number, group.free, name)
            self.counts.hidden.went(group.free, len(group.held))
            self.counts.uneven -= group.is_uneven
        else:
            ready.delete(self.ctx, self.number, group.first, name)

    # -- dead letters

    async def sequence_of_dead_letter(self, sequence: int) -> int:
        """A FIFO queue's message arrives anew.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        """
        return await self.next_sequence()

    # -- counting

    async def in_flight(self) -> int:
        """By rows of `held`, except when there are some with messages that are visible before their group is free."""
        if self.counts.uneven:
            rows = await held.raw_items(self.ctx, self.number, since=(self.now + 1,))
            return sum(visible > self.now for _, times in rows for visible in _unpack(times))
        return await self.after_now(self.counts.hidden, self._held_between)

    async def _held_between(self, since: int, until: int) -> int:
        """The messages in flight of the groups that are free between two moments."""
        rows = await held.raw_items(self.ctx, self.number, since=(since,), until=(until,))
        return sum(len(_unpack(times)) for _, times in rows)

    async def groups_in_flight(self) -> int:
        return await held.count(self.ctx, self.number, since=(self.now + 1,))

    async def delayed(self) -> int:
        if self.queue.delay == 0:
            return 0
        return await messages.count(self.ctx, self.number, since=(self._arrived_before + 1,))


def _group(record: Message | Place) -> str:
    assert record.group is not None
    return record.group
