"""Blobs in a bucket, as objects of an S3-compatible store: here of another Fogbank."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from fogbank.app import App
from fogbank.config import Settings
from fogbank.storage import blob_bucket, blobs
from fogbank.storage.base import StoreError
from fogbank.storage.blob_bucket import BlobBucket
from fogbank.storage.blobs import BlobMissing, Seal
from fogbank.testing import Clients, ServerProcess, server
from tests.storage.examining import doctor

BIG = b"0123456789abcdef" * 600_000  # in parts


@pytest.fixture
def below(aws):
    """The S3 client of the Fogbank whose bucket `below` holds the blobs."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=f"below-{aws.account}")
    return s3


@pytest.fixture
def place(below, aws, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", aws.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return f"s3://below-{aws.account}/some/prefix?endpoint={aws.endpoint}&region=us-east-1"


@pytest.fixture
def objects(below, aws):
    """Gives the blobs that lie in the bucket, by the end of their names."""

    def names():
        found = below.list_objects_v2(Bucket=f"below-{aws.account}", Prefix="some/prefix/").get("Contents", [])
        own = [entry["Key"].removeprefix("some/prefix/") for entry in found]
        return sorted(name for name in own if blobs.is_name(name))

    return names


def run(work, place, data_dir):
    async def main():
        app = App(Settings(data_dir=str(data_dir), port=0, blobs=place))
        await app.open()
        try:
            return await work(app)
        finally:
            await app.close()

    return asyncio.run(main())


async def write(app, data):
    writer = app.blobs.create()
    for start in range(0, len(data), 1 << 20):
        await writer.write(data[start : start + (1 << 20)])
    return await writer.finish()


async def transact(app, change, name):
    ctx = app.system_context()

    async def work():
        getattr(ctx, change)(name)

    await ctx.transact(work)
    await app.store.quiet()


async def kept(app, data):
    name = await write(app, data)
    await transact(app, "keep_blob", name)
    return name


@pytest.mark.parametrize("data", [b"", b"small", BIG])
def test_a_blob_is_read_back_whole_and_in_spans(place, tmp_path, data):
    async def work(app):
        name = await kept(app, data)
        streamed = b"".join([piece async for piece in app.blobs.open(name, 0, len(data))]) if data else b""
        found = await blobs.in_thread(lambda: (app.blobs.read(name), app.blobs.read(name, 2, 2)))
        return streamed == data, found == (data, data[2:4])

    assert run(work, place, tmp_path) == (True, True)


def test_a_blob_has_its_seal(place, tmp_path):
    async def work(app):
        return app.blobs.seal_of(await write(app, BIG))

    assert run(work, place, tmp_path) == Seal(len(BIG), hashlib.md5(BIG).digest())


def test_an_aborted_blob_leaves_no_object_and_no_parts(place, tmp_path, objects, below, aws):
    async def work(app):
        writer = app.blobs.create()
        await writer.write(BIG)
        writer.abort()
        await asyncio.get_running_loop().shutdown_default_executor()

    run(work, place, tmp_path)
    assert objects() == []
    assert "Uploads" not in below.list_multipart_uploads(Bucket=f"below-{aws.account}")


def test_a_dropped_blob_is_removed_and_an_orphan_is_swept(place, tmp_path, objects, monkeypatch):
    async def first(app):
        name = await kept(app, b"kept")
        await transact(app, "drop_blob", await kept(app, b"dropped"))
        await write(app, b"orphan")
        await app.upkeep.remove_dropped()
        return name

    async def second(app):
        return await app.upkeep.sweep()

    name = run(first, place, tmp_path)
    assert len(objects()) == 2
    assert run(second, place, tmp_path) == 0  # its process may still be alive
    assert len(objects()) == 2
    monkeypatch.setattr(blob_bucket, "_SILENCE", timedelta(seconds=-2))
    assert run(second, place, tmp_path) == 1
    assert objects() == [name]


def test_nothing_is_removed_while_somebody_holds(place, tmp_path, objects):
    async def work(app):
        name = await kept(app, b"dropped")
        async with BlobBucket(place).holding():
            await transact(app, "drop_blob", name)
            during = await app.upkeep.remove_dropped(), len(objects())
        return during, await app.upkeep.remove_dropped(), len(objects())

    assert run(work, place, tmp_path) == ((False, 1), True, 0)


def test_a_process_that_was_out_of_reach_does_not_keep_what_may_have_been_swept(place, tmp_path, monkeypatch):
    async def work(app):
        name = await write(app, b"x")
        monkeypatch.setattr(blob_bucket, "_SURE", -1.0)
        with pytest.raises(StoreError, match="out of reach for too long"):
            await transact(app, "keep_blob", name)
        app.blobs.beat()

    run(work, place, tmp_path)


def test_two_servers_find_the_same_place(place):
    assert BlobBucket(place).identity() == BlobBucket(place).identity()


def test_a_missing_blob_is_said_to_be_missing(place):
    with pytest.raises(BlobMissing, match="0123456789abcdef/1 is missing"):
        BlobBucket(place).read("0123456789abcdef/1")


@pytest.mark.parametrize("wrong", ["s3://", "s3://bucket?colour=red"])
def test_a_url_that_is_none_is_refused(wrong):
    with pytest.raises(StoreError, match="is no place for blobs"):
        BlobBucket(wrong)


def test_a_bucket_that_is_not_there_is_told(place):
    wrong = place.replace("below-", "nowhere-")
    with pytest.raises(StoreError, match="nowhere-"):
        BlobBucket(wrong).identity()


# -- a whole server on it


def test_objects_of_all_kinds_lie_in_the_bucket(place, objects, tmp_path):
    with server(data_dir=tmp_path / "above", blobs=place) as above:
        s3 = Clients(above.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="above")
        s3.put_object(Bucket="above", Key="one", Body=BIG)
        where = {"Bucket": "above", "Key": "parts"}
        where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
        parts = [
            {"PartNumber": number, "ETag": s3.upload_part(**where, PartNumber=number, Body=BIG[: 6 << 20])["ETag"]}
            for number in (1, 2)
        ]
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        s3.copy_object(Bucket="above", Key="copy", CopySource="above/one")
        assert len(objects()) == 4
        for key, body in {"one": BIG, "copy": BIG, "parts": BIG[: 6 << 20] * 2}.items():
            assert s3.get_object(Bucket="above", Key=key)["Body"].read() == body
        ranged = s3.get_object(Bucket="above", Key="parts", Range=f"bytes={(6 << 20) - 3}-{(6 << 20) + 2}")
        assert ranged["Body"].read() == BIG[(6 << 20) - 3 : 6 << 20] + BIG[:3]


def test_a_snapshot_moves_from_a_bucket_to_a_directory_and_back(place, objects, tmp_path):
    with server(data_dir=tmp_path / "above", blobs=place) as above, server() as other:
        s3 = Clients(above.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="above")
        s3.put_object(Bucket="above", Key="key", Body=BIG)
        above.call(above.app.save(str(tmp_path / "one.zip")))
        other.call(other.app.load(str(tmp_path / "one.zip")))
        found = Clients(other.endpoint, "111122223333")("s3").get_object(Bucket="above", Key="key")["Body"].read()
        assert found == BIG
        other.call(other.app.save(str(tmp_path / "two.zip")))
        above.reset()
        assert objects() == []
        above.call(above.app.load(str(tmp_path / "two.zip")))
        assert s3.get_object(Bucket="above", Key="key")["Body"].read() == BIG


def test_the_doctor_looks_into_the_bucket(place, objects, below, aws, tmp_path):
    with server(data_dir=tmp_path / "above", blobs=place) as above:
        s3 = Clients(above.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="above")
        for key in "ab":
            s3.put_object(Bucket="above", Key=key, Body=b"x" * 100_000)
    told = doctor(tmp_path / "above", f"--blobs={place}")
    assert (told.code, told.err) == (0, "") and "2 blobs of 200,064 bytes" in told.out
    first, second = (f"some/prefix/{name}" for name in objects())
    below.delete_object(Bucket=f"below-{aws.account}", Key=first)
    below.put_object(Bucket=f"below-{aws.account}", Key=second, Body=b"y" * 100_032)
    told = doctor(tmp_path / "above", f"--blobs={place}")
    assert told.code == 1
    assert "is missing" in told.out and "has other bytes than were written" in told.out


def test_a_bucket_out_of_reach_refuses_large_objects_and_serves_the_rest(tmp_path, monkeypatch):
    for name, value in {"AWS_ACCESS_KEY_ID": "111122223333", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    with ServerProcess(tmp_path / "below") as below:
        Clients(below.endpoint, "111122223333")("s3").create_bucket(Bucket="below")
        with server(data_dir=tmp_path / "above", blobs=f"s3://below?endpoint={below.endpoint}") as above:
            s3 = Clients(above.endpoint, "111122223333")("s3")
            s3.create_bucket(Bucket="above")
            below.kill()
            with pytest.raises(ClientError) as caught:
                s3.put_object(Bucket="above", Key="large", Body=b"x" * 100_000)
            assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
            s3.put_object(Bucket="above", Key="small", Body=b"x")
            assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="above")["Contents"]] == ["small"]


def test_the_library_is_asked_for_when_it_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(StoreError, match=r"pip install 'fogbank\[bucket\]'"):
        BlobBucket("s3://bucket")


def test_a_start_without_a_bucket_does_not_load_the_library():
    code = "import sys, fogbank.app; print('obstore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert done.stdout == "False\n"
