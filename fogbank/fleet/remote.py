"""The processes that share a PostgreSQL store, on however many machines.

Each says once a second in the store that it lives; one that has not said so for a while, by the watch of whoever looks, is taken for dead
(no two clocks are compared). The one that holds the lease leads: it renews it with the same beat, and stops leading by itself before
anybody else may take it. Messages go by LISTEN/NOTIFY; where the database has none (CockroachDB), through rows that all look at.

    workers   (name)                  Member
    lease     ()                      Lease
    messages  (time, sender, number)  Letter; only where there is no LISTEN
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import secrets
import socket
import time
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from fogbank.fleet.base import Messenger, Topic
from fogbank.kernel.collection import Collection, Record
from fogbank.storage.base import StoreError
from fogbank.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.fleet")

BEAT = 1.0
_DEAD = 5.0
_LEADS = 3.0
_CHANNEL = "fogbank"
# a notification carries at most 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html
_PART = 5500
_LOOK = 0.25
_LATE = 5_000_000
_KEPT = 60_000_000


class Member(Record, frozen=True):
    """A process. `beat` counts; `started` is epoch seconds."""

    beat: int
    host: str
    pid: int
    endpoint: str
    started: float


class Lease(Record, frozen=True):
    """Who leads, as of that beat of his."""

    name: str
    beat: int


class Letter(Record, frozen=True):
    """A message to one process or (empty) to all."""

    to: str
    data: bytes


members: Collection[Member] = Collection("fogbank", "workers", Member, scope="global")
leases: Collection[Lease] = Collection("fogbank", "lease", Lease, scope="global")
letters: Collection[Letter] = Collection("fogbank", "messages", Letter, scope="global")


class Sighting:
    """When something that others count up was last seen to change, by our own watch."""

    def __init__(self) -> None:
        self._value: object = None
        self._at = 0.0

    def see(self, value: object) -> None:
        if value != self._value:
            self._value, self._at = value, time.monotonic()

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self._at < _DEAD


class RemoteFleet(Messenger):
    def __init__(self, store: PostgresStore) -> None:
        super().__init__(secrets.token_hex(6))
        self._store = store
        self._beat = 0
        self._seen: dict[str, Sighting] = {}
        self._lease: Lease | None = None
        self._lease_seen = Sighting()
        self._leads_until = 0.0
        self._post: Post = Notifications(self)
        self._beating: asyncio.Task[None] | None = None

    async def open(self, app: App) -> None:
        self._app = app
        try:
            await self._post.open()
        except self._store.driver.PostgresError as error:
            log.info("this database has no LISTEN (%s): messages go through its rows", error)
            self._post = Letters(self)
            await self._post.open()
        await self._round()
        self._beating = asyncio.get_running_loop().create_task(self._go_on())

    async def close(self) -> None:
        if self._beating is None:
            return
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        await super().close()
        await self._post.close()
        try:
            ctx = self._app.system_context()
            await ctx.transact(self._leave, ctx)
        except StoreError as error:
            log.info("left without a word: %s", error)

    # -- who is there

    @property
    def others(self) -> list[str]:
        return [name for name, sighting in self._seen.items() if sighting.is_fresh]

    @property
    def leader(self) -> str | None:
        if time.monotonic() < self._leads_until:
            return self.name
        lease = self._lease
        return lease.name if lease is not None and lease.name in self.others else None

    def wanted(self, topic: Topic) -> bool:
        return any(sighting.is_fresh for sighting in self._seen.values())

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._round()
            except StoreError as error:
                log.warning("the store is away: %s", error)

    async def _round(self) -> None:
        """Say that we live, look who else does, and see to it that somebody leads."""
        ctx = self._app.system_context()
        self._beat += 1
        await ctx.transact(self._say, ctx)
        await ctx.transact(self._look, ctx)
        began = time.monotonic()
        led = self.leads
        if await ctx.transact(self._take_lease, ctx):
            self._leads_until = began + _LEADS
            if not led:
                log.info("worker %s runs the tasks", self.name)
                await self._app.led()

    async def _say(self, ctx: Context) -> None:
        app = self._app
        endpoint = f"http://{app.settings.public_host}:{app.settings.port}"
        members.put(ctx, Member(self._beat, socket.gethostname(), os.getpid(), endpoint, app.started), self.name)

    async def _look(self, ctx: Context) -> None:
        there: dict[str, Member] = {key[0]: member for key, member in await members.items(ctx, (str,))}  # type: ignore[misc]
        there.pop(self.name, None)
        for name, member in there.items():
            self._seen.setdefault(name, Sighting()).see(member.beat)
        for name in self._seen.keys() - there.keys():
            del self._seen[name]

    async def _take_lease(self, ctx: Context) -> bool:
        self._lease = lease = await leases.get(ctx)
        self._lease_seen.see(lease)
        if lease is not None and lease.name != self.name and self._lease_seen.is_fresh:
            return False
        leases.put(ctx, Lease(self.name, self._beat))
        if lease is not None and lease.name != self.name:
            members.delete(ctx, lease.name)
        return True

    async def _leave(self, ctx: Context) -> None:
        members.delete(ctx, self.name)
        lease = await leases.get(ctx)
        if lease is not None and lease.name == self.name:
            leases.delete(ctx)

    # -- messages

    def _send(self, to: str | None, data: bytes) -> None:
        self._post.send(to or "", data)

    def receive(self, to: str, data: bytes) -> None:
        if to in ("", self.name):
            self._received(data)

    @property
    def store(self) -> PostgresStore:
        return self._store

    def context(self) -> Context:
        return self._app.system_context()


class Post:
    """How messages travel. What is sent in one turn of the loop goes together."""

    def __init__(self, fleet: RemoteFleet) -> None:
        self._fleet = fleet
        self._outbox: list[tuple[str, bytes]] = []
        self._sending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to listen."""

    async def close(self) -> None:
        if self._sending is not None:
            await asyncio.gather(self._sending, return_exceptions=True)

    def send(self, to: str, data: bytes) -> None:
        self._outbox.append((to, data))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        while self._outbox:
            outbox, self._outbox = self._outbox, []
            try:
                await self.carry(outbox)
            except Exception as error:
                log.warning("messages to other workers are lost: %s", error)

    async def carry(self, outbox: list[tuple[str, bytes]]) -> None:
        raise NotImplementedError


class Notifications(Post):
    """LISTEN and NOTIFY, on a connection of their own. A part reads `to id part parts base64`."""

    def __init__(self, fleet: RemoteFleet) -> None:
        super().__init__(fleet)
        self._numbers = itertools.count()
        self._parts: dict[str, list[str]] = {}
        self._connection: Any = None
        self._closed = False

    async def open(self) -> None:
        self._connection = await self._fleet.store.connect()
        await self._connection.add_listener(_CHANNEL, self._heard)
        self._connection.add_termination_listener(self._lost)

    async def close(self) -> None:
        self._closed = True
        await super().close()
        await self._connection.close()

    def _lost(self, connection: Any) -> None:
        if not self._closed:
            self._sending = asyncio.get_running_loop().create_task(self._open_again())

    async def _open_again(self) -> None:
        while not self._closed:
            try:
                await self.open()
                return
            except (OSError, StoreError, self._fleet.store.driver.PostgresError) as error:
                log.warning("cannot listen: %s", error)
                await asyncio.sleep(BEAT)

    async def carry(self, outbox: list[tuple[str, bytes]]) -> None:
        payloads: list[str] = []
        for to, data in outbox:
            number = f"{self._fleet.name}.{next(self._numbers)}"
            parts = [data[at : at + _PART] for at in range(0, len(data), _PART)]
            payloads += [
                f"{to} {number} {index} {len(parts)} {b64encode(part).decode()}" for index, part in enumerate(parts)
            ]
        await self._fleet.store.pool.execute(
            "SELECT pg_notify($1, payload) FROM unnest($2::text[]) payload", _CHANNEL, payloads
        )

    def _heard(self, connection: Any, pid: int, channel: str, payload: str) -> None:
        to, number, index, count, text = payload.split(" ")
        if to not in ("", self._fleet.name):
            return
        parts = self._parts.setdefault(number, [])
        parts.append(text)
        if len(parts) == int(count):
            del self._parts[number]
            self._fleet.receive(to, b"".join(b64decode(part) for part in parts))
        elif index == "0" and len(self._parts) > 100:
            self._parts.pop(next(iter(self._parts)))


class Letters(Post):
    """Rows that everybody looks at a few times a second; who reads them late reads them all the same."""

    def __init__(self, fleet: RemoteFleet) -> None:
        super().__init__(fleet)
        self._numbers = itertools.count()
        self._read: dict[tuple[Any, ...], None] = {}
        self._since = _microseconds()
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        await super().close()
        if self._looking is not None:
            self._looking.cancel()

    async def carry(self, outbox: list[tuple[str, bytes]]) -> None:
        ctx = self._fleet.context()

        async def put() -> None:
            for to, data in outbox:
                letters.put(ctx, Letter(to, data), _microseconds(), self._fleet.name, next(self._numbers))

        await ctx.transact(put)

    async def _look(self) -> None:
        while True:
            try:
                await self._read_new()
                if self._fleet.leads:
                    await self._clear()
            except StoreError as error:
                log.warning("cannot look for messages: %s", error)
            await asyncio.sleep(_LOOK)

    async def _read_new(self) -> None:
        """Clocks differ a little, and what is written later may carry an earlier time: look some seconds back."""
        ctx = self._fleet.context()
        since = max(self._since, _microseconds() - 2 * _LATE) - _LATE
        found = await ctx.transact(lambda: letters.items(ctx, (int, str, int), since=(since,)))
        for key, letter in found:
            if key not in self._read:
                self._read[key] = None
                self._fleet.receive(letter.to, letter.data)
        while len(self._read) > 10_000:
            del self._read[next(iter(self._read))]

    async def _clear(self) -> None:
        ctx = self._fleet.context()

        async def clear() -> None:
            until = (_microseconds() - _KEPT,)
            for key, _ in await letters.items(ctx, (int, str, int), until=until, limit=1000):
                letters.delete(ctx, *key)

        await ctx.transact(clear)


def _microseconds() -> int:
    return int(time.time() * 1e6)
