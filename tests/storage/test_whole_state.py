"""The whole state: saved and loaded, forgotten, counted; one owner for a directory."""

import asyncio
import io
import json
import zipfile

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import Record, Service, tasks
from fogbank.kernel.blobs import Kept, kept
from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.datadir import DataDirectory, DirectoryBusy


class Thing(Record, frozen=True):
    name: str


service = Service("testing")
things = service.collection("things", Thing, cached=True)


def run(work, **options):
    async def main():
        app = App(Settings(port=0, **{"ephemeral": True, **options}))
        app.services._loaded["testing"] = service
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


async def put(app, account, name):
    ctx = app.system_context("testing", account, "eu-west-1")

    async def work():
        things.put(ctx, Thing(name), name)

    await ctx.transact(work)


async def names(app, account):
    ctx = app.system_context("testing", account, "eu-west-1")
    return [thing.name for thing in await ctx.transact(lambda: things.scan(ctx))]


async def blob(app, data):
    writer = app.blobs.create()
    await writer.write(data)
    name = await writer.finish()
    ctx = app.system_context()

    async def work():
        ctx.keep_blob(name)

    await ctx.transact(work)
    return name


def test_a_snapshot_brings_records_blobs_and_clock_to_another_server(tmp_path):
    target = str(tmp_path / "state.fogbank")

    async def first(app):
        await put(app, "1", "a")
        name = await blob(app, b"bytes" * 1000)
        await app.advance(3600)
        await app.save(target)
        return name

    async def second(app):
        await put(app, "1", "of before")
        await app.load(target)
        found = {blob: app.blobs.read(blob) for shelf in app.blobs.shelves() for blob in app.blobs.contents(shelf)}
        return await names(app, "1"), found, app.clock.offset

    name = run(first)
    loaded, blobs, offset = run(second)
    assert (loaded, blobs) == (["a"], {name: b"bytes" * 1000})
    assert offset == pytest.approx(3600, abs=5)


def test_a_file_that_is_no_snapshot_is_refused_and_changes_nothing(tmp_path):
    async def work(app):
        await put(app, "1", "a")
        with pytest.raises(StoreError, match="not a Fogbank snapshot"):
            await app.load(io.BytesIO(b"nonsense"))
        return await names(app, "1")

    assert run(work) == ["a"]


def test_a_snapshot_of_a_newer_format_is_refused():
    async def work(app):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("manifest.json", json.dumps({"format": 99, "version": "9", "clock": 0}))
        stream.seek(0)
        with pytest.raises(NewerFormat, match="format 99"):
            await app.load(stream)

    run(work)


def test_a_reset_forgets_everything_or_one_account():
    async def work(app):
        await put(app, "1", "a")
        await put(app, "2", "b")
        await app.reset("1")
        after_one = await names(app, "1"), await names(app, "2")
        await app.reset()
        return after_one, await names(app, "2"), await app.summary()

    assert run(work) == (([], ["b"]), [], [])


def test_a_reset_account_has_no_blobs_tasks_or_names_left(aws, fogbank_server):
    app = fogbank_server.app
    s3, dynamodb = aws("s3"), aws("dynamodb")
    name = f"reset-{aws.account}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="large", Body=b"x" * 100_000)
    dynamodb.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    ttl = {"Enabled": True, "AttributeName": "expires"}
    dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification=ttl)
    expires = {"N": str(int(app.clock.now()) + 9999)}
    dynamodb.put_item(TableName="table", Item={"id": {"S": "a"}, "expires": expires})
    fogbank_server.reset(aws.account)
    fogbank_server.call(app.upkeep.remove_dropped())
    assert fogbank_server.call(shared_rows_of(app, aws.account)) == []
    aws("s3", account="999988887777").create_bucket(Bucket=name)


async def shared_rows_of(app, account):
    ctx = app.system_context()

    async def look():
        found = [name for (name,), row in await kept.items(ctx, (str,)) if Kept.of(row).account == account]
        return found + [task for task in await tasks.pending.scan(ctx) if task.account == account]

    return await ctx.transact(look)


def test_the_summary_counts_rows_by_scope():
    async def work(app):
        await put(app, "1", "a")
        await put(app, "1", "b")
        await app.store.quiet()
        return await app.summary()

    row = {"service": "testing", "collection": "things", "account": "1", "region": "eu-west-1", "rows": 2}
    assert run(work) == [row]


def test_the_same_name_in_two_accounts_is_two_things():
    async def work(app):
        await put(app, "1", "a")
        return await names(app, "2")

    assert run(work) == []


def test_a_cached_definition_is_read_anew_after_it_was_written():
    async def work(app):
        ctx = app.system_context("testing", "1", "eu-west-1")

        async def write(name):
            things.put(ctx, Thing(name), "key")

        seen = []
        for name in ("old", "new"):
            await ctx.transact(write, name)
            seen.append((await ctx.transact(things.get, ctx, "key")).name)
            await app.store.quiet()
            seen.append((await ctx.transact(things.get, ctx, "key")).name)
        return seen

    assert run(work) == ["old", "old", "new", "new"]


def test_a_second_server_on_a_directory_is_refused(tmp_path):
    first = DataDirectory(str(tmp_path))
    with pytest.raises(DirectoryBusy, match="another fogbank server"):
        DataDirectory(str(tmp_path))
    first.close()
    DataDirectory(str(tmp_path)).close()


def test_a_directory_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to the data directory"):
        DataDirectory(str(tmp_path / "file"))
