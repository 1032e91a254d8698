"""The backlog of a standard queue: messages in the order of becoming visible. The layout is in `messages.py`."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.services.sqs.messages import COUNTED, SECOND, Backlog, Found, Message, Place, Received, messages, places
from fogbank.services.sqs.service import service

fresh = service.collection("fresh", bytes)
received = service.collection("received", bytes)

_KEY = (int, int)


class _Spot(NamedTuple):
    """A row of `fresh` or `received`."""

    visible: int
    sequence: int


def _first_spot(message: Message, sequence: int) -> _Spot:
    return _Spot(sequence + message.delay * SECOND, sequence)


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
        fresh.put(self.ctx, b"", self.number, *_first_spot(message, sequence))

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        taken: list[Received] = []
        while len(taken) < limit:
            due = await self._due(limit - len(taken))
            if not due:
                break
            for spot in due:
                found = await self._take_one(spot, timeout)
                if found is not None:
                    taken.append(found)
        return taken

    async def _due(self, limit: int) -> list[_Spot]:
        """The visible messages that have been so for longest."""
        bounds = {"until": (self.now + 1,), "limit": limit}
        rows = await fresh.items(self.ctx, _KEY, self.number, **bounds) if self.counts.fresh else []
        if self.counts.received:
            rows += await received.items(self.ctx, _KEY, self.number, **bounds)
            rows.sort()
        return [_Spot(*key) for key, _ in rows[:limit]]  # type: ignore[arg-type]

    async def _find(self, spot: _Spot) -> Found:
        message = await messages.get(self.ctx, self.number, spot.sequence)
        place = await places.get(self.ctx, self.number, spot.sequence) if self.counts.received else None
        assert message is not None
        return Found(spot.sequence, message, place)

    async def _take_one(self, spot: _Spot, timeout: int) -> Received | None:
        found = await self._find(spot)
        if await self.must_go(*found):
            return None
        self._leave(spot, found.place)
        place = self.received_again(found.message, found.place, timeout)
        self._settle(spot.sequence, place)
        return Received(spot.sequence, found.message, place)

    async def first_visible(self) -> Found | None:
        due = await self._due(1)
        return await self._find(due[0]) if due else None

    async def next_visible(self) -> int | None:
        since = {"since": (self.now + 1,), "limit": 1}
        rows = await fresh.items(self.ctx, _KEY, self.number, **since)
        rows += await received.items(self.ctx, _KEY, self.number, **since)
        return min((key[0] for key, _ in rows), default=None)  # type: ignore[return-value, type-var]

    # -- settling

    def _settle(self, sequence: int, place: Place) -> None:
        places.put(self.ctx, place, self.number, sequence)
        received.put(self.ctx, b"", self.number, place.visible, sequence)

    def _leave(self, spot: _Spot, place: Place | None) -> None:
        (fresh if place is None else received).delete(self.ctx, self.number, *spot)

    async def dequeue(self, sequence: int, message: Message, place: Place | None) -> None:
        spot = _first_spot(message, sequence) if place is None else _Spot(place.visible, sequence)
        self._leave(spot, place)

    async def hide(self, sequence: int, message: Message, place: Place, visible: int) -> None:
        self._leave(_Spot(place.visible, sequence), place)
        self._settle(sequence, Place(visible, place.receives, place.first_received, place.last_received))
        self.announce()

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
        return await received.count(self.ctx, self.number, since=(self.now + 1,), limit=COUNTED)

    async def delayed(self) -> int:
        return await fresh.count(self.ctx, self.number, since=(self.now + 1,), limit=COUNTED)
