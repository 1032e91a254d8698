"""The sqlite store of several workers on one machine: one file, and one of them at a time writes.

Whoever may write takes the *turn*, a lock between the processes, before the operation begins, and gives it back with the commit, so what
an operation read is still true when it is kept. All operations that are ready meanwhile share the turn and the commit. An operation
that is not known to write runs without the turn on what is committed; if it turns out to write, nothing of that is kept, and it runs
again with the turn. Its like will take the turn at once from then on.

The board (`fogbank.fleet.board`) says when another worker has committed: then what is cached here is forgotten.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from fogbank.fleet.board import Board
from fogbank.storage.base import Pair, StoreError, Transaction
from fogbank.storage.sqlite import Callback, Durability, SqliteStore, SqliteTransaction

T = TypeVar("T")

_LOCK = ".turn"
# what was read stays open at most this long (seconds) when nothing is read any more, so that the log can start anew
_REST = 0.25
# an operation that reads definitions while they change is run again this often before it takes the turn
_READ_ATTEMPTS = 3


class SharedSqliteStore(SqliteStore):
    """`worker` is this process's number on the board."""

    alone = False
    synchronous = True

    def __init__(self, path: str, durability: Durability, board: Board, worker: int) -> None:
        super().__init__(path, durability)
        self._board = board
        self._worker = worker
        self._lock = os.open(path + _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._has_turn = False
        self._queue: list[asyncio.Future[None]] = []
        self._writers: set[object] = set()
        self._defines = False
        self._commits = board.commits
        self._definitions = board.definitions
        self._resting: asyncio.TimerHandle | None = None

    # -- reading

    def begin(self) -> SqliteTransaction:
        if self._commits != self._board.commits:
            self._look_again()
        if self._resting is None:
            self._resting = asyncio.get_running_loop().call_later(_REST, self._rest)
        return super().begin()

    def _look_again(self) -> None:
        """Another worker has committed."""
        self._end_reading()
        self._rows.clear()
        self._commits = self._board.commits
        if self._definitions != self._board.definitions:
            self._definitions = self._board.definitions
            self.decoded.clear()

    def _rest(self) -> None:
        self._resting = None
        self._end_reading()

    # -- transactions

    async def run(self, attempt: Callable[[Transaction], Awaitable[T]], kind: object) -> T:
        if kind not in self._writers:
            for _ in range(_READ_ATTEMPTS):
                transaction = self.begin()
                result = await attempt(transaction)
                if transaction.writes:
                    self._writers.add(kind)
                    self.meter.retries += 1
                    break
                if self._definitions == self._board.definitions:
                    return result
        await self._take_turn()
        transaction = self.begin()
        result = await attempt(transaction)
        if transaction.writes:
            self.accept(transaction)
        return result

    def accept(self, transaction: Transaction) -> None:
        self._defines = self._defines or transaction.defines
        super().accept(transaction)

    # -- the turn

    async def _take_turn(self) -> None:
        """Return when this worker may write. The turn ends with the flush that is due at the end of the loop's turn."""
        while not self._may_write():
            if not self._queue and not self._has_turn:
                self._wait_for_turn()
            turn = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            await turn
        self._schedule_flush()

    def _may_write(self) -> bool:
        if self._has_turn:
            # what is ready during a commit is kept with the next one, unless others have waited long enough
            return not (self._committing and self._board.somebody_waits())
        if self._queue or self._board.somebody_waits():
            return False
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._has_turn = True
        return True

    def _wait_for_turn(self) -> None:
        self._board.wait(self._worker, True)
        lock = asyncio.get_running_loop().run_in_executor(self._thread, fcntl.flock, self._lock, fcntl.LOCK_EX)
        lock.add_done_callback(self._turn_came)

    def _turn_came(self, lock: asyncio.Future[None]) -> None:
        self._board.wait(self._worker, False)
        if lock.cancelled():
            return
        self._has_turn = True
        queue, self._queue = self._queue, []
        for turn in queue:
            if not turn.done():
                turn.set_result(None)
        self._schedule_flush()  # comes after those who waited

    def _end_turn(self) -> None:
        if self._scheduled or self._committing or not self._has_turn:
            return
        self._has_turn = False
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        if self._queue:
            self._wait_for_turn()

    def _flush(self) -> None:
        if self._pending:
            super()._flush()
            return
        self._scheduled = False
        callbacks, self._waiting = self._waiting, []
        self._settle(callbacks, None)
        self._end_turn()

    def _kept(self, callbacks: list[Callback]) -> None:
        defines, self._defines = self._defines, False
        self._commit_seen(defines)
        super()._kept(callbacks)
        self._end_turn()

    def _commit_seen(self, defines: bool) -> None:
        self._board.committed(defines)
        self._commits, self._definitions = self._board.commits, self._board.definitions

    def _lost(self, error: BaseException) -> StoreError:
        self._defines = False
        asyncio.get_running_loop().call_soon(self._end_turn)
        return super()._lost(error)

    # -- the state as a whole

    async def replace(self, pairs: Iterable[Pair]) -> None:
        await self._take_turn_alone()
        self._replace(pairs)
        self._commit_seen(defines=True)

    async def delete_range(self, start: bytes, end: bytes) -> None:
        await self._take_turn_alone()
        self._delete_range(start, end)
        self._commit_seen(defines=True)

    async def _take_turn_alone(self) -> None:
        """Return with the turn, and nothing of anybody's under way."""
        await self._take_turn()
        while self._committing or self._pending:
            await self.quiet()
            await self._take_turn()

    async def groups(self) -> list[bytes]:
        self.begin()
        return await super().groups()

    async def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        await super().close()
        os.close(self._lock)

    def _tidy_up(self) -> None:
        """Others may still use the log."""
