"""Blobs: kept when a transaction names them, removed when none does, and found without looking at all of them."""

import asyncio
import hashlib
import os
import struct

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import blobs as kept_blobs
from fogbank.services.s3.content.bodies import Received
from fogbank.services.s3.content.digests import Sums
from fogbank.services.s3.object.objects import commit
from fogbank.storage import blobs as storage_blobs
from fogbank.storage.base import StoreError, Uncertain
from fogbank.storage.blob_directory import BlobDirectory
from fogbank.storage.blobs import BlobMissing, Seal


def run(work, data_dir, **options):
    async def main():
        app = App(Settings(data_dir=str(data_dir), port=0, **options))
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


async def write(app, *chunks):
    writer = app.blobs.create()
    for chunk in chunks:
        await writer.write(chunk)
    return await writer.finish()


async def transact(app, change, *names):
    ctx = app.system_context()

    async def work():
        for name in names:
            getattr(ctx, change)(name)

    await ctx.transact(work)
    await app.store.quiet()


async def kept(app, *chunks):
    name = await write(app, *chunks)
    await transact(app, "keep_blob", name)
    return name


def names(app):
    return {name for shelf in app.blobs.shelves() for name in app.blobs.contents(shelf)}


def span(app, name, offset, length):
    body = app.blobs.open(name, offset, length)
    try:
        return os.pread(body.fd, body.length, body.offset)
    finally:
        body.close()


def test_a_blob_is_read_back_in_spans(tmp_path):
    async def work(app):
        name = await write(app, b"a" * 100_000, b"b" * 10)
        return span(app, name, 99_999, 3), app.blobs.read(name, 100_000), b"".join(app.blobs.chunks(name))

    assert run(work, tmp_path) == (b"abb", b"b" * 10, b"a" * 100_000 + b"b" * 10)


def test_an_aborted_blob_leaves_no_file(tmp_path):
    async def work(app):
        writer = app.blobs.create()
        await writer.write(b"x")
        writer.abort()
        return names(app)

    assert run(work, tmp_path) == set()


def test_a_kept_blob_outlives_a_restart_and_an_orphan_does_not(tmp_path):
    async def first(app):
        name, _ = await kept(app, b"kept"), await write(app, b"orphan")
        await app.blobs.create().write(b"half")
        return name

    async def second(app):
        return names(app)

    name = run(first, tmp_path)
    assert run(second, tmp_path) == {name}


def test_a_blob_is_kept_with_its_length_hash_and_account(tmp_path):
    async def work(app):
        name = await write(app, b"abc")
        ctx = app.system_context(account="111122223333")

        async def keep():
            ctx.keep_blob(name)
            return await kept_blobs.kept.get(ctx, name)

        return kept_blobs.Kept.of(await ctx.transact(keep))

    seal = Seal(3, hashlib.md5(b"abc").digest())
    assert run(work, tmp_path) == kept_blobs.Kept(seal, "111122223333")


def test_only_a_finished_blob_can_be_kept(tmp_path):
    async def work(app):
        writer = app.blobs.create()
        with pytest.raises(LookupError, match="no finished blob"):
            await transact(app, "keep_blob", writer.name)

    run(work, tmp_path)


def test_a_link_has_the_same_bytes_and_outlives_what_it_was_made_from(tmp_path):
    async def work(app):
        name = await kept(app, b"bytes")
        other = app.blobs.link(name, Seal(5, hashlib.md5(b"bytes").digest()))
        await transact(app, "keep_blob", other)
        await transact(app, "drop_blob", name)
        await app.upkeep.remove_dropped()
        return app.blobs.read(other), names(app) == {other}

    assert run(work, tmp_path) == (b"bytes", True)


# -- removing


def test_a_dropped_blob_is_removed_after_the_commit(tmp_path):
    async def work(app):
        name = await kept(app, b"x")
        await transact(app, "drop_blob", name)
        still_there = name in names(app)
        async with asyncio.timeout(60):
            while names(app) or await app.summary():  # the row of what was dropped goes after it
                await asyncio.sleep(0.01)
        return still_there

    assert run(work, tmp_path)


def test_a_blob_whose_drop_was_committed_before_a_crash_goes_at_the_next_start(tmp_path):
    async def crash(app):
        name = await kept(app, b"x")
        app.upkeep._ending.set()  # as if there had been no time
        await transact(app, "drop_blob", name)
        return names(app) == {name}

    async def after(app):
        await app.upkeep.remove_dropped()
        return names(app)

    assert run(crash, tmp_path)
    assert run(after, tmp_path) == set()


def test_a_dropped_blob_that_has_its_name_again_stays(tmp_path):
    """So it is when a snapshot is loaded after it was found among the dropped ones, and before it is removed."""

    async def work(app):
        name = await kept(app, b"x")
        ctx = app.system_context()

        async def drop_only():
            kept_blobs.dropped.put(ctx, b"", 0, name)

        await ctx.transact(drop_only)
        done = await app.upkeep.remove_dropped()
        return done, names(app) == {name}

    assert run(work, tmp_path) == (True, True)


def test_a_blob_that_is_being_sent_can_be_removed(tmp_path):
    async def work(app):
        name = await write(app, b"still there")
        body = app.blobs.open(name, 0, 11)
        app.blobs.discard(name)
        found = os.pread(body.fd, body.length, 0)
        body.close()
        return found

    assert run(work, tmp_path) == b"still there"


def test_nothing_is_removed_while_a_snapshot_needs_it(tmp_path):
    async def work(app):
        name = await kept(app, b"x")
        async with app.blobs.holding():
            await transact(app, "drop_blob", name)
            removed = await app.upkeep.remove_dropped()
            during = names(app)
        return removed, during == {name}, await app.upkeep.remove_dropped(), names(app)

    assert run(work, tmp_path) == (False, True, True, set())


def test_a_blob_dropped_by_a_transaction_that_is_lost_stays(tmp_path):
    async def work(app):
        name = await kept(app, b"x")
        app.store._writer.set_commit_hook(lambda: True)
        await transact(app, "drop_blob", name)
        app.store._writer.set_commit_hook(None)
        await app.upkeep.remove_dropped()
        return names(app) == {name}

    assert run(work, tmp_path)


# -- orphans


def test_a_start_looks_at_open_shelves_only(tmp_path, monkeypatch):
    monkeypatch.setattr(storage_blobs, "SHELF_SIZE", 3)

    async def fill(app):
        for _ in range(10):
            await kept(app, b"x")
        async with asyncio.timeout(60):
            while len(os.listdir(tmp_path / "blobs" / "open")) > 1:
                await asyncio.sleep(0.01)

    async def count(app):
        return len(app.blobs.shelves())

    run(fill, tmp_path)
    looked_at = []
    contents = BlobDirectory.contents
    monkeypatch.setattr(BlobDirectory, "contents", lambda *a: looked_at.append(a) or contents(*a))
    assert run(count, tmp_path) == 4
    assert len(looked_at) == 1


def test_a_full_shelf_is_closed_when_all_its_blobs_have_names(tmp_path, monkeypatch):
    monkeypatch.setattr(storage_blobs, "SHELF_SIZE", 2)

    async def work(app):
        first, second = await write(app, b"1"), await write(app, b"2")
        await transact(app, "keep_blob", first)
        before = app.blobs.done()
        await transact(app, "keep_blob", second)
        open_then = os.listdir(tmp_path / "blobs" / "open")
        await app.upkeep._work()
        return before, len(open_then), os.listdir(tmp_path / "blobs" / "open")

    assert run(work, tmp_path) == ([], 1, [])


def test_a_shelf_goes_with_its_last_blob(tmp_path, monkeypatch):
    monkeypatch.setattr(storage_blobs, "SHELF_SIZE", 1)

    async def work(app):
        name = await kept(app, b"1")
        await app.upkeep._work()
        await transact(app, "drop_blob", name)
        await app.upkeep._work()
        return app.blobs.shelves()

    assert run(work, tmp_path) == []


def test_a_blob_under_way_is_no_orphan(tmp_path):
    async def work(app):
        name = await write(app, b"x")
        return await app.upkeep.sweep_all(), names(app) == {name}

    assert run(work, tmp_path) == (0, True)


def test_the_shelf_of_another_live_process_is_left_alone(tmp_path):
    async def work(app):
        other = BlobDirectory(app.blobs.root)
        writer = other.create()
        await writer.write(b"x")
        name = await writer.finish()
        during = await app.upkeep.sweep_all(), names(app) == {name}
        other.close()
        return during, await app.upkeep.sweep(), names(app)

    assert run(work, tmp_path) == ((0, True), 1, set())


def test_a_sweep_of_everything_finds_an_orphan_on_a_closed_shelf(tmp_path):
    async def work(app):
        await kept(app, b"kept")
        (tmp_path / "blobs" / "00000000deadbeef").mkdir()
        (tmp_path / "blobs" / "00000000deadbeef" / "7").write_bytes(b"x")
        return await app.upkeep.sweep(), await app.upkeep.sweep_all(), len(names(app))

    assert run(work, tmp_path) == (0, 1, 1)


def test_a_reset_removes_all_blobs_but_those_under_way(tmp_path):
    async def work(app):
        await kept(app, b"x")
        under_way = await write(app, b"y")
        await app.reset()
        return names(app) == {under_way}

    assert run(work, tmp_path)


# -- what goes wrong


def test_a_missing_blob_is_said_to_be_missing(tmp_path):
    async def work(app):
        with pytest.raises(BlobMissing, match=r"blob 0123456789abcdef/7 is missing"):
            app.blobs.open("0123456789abcdef/7", 0, 1)
        with pytest.raises(BlobMissing, match="is missing"):
            app.blobs.read("0123456789abcdef/7")

    run(work, tmp_path)


def test_a_blob_that_lost_its_end_is_not_sent(tmp_path):
    async def work(app):
        name = await write(app, b"12345")
        os.truncate(app.blobs.path(name), 4)
        with pytest.raises(BlobMissing, match="shorter than it was"):
            app.blobs.open(name, 0, 5)
        return span(app, name, 0, 4)

    assert run(work, tmp_path) == b"1234"


def test_a_blob_that_cannot_be_written_says_why(tmp_path, monkeypatch):
    async def work(app):
        await write(app, b"so that there is a shelf")
        writer = app.blobs.create()

        def full(fd, data):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="cannot write a blob: No space left on device"):
            writer.write_now(b"x")
        writer.abort()

    run(work, tmp_path)


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_power_durable_blobs_read_the_same(tmp_path, size):
    async def work(app):
        name = await write(app, b"z" * size)
        return app.blobs.read(name)

    assert run(work, tmp_path, durability="power") == b"z" * size


# -- data of format 1


def test_blobs_of_format_1_are_read_kept_and_dropped(tmp_path):
    name = "ab" + "0" * 30

    async def work(app):
        ctx = app.system_context()

        async def as_before():
            kept_blobs.kept.put(ctx, b"", name)

        await ctx.transact(as_before)
        (tmp_path / "blobs" / "ab").mkdir()
        (tmp_path / "blobs" / "ab" / name).write_bytes(struct.pack(">Q", 7))
        await app.upkeep.sweep_all()
        data = app.blobs.read(name)
        await transact(app, "drop_blob", name)
        await app.upkeep.remove_dropped()
        return data, names(app)

    assert run(work, tmp_path) == (struct.pack(">Q", 7), set())


@pytest.mark.parametrize(("error", "there"), [(Uncertain("?"), True), (StoreError("no room"), False)])
def test_a_blob_stays_when_the_commit_that_names_it_may_have_been_kept(tmp_path, error, there):
    async def work(app):
        ctx = app.system_context()
        received = Received(1, "", Sums("", ""), b"", await write(app, b"x"), {})

        async def fail():
            raise error

        with pytest.raises(StoreError):
            await commit(ctx, received, fail)
        return names(app) == {received.blob}

    async def after(app):
        return names(app)

    assert run(work, tmp_path) is there
    assert run(after, tmp_path) == set()  # it was not kept
