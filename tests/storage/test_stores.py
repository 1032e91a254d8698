"""What every store promises to several who write at once: sqlite alone, sqlite among workers, PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from fogbank.fleet.local import Crew
from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.postgres import PostgresStore
from fogbank.storage.shared import SharedSqliteStore
from fogbank.storage.sqlite import SqliteStore
from tests.postgres import new_database

STORES = ("sqlite", "shared", "postgres")


class Places:
    """Opens stores of one kind on one state, as many as are asked for."""

    def __init__(self, kind: str, directory) -> None:
        self.kind = kind
        self._path = str(directory / "state.db")
        self._url = new_database() if kind == "postgres" else ""
        self._crew = Crew(2)
        self._opened = 0

    @asynccontextmanager
    async def store(self):
        if self.kind == "postgres":
            store = PostgresStore(self._url)
        elif self.kind == "shared":
            store = SharedSqliteStore(self._path, "process", self._crew.board, self._opened)
        else:
            store = SqliteStore(self._path)
        self._opened += 1
        await store.open()
        try:
            yield store
        finally:
            await store.close()


@pytest.fixture(params=STORES)
def places(request, tmp_path):
    return Places(request.param, tmp_path)


@pytest.fixture(params=STORES[1:])
def shared_places(request, tmp_path):
    return Places(request.param, tmp_path)


def increment(key: bytes):
    async def attempt(tx):
        value = int(await tx.get(key) or 0)
        tx.put(key, b"%d" % (value + 1))
        return value

    return attempt


async def all_rows(store):
    async with store.snapshot() as pairs:
        return await asyncio.get_running_loop().run_in_executor(None, list, pairs)


def test_a_transaction_sees_its_own_writes(places):
    async def work():
        async with places.store() as store:

            async def attempt(tx):
                for key in (b"a", b"b", b"c"):
                    tx.put(key, key.upper())
                tx.delete(b"b")
                return [await tx.get(b"a"), await tx.get(b"b"), await tx.scan(b"a", b"z"), await tx.count(b"a", b"z")]

            return await store.run(attempt, "kind")

    assert asyncio.run(work()) == [b"A", None, [(b"a", b"A"), (b"c", b"C")], 2]


def test_scans_put_own_writes_over_what_is_kept(places):
    async def work():
        async with places.store() as store:

            async def first(tx):
                for number in range(6):
                    tx.put(b"k%d" % number, b"old")

            async def second(tx):
                tx.delete(b"k0")
                tx.put(b"k2", b"new")
                tx.put(b"k9", b"new")
                forward = await tx.scan(b"k", b"l", 3)
                backward = await tx.scan(b"k", b"l", 2, reverse=True)
                return [key for key, _ in forward], backward, await tx.count(b"k", b"l"), await tx.count(b"k", b"l", 4)

            await store.run(first, "kind")
            return await store.run(second, "kind")

    assert asyncio.run(work()) == ([b"k1", b"k2", b"k3"], [(b"k9", b"new"), (b"k5", b"old")], 6, 4)


def test_what_raises_leaves_nothing(places):
    async def work():
        async with places.store() as store:

            async def attempt(tx):
                tx.put(b"a", b"1")
                raise ValueError("no")

            with pytest.raises(ValueError, match="no"):
                await store.run(attempt, "kind")
            await store.quiet()
            return await all_rows(store)

    assert asyncio.run(work()) == []


def test_transactions_of_two_processes_come_one_after_the_other(shared_places):
    async def work():
        async with shared_places.store() as one, shared_places.store() as other:
            seen = await asyncio.gather(*[store.run(increment(b"n"), "add") for store in (one, other) * 50])
            return sorted(seen)

    assert asyncio.run(work()) == list(range(100))


def test_who_reads_first_and_writes_later_is_not_overtaken(shared_places):
    """Write skew: each of two may give up its watch only while the other one keeps it."""

    async def work():
        async with shared_places.store() as one, shared_places.store() as other:

            async def both(tx):
                tx.put(b"x", b"on")
                tx.put(b"y", b"on")

            def leave(mine, others):
                async def attempt(tx):
                    if await tx.get(others) == b"on":
                        tx.put(mine, b"off")

                return attempt

            for number in range(20):
                await one.run(both, "both")
                await one.quiet()
                await asyncio.gather(
                    one.run(leave(b"x", b"y"), f"leave {number}"), other.run(leave(b"y", b"x"), f"leave {number}")
                )
                await one.quiet()
                await other.quiet()
                assert b"on" in [value for _, value in await all_rows(one)]

    asyncio.run(work())


def test_an_attempt_that_is_run_again_starts_from_nothing(shared_places):
    async def work():
        async with shared_places.store() as store:
            attempts = []

            async def attempt(tx):
                attempts.append(dict(tx.writes))
                tx.put(b"a", b"%d" % len(attempts))
                return await tx.get(b"a")

            return await store.run(attempt, "kind"), attempts

    result, attempts = asyncio.run(work())
    assert result == b"%d" % len(attempts)
    assert all(writes == {} for writes in attempts)


def test_state_is_replaced_and_ranges_deleted_for_all(shared_places):
    async def work():
        async with shared_places.store() as one, shared_places.store() as other:
            await one.run(increment(b"gone"), "add")
            await other.replace([(b"a\0b\0c\0d\0%d\0" % number, b"v") for number in range(5)])
            found = [await all_rows(one)]
            await one.delete_range(b"a\0b\0c\0d\0\x32", b"z")
            found.append(await all_rows(other))
            return [len(rows) for rows in found], await one.groups()

    assert asyncio.run(work()) == ([5, 2], [b"a\0b\0c\0d\0"])


def test_the_meter_counts_commits_and_attempts_that_were_run_again(shared_places):
    async def work():
        async with shared_places.store() as one, shared_places.store() as other:
            await asyncio.gather(*[store.run(increment(b"n"), "add") for store in (one, other) * 20])
            await one.quiet()
            await other.quiet()
            return one.meter, other.meter

    meters = asyncio.run(work())
    assert sum(meter.retries for meter in meters) > 0
    assert sum(meter.transactions.total for meter in meters) == 40


# -- what only a database can do


def test_a_lost_connection_is_a_reason_to_try_again():
    url = new_database()

    async def work():
        async with _opened(url) as store:
            connection = await store.connect()
            broken = []

            async def attempt(tx):
                value = int(await tx.get(b"n") or 0)
                if not broken:
                    broken.append(True)
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                await tx.get(b"m")
                tx.put(b"n", b"%d" % (value + 1))

            await store.run(attempt, "add")
            await connection.close()
            return await all_rows(store)

    assert asyncio.run(work()) == [(b"n", b"1")]


def test_a_database_that_is_not_there_is_said_without_its_password():
    async def work():
        async with _opened("postgresql://someone:secret@127.0.0.1:1/nothing"):
            pass

    with pytest.raises(StoreError, match=r"cannot open the store at postgresql://someone:\*\*\*@127.0.0.1:1/nothing"):
        asyncio.run(work())


def test_a_database_of_a_newer_format_is_refused():
    url = new_database()

    async def work():
        async with _opened(url) as store:
            await store.pool.execute("INSERT INTO fogbank_format(version) VALUES(99)")
        async with _opened(url):
            pass

    with pytest.raises(NewerFormat, match="data format 99"):
        asyncio.run(work())


def test_several_servers_may_make_the_tables_at_once():
    url = new_database()

    async def work():
        stores = [PostgresStore(url) for _ in range(6)]
        await asyncio.gather(*(store.open() for store in stores))
        await asyncio.gather(*(store.close() for store in stores))

    asyncio.run(work())


@asynccontextmanager
async def _opened(url: str):
    store = PostgresStore(url)
    try:
        await store.open()
        yield store
    finally:
        await store.close()
