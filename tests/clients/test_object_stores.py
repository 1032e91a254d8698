"""Other libraries and programs for objects: MinIO's client, s3cmd, obstore, s3fs."""

import io

import pytest


@pytest.fixture
def minio(aws):
    package = pytest.importorskip("minio", reason="pip install minio")
    address = aws.endpoint.removeprefix("http://")
    return package.Minio(address, access_key=aws.account, secret_key="test", secure=False, region="us-east-1")


def test_minio_puts_gets_lists_and_signs(minio, bucket):
    data = b"x" * (6 * 2**20)
    minio.put_object(bucket, "dir/a b", io.BytesIO(data), len(data), metadata={"note": "hi"})
    stat = minio.stat_object(bucket, "dir/a b")
    assert (stat.size, stat.metadata["x-amz-meta-note"]) == (len(data), "hi")
    answer = minio.get_object(bucket, "dir/a b", offset=5, length=10)
    assert answer.read() == b"x" * 10
    answer.close()
    assert [each.object_name for each in minio.list_objects(bucket, recursive=True)] == ["dir/a b"]
    assert bucket in minio.presigned_get_object(bucket, "dir/a b")


def test_minio_sets_tags_policies_and_versioning(minio, bucket):
    from minio.commonconfig import ENABLED, Tags
    from minio.versioningconfig import VersioningConfig

    minio.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
    tags = Tags.new_object_tags()
    tags["a"] = "1"
    first = minio.put_object(bucket, "k", io.BytesIO(b"1"), 1, tags=tags)
    minio.put_object(bucket, "k", io.BytesIO(b"2"), 1)
    assert minio.get_object_tags(bucket, "k", version_id=first.version_id) == {"a": "1"}
    minio.remove_object(bucket, "k")
    found = list(minio.list_objects(bucket, include_version=True))
    assert sorted(each.is_delete_marker for each in found) == [False, False, True]


def test_s3cmd_puts_gets_and_removes(program, bucket, aws, tmp_path):
    address = aws.endpoint.removeprefix("http://")
    settings = tmp_path / "s3cfg"
    settings.write_text(
        f"[default]\naccess_key = {aws.account}\nsecret_key = test\nhost_base = {address}\nhost_bucket = {address}\n"
        "use_https = False\nbucket_location = us-east-1\n"
    )

    def s3cmd(*arguments):
        return program("s3cmd", "-c", settings, *arguments)

    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "a b.txt").write_text("hello")
    s3cmd("sync", f"{tmp_path}/dir/", f"s3://{bucket}/dir/")
    assert "dir/a b.txt" in s3cmd("ls", "-r", f"s3://{bucket}")
    s3cmd("get", f"s3://{bucket}/dir/a b.txt", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "hello"
    s3cmd("cp", f"s3://{bucket}/dir/a b.txt", f"s3://{bucket}/copy")
    assert "MD5 sum:   5d41402abc4b2a76b9719d911017c592" in s3cmd("info", f"s3://{bucket}/copy")
    s3cmd("del", "-r", "-f", f"s3://{bucket}")
    assert s3cmd("ls", "-r", f"s3://{bucket}") == ""


def test_obstore_writes_only_what_is_not_there(aws, bucket):
    stores = pytest.importorskip("obstore.store", reason="pip install obstore")
    import obstore

    store = stores.S3Store(
        bucket,
        endpoint=aws.endpoint,
        access_key_id=aws.account,
        secret_access_key="test",
        region="us-east-1",
        client_options={"allow_http": True},
    )
    first = obstore.put(store, "k", b"1", mode="create")
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(store, "k", b"2", mode="create")
    obstore.put(store, "k", b"2", mode={"e_tag": first["e_tag"]})
    with pytest.raises(obstore.exceptions.PreconditionError):
        obstore.put(store, "k", b"3", mode={"e_tag": first["e_tag"]})
    assert bytes(obstore.get(store, "k").bytes()) == b"2"


def test_s3fs_is_a_file_system(python_with, bucket):
    python_with(
        "s3fs",
        f"""
        import s3fs
        fs = s3fs.S3FileSystem()
        root = "{bucket}"
        with fs.open(f"{{root}}/dir/a b+c.bin", "wb", block_size=5 * 2**20) as file:
            for _ in range(3):
                file.write(b"x" * 4 * 2**20)
        assert fs.info(f"{{root}}/dir/a b+c.bin")["size"] == 12 * 2**20
        with fs.open(f"{{root}}/dir/a b+c.bin") as file:
            file.seek(-3, 2)
            assert file.read() == b"xxx"
        fs.pipe(f"{{root}}/dir/two", b"2")
        assert sorted(fs.glob(f"{{root}}/dir/*")) == [f"{{root}}/dir/a b+c.bin", f"{{root}}/dir/two"]
        fs.mv(f"{{root}}/dir/two", f"{{root}}/three")
        fs.rm(f"{{root}}/dir", recursive=True)
        assert fs.find(root) == [f"{{root}}/three"]
        """,
    )
