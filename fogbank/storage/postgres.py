"""The Store for many processes and machines: one table of a PostgreSQL database, SERIALIZABLE transactions, bounded retries.

An operation's transaction is one of the database's. Reads go to the server one by one, writes are sent together at the end. When the
database finds that two transactions could not have come one after the other, it refuses one of them, and the operation is run
again from its start; a second refusal makes it wait for its like in this process, so that they do not go on to disturb each other.

Nothing is asked of the server but the wire protocol, SERIALIZABLE, bytea keys in byte order and ON CONFLICT: YugabyteDB and CockroachDB
have them too. asyncpg (the extra `fogbank[postgres]`) is loaded on opening.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from fogbank.storage.base import (
    FORMAT,
    NewerFormat,
    NoMemory,
    Pair,
    Store,
    StoreError,
    Transaction,
    Uncertain,
    Writes,
    group_of,
    overlaid,
)
from fogbank.telemetry.metrics import StoreMeter

if TYPE_CHECKING:
    import asyncpg

log = logging.getLogger("fogbank.store")

T = TypeVar("T")

CONNECTIONS = 16
_ATTEMPTS = 12
_BACKOFF = 0.005
_CHUNK = 500
_OPEN_SECONDS = 15.0

# serialization_failure, deadlock_detected: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html;
# out_of_memory: there is no room left to note what transactions read, until some of them have ended
# lock_not_available, idle_in_transaction_session_timeout: somebody kept a row for too long, or this one was kept from going on
_CONFLICTS = frozenset({"40001", "40P01", "53200", "55P03", "25P03"})
# What no transaction waits for longer than, in seconds: a free connection, a row that another one writes, its turn among its like.
# They take milliseconds as a rule; a bound turns what would stand still for ever into a refusal.
_PATIENCE = 15

_GET = "SELECT v FROM fogbank_kv WHERE k=$1"
_SCAN = "SELECT k, v FROM fogbank_kv WHERE k>=$1 AND k<$2 ORDER BY k LIMIT $3"
_SCAN_REVERSE = "SELECT k, v FROM fogbank_kv WHERE k>=$1 AND k<$2 ORDER BY k DESC LIMIT $3"
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM fogbank_kv WHERE k>=$1 AND k<$2 LIMIT $3) found"
_NEXT = "SELECT k FROM fogbank_kv WHERE k>=$1 ORDER BY k LIMIT 1"
_PUT = (
    "INSERT INTO fogbank_kv(k, v) SELECT * FROM unnest($1::bytea[], $2::bytea[])"
    " ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v"
)
_DELETE = "DELETE FROM fogbank_kv WHERE k = ANY($1::bytea[])"
_BEGIN = "BEGIN ISOLATION LEVEL SERIALIZABLE"

_MISSING: Any = object()


class Conflict(StoreError):
    """A transaction was refused because another one got in its way, or lost with its connection. It may be run again."""


class PostgresTransaction(Transaction):
    """Takes a connection with its first read and gives it back when it ends."""

    __slots__ = ("_connection", "_has_ended", "_is_open", "_store")

    def __init__(self, store: PostgresStore) -> None:
        super().__init__()
        self._store = store
        self._connection: Any = None
        self._is_open = False
        self._has_ended = False

    async def get(self, key: bytes) -> bytes | None:
        value = self.writes.get(key, _MISSING)
        if value is not _MISSING:
            return value
        return await self._ask("fetchval", _GET, key)  # type: ignore[no-any-return]

    async def scan(self, start: bytes, end: bytes, limit: int | None = None, reverse: bool = False) -> list[Pair]:
        overlay = self._own(start, end)
        wanted = None if limit is None else limit + len(overlay)
        rows = await self._ask("fetch", _SCAN_REVERSE if reverse else _SCAN, start, end, wanted)
        return overlaid([(row[0], row[1]) for row in rows], overlay, limit, reverse)

    async def count(self, start: bytes, end: bytes, limit: int | None = None) -> int:
        overlay = self._own(start, end)
        wanted = None if limit is None else limit + len(overlay)
        found: int = await self._ask("fetchval", _COUNT, start, end, wanted)
        for key, value in overlay.items():
            found += (value is not None) - (await self._ask("fetchval", _GET, key) is not None)
        return found if limit is None else min(found, limit)

    def _own(self, start: bytes, end: bytes) -> Writes:
        return {key: value for key, value in self.writes.items() if start <= key < end} if self.writes else {}

    async def _ask(self, method: str, *statement: Any) -> Any:
        with self._store.refusals():
            if self._connection is None:
                if self._has_ended:
                    # it would take a connection that nobody gives back, and the database would remember everything read since
                    raise RuntimeError("a transaction that is over was asked for something")
                self._connection = await self._store.pool.acquire(timeout=_PATIENCE)
                self._is_open = True
                await self._connection.execute(_BEGIN)
            return await getattr(self._connection, method)(*statement)

    async def write(self) -> None:
        """Send what was written; it is kept with the commit."""
        deleted = [key for key, value in self.writes.items() if value is None]
        put = [pair for pair in self.writes.items() if pair[1] is not None]
        if put:
            put.sort()  # two transactions that write the same rows never wait for each other in a circle
            await self._ask("execute", _PUT, [key for key, _ in put], [value for _, value in put])
        if deleted:
            await self._ask("execute", _DELETE, deleted)

    async def commit(self) -> None:
        if self._connection is not None:
            with self._store.refusals(committing=bool(self.writes)):
                await self._connection.execute("COMMIT")
            self._is_open = False

    async def end(self) -> None:
        """Give the connection back, whatever became of the transaction."""
        self._has_ended = True
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(self._store.driver.InterfaceError):  # it is lost, and the pool knows already
            if self._is_open:
                try:
                    await connection.execute("ROLLBACK")
                except Exception:
                    connection.terminate()
                except BaseException:  # whoever is cancelled for the second time waits no more
                    connection.terminate()
                    raise
            await self._store.pool.release(connection)


class _Refusals:
    """Turns the driver's errors into the store's. `committing`: the connection was lost when it mattered."""

    def __init__(self, driver: ModuleType, committing: bool) -> None:
        self._driver = driver
        self._committing = committing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or not isinstance(error, Exception):
            return
        if getattr(error, "sqlstate", None) in _CONFLICTS:
            raise Conflict(f"the database refused: {error}") from error
        lost = isinstance(error, OSError | self._driver.InterfaceError | self._driver.PostgresConnectionError)
        if lost and self._committing:
            raise Uncertain("the database went away during a commit; whether it was kept is not known") from error
        if lost:
            raise Conflict(f"the database is away: {error}") from error
        if isinstance(error, self._driver.PostgresError):
            raise StoreError(f"the database refused: {error}") from error


class PostgresStore(Store):
    """A database by its URL: `postgresql://user:password@host:5432/database`, with what asyncpg knows of options."""

    alone = False
    synchronous = False

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self.meter = StoreMeter()
        self.decoded = NoMemory()
        self._connections = connections
        self._turns: dict[object, asyncio.Lock] = {}
        self.driver = _load_driver()

    # -- opening

    async def open(self) -> None:
        try:
            self.pool: asyncpg.Pool[Any] = await self.driver.create_pool(
                self.url,
                min_size=1,
                max_size=self._connections,
                timeout=_OPEN_SECONDS,
                init=_prepare_connection,
                reset=_leave_as_it_is,
            )
            await self._prepare()
        except (OSError, ValueError, TimeoutError, self.driver.PostgresError, self.driver.InterfaceError) as error:
            raise StoreError(f"cannot open the store at {without_password(self.url)}: {error}") from error

    async def _prepare(self) -> None:
        async with self.pool.acquire() as connection:
            for attempt in range(_ATTEMPTS):
                try:
                    version = await _create_tables(connection)
                    break
                except self.driver.PostgresError as error:
                    # two servers that create the same table at once: one of them is told so, in various ways
                    if attempt == _ATTEMPTS - 1 or isinstance(error, self.driver.InsufficientPrivilegeError):
                        raise
                    await asyncio.sleep(_pause(attempt))
        if version > FORMAT:
            where = without_password(self.url)
            raise NewerFormat(f"{where} has data format {version}; this version of Fogbank reads up to {FORMAT}")

    async def connect(self) -> Any:
        """A connection besides the pool's, for who needs one for long."""
        return await self.driver.connect(self.url, timeout=_OPEN_SECONDS)

    def refusals(self, committing: bool = False) -> _Refusals:
        return _Refusals(self.driver, committing)

    # -- transactions

    def begin(self) -> PostgresTransaction:
        return PostgresTransaction(self)

    def accept(self, transaction: Transaction) -> None:
        raise NotImplementedError("transactions of this store are run by `run`")

    async def run(self, attempt: Callable[[Transaction], Awaitable[T]], kind: object) -> T:
        try:
            return await self._try(attempt)
        except Conflict:
            self.meter.retries += 1
        async with self._turn(kind):
            for count in range(_ATTEMPTS):
                try:
                    return await self._try(attempt)
                except Conflict as conflict:
                    self.meter.retries += 1
                    reason = conflict
                    await asyncio.sleep(_pause(count))
        raise StoreError(f"gave up after {_ATTEMPTS} attempts: {reason}")

    @asynccontextmanager
    async def _turn(self, kind: object) -> AsyncIterator[None]:
        """Wait for those of the same kind that are here. It spares conflicts and is not needed for what is right: see _PATIENCE."""
        lock = self._turns.setdefault(kind, asyncio.Lock())
        try:
            async with asyncio.timeout(_PATIENCE):
                await lock.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            lock.release()

    async def _try(self, attempt: Callable[[Transaction], Awaitable[T]]) -> T:
        transaction = self.begin()
        try:
            try:
                result = await attempt(transaction)
            except Exception:
                # what it read counts only if the database agrees that it could be read together
                transaction.writes.clear()
                await transaction.commit()
                raise
            begun = time.perf_counter()
            if transaction.writes:
                await transaction.write()
            await transaction.commit()
            if transaction.writes:
                self.meter.committed(len(transaction.writes), 1, time.perf_counter() - begun)
            return result
        finally:
            await transaction.end()

    @property
    def flushing(self) -> bool:
        return False

    def after_flush(self, callback: Callable[[StoreError | None], None]) -> None:
        callback(None)

    async def quiet(self) -> None:
        """A transaction that returned is durable."""

    # -- the state as a whole

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Iterator[Pair]]:
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # whoever takes the rows may be slow
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor = await connection.cursor("SELECT k, v FROM fogbank_kv ORDER BY k")
            yield _from_another_thread(cursor, asyncio.get_running_loop())

    async def replace(self, pairs: Iterable[Pair]) -> None:
        async with self.pool.acquire() as connection:
            with self.refusals():
                async with connection.transaction(isolation="serializable"):
                    await connection.execute("DELETE FROM fogbank_kv")
                    await connection.copy_records_to_table("fogbank_kv", records=pairs, columns=("k", "v"))

    async def delete_range(self, start: bytes, end: bytes) -> None:
        with self.refusals():
            await self.pool.execute("DELETE FROM fogbank_kv WHERE k>=$1 AND k<$2", start, end)

    async def groups(self) -> list[bytes]:
        """Found by seeking from one to the next."""
        found: list[bytes] = []
        at = b""
        with self.refusals():
            while (row := await self.pool.fetchval(_NEXT, at)) is not None:
                found.append(group_of(row))
                at = found[-1][:-1] + b"\1"
        return found

    async def size(self) -> int | None:
        try:
            return int(await self.pool.fetchval("SELECT pg_total_relation_size('fogbank_kv')"))
        except Exception as error:
            log.debug("size: %s", error)  # not every engine that speaks the protocol can tell
            return None

    async def close(self) -> None:
        pool = getattr(self, "pool", None)
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), _OPEN_SECONDS)
        except TimeoutError:
            pool.terminate()


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)


def _load_driver() -> ModuleType:
    try:
        import asyncpg
    except ImportError:
        raise StoreError("a PostgreSQL store needs asyncpg: pip install 'fogbank[postgres]'") from None
    return asyncpg


async def _prepare_connection(connection: Any) -> None:
    """Let small tables be read by their index too: a sequential scan would take every row for read, and conflict with all.

    And let no row be kept for long: neither by one who waits for it, nor by one who was forgotten with it.
    """
    for setting in (
        "SET enable_seqscan = off",
        f"SET lock_timeout = '{_PATIENCE}s'",
        f"SET idle_in_transaction_session_timeout = '{4 * _PATIENCE}s'",
    ):
        try:
            await connection.execute(setting)
        except Exception as error:
            log.debug("%s: %s", setting, error)  # not every engine that speaks the protocol has it


async def _leave_as_it_is(connection: Any) -> None:
    """Nothing is left behind on a connection that would have to be reset."""


async def _create_tables(connection: Any) -> int:
    """Make what is missing; returns the format of what is there. Keys must be sorted: YugabyteDB has to be told."""
    sorted_keys = "k ASC" if "-YB-" in await connection.fetchval("SELECT version()") else "k"
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS fogbank_kv(k bytea NOT NULL, v bytea NOT NULL, PRIMARY KEY ({sorted_keys}))"
    )
    await connection.execute("CREATE TABLE IF NOT EXISTS fogbank_format(version int PRIMARY KEY)")
    version = await connection.fetchval("SELECT max(version) FROM fogbank_format")
    if version is None or version < FORMAT:
        await connection.execute(
            "INSERT INTO fogbank_format(version) VALUES($1) ON CONFLICT (version) DO NOTHING", FORMAT
        )
        return FORMAT
    return int(version)


def _pause(attempt: int) -> float:
    """Seconds to wait before the next attempt, longer each time, and never quite like anybody else's."""
    return _BACKOFF * 2 ** min(attempt, 6) * random.uniform(0.5, 1.5)


def _from_another_thread(cursor: Any, loop: asyncio.AbstractEventLoop) -> Iterator[Pair]:
    """The rows of a cursor that lives on the loop, for a thread that is not the loop's."""
    while rows := asyncio.run_coroutine_threadsafe(cursor.fetch(_CHUNK), loop).result():
        for row in rows:
            yield row[0], row[1]
