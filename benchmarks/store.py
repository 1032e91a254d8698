"""Writes per second and CPU of the store alone, at 1, 32 and 256 clients, beside what SQLite and the disk allow."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from fogbank.storage.base import Store, StoreError, Transaction
from fogbank.storage.sqlite import Durability, SqliteStore, SqliteTransaction
from fogbank.telemetry.metrics import StoreMeter

_VALUE = os.urandom(400)
_PREFIX = b"benchmark\0rows\0\0\0"
# as many different rows are written in turn
_ROWS = 20_000
_DURABILITIES: tuple[Durability, ...] = ("process", "power")


class Figures(NamedTuple):
    """Writes per second, CPU time of the process per write in microseconds, writes that shared a commit."""

    rate: float
    cpu: float
    shared: float


def key(number: int) -> bytes:
    """The key of a row; those that follow each other lie far apart."""
    return _PREFIX + b"%012d" % (number * 7919 % _ROWS)


async def write(store: Store, number: int) -> None:
    """One write, and the wait until it is durable, as a request has it. Raises StoreError."""

    async def attempt(transaction: Transaction) -> None:
        transaction.put(key(number), _VALUE)

    await store.run(attempt, "write")
    if not store.flushing:
        return
    durable: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()
    store.after_flush(durable.set_result)
    error = await durable
    if error is not None:
        raise error


async def measured(store: Store, clients: int, seconds: float) -> Figures:
    numbers = iter(range(1 << 62))
    done = 0

    async def client(end: float) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await write(store, next(numbers))
            done += 1

    async def all_clients(seconds: float) -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(client(end) for _ in range(clients)))

    await all_clients(seconds / 4)
    done = 0
    commits = store.meter.seconds.count
    began, cpu = time.perf_counter(), time.process_time()
    await all_clients(seconds)
    passed, used = time.perf_counter() - began, time.process_time() - cpu
    return Figures(done / passed, used / done * 1e6, done / max(store.meter.seconds.count - commits, 1))


@asynccontextmanager
async def opened(url: str, directory: str, durability: Durability) -> AsyncIterator[Store]:
    store: Store
    if url:
        from fogbank.storage.postgres import PostgresStore

        store = PostgresStore(url)
    else:
        store = SqliteStore(os.path.join(directory, f"{durability}.db"), durability)
    await store.open()
    try:
        yield store
    finally:
        if url:
            await store.delete_range(_PREFIX, _PREFIX + b"\xff")
        await store.close()


def floor(directory: str, synchronous: str, seconds: float) -> float:
    """Transactions per second of a put each, by Python's own module, one after another."""
    database = sqlite3.connect(os.path.join(directory, f"floor-{synchronous}.db"), isolation_level=None)
    database.execute("PRAGMA journal_mode=wal")
    database.execute(f"PRAGMA synchronous={synchronous}")
    database.execute("CREATE TABLE kv(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID")
    count, began = 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        database.execute("INSERT OR REPLACE INTO kv VALUES(?, ?)", (key(count), _VALUE))
        count += 1
    rate = count / (time.perf_counter() - began)
    database.close()
    return rate


def sync_time(directory: str) -> float:
    """Seconds that the disk takes to sync a page that was appended: the median of a hundred."""
    times = []
    with open(os.path.join(directory, "sync"), "wb", buffering=0) as file:
        for _ in range(100):
            file.write(b"x" * 8192)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[50]


class Idle:
    """Keeps nothing, with the next turn of the loop: what the clients themselves cost."""

    flushing = True

    def __init__(self) -> None:
        self.meter = StoreMeter()

    async def run(self, attempt: Any, kind: object) -> None:
        await attempt(SqliteTransaction(self))  # type: ignore[arg-type]

    def after_flush(self, callback: Any) -> None:
        asyncio.get_running_loop().call_soon(callback, None)


async def run(url: str, directory: str, clients: list[int], seconds: float) -> None:
    idle: Any = Idle()
    own = {count: (await measured(idle, count, seconds / 2)).cpu for count in clients}
    print("| | clients | writes/s | CPU us per write | without the clients' own | writes per commit |")
    print("|---|---|---|---|---|---|")
    for durability in _DURABILITIES[:1] if url else _DURABILITIES:
        async with opened(url, directory, durability) as store:
            for count in clients:
                rate, cpu, shared = await measured(store, count, seconds)
                name = "PostgreSQL" if url else durability
                print(
                    f"| {name} | {count} | {rate:,.0f} | {cpu:.0f} | {cpu - own[count]:.0f} | {shared:.0f} |",
                    flush=True,
                )


def loop_factory() -> asyncio.AbstractEventLoop:
    """The loop that the server has."""
    from fogbank.cli.serve import loop_factory

    return loop_factory()()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="", help="a PostgreSQL URL, instead of SQLite; what is there is left alone")
    parser.add_argument("--clients", default="1,32,256")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each is measured")
    parser.add_argument("--directory", help="on the disk to be measured")
    chosen = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="fogbank-store-", dir=chosen.directory)
    try:
        if not chosen.store:
            print(f"sync of a page: {sync_time(directory) * 1e3:.2f} ms")
            for synchronous, durability in (("off", "process"), ("full", "power")):
                rate = floor(directory, synchronous, chosen.seconds)
                print(f"floor of {durability} (sqlite3, one client, synchronous={synchronous}): {rate:,.0f} writes/s")
        clients = [int(count) for count in chosen.clients.split(",")]
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(run(chosen.store, directory, clients, chosen.seconds))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
