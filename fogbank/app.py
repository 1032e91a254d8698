"""The composition root: the only place that knows all parts and puts them together."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from fogbank import __version__
from fogbank.engines import Engines
from fogbank.fleet.base import Fleet, Handler
from fogbank.gateway import dns
from fogbank.gateway.dns import Questions
from fogbank.gateway.front import Front, serve
from fogbank.gateway.pipeline import Gateway
from fogbank.identity import Authenticator
from fogbank.identity.principals import service_principal
from fogbank.kernel import accounts, keys
from fogbank.kernel.blobs import BlobUpkeep, blob_of
from fogbank.kernel.clock import Clock
from fogbank.kernel.collection import Collection
from fogbank.kernel.context import Context, Waiters
from fogbank.kernel.ending import end
from fogbank.kernel.ids import Ids
from fogbank.kernel.registry import Registry
from fogbank.kernel.service import Service
from fogbank.kernel.standing import Standing
from fogbank.kernel.tasks import TaskRunner
from fogbank.storage.base import Store, StoreError, Transaction
from fogbank.storage.blob_directory import BlobDirectory
from fogbank.storage.blobs import Blobs, in_thread
from fogbank.storage.datadir import DataDirectory
from fogbank.storage.secrets import Secrets
from fogbank.storage.sqlite import Durability, SqliteStore

if TYPE_CHECKING:
    from fogbank.config import Settings
    from fogbank.fleet.local import Crew
    from fogbank.telemetry.metrics import Family

log = logging.getLogger("fogbank")

_SYSTEM = Service("fogbank")
_PLACES = ("blobs", "secrets")
_MEMBERS = ("workers", "lease")  # collections of `fogbank.fleet.remote`
_meta: Collection[bytes] = Collection("fogbank", "meta", bytes, scope="global")


class App:
    """A running Fogbank without its port: state, clock, services, tasks.

    active     the open transaction, while one runs on the event loop
    requests   the asyncio tasks of requests that had to wait
    """

    def __init__(self, settings: Settings, worker: Worker | None = None) -> None:
        """Open the state. Raises StoreError, DirectoryBusy or NewerFormat. `worker` says which of several processes this is."""
        self.settings = settings
        self.worker = worker
        self.started = time.time()
        self.version = __version__
        self.directory = worker.directory if worker is not None else data_directory(settings)
        durability: Durability = "none" if settings.ephemeral else settings.durability
        try:
            self.store, self.fleet = _together(settings, self.directory, durability, worker)
        except BaseException:
            self._leave_directory()
            raise
        self.blobs = _blobs(settings, self.directory, durability)
        self.secrets = Secrets(settings.secrets or self.directory.secrets)
        self.upkeep = BlobUpkeep(self)
        self.clock = Clock(worker.crew.board.clock if worker is not None and not settings.store else None)
        self.ids = Ids()
        self.services = Registry()
        self.waiters = Waiters()
        self.tasks = TaskRunner(self)
        self.standing = Standing(self)
        self.engines = Engines(self)
        self.gateway = Gateway(self)
        self.authenticator = Authenticator(
            settings.credentials, self.gateway.authorisation.credential, virtual_now=self.clock.now
        )
        self.active: Transaction | None = None
        self.requests: set[asyncio.Task[None]] = set()
        self.fleet.handlers = duties(self)

    async def open(self) -> None:
        """Take up what the last run left: the clock, orphan blobs, tasks."""
        await self.store.open()
        if self.settings.store:
            await self._find_places()
        await self.set_clock()
        await self.upkeep.open()
        await self.fleet.open(self)
        self.tasks.wake()
        self.standing.wake()

    async def _find_places(self) -> None:
        """Make sure that our blobs and secrets are those that the records in a shared store speak of. Raises StoreError."""
        ctx = self.system_context()
        for name, where, here in await self._places():

            async def known(name: str = name, here: str = here) -> str:
                there = await _meta.get(ctx, name)
                if there is None:
                    _meta.put(ctx, here.encode(), name)
                return here if there is None else there.decode()

            if await ctx.transact(known) != here:
                raise StoreError(
                    f"the {name} of this store are not in {where}: say with --{name} where the other servers have them"
                )

    async def _places(self) -> list[tuple[str, str, str]]:
        """(option, directory or URL, identity) of what lies beside the store, and has to be the same for all who share it."""
        blobs, secrets = self.settings.blobs or self.directory.blob_directory, self.secrets.directory
        return [
            ("blobs", blobs, await in_thread(self.blobs.identity)),
            ("secrets", secrets, await in_thread(self.secrets.identity)),
        ]

    async def _keep_places(self) -> None:
        """The records are others' now, but they speak of our blobs and secrets."""
        ctx, places = self.system_context(), await self._places()

        async def keep() -> None:
            for name, _, here in places:
                _meta.put(ctx, here.encode(), name)

        await ctx.transact(keep)

    async def led(self) -> None:
        """The tasks are this process's business from now on."""
        await self.set_clock()
        self.tasks.wake()
        self.standing.wake()

    async def close(self) -> None:
        await self.tasks.close()
        await self.standing.close()
        await end(self.requests)
        await self.engines.close()
        await end(self.requests)  # what the ends of engines began
        await self.upkeep.close()
        await self.fleet.close()
        await self.store.close()
        self.blobs.close()
        self._leave_directory()

    def _leave_directory(self) -> None:
        if self.worker is None:
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
        await self.engines.settle()
        if self.fleet.leads:
            await self.tasks.advance(seconds)
            await self._keep_clock()
        else:
            await self.fleet.ask_leader("advance", seconds)
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
        await self.store.quiet()
        await self.fleet.ask("look")

    async def set_clock(self) -> None:
        """Take the offset from the store. Whoever leads also lets go of a clock that his predecessor held."""
        ctx = self.system_context()
        offset = await ctx.transact(_meta.get, ctx, "clock")
        if self.fleet.leads:
            self.clock.start()
        self.clock.offset = struct.unpack(">d", offset)[0] if offset else 0.0

    async def look_again(self) -> None:
        """Another process changed the time or the whole state."""
        await self.set_clock()
        self._look_again()

    async def reset(self, account: str | None = None) -> None:
        """Forget everything, or everything of one account."""
        self.gateway.authorisation.journal.forget(account)
        await self.engines.forget(account)
        if account is None:
            await self.store.replace(())
            await self.upkeep.sweep_all()
            self.clock.offset = 0.0
        else:
            await accounts.forget(self, account)
        await self._tell_all()

    async def save(self, target: str | IO[bytes]) -> None:
        """Write a snapshot of this moment's state, while serving."""
        from fogbank.storage import snapshot

        ctx = self.system_context()
        # where this store's places are, and who serves it, is nothing to others
        own = (*(_meta.row_key(ctx, name) for name in _PLACES), *(keys.encode(("fogbank", name)) for name in _MEMBERS))
        async with self.blobs.holding(), self.store.snapshot() as pairs:
            rows = (pair for pair in pairs if not pair[0].startswith(own))
            await in_thread(snapshot.write, target, rows, self.blobs, blob_of, self.secrets, self.clock.offset)

    async def load(self, source: str | IO[bytes]) -> None:
        """Replace the state by a snapshot's. Raises StoreError or NewerFormat and changes nothing when it is unfit."""
        from fogbank.storage.snapshot import Snapshot

        opened = Snapshot(source)
        try:
            await in_thread(opened.check, blob_of)
            async with self.blobs.holding():
                await in_thread(opened.restore_secrets, self.secrets)
                await in_thread(opened.restore_blobs, self.blobs)
                await self.store.replace(opened.pairs())
            self.clock.offset = opened.clock_offset
            if self.settings.store:
                await self._keep_places()
        finally:
            opened.close()
            await self._settle_blobs(opened.restored)
        await self._tell_all()

    async def _settle_blobs(self, restored: list[str]) -> None:
        """Those blobs have names now, or will never have any."""
        for name in restored:
            self.blobs.named(name)
        await self.upkeep.sweep_all()

    async def _tell_all(self) -> None:
        """The state is another one: everybody looks again."""
        await self.fleet.ask("look")
        self._look_again()

    def _look_again(self) -> None:
        """Time or state changed under everyone who waits."""
        self.waiters.wake_all()
        self.tasks.wake()
        self.standing.wake()

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


class Worker(NamedTuple):
    """Which one of the processes of a server this is; see `fogbank.cli.workers`."""

    number: int
    crew: Crew
    directory: DataDirectory


def data_directory(settings: Settings) -> DataDirectory:
    """Raises DirectoryBusy, or StoreError when it cannot be written."""
    return DataDirectory(None if settings.ephemeral else settings.data_dir)


def _together(
    settings: Settings, directory: DataDirectory, durability: Durability, worker: Worker | None
) -> tuple[Store, Fleet]:
    """The store that the settings ask for, and who else serves it."""
    if settings.store:
        from fogbank.fleet.remote import RemoteFleet
        from fogbank.storage.postgres import PostgresStore

        store = PostgresStore(settings.store)
        return store, RemoteFleet(store)
    if worker is not None:
        from fogbank.fleet.local import LocalFleet
        from fogbank.storage.shared import SharedSqliteStore

        board = worker.crew.board
        shared = SharedSqliteStore(directory.state_file, durability, board, worker.number)
        return shared, LocalFleet(worker.crew, worker.number)
    return SqliteStore(directory.state_file, durability), Fleet()


def _blobs(settings: Settings, directory: DataDirectory, durability: Durability) -> Blobs:
    """Where the settings want blobs. Raises StoreError."""
    if settings.blobs.startswith("s3://"):
        from fogbank.storage.blob_bucket import BlobBucket

        return BlobBucket(settings.blobs)
    return BlobDirectory(settings.blobs or directory.blob_directory, sync=durability == "power")


def duties(app: App) -> dict[str, Handler]:
    """What a process does at the word of another one of its fleet."""

    async def wake(topics: list[list[str]]) -> None:
        for topic in topics:
            app.waiters.wake(tuple(topic))

    async def tasks(_: None) -> None:
        if app.fleet.leads:
            app.tasks.wake()

    async def standing(_: None) -> None:
        if app.fleet.leads:
            app.standing.wake()

    async def advance(seconds: float) -> None:
        await app.advance(seconds)

    async def look(_: None) -> None:
        await app.look_again()

    async def metrics(_: None) -> list[Family]:
        return app.gateway.collector.of_process()

    async def websocket(asked: tuple[str, str, bytes]) -> Any:
        from fogbank.apis.sockets import sockets_of

        return await sockets_of(app).asked(asked)

    return {
        "wake": wake,
        "tasks": tasks,
        "standing": standing,
        "advance": advance,
        "look": look,
        "metrics": metrics,
        "websocket": websocket,
    }


class Server:
    """An App on its port."""

    def __init__(self, app: App, front: Front, questions: Questions | None) -> None:
        self.app = app
        self.front = front
        self.questions = questions
        self.port = front.port

    @property
    def endpoint(self) -> str:
        scheme = "https" if self.app.settings.tls else "http"
        return f"{scheme}://{self.app.settings.public_host}:{self.port}"

    async def close(self) -> None:
        """Answer what is under way, make it durable, and let go of port and state."""
        if self.questions is not None:
            self.questions.close()
        await self.front.close()
        await self.app.close()


async def start(settings: Settings, worker: Worker | None = None) -> Server:
    """Open the state and the port. Raises StoreError when the state cannot be opened, OSError when the port is taken."""
    app = App(settings, worker)
    try:
        await app.open()
        tls = Path(app.directory.path) if settings.tls else None
        front = await serve(app.gateway, settings.host, settings.port, tls=tls, shared=worker is not None)
        questions = await dns.listen(app, settings.host, front.port, shared=worker is not None)
    except BaseException:
        await app.close()
        raise
    settings.port = front.port
    return Server(app, front, questions)
