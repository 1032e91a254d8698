"""Snapshots: of one moment, from any store to any other, whole or not at all. The format is docs/snapshots.md."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import struct
import subprocess
import tracemalloc
import zipfile
from contextlib import asynccontextmanager

import pytest

from fogbank.app import App
from fogbank.config import Settings
from fogbank.kernel import Record, Service
from fogbank.kernel.blobs import kept
from fogbank.storage import snapshot
from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.secrets import Secrets
from fogbank.storage.snapshot import Snapshot
from tests.postgres import new_database

STORES = ("sqlite", "postgres")


class Step(Record, frozen=True):
    number: int
    blob: str = ""


service = Service("testing")
steps = service.collection("steps", Step)


@asynccontextmanager
async def running(store: str = "sqlite"):
    """An app whose state is new."""
    url = await asyncio.to_thread(new_database) if store == "postgres" else ""
    app = App(Settings(port=0, ephemeral=True, store=url))
    app.services._loaded["testing"] = service
    await app.open()
    try:
        yield app
    finally:
        await app.close()


def scope(app):
    return app.system_context("testing", "111122223333", "eu-west-1")


async def write_step(app, number: int) -> None:
    """Three rows and a blob that all tell the same number; the blob of the step before is dropped."""
    writer = app.blobs.create()
    await writer.write(b"%d" % number * 20_000)
    blob = await writer.finish()
    ctx = scope(app)

    async def work():
        before = await steps.get(ctx, "a")
        for key in ("a", "b", "c"):
            steps.put(ctx, Step(number, blob), key)
        ctx.keep_blob(blob)
        if before is not None:
            ctx.drop_blob(before.blob)

    await ctx.transact(work)


async def read_steps(app) -> list[Step]:
    ctx = scope(app)
    return await ctx.transact(lambda: steps.scan(ctx))


async def number_of(app) -> int:
    """The number that all rows and the blob agree about."""
    found = await read_steps(app)
    (number,) = {step.number for step in found}
    assert [app.blobs.read(step.blob) for step in found] == [b"%d" % number * 20_000] * 3
    return number


async def saved(app) -> io.BytesIO:
    stream = io.BytesIO()
    await app.save(stream)
    stream.seek(0)
    return stream


def all_blobs(app) -> set[str]:
    return {blob for shelf in app.blobs.shelves() for blob in app.blobs.contents(shelf)}


# -- one moment


@pytest.mark.parametrize("store", STORES)
def test_what_is_saved_while_others_write_is_one_moments(store):
    async def work():
        async with running(store) as app, running() as other:
            at, last = 0, False

            async def write():
                nonlocal at
                while not last:
                    at += 1
                    await write_step(app, at)

            writer = asyncio.create_task(write())
            numbers = []
            for _ in range(8):
                before = at
                while at < before + 3:
                    await asyncio.sleep(0)
                earliest = at - 1
                stream = await saved(app)
                await other.load(stream)
                numbers.append(await number_of(other))
                assert earliest <= numbers[-1] <= at
            last = True
            await writer
            return numbers

    numbers = asyncio.run(work())
    assert numbers == sorted(set(numbers)) and len(numbers) == 8


def test_the_server_answers_while_it_saves():
    async def work():
        async with running() as app:
            await write_step(app, 1)
            loop, answered = asyncio.get_running_loop(), []

            class Slow(io.BytesIO):
                """Waits until a write of others was answered."""

                def write(self, data):
                    if not answered:
                        asyncio.run_coroutine_threadsafe(write_step(app, 2), loop).result(timeout=20)
                        answered.append(True)
                    return super().write(data)

            stream = Slow()
            await app.save(stream)
            now = await number_of(app)
            stream.seek(0)
            await app.load(stream)
            return now, await number_of(app)

    assert asyncio.run(work()) == (2, 1)


# -- anywhere


@pytest.mark.parametrize("target", STORES)
@pytest.mark.parametrize("source", STORES)
def test_a_snapshot_of_any_store_loads_into_any_other(source, target):
    async def rows(app):
        async with app.store.snapshot() as pairs:
            return await asyncio.to_thread(list, pairs)

    async def work():
        async with running(source) as one, running(target) as other:
            await write_step(one, 7)
            await write_step(other, 1)
            await other.load(await saved(one))
            assert await number_of(other) == 7
            return await saved(one), await saved(other)

    first, second = asyncio.run(work())
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        foreign = {"manifest.json", "SHA256SUMS"}
        assert [one.read(name) for name in one.namelist() if name not in foreign] == [
            other.read(name) for name in other.namelist() if name not in foreign
        ]


def test_a_snapshot_loads_into_the_server_that_it_was_made_by():
    async def work():
        async with running() as app:
            await write_step(app, 1)
            stream = await saved(app)
            await write_step(app, 2)
            await app.load(stream)
            await app.upkeep.remove_dropped()
            return await number_of(app), len(all_blobs(app))

    assert asyncio.run(work()) == (1, 1)


# -- whole or not at all


@pytest.fixture(scope="module")
def archive() -> bytes:
    """A snapshot with a few hundred rows, a blob and a secret."""

    async def work():
        async with running() as app:
            ctx = scope(app)

            async def many():
                for number in range(300):
                    steps.put(ctx, Step(number), "many", str(number))

            await ctx.transact(many)
            await write_step(app, 1)
            app.secrets.add("key-1", b"x" * 32)
            return (await saved(app)).getvalue()

    return asyncio.run(work())


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(contents: dict[str, bytes], sums: bool = False) -> bytes:
    """An archive of these members; with `sums` the sums are made to fit."""
    if sums:
        lines = [
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items() if name != "SHA256SUMS"
        ]
        contents = {**contents, "SHA256SUMS": "".join(lines).encode()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name, data in contents.items():
            opened.writestr(name, data)
    return stream.getvalue()


def refusal(archive: bytes) -> str:
    """Why loading the archive is refused; it must have changed nothing."""

    async def work():
        async with running() as app:
            await write_step(app, 42)
            await app.upkeep.remove_dropped()
            blobs = all_blobs(app)
            with pytest.raises(StoreError) as refused:
                await app.load(io.BytesIO(archive))
            assert await number_of(app) == 42
            assert all_blobs(app) == blobs
            assert app.secrets.names() == []
            assert app.clock.offset == 0
            return str(refused.value)

    text = asyncio.run(work())
    assert "\n" not in text
    return text


def test_a_snapshot_that_was_cut_off_is_refused(archive):
    for length in (0, 1, 100, len(archive) // 2, len(archive) - 1):
        assert refusal(archive[:length]) == "not a Fogbank snapshot, or not all of it"


def test_a_flipped_bit_anywhere_in_the_data_is_noticed(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        starts = {info.filename: info.header_offset + 30 + len(info.filename) for info in opened.infolist()}
        sizes = {info.filename: info.compress_size for info in opened.infolist()}
    for name, start in starts.items():
        damaged = bytearray(archive)
        damaged[start + 20 + sizes[name] // 2] ^= 0x10
        assert refusal(bytes(damaged)).startswith(("the snapshot is damaged: ", "not a Fogbank snapshot"))


def test_a_member_that_was_exchanged_is_noticed(archive):
    contents = members(archive)
    blob = next(name for name in contents if name.startswith("blobs/"))
    assert refusal(packed({**contents, blob: b"else"})) == f"the snapshot is damaged: {blob} is not what was saved"
    assert refusal(packed({**contents, "secrets/key-1": b"else"})).endswith("secrets/key-1 is not what was saved")


def test_a_member_too_few_or_too_many_is_noticed(archive):
    contents = members(archive)
    blob = next(name for name in contents if name.startswith("blobs/"))
    without = {name: data for name, data in contents.items() if name != blob}
    assert refusal(packed(without)) == f"the snapshot is damaged: {blob} is missing"
    assert refusal(packed(without, sums=True)) == f"the snapshot is damaged: it has no blob {blob[6:]}"
    assert refusal(packed({**contents, "more": b""})) == "the snapshot is damaged: more does not belong to it"


def test_rows_that_do_not_add_up_are_noticed(archive):
    contents = members(archive)
    rows = contents["records"]
    for wrong, why in (
        (rows[:-1], "its rows end in the middle of one"),
        (rows + b"\0\0\0\1", "its rows end in the middle of one"),
        (rows + rows, "its rows are not in order"),
        (struct.pack(">II", 1 << 31, 1 << 31) + rows, "a row of 4294967296 bytes"),
    ):
        text = refusal(packed({**contents, "records": wrong}, sums=True))
        assert text == f"the snapshot is damaged: {why}"


@pytest.mark.parametrize("name", ["blobs/../../etc/passwd", "secrets/../key", "blobs/x"])
def test_names_that_lead_elsewhere_are_refused(archive, name):
    text = refusal(packed({**members(archive), name: b"x"}, sums=True))
    assert text == f"the snapshot is damaged: it has a member named {name!r}"


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"format": "x", "clock": 0}', b'{"format": 3}', b"\xff"])
def test_a_manifest_that_says_nothing_is_refused(archive, manifest):
    text = refusal(packed({**members(archive), "manifest.json": manifest}, sums=True))
    assert text == "not a Fogbank snapshot, or not all of it"


@pytest.mark.parametrize("what", ["format", "data"])
def test_a_newer_format_is_refused_with_one_clear_line(archive, what):
    contents = members(archive)
    manifest = json.loads(contents["manifest.json"])
    text = refusal(packed({**contents, "manifest.json": json.dumps({**manifest, what: 99}).encode()}, sums=True))
    named = {"format": "format", "data": "data format"}[what]
    assert text == f"the snapshot has {named} 99; this version of Fogbank reads up to {manifest[what]}"


def test_a_newer_format_is_told_from_damage():
    with pytest.raises(NewerFormat):
        Snapshot(io.BytesIO(packed({"manifest.json": b'{"format": 99, "clock": 0}'})))


def test_what_fails_half_way_leaves_no_blobs_behind(archive, monkeypatch):
    async def work():
        async with running() as app:
            await write_step(app, 42)

            async def full(pairs):
                raise StoreError("disk full")

            monkeypatch.setattr(app.store, "replace", full)
            with pytest.raises(StoreError, match="disk full"):
                await app.load(io.BytesIO(archive))
            return await number_of(app), len(all_blobs(app))

    assert asyncio.run(work()) == (42, 1)


def test_format_2_without_sums_still_loads(archive):
    contents = {name: data for name, data in members(archive).items() if name != "SHA256SUMS"}
    contents["manifest.json"] = b'{"format": 2, "version": "0.1.0", "clock": 3600.0}'

    async def work():
        async with running() as app:
            await app.load(io.BytesIO(packed(contents)))
            return (await read_steps(app))[0].number, app.clock.offset

    assert asyncio.run(work()) == (1, 3600.0)


# -- however large


class NoBlobs:
    def chunks(self, name):
        raise AssertionError(name)


def test_neither_writing_nor_checking_keeps_the_state_in_memory(tmp_path):
    def pairs():
        value = hashlib.sha512(b"v").digest() * 3_000  # 192 kB
        for number in range(500):
            yield b"%06d" % number, value

    path = str(tmp_path / "large.zip")
    tracemalloc.start()
    snapshot.write(path, pairs(), NoBlobs(), lambda key: None, Secrets(str(tmp_path / "none")), 0.0)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    opened = Snapshot(path)
    opened.check(lambda key: None)
    assert sum(len(value) for _, value in opened.pairs()) == 500 * 192_000
    read = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    opened.close()
    assert written < 8e6 and read < 24e6


# -- as documented


def test_the_sums_are_those_of_sha256sum(archive, tmp_path):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(tmp_path)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_the_documented_reader_reads_it(archive, tmp_path, capsys, monkeypatch):
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "snapshots.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "state.zip").write_bytes(archive)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/snapshots.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert "testing steps 111122223333 eu-west-1 303" in lines
    assert f"fogbank {kept.name}   1" in lines
