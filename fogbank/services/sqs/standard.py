"""The backlog of a standard queue: messages in the order of becoming visible. The layout is in `messages.py`."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from fogbank.kernel import Collection, adversary
from fogbank.services.sqs.messages import (
    NEVER,
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

fresh = service.collection("fresh", bytes)
received = service.collection("received", bytes)

_KEY = (int, int)

# under adversarial consistency, so many of the messages are delivered twice: they are not hidden from the next receiver
_TWICE = 0.1


class _Spot(NamedTuple):
    """A row of `fresh`, or of `received`."""

    visible: int
    sequence: int
    was_received: bool


def _first_spot(message: Message, sequence: int) -> _Spot:
    return _Spot(message.visible, sequence, False)


class StandardBacklog(Backlog):
    async def next_sequence(self) -> int:
        """Counting on from the last one, except when the clock was set back: then the first free one from now on."""
        if self.counts.last < self.now + SECOND:
            return await super().next_sequence()
        return await self._free(self.now)

    async def _free(self, sequence: int) -> int:
        while await messages.get(self.ctx, self.number, sequence) is not None:
            sequence += 1
        return sequence

    async def enqueue(self, message: Message, sequence: int) -> None:
        spot = _first_spot(message, sequence)
        fresh.put(self.ctx, b"", self.number, spot.visible, sequence)
        self.counts.later.came(spot.visible)
        self.counts.fresh_from = min(self.counts.fresh_from, spot.visible)

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        taken: list[Received] = []
        while len(taken) < limit and (due := await self._due(limit - len(taken))):
            for spot in due:
                found = await self._find(spot)
                if not await self.must_go(found):
                    taken.append(self._take(spot, found, timeout))
        return taken

    async def _due(self, limit: int) -> list[_Spot]:
        """The visible messages that have been so for longest."""
        numbers, spots = self.counts, []
        if numbers.fresh_from <= self.now:
            spots = await self._first(fresh, numbers.fresh_from, limit)
            numbers.fresh_from = spots[0].visible if spots else NEVER
        if numbers.received_from <= self.now:
            again = await self._first(received, numbers.received_from, limit)
            numbers.received_from = again[0].visible if again else NEVER
            spots = sorted(spots + again)
        return [spot for spot in spots[:limit] if spot.visible <= self.now]

    async def _first(self, rows: Collection[bytes], since: int, limit: int) -> list[_Spot]:
        found = await rows.items(self.ctx, _KEY, self.number, since=(since,), limit=limit)
        return [_Spot(visible, sequence, rows is received) for (visible, sequence), _ in found]  # type: ignore[arg-type]

    async def _find(self, spot: _Spot) -> Found:
        message = await messages.get(self.ctx, self.number, spot.sequence)
        place = await places.get(self.ctx, self.number, spot.sequence) if spot.was_received else None
        assert message is not None
        return Found(spot.sequence, message, place)

    def _take(self, spot: _Spot, found: Found, timeout: int) -> Received:
        self._leave(spot)
        hidden = 0 if adversary.strikes(self.ctx, _TWICE) else timeout
        place = self.received_again(found.message, found.place, hidden)
        places.put(self.ctx, place, self.number, found.sequence)
        self._arrive(found.sequence, place)
        return Received(found.sequence, found.message, place)

    async def first_visible(self) -> Found | None:
        due = await self._due(1)
        return await self._find(due[0]) if due else None

    def next_visible(self) -> int:
        return min(self.counts.fresh_from, self.counts.received_from)

    # -- settling

    def _arrive(self, sequence: int, place: Place) -> None:
        received.put(self.ctx, b"", self.number, place.visible, sequence)
        self.counts.hidden.came(place.visible)

    def _leave(self, spot: _Spot) -> None:
        rows, tally = (received, self.counts.hidden) if spot.was_received else (fresh, self.counts.later)
        rows.delete(self.ctx, self.number, spot.visible, spot.sequence)
        tally.went(spot.visible)

    async def dequeue(self, sequence: int, message: Message) -> None:
        self._leave(_first_spot(message, sequence))

    async def dequeue_received(self, sequence: int, place: Place) -> None:
        self._leave(_Spot(place.visible, sequence, True))

    async def requeue(self, sequence: int, before: Place, after: Place) -> None:
        self._leave(_Spot(before.visible, sequence, True))
        self._arrive(sequence, after)

    def is_current(self, place: Place, receive: int) -> bool:
        """A standard queue lets every receiver delete, whoever received the message since."""
        return True

    # -- dead letters

    async def sequence_of_dead_letter(self, sequence: int) -> int:
        """The time of arrival in the first queue: a standard queue's message does not live longer by being moved.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        """
        return await self._free(sequence)

    # -- counting

    async def in_flight(self) -> int:
        return await self.after_now(self.counts.hidden, partial(self._between, received))

    async def delayed(self) -> int:
        return await self.after_now(self.counts.later, partial(self._between, fresh))

    async def _between(self, rows: Collection[bytes], since: int, until: int) -> int:
        return await rows.count(self.ctx, self.number, since=(since,), until=(until,))
