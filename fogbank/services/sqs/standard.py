"""The backlog of a standard queue: messages in the order of becoming visible, those of noisy tenants last. Its layout: `messages.py`."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from fogbank.kernel import Collection, adversary
from fogbank.services.sqs.counts import NEVER
from fogbank.services.sqs.fairness import Fairness, Quiet
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

fresh = service.collection("fresh", bytes)
received = service.collection("received", bytes)
tenants = service.collection("tenants", int)

_KEY = (int, int)

# under adversarial consistency, so many of the messages are delivered twice: they are not hidden from the next receiver
_TWICE = 0.1

# so many rows are looked at for the messages of quiet tenants: at once, and how often in one receive
_AHEAD = 500
_LOOKS = 10

# of the delayed messages of noisy tenants, so many at most are counted for the metrics
_COUNTED = 20_000


class _Spot(NamedTuple):
    """A row of `fresh`, or of `received`. The tenant is empty where the message has no group."""

    visible: int
    sequence: int
    was_received: bool
    tenant: str


def _first_spot(message: Message, sequence: int) -> _Spot:
    return _Spot(message.visible, sequence, False, message.group or "")


def _spot_of(place: Place, sequence: int) -> _Spot:
    return _Spot(place.visible, sequence, True, place.group or "")


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
        fresh.put(self.ctx, spot.tenant.encode(), self.number, spot.visible, sequence)
        self.counts.later.came(spot.visible)
        self.counts.fresh_from = min(self.counts.fresh_from, spot.visible)
        if spot.tenant:
            fair = self.counts.fair = self.counts.fair or Fairness()
            fair.quiet_from = min(fair.quiet_from, (spot.visible, sequence))
            await self._count_tenant(spot.tenant, 1)

    async def _count_tenant(self, tenant: str, by: int) -> None:
        messages_of = (await tenants.get(self.ctx, self.number, tenant) or 0) + by
        if messages_of > 0:
            tenants.put(self.ctx, messages_of, self.number, tenant)
        else:
            tenants.delete(self.ctx, self.number, tenant)

    # -- receiving

    async def take(self, limit: int, timeout: int) -> list[Received]:
        taken: list[Received] = []
        fair = self.counts.fair
        if fair is not None and fair.is_outdated(await self.in_flight()):
            await self._listen(fair)
        while len(taken) < limit and (due := await self._due(limit - len(taken))):
            for spot in due:
                found = await self._find(spot)
                if not await self.must_go(found):
                    taken.append(self._take(spot, found, timeout))
        return taken

    async def _due(self, limit: int) -> list[_Spot]:
        """The visible messages that are to be received next."""
        fair = self.counts.fair
        if fair is None or not fair.noisy:
            return await self._longest(limit)
        noisy = fair.noisy
        spots = {*await self._longest(_AHEAD), *await self._quiet(fair)}
        return sorted(spots, key=lambda spot: (noisy.get(spot.tenant, 0), spot))[:limit]

    async def _longest(self, limit: int) -> list[_Spot]:
        """The visible messages that have been so for longest."""
        numbers, spots = self.counts, []
        if numbers.fresh_from <= self.now:
            spots = await self._first(fresh, (numbers.fresh_from,), limit)
            numbers.fresh_from = spots[0].visible if spots else NEVER
        if numbers.received_from <= self.now:
            again = await self._first(received, (numbers.received_from,), limit)
            numbers.received_from = again[0].visible if again else NEVER
            spots = sorted(spots + again)
        return [spot for spot in spots[:limit] if spot.visible <= self.now]

    async def _first(self, rows: Collection[bytes], since: tuple[int, ...], limit: int) -> list[_Spot]:
        found = await rows.items(self.ctx, _KEY, self.number, since=since, limit=limit)
        again = rows is received
        return [_Spot(visible, sequence, again, tenant.decode()) for (visible, sequence), tenant in found]  # type: ignore[arg-type]

    async def _find(self, spot: _Spot) -> Found:
        message = await messages.get(self.ctx, self.number, spot.sequence)
        place = await places.get(self.ctx, self.number, spot.sequence) if spot.was_received else None
        assert message is not None
        return Found(spot.sequence, message, place)

    def _take(self, spot: _Spot, found: Found, timeout: int) -> Received:
        self._leave(spot)
        self._changed()
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
        received.put(self.ctx, (place.group or "").encode(), self.number, place.visible, sequence)
        self.counts.hidden.came(place.visible)

    def _leave(self, spot: _Spot) -> None:
        rows, tally = (received, self.counts.hidden) if spot.was_received else (fresh, self.counts.later)
        rows.delete(self.ctx, self.number, spot.visible, spot.sequence)
        tally.went(spot.visible)

    async def dequeue(self, sequence: int, message: Message) -> None:
        await self._go(_first_spot(message, sequence))

    async def dequeue_received(self, sequence: int, place: Place) -> None:
        self._changed()
        await self._go(_spot_of(place, sequence))

    async def _go(self, spot: _Spot) -> None:
        self._leave(spot)
        if spot.tenant:
            await self._count_tenant(spot.tenant, -1)

    async def requeue(self, sequence: int, before: Place, after: Place) -> None:
        self._leave(_spot_of(before, sequence))
        self._changed()
        self._arrive(sequence, after)

    def is_current(self, place: Place, receive: int) -> bool:
        """A standard queue lets every receiver delete, whoever received the message since."""
        return True

    # -- tenants

    def _changed(self) -> None:
        """A message was taken or settled."""
        if self.counts.fair is not None:
            self.counts.fair.changes += 1

    async def _listen(self, fair: Fairness) -> None:
        """Find out who is noisy."""
        rows = await received.raw_items(self.ctx, self.number, since=(self.now + 1,))
        fair.count([tenant.decode() for _, tenant in rows])

    async def _quiet(self, fair: Fairness) -> list[_Spot]:
        """The first visible messages of quiet tenants that were never received. What is passed over once need not be looked at again."""
        for _ in range(_LOOKS):
            since = max(fair.quiet_from, (self.counts.fresh_from, 0))
            spots = [spot for spot in await self._first(fresh, since, _AHEAD) if spot.visible <= self.now]
            quiet = [spot for spot in spots if spot.tenant not in fair.noisy]
            if spots:
                first = (quiet or spots[-1:])[0]
                fair.quiet_from = first.visible, first.sequence
            if quiet or len(spots) < _AHEAD:
                return quiet
        return []

    async def quiet(self) -> Quiet | None:
        fair = self.counts.fair
        if fair is None:
            return None
        await self._listen(fair)
        visible, in_flight, delayed = await self.counted()
        late = await self._first(fresh, (self.now + 1,), _COUNTED) if fair.noisy and delayed else []
        for tenant, flying in fair.noisy.items():
            waiting = sum(spot.tenant == tenant for spot in late)
            visible -= (await tenants.get(self.ctx, self.number, tenant) or 0) - flying - waiting
            in_flight, delayed = in_flight - flying, delayed - waiting
        oldest = await self._oldest_quiet(fair)
        return Quiet(len(fair.noisy), max(visible, 0), in_flight, delayed, oldest)

    async def _oldest_quiet(self, fair: Fairness) -> int:
        again = [spot for spot in await self._first(received, (), _AHEAD) if spot.tenant not in fair.noisy]
        return min((spot.sequence for spot in [*again, *await self._quiet(fair)]), default=0)

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
