"""The default Store: one SQLite file in WAL mode, one `WITHOUT ROWID` table, one process.

Reads run on the event loop (some 10 us). Accepted writes gather in `_pending` until the end of the loop's turn, then all of them go
into one SQLite transaction: group commit. With durability `process` the commit is a write to the log on the loop: it survives
`kill -9`. With `power` the commit syncs the log to the disk in a thread; until it returns, reads see its writes in `_inflight`.
Checkpoints, which sync too, run in a thread on a connection of their own.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from time import perf_counter
from typing import Any, Literal, TypeVar

import apsw

from fogbank.storage.base import (
    FORMAT,
    Damaged,
    NewerFormat,
    Pair,
    Store,
    StoreError,
    Transaction,
    Uncertain,
    Writes,
    group_of,
    overlaid,
)
from fogbank.storage.wal import lost_commits
from fogbank.telemetry.metrics import StoreMeter

T = TypeVar("T")

log = logging.getLogger("fogbank.store")

Durability = Literal["none", "process", "power"]

_APPLICATION_ID = 0x466F6742  # "FogB"
_CACHE_KB = 32 * 1024
_CHECKPOINT_PAGES = 2000
# past this many pages of log the checkpoint is finished on the loop, so that the log can start anew
_LOG_LIMIT_PAGES = 16000
_DECODED_LIMIT = 20_000
# rows that are remembered as they are, and how long each may be: together at most 16 MB
_ROWS = 8192
_ROW_BYTES = 2048
# so many commits may be lost from the log without anybody having been told that they were kept
_UNDER_WAY = 1

_GET = "SELECT v FROM kv WHERE k=?"
_PUT = "INSERT OR REPLACE INTO kv(k, v) VALUES(?, ?)"
_DELETE = "DELETE FROM kv WHERE k=?"
# SQLite prepares a statement anew whenever a bare parameter after LIMIT is bound to another value; an expression it leaves alone
_SCAN = "SELECT k, v FROM kv WHERE k>=? AND k<? ORDER BY k LIMIT ?+0"
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM kv WHERE k>=? AND k<? LIMIT ?+0)"
_SCAN_REVERSE = "SELECT k, v FROM kv WHERE k>=? AND k<? ORDER BY k DESC LIMIT ?+0"

_MISSING: Any = object()
_SYNCHRONOUS: dict[Durability, str] = {"none": "OFF", "process": "NORMAL", "power": "FULL"}

Callback = Callable[[StoreError | None], None]


class SqliteTransaction(Transaction):
    __slots__ = ("_store",)

    synchronous = True

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.writes = {}
        self.defines = False
        self.is_over = False

    async def get(self, key: bytes) -> bytes | None:
        return self.read(key)

    def read(self, key: bytes) -> bytes | None:
        value = self.writes.get(key, _MISSING) if self.writes else _MISSING
        return self._store.read(key) if value is _MISSING else value

    async def scan(self, start: bytes, end: bytes, limit: int | None = None, reverse: bool = False) -> list[Pair]:
        return self._store.read_range(start, end, limit, reverse, self.writes)

    async def count(self, start: bytes, end: bytes, limit: int | None = None) -> int:
        return self._store.count_range(start, end, limit, self.writes)


class SqliteStore(Store):
    alone = True
    synchronous = True

    def __init__(self, path: str, durability: Durability = "process") -> None:
        """Open or create the file. Raises NewerFormat, or StoreError when it cannot be opened."""
        self.path = path
        self.meter = StoreMeter()
        self._durability = durability
        self._threaded = durability == "power"
        self._pending: Writes = {}
        self._accepted = 0
        self._inflight: Writes = {}
        self._waiting: list[Callback] = []
        self._scheduled = False
        self._committing = False
        self._checkpointing = False
        self._log_pages = 0
        self._checkpoint_at = _CHECKPOINT_PAGES
        # decoded records of cached collections, by row key; an entry goes when its row is written
        self.decoded: dict[bytes, Any] = {}
        # what rows that were read or written lately hold, None for no row: always what was accepted last
        self._rows: Writes = {}
        self._lost_commits = 0
        try:
            self._writer = self._connect(durability)
            self._prepare()
            self._reader = self._connect(durability) if self._threaded else self._writer
        except apsw.Error as error:
            raise StoreError(f"cannot open {path}: {error}") from error
        self._execute_read = self._reader.execute
        self._reading = False
        self._thread = ThreadPoolExecutor(2, "fogbank-store")

    def _connect(self, durability: Durability) -> apsw.Connection:
        connection = apsw.Connection(self.path)
        connection.set_busy_timeout(10_000)
        connection.pragma("page_size", 8192)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", _SYNCHRONOUS[durability])
        connection.pragma("cache_size", -_CACHE_KB)
        connection.pragma("temp_store", "memory")
        connection.pragma("wal_autocheckpoint", 0)
        return connection

    def _prepare(self) -> None:
        if self._writer.readonly("main"):
            raise StoreError(f"cannot open {self.path}: it must not be written")
        version = self._writer.pragma("user_version")
        if version > FORMAT:
            raise NewerFormat(f"{self.path} has data format {version}; this version of Fogbank reads up to {FORMAT}")
        if version < FORMAT:
            self._writer.execute("CREATE TABLE IF NOT EXISTS kv(k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID")
            self._writer.pragma("user_version", FORMAT)
            self._writer.pragma("application_id", _APPLICATION_ID)
        elif self.alone:
            self._lost_commits = lost_commits(self.path)
        if self._lost_commits > _UNDER_WAY:
            log.error("%s: %s", self.path, self._lost_log())
        self._writer.set_wal_hook(self._log_grew)

    async def open(self) -> None:
        """Opened already: whoever makes it learns at once what is wrong."""

    # -- reading

    def begin(self) -> SqliteTransaction:
        if len(self.decoded) > _DECODED_LIMIT:
            self.decoded.clear()
        return SqliteTransaction(self)

    def read(self, key: bytes) -> bytes | None:
        found = self._rows.get(key, _MISSING)
        if found is _MISSING:
            found = self._look_up(key)
            if found is None or len(found) <= _ROW_BYTES:
                self._remember(key, found)
        return found  # type: ignore[no-any-return]

    def _remember(self, key: bytes, value: bytes | None) -> None:
        if len(self._rows) >= _ROWS:
            self._rows.clear()
        self._rows[key] = value

    def _look_up(self, key: bytes) -> bytes | None:
        if self._pending:
            value = self._pending.get(key, _MISSING)
            if value is not _MISSING:
                return value
        if self._inflight:
            value = self._inflight.get(key, _MISSING)
            if value is not _MISSING:
                return value
        try:
            if not self._reading:
                self._begin_reading()
            return self._execute_read(_GET, (key,)).get
        except apsw.Error as error:
            raise _unreadable(error) from error

    def _begin_reading(self) -> None:
        """Begin a read transaction that lasts until the next commit: one that each read makes costs as much as the read."""
        self._execute_read("BEGIN")
        self._reading = True

    def _read(self, statement: str, values: tuple[Any, ...]) -> apsw.Cursor:
        try:
            if not self._reading:
                self._begin_reading()
            return self._execute_read(statement, values)
        except apsw.Error as error:
            raise _unreadable(error) from error

    def _read_all(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        try:
            return self._read(statement, values).fetchall()
        except apsw.Error as error:
            raise _unreadable(error) from error

    def _forget(self) -> None:
        """What is remembered of rows holds no longer."""
        self.decoded.clear()
        self._rows.clear()

    async def run(self, attempt: Callable[[Transaction], Awaitable[T]], kind: object) -> T:
        transaction = self.begin()
        result = await attempt(transaction)
        if transaction.writes:
            self.accept(transaction)
        return result

    def _end_reading(self) -> None:
        """Let the next read see what was committed since."""
        if self._reading:
            self._reading = False
            try:
                self._execute_read("COMMIT")
            except apsw.Error:  # a read went wrong, and may have ended it
                if self._reader.in_transaction:
                    self._execute_read("ROLLBACK")

    def read_range(self, start: bytes, end: bytes, limit: int | None, reverse: bool, own: Writes) -> list[Pair]:
        overlay = self._not_yet_written(start, end, own)
        wanted = -1 if limit is None else limit + len(overlay)
        rows = self._read_all(_SCAN_REVERSE if reverse else _SCAN, (start, end, wanted))
        return overlaid(rows, overlay, limit, reverse)

    def count_range(self, start: bytes, end: bytes, limit: int | None, own: Writes) -> int:
        overlay = self._not_yet_written(start, end, own)
        wanted = -1 if limit is None else limit + len(overlay)
        count: int = self._read(_COUNT, (start, end, wanted)).get
        for key, value in overlay.items():
            count += (value is not None) - (self._read(_GET, (key,)).get is not None)
        return count if limit is None else min(count, limit)

    def _not_yet_written(self, start: bytes, end: bytes, own: Writes) -> Writes:
        """What was accepted, or written by this transaction, in that range, and is not in the file yet."""
        overlay: Writes = {}
        for layer in (self._inflight, self._pending, own):
            if layer:
                overlay.update({key: value for key, value in layer.items() if start <= key < end})
        return overlay

    # -- writing

    def accept(self, transaction: Transaction) -> None:
        writes = transaction.writes
        decoded, rows = self.decoded, self._rows
        for key, value in writes.items():
            decoded.pop(key, None)
            if key in rows:
                if value is None or len(value) <= _ROW_BYTES:
                    rows[key] = value
                else:
                    del rows[key]
        self._pending.update(writes)
        self._accepted += 1
        self._schedule_flush()

    @property
    def flushing(self) -> bool:
        return self._scheduled or self._committing

    def after_flush(self, callback: Callback) -> None:
        if self.flushing:
            self._waiting.append(callback)
        else:
            callback(None)

    def _schedule_flush(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            if not self._committing:
                asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        writes, self._pending = self._pending, {}
        accepted, self._accepted = self._accepted, 0
        callbacks, self._waiting = self._waiting, []
        begun = perf_counter()
        try:
            self._write(writes)
            if not self._threaded:
                self._writer.execute("COMMIT")
        except apsw.Error as error:
            self._settle(callbacks, self._lost(error))
            return
        if not self._threaded:
            self.meter.committed(len(writes), accepted, perf_counter() - begun)
            self._kept(callbacks)
            return
        self._inflight = writes
        self._committing = True
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, self._writer.execute, "COMMIT")

        def committed(future: asyncio.Future[Any]) -> None:
            if future.exception() is None:
                self.meter.committed(len(writes), accepted, perf_counter() - begun)
            self._committed(callbacks, future.exception())

        done.add_done_callback(committed)

    def _write(self, writes: Writes) -> None:
        if not self._threaded:
            self._end_reading()
        execute = self._writer.execute
        execute("BEGIN IMMEDIATE")
        for key, value in writes.items():
            if value is None:
                execute(_DELETE, (key,))
            else:
                execute(_PUT, (key, value))

    def _committed(self, callbacks: list[Callback], error: BaseException | None) -> None:
        self._inflight = {}
        self._committing = False
        self._end_reading()
        if error is not None:
            # what was accepted meanwhile may have read the lost writes, so it is lost with them
            callbacks += self._waiting
            self._waiting, self._pending, self._scheduled = [], {}, False
            self._settle(callbacks, self._lost(error))
            return
        if self._scheduled:
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            # who came during the commit and wrote nothing has no other flush to wait for
            callbacks += self._waiting
            self._waiting = []
        self._kept(callbacks)

    def _kept(self, callbacks: list[Callback]) -> None:
        """A commit is done."""
        self._checkpoint_if_due()
        self._settle(callbacks, None)

    def _lost(self, error: BaseException) -> StoreError:
        if self._writer.in_transaction:
            with suppress(apsw.Error):
                self._writer.execute("ROLLBACK")
        self._forget()
        self.meter.failures += 1
        log.error("the store could not commit: %s", error)
        # what could not be synced is in the log, where a start may find it
        in_log = getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC
        return (Uncertain if in_log else StoreError)(f"the store could not commit: {error}")

    @staticmethod
    def _settle(callbacks: list[Callback], error: StoreError | None) -> None:
        for callback in callbacks:
            try:
                callback(error)
            except Exception:
                log.exception("after a commit")

    # -- the log

    def _log_grew(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        """SQLite tells after each commit, in the commit's thread, how long the log is."""
        if pages < self._log_pages:  # the log began anew
            self._checkpoint_at = _CHECKPOINT_PAGES
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint_if_due(self) -> None:
        if self._log_pages > self._checkpoint_at and not self._checkpointing:
            self._checkpointing = True
            self._checkpoint_at = self._log_pages + _CHECKPOINT_PAGES
            done = asyncio.get_running_loop().run_in_executor(self._thread, self._checkpoint)
            done.add_done_callback(self._checkpointed)

    def _checkpoint(self) -> None:
        connection = self._connect(self._durability)  # which reads: SQLite does nothing on a connection that never did
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            log.debug("another process makes a checkpoint")
        finally:
            connection.close()

    def _checkpointed(self, done: asyncio.Future[None]) -> None:
        self._checkpointing = False
        if done.exception() is not None:
            log.warning("checkpoint failed: %s", done.exception())
        elif self._log_pages > _LOG_LIMIT_PAGES and not self._committing:
            self._end_reading()
            try:
                self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error as error:
                log.warning("checkpoint failed: %s", error)

    # -- the state as a whole

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Iterator[Pair]]:
        """All rows as of now, on a connection of its own, so that it can be read in a thread while serving."""
        await self.quiet()
        connection = apsw.Connection(self.path)
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM kv LIMIT 1").fetchall()
            yield _readable(connection.execute("SELECT k, v FROM kv ORDER BY k"))
        finally:
            connection.close()

    async def replace(self, pairs: Iterable[Pair]) -> None:
        await self.quiet()
        self._replace(pairs)

    def _replace(self, pairs: Iterable[Pair]) -> None:
        with self._in_one_go() as writer:
            writer.execute("DELETE FROM kv")
            writer.executemany(_PUT, pairs)

    async def delete_range(self, start: bytes, end: bytes) -> None:
        await self.quiet()
        self._delete_range(start, end)

    def _delete_range(self, start: bytes, end: bytes) -> None:
        with self._in_one_go() as writer:
            writer.execute("DELETE FROM kv WHERE k>=? AND k<?", (start, end))

    @contextmanager
    def _in_one_go(self) -> Iterator[apsw.Connection]:
        """A commit of its own, with nothing of anybody's under way. Raises StoreError when it is lost."""
        self._end_reading()
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            yield self._writer
            self._writer.execute("COMMIT")
        except BaseException as error:
            lost = self._lost(error)
            raise lost if isinstance(error, apsw.Error) else error from None
        finally:
            self._forget()

    async def groups(self) -> list[bytes]:
        """Found by seeking from one to the next."""
        await self.quiet()
        found: list[bytes] = []
        at = b""
        while row := self._read("SELECT k FROM kv WHERE k>=? ORDER BY k LIMIT 1", (at,)).fetchone():
            found.append(group_of(row[0]))
            at = found[-1][:-1] + b"\1"
        return found

    async def quiet(self) -> None:
        while self.flushing:
            done = asyncio.get_running_loop().create_future()
            self.after_flush(lambda _error, done=done: done.done() or done.set_result(None))  # type: ignore[misc]
            await done

    def _lost_log(self) -> str:
        return f"the log was damaged, the last commits are lost ({self._lost_commits})"

    async def size(self) -> int | None:
        """The file and its log."""
        return sum(os.path.getsize(path) for path in (self.path, self.path + "-wal") if os.path.exists(path))

    def find_damage(self) -> list[str]:
        lost = [self._lost_log()] if self._lost_commits > _UNDER_WAY else []
        try:
            with closing(apsw.Connection(self.path)) as connection:
                found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        except apsw.Error as error:
            return [*lost, str(error)]
        return lost if found == ["ok"] else lost + found

    async def close(self) -> None:
        await self.quiet()
        self._thread.shutdown(wait=True)
        self._end_reading()
        if self._reader is not self._writer:
            self._reader.close()
        self._writer.close()
        self._tidy_up()

    def _tidy_up(self) -> None:
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.path + suffix) and os.path.getsize(self.path + suffix) == 0:
                os.unlink(self.path + suffix)


def _unreadable(error: apsw.Error) -> StoreError:
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return Damaged(f"the store is damaged ({error}): `fogbank doctor` tells more")
    return StoreError(f"the store cannot be read: {error}")


def _readable(rows: apsw.Cursor) -> Iterator[Pair]:
    try:
        yield from rows
    except apsw.Error as error:
        raise _unreadable(error) from error
