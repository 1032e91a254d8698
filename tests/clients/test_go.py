"""Clients in Go: the AWS SDK, version 2 (its tests are in go/main.go), and rclone."""

import re
from pathlib import Path

import pytest

TESTS = re.findall(r'^\t\t"(\w+)": +\w+,$', (Path(__file__).parent / "go" / "main.go").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", TESTS)
def test_the_sdk(program, prepared, environment, bucket, name):
    environment["BUCKET"] = bucket
    program(prepared("bin/go-client"), name)


@pytest.fixture
def rclone(program, prepared, environment):
    path = prepared("bin/rclone")
    environment.update(
        RCLONE_CONFIG_FOG_TYPE="s3",
        RCLONE_CONFIG_FOG_PROVIDER="Other",
        RCLONE_CONFIG_FOG_ENV_AUTH="true",
        RCLONE_CONFIG_FOG_REGION="us-east-1",
        RCLONE_CONFIG_FOG_ENDPOINT=environment["AWS_ENDPOINT_URL"],
        RCLONE_S3_CHUNK_SIZE="5M",
        RCLONE_S3_UPLOAD_CUTOFF="5M",
    )
    return lambda *arguments, **options: program(path, *arguments, **options)


@pytest.fixture
def files(tmp_path):
    """A directory with odd names, and a file that travels in parts."""
    root = tmp_path / "files"
    (root / "sub dir").mkdir(parents=True)
    (root / "large").write_bytes(b"x" * (11 * 2**20))
    (root / "sub dir" / "a+b ü.txt").write_text("hello")
    (root / "sub dir" / "empty").write_text("")
    return root


def test_rclone_copies_checks_and_comes_back(rclone, s3, bucket, files, tmp_path):
    rclone("copy", files, f"fog:{bucket}/in")
    assert s3.head_object(Bucket=bucket, Key="in/large")["ETag"].endswith('-3"')
    assert "3 matching files" in rclone("check", "-v", files, f"fog:{bucket}/in", also_errors=True)
    rclone("copy", f"fog:{bucket}/in", tmp_path / "back")
    assert (tmp_path / "back" / "sub dir" / "a+b ü.txt").read_text() == "hello"
    assert (tmp_path / "back" / "large").stat().st_mtime == (files / "large").stat().st_mtime
    s3.put_object(Bucket=bucket, Key="in/sub dir/empty", Body=b"no more")
    assert "1 differences" in rclone("check", files, f"fog:{bucket}/in", fails=True)


def test_rclone_syncs_what_changed_and_deletes_what_is_gone(rclone, s3, bucket, files):
    rclone("sync", files, f"fog:{bucket}")
    assert "There was nothing to transfer" in rclone("sync", "-v", files, f"fog:{bucket}", also_errors=True)
    (files / "large").unlink()
    (files / "new").write_text("new")
    rclone("sync", files, f"fog:{bucket}")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["new", "sub dir/a+b ü.txt", "sub dir/empty"]


def test_rclone_copies_and_moves_on_the_server(rclone, s3, bucket, files):
    rclone("copy", files, f"fog:{bucket}/a", "--s3-copy-cutoff", "5M")
    rclone("move", f"fog:{bucket}/a", f"fog:{bucket}/b", "--s3-copy-cutoff", "5M")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["b/large", "b/sub dir/a+b ü.txt", "b/sub dir/empty"]


def test_rclone_makes_and_purges_buckets(rclone, s3, bucket):
    rclone("mkdir", f"fog:{bucket}-made")
    s3.put_object(Bucket=f"{bucket}-made", Key="a/b", Body=b"x")
    assert rclone("cat", f"fog:{bucket}-made/a/b") == "x"
    rclone("purge", f"fog:{bucket}-made")
    assert f"{bucket}-made" not in [each["Name"] for each in s3.list_buckets()["Buckets"]]
