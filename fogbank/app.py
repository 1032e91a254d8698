"""The composition root: the only place that knows all parts and puts them together."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fogbank import __version__
from fogbank.gateway.front import Front, serve
from fogbank.gateway.pipeline import Gateway
from fogbank.identity import Authenticator
from fogbank.identity.principals import service_principal
from fogbank.kernel import keys
from fogbank.kernel.blobs import BlobUpkeep, blob_of
from fogbank.kernel.clock import Clock
from fogbank.kernel.collection import Collection
from fogbank.kernel.context import Context, Waiters
from fogbank.kernel.ids import Ids
from fogbank.kernel.registry import Registry
from fogbank.kernel.service import Service
from fogbank.kernel.tasks import TaskRunner
from fogbank.storage.base import Store, Transaction
from fogbank.storage.blob_directory import BlobDirectory
from fogbank.storage.blobs import Blobs, in_thread
from fogbank.storage.datadir import DataDirectory
from fogbank.storage.sqlite import Durability, SqliteStore

if TYPE_CHECKING:
    from fogbank.config import Settings

log = logging.getLogger("fogbank")

_SYSTEM = Service("fogbank")
_meta: Collection[bytes] = Collection("fogbank", "meta", bytes, scope="global")


class App:
    """A running Fogbank without its port: state, clock, services, tasks.

    active     the open transaction, while one runs on the event loop
    requests   the asyncio tasks of requests that had to wait
    """

    def __init__(self, settings: Settings) -> None:
        """Open the state. Raises StoreError, DirectoryBusy or NewerFormat."""
        self.settings = settings
        self.started = time.time()
        self.version = __version__
        self.directory = DataDirectory(None if settings.ephemeral else settings.data_dir)
        durability: Durability = "none" if settings.ephemeral else settings.durability
        try:
            self.store = _store(settings, self.directory, durability)
        except BaseException:
            self.directory.close()
            raise
        self.blobs: Blobs = BlobDirectory(self.directory.blob_directory, sync=durability == "power")
        self.upkeep = BlobUpkeep(self)
        self.clock = Clock()
        self.ids = Ids()
        self.services = Registry()
        self.waiters = Waiters()
        self.tasks = TaskRunner(self)
        self.authenticator = Authenticator(credentials=settings.credentials)
        self.gateway = Gateway(self)
        self.active: Transaction | None = None
        self.requests: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up what the last run left: the clock, orphan blobs, tasks."""
        await self.store.open()
        ctx = self.system_context()
        offset = await ctx.transact(_meta.get, ctx, "clock")
        self.clock.offset = struct.unpack(">d", offset)[0] if offset else 0.0
        await self.upkeep.sweep()
        self.tasks.wake()

    async def close(self) -> None:
        await self.tasks.close()
        for request in list(self.requests):
            request.cancel()
        await asyncio.gather(*self.requests, return_exceptions=True)
        await self.upkeep.close()
        await self.store.close()
        self.blobs.close()
        self.directory.close()

    def system_context(self, service: str = "", account: str = "", region: str = "", operation: str = "") -> Context:
        """A context of no request: the one of a task, of administration, of start-up."""
        owner = (self.services.get(service) if service else None) or _SYSTEM
        endpoint = f"http://{self.settings.public_host}:{self.settings.port}"
        principal = service_principal(owner.name, account)
        return Context(self, owner, operation, principal, account, region, self.ids.uuid(), endpoint)

    # -- administration

    async def advance(self, seconds: float) -> float:
        """Move the virtual clock forward, with all that becomes due on the way. Returns the new time (epoch seconds)."""
        await self.tasks.advance(seconds)
        await self._keep_clock()
        return self.clock.now()

    async def reset_clock(self) -> None:
        """Back to the real time. What happened in the virtual future stays."""
        self.clock.offset = 0.0
        await self._keep_clock()
        self._look_again()

    async def _keep_clock(self) -> None:
        ctx = self.system_context()

        async def keep() -> None:
            _meta.put(ctx, struct.pack(">d", self.clock.offset), "clock")

        await ctx.transact(keep)

    async def reset(self, account: str | None = None) -> None:
        """Forget everything, or everything of one account."""
        if account is None:
            await self.store.replace(())
            await self.upkeep.sweep_all()
            self.clock.offset = 0.0
        else:
            for group in await self.store.groups():
                if keys.decode(group, (str, str, str))[2] == account:
                    await self.store.delete_range(group, keys.after_prefix(group))
        self._look_again()

    async def save(self, target: str | IO[bytes]) -> None:
        """Write a snapshot of this moment's state, while serving. The format is in `fogbank.storage.snapshot`."""
        from fogbank.storage import snapshot

        with self.blobs.holding():
            async with self.store.snapshot() as pairs:
                await in_thread(snapshot.write, target, pairs, self.blobs, blob_of, self.clock.offset)

    async def load(self, source: str | IO[bytes]) -> None:
        """Replace the state by a snapshot's. Raises StoreError or NewerFormat and changes nothing when it is unfit."""
        from fogbank.storage.snapshot import Snapshot

        opened = Snapshot(source)
        try:
            with self.blobs.holding():
                restored = await in_thread(opened.restore_blobs, self.blobs)
                await self.store.replace(opened.pairs())
            self.clock.offset = opened.clock_offset
        finally:
            opened.close()
        for name in restored:
            self.blobs.named(name)
        await self.upkeep.sweep_all()
        self._look_again()

    def _look_again(self) -> None:
        """Time or state changed under everyone who waits."""
        self.waiters.wake_all()
        self.tasks.wake()

    async def summary(self) -> list[dict[str, Any]]:
        """Rows per service, collection, account and region."""
        ctx = self.system_context()

        async def rows(group: bytes) -> int:
            return await ctx.tx.count(group, keys.after_prefix(group))

        out = []
        for group in await self.store.groups():
            service, collection, account, region = keys.decode(group, (str, str, str, str))
            out.append(
                {
                    "service": service,
                    "collection": collection,
                    "account": account,
                    "region": region,
                    "rows": await ctx.transact(rows, group),
                }
            )
        return out


def _store(settings: Settings, directory: DataDirectory, durability: Durability) -> Store:
    if settings.store:
        from fogbank.storage.postgres import PostgresStore

        return PostgresStore(settings.store)
    return SqliteStore(directory.state_file, durability)


class Server:
    """An App on its port."""

    def __init__(self, app: App, front: Front) -> None:
        self.app = app
        self.front = front
        self.port = front.port

    @property
    def endpoint(self) -> str:
        scheme = "https" if self.app.settings.tls else "http"
        return f"{scheme}://{self.app.settings.public_host}:{self.port}"

    async def close(self) -> None:
        """Answer what is under way, make it durable, and let go of port and state."""
        await self.front.close()
        await self.app.close()


async def start(settings: Settings) -> Server:
    """Open the state and the port. Raises StoreError when the state cannot be opened, OSError when the port is taken."""
    app = App(settings)
    try:
        await app.open()
        tls = Path(app.directory.path) if settings.tls else None
        front = await serve(app.gateway, settings.host, settings.port, tls=tls)
    except BaseException:
        await app.close()
        raise
    settings.port = front.port
    return Server(app, front)
