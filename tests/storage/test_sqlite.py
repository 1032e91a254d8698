"""The sqlite store: what is accepted is seen at once, kept after the flush, and lost whole when the disk refuses."""

import asyncio
import os
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.sqlite import SqliteStore


def run(work, path, durability="process"):
    async def main():
        store = SqliteStore(str(path), durability)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


async def flushed(store):
    done = asyncio.get_running_loop().create_future()
    store.after_flush(done.set_result)
    return await done


async def write(store, **rows):
    tx = store.begin()
    for key, value in rows.items():
        if value is None:
            tx.delete(key.encode())
        else:
            tx.put(key.encode(), value.encode())
    store.accept(tx)


@pytest.mark.parametrize("durability", ["none", "process", "power"])
def test_an_accepted_write_is_read_before_and_after_its_flush(tmp_path, durability):
    async def work(store):
        await write(store, a="1")
        before = await store.begin().get(b"a")
        assert await flushed(store) is None
        return before, await store.begin().get(b"a")

    assert run(work, tmp_path / "state.db", durability) == (b"1", b"1")


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_flushed_write_is_there_after_reopening(tmp_path, durability):
    async def first(store):
        await write(store, a="1", b="2")
        await flushed(store)
        await write(store, b=None)
        await flushed(store)

    async def second(store):
        return await store.begin().scan(b"", b"\xff")

    run(first, tmp_path / "state.db", durability)
    assert run(second, tmp_path / "state.db", durability) == [(b"a", b"1")]


def test_a_transaction_that_is_not_accepted_leaves_nothing(tmp_path):
    async def work(store):
        tx = store.begin()
        tx.put(b"a", b"1")
        assert await tx.get(b"a") == b"1"
        return await store.begin().get(b"a"), store.flushing

    assert run(work, tmp_path / "state.db") == (None, False)


def test_writes_accepted_in_one_turn_of_the_loop_share_a_commit(tmp_path):
    async def work(store):
        commits = []
        store._writer.set_commit_hook(lambda: commits.append(1) or False)
        for number in range(20):
            await write(store, **{f"k{number}": "v"})
        await flushed(store)
        return len(commits)

    assert run(work, tmp_path / "state.db") == 1


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_failed_commit_is_reported_and_nothing_of_it_is_seen(tmp_path, durability):
    async def work(store):
        await write(store, kept="1")
        await flushed(store)
        store._writer.set_commit_hook(lambda: True)
        await write(store, lost="1")
        error = await flushed(store)
        store._writer.set_commit_hook(None)
        await write(store, later="1")
        assert await flushed(store) is None
        return type(error), await store.begin().scan(b"", b"\xff")

    assert run(work, tmp_path / "state.db", durability) == (StoreError, [(b"kept", b"1"), (b"later", b"1")])


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_log_that_has_grown_is_checkpointed_and_nothing_is_lost(tmp_path, monkeypatch, durability):
    monkeypatch.setattr("fogbank.storage.sqlite._CHECKPOINT_PAGES", 4)

    async def work(store):
        checkpoints = []
        monkeypatch.setattr(store, "_checkpoint", lambda: checkpoints.append(SqliteStore._checkpoint(store)))
        store._checkpoint_at = 4
        for number in range(40):
            await write(store, **{f"k{number:02}": "v" * 5000})
            assert await flushed(store) is None
            while store._checkpointing:
                await asyncio.sleep(0)
        return len(checkpoints), os.path.getsize(store.path), len(await store.begin().scan(b"", b"\xff"))

    count, size, rows = run(work, tmp_path / "state.db", durability)
    assert count > 5
    assert size > 35 * 5000
    assert rows == 40


def test_a_long_log_begins_anew_although_there_are_readers(tmp_path, monkeypatch):
    monkeypatch.setattr("fogbank.storage.sqlite._CHECKPOINT_PAGES", 4)
    monkeypatch.setattr("fogbank.storage.sqlite._LOG_LIMIT_PAGES", 8)

    async def work(store):
        longest = number = 0
        while longest <= store._log_pages:
            longest = store._log_pages
            number += 1
            await write(store, **{f"k{number % 7}": "v" * 5000})
            assert await flushed(store) is None
            await store.begin().get(b"k1")
            await asyncio.sleep(0)

    run(lambda store: asyncio.wait_for(work(store), 30), tmp_path / "state.db")


def test_who_waits_for_a_commit_that_is_under_way_is_called_when_it_is_done(tmp_path):
    async def work(store):
        await write(store, a="1")
        while not store._committing:
            await asyncio.sleep(0)
        return await asyncio.wait_for(flushed(store), 10)

    assert run(work, tmp_path / "state.db", "power") is None


def test_a_newer_data_format_is_refused(tmp_path):
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerFormat, match="data format 99"):
        SqliteStore(str(path))


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"this is not a database, and long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="cannot open"):
        SqliteStore(str(path))


names = st.sampled_from([f"k{n}" for n in range(12)])
changes = st.lists(st.tuples(names, st.one_of(st.none(), st.text("xyz", max_size=2))), max_size=12)


@settings(deadline=None, max_examples=40)
@given(
    committed=changes,
    pending=changes,
    own=changes,
    bounds=st.tuples(names, names),
    limit=st.integers(1, 6),
    back=st.booleans(),
)
def test_a_scan_sees_every_layer_merged_in_order(tmp_path_factory, committed, pending, own, bounds, limit, back):
    async def work(store):
        await write(store, **dict(committed))
        await flushed(store)
        await write(store, **dict(pending))
        tx = store.begin()
        for key, value in dict(own).items():
            tx.writes[key.encode()] = None if value is None else value.encode()
        return await tx.scan(bounds[0].encode(), bounds[1].encode(), limit, back)

    model = {}
    for layer in (committed, pending, own):
        model.update(dict(layer))
    expected = sorted(
        (key.encode(), value.encode())
        for key, value in model.items()
        if value is not None and bounds[0] <= key < bounds[1]
    )
    expected = expected[::-1][:limit] if back else expected[:limit]
    assert run(work, tmp_path_factory.mktemp("store") / "state.db", "none") == expected


def test_groups_name_every_scope_that_has_rows(tmp_path):
    async def work(store):
        tx = store.begin()
        for account in ("1", "2"):
            for item in range(5):
                tx.put(f"sqs\0queues\0{account}\0eu\0q{item}\0".encode(), b"")
        tx.put(b"s3\0buckets\0\0\0b\0", b"")
        store.accept(tx)
        await flushed(store)
        return await store.groups()

    assert run(work, tmp_path / "state.db") == [
        b"s3\0buckets\0\0\0",
        b"sqs\0queues\x001\0eu\0",
        b"sqs\0queues\x002\0eu\0",
    ]


def test_a_count_sees_what_is_written_and_what_is_not_yet(tmp_path):
    async def work(store):
        await write(store, a="1", b="2", c="3", d="4")
        await flushed(store)
        await write(store, b=None, e="5")
        tx = store.begin()
        tx.put(b"a", b"again")
        tx.delete(b"c")
        return await tx.count(b"a", b"z"), await tx.count(b"a", b"z", limit=2), await tx.count(b"x", b"z")

    assert run(work, tmp_path / "state.db") == (3, 2, 0)
