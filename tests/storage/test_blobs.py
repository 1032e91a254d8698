"""Blobs: kept when a transaction names them, swept when none does."""

import asyncio
import os

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import blobs as kept_blobs


def run(work, data_dir):
    async def main():
        app = App(Settings(data_dir=str(data_dir), port=0))
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


async def keep(app, name):
    ctx = app.system_context()

    async def work():
        ctx.keep_blob(name)

    await ctx.transact(work)


async def drop(app, name):
    ctx = app.system_context()

    async def work():
        ctx.drop_blob(name)

    await ctx.transact(work)
    await app.store.quiet()


def test_a_blob_is_read_back_in_spans(tmp_path):
    async def work(app):
        name = await write(app, b"a" * 100_000, b"b" * 10)
        body = app.blobs.open(name, 99_999, 3)
        found = os.pread(body.fd, body.length, body.offset)
        body.close()
        return found, app.blobs.read(name, 100_000)

    assert run(work, tmp_path) == (b"abb", b"b" * 10)


def test_an_aborted_blob_leaves_no_file(tmp_path):
    async def work(app):
        writer = app.blobs.create()
        await writer.write(b"x")
        writer.abort()
        return app.blobs.names(), os.listdir(app.blobs.incoming)

    assert run(work, tmp_path) == ([], [])


def test_a_kept_blob_outlives_a_restart_and_an_orphan_does_not(tmp_path):
    async def first(app):
        kept, orphan = await write(app, b"kept"), await write(app, b"orphan")
        half = app.blobs.create()
        await half.write(b"half")
        await keep(app, kept)
        return kept, orphan

    async def second(app):
        return app.blobs.names(), os.listdir(app.blobs.incoming)

    kept, _ = run(first, tmp_path)
    assert run(second, tmp_path) == ([kept], [])


def test_a_dropped_blob_is_deleted_after_the_commit(tmp_path):
    async def work(app):
        name = await write(app, b"x")
        await keep(app, name)
        await drop(app, name)
        return app.blobs.names()

    assert run(work, tmp_path) == []


def test_a_blob_that_is_being_sent_can_be_deleted(tmp_path):
    async def work(app):
        name = await write(app, b"still there")
        body = app.blobs.open(name)
        app.blobs.delete(name)
        found = os.pread(body.fd, body.length, 0)
        body.close()
        return found

    assert run(work, tmp_path) == b"still there"


def test_a_blob_deleted_during_a_snapshot_goes_when_the_snapshot_is_done(tmp_path):
    async def work(app):
        name = await write(app, b"x")
        with app.blobs.holding():
            app.blobs.delete(name)
            during = app.blobs.names()
        return during == [name], app.blobs.names()

    assert run(work, tmp_path) == (True, [])


def test_the_sweep_counts_what_it_removed(tmp_path):
    async def work(app):
        await write(app, b"1")
        await write(app, b"2")
        ctx = app.system_context()
        return await ctx.transact(kept_blobs.sweep, ctx)

    assert run(work, tmp_path) == 2


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_power_durable_blobs_read_the_same(tmp_path, size):
    async def work(app):
        app.blobs.sync = True
        name = await write(app, b"z" * size)
        return app.blobs.read(name)

    assert run(work, tmp_path) == b"z" * size
