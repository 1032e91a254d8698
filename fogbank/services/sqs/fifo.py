"""The backlog of a FIFO queue: messages in lines by group, and the groups in the order in which they can be received from.

A group that has a message in flight is held: nothing of it is received until all of its messages in flight are deleted or visible
again. Since a held group gives nothing, all that it has in flight comes from one receive, ten messages at most. The layout is in
`messages.py`.

The delay of a FIFO queue is the queue's alone, and changing it changes it for the messages that are there: so it is no part of any key.
"""

from __future__ import annotations

from fogbank.kernel import Record
from fogbank.services.sqs.messages import COUNTED, SECOND, Backlog, Found, Message, Place, Received, messages, places
from fogbank.services.sqs.service import service


class Group(Record, frozen=True):
    """A group with messages.

    first  the sequence number of its first message; it is only looked at when none is held
    held   its messages in flight: (sequence number, visible again when)
    """

    first: int
    held: list[tuple[int, int]] = []

    @property
    def free(self) -> int:
        """When the last message in flight is visible again."""
        return max(visible for _, visible in self.held)


lines = service.collection("lines", bytes)
groups = service.collection("groups", Group)
ready = service.collection("ready", bytes)
held = service.collection("held", bytes)

_KEY = (int, str)


class FifoBacklog(Backlog):
    async def enqueue(self, message: Message, sequence: int) -> None:
        group = _group(message)
        lines.put(self.ctx, b"", self.number, group, sequence)
        if await groups.get(self.ctx, self.number, group) is None:
            self._place(group, Group(sequence))

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        taken: list[Received] = []
        while len(taken) < limit:
            due = await self._due(limit - len(taken))
            if not due:
                break
            for group in due:
                if len(taken) < limit:
                    taken += await self._take_from(group, limit - len(taken), timeout)
        return taken

    async def _due(self, limit: int) -> list[str]:
        """The groups that have something to receive, the one that has had it for longest first."""
        until = None if self.queue.delay == 0 else (self._arrived_before + 1,)
        rows = await ready.items(self.ctx, _KEY, self.number, until=until, limit=limit)
        rows += await held.items(self.ctx, _KEY, self.number, until=(self.now + 1,), limit=limit)
        rows.sort()
        return [key[1] for key, _ in rows[:limit]]  # type: ignore[misc]

    @property
    def _arrived_before(self) -> int:
        """Messages that arrived until then are not delayed any more."""
        return self.now - self.queue.delay * SECOND

    async def _take_from(self, group: str, limit: int, timeout: int) -> list[Received]:
        """Receive the first messages of a group that has none in flight."""
        taken: list[Received] = []
        for sequence in await self._first(group, limit):
            if self.queue.delay and sequence > self._arrived_before:
                break
            found = await self._find(sequence)
            if not await self.must_go(*found):
                place = self.received_again(found.message, found.place, timeout)
                places.put(self.ctx, place, self.number, sequence)
                taken.append(Received(sequence, found.message, place))
        await self._regroup(group, [(each.sequence, each.place.visible) for each in taken])
        return taken

    async def _first(self, group: str, limit: int) -> list[int]:
        rows = await lines.items(self.ctx, (int,), self.number, group, limit=limit)
        return [key[0] for key, _ in rows]  # type: ignore[misc]

    async def _find(self, sequence: int) -> Found:
        message = await messages.get(self.ctx, self.number, sequence)
        place = await places.get(self.ctx, self.number, sequence) if self.counts.received else None
        assert message is not None
        return Found(sequence, message, place)

    async def first_visible(self) -> Found | None:
        due = await self._due(1)
        return await self._find((await self._first(due[0], 1))[0]) if due else None

    async def next_visible(self) -> int | None:
        moments = [key[0] for key, _ in await held.items(self.ctx, _KEY, self.number, limit=1)]
        if self.queue.delay:
            arrivals = await ready.items(self.ctx, _KEY, self.number, limit=1)
            moments += [key[0] + self.queue.delay * SECOND for key, _ in arrivals]  # type: ignore[operator]
        return min(moments, default=None)  # type: ignore[return-value, type-var]

    # -- settling

    async def dequeue(self, sequence: int, message: Message, place: Place | None) -> None:
        name = _group(message)
        lines.delete(self.ctx, self.number, name, sequence)
        await self._regroup_with(name, sequence, [])

    async def hide(self, sequence: int, message: Message, place: Place, visible: int) -> None:
        place = Place(visible, place.receives, place.first_received, place.last_received)
        places.put(self.ctx, place, self.number, sequence)
        await self._regroup_with(_group(message), sequence, [(sequence, visible)])

    def is_current(self, place: Place, receive: int) -> bool:
        """A FIFO queue lets only the last receiver settle, and only while the message is hidden."""
        return place.receives == receive and place.visible > self.now

    # -- groups

    async def _regroup_with(self, name: str, sequence: int, instead: list[tuple[int, int]]) -> None:
        """Replace what a group has in flight of one message."""
        group = await groups.get(self.ctx, self.number, name)
        if group is not None:
            others = [entry for entry in group.held if entry[0] != sequence]
            await self._move(name, group, others + instead)
            self.announce()

    async def _regroup(self, name: str, in_flight: list[tuple[int, int]]) -> None:
        group = await groups.get(self.ctx, self.number, name)
        if group is not None:
            await self._move(name, group, in_flight)

    async def _move(self, name: str, group: Group, in_flight: list[tuple[int, int]]) -> None:
        """Put a group where it belongs that has these messages in flight now."""
        self._leave(name, group)
        if in_flight:
            self._place(name, Group(group.first, in_flight))
            return
        first = await self._first(name, 1)
        if first:
            self._place(name, Group(first[0]))
        else:
            groups.delete(self.ctx, self.number, name)

    def _place(self, name: str, group: Group) -> None:
        groups.put(self.ctx, group, self.number, name)
        if group.held:
            held.put(self.ctx, bytes([len(group.held)]), self.number, group.free, name)
        else:
            ready.put(self.ctx, b"", self.number, group.first, name)

    def _leave(self, name: str, group: Group) -> None:
        if group.held:
            held.delete(self.ctx, self.number, group.free, name)
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
        rows = await held.raw_items(self.ctx, self.number, since=(self.now + 1,), limit=COUNTED)
        return sum(size[0] for _, size in rows)

    async def delayed(self) -> int:
        if self.queue.delay == 0:
            return 0
        return await messages.count(self.ctx, self.number, since=(self._arrived_before + 1,), limit=COUNTED)


def _group(message: Message) -> str:
    assert message.group is not None
    return message.group
