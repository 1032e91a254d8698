"""The AWS CLI's own commands for S3."""

import os
import urllib.request

import pytest


@pytest.fixture
def cli(program, aws):
    def cli(*arguments, **options):
        return program("aws", "--endpoint-url", aws.endpoint, "s3", *arguments, **options)

    return cli


def keys(s3, bucket):
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_sync_copies_what_changed_and_deletes_what_is_gone(cli, s3, bucket, tmp_path):
    site = tmp_path / "site"
    (site / "sub dir").mkdir(parents=True)
    (site / "a.txt").write_text("a")
    (site / "sub dir" / "b+c.txt").write_text("b")
    (site / "skip.log").write_text("x")
    for file in site.rglob("*.txt"):
        os.utime(file, (1_700_000_000, 1_700_000_000))  # S3 knows seconds only: a file of this moment might seem newer
    assert cli("sync", site, f"s3://{bucket}/site", "--exclude", "*.log").count("upload:") == 2
    assert keys(s3, bucket) == ["site/a.txt", "site/sub dir/b+c.txt"]
    assert cli("sync", site, f"s3://{bucket}/site", "--exclude", "*.log") == ""
    (site / "a.txt").unlink()
    assert "delete:" in cli("sync", site, f"s3://{bucket}/site", "--delete", "--exclude", "*.log")
    cli("sync", f"s3://{bucket}/site", tmp_path / "back")
    assert (tmp_path / "back" / "sub dir" / "b+c.txt").read_text() == "b"


def test_cp_mv_and_rm(cli, s3, bucket, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b"x" * (9 * 2**20))  # more than the CLI sends in one piece
    cli("cp", large, f"s3://{bucket}/in/large", "--content-type", "text/x", "--metadata", "a=1")
    found = s3.head_object(Bucket=bucket, Key="in/large")
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"a": "1"})
    cli("mv", f"s3://{bucket}/in/large", f"s3://{bucket}/out/large")
    assert keys(s3, bucket) == ["out/large"]
    cli("cp", f"s3://{bucket}/out/large", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    cli("rm", f"s3://{bucket}", "--recursive")
    assert keys(s3, bucket) == []
    assert "NoSuchBucket" in cli("ls", f"s3://{bucket}-none", fails=True)


def test_a_presigned_address_needs_no_credentials(cli, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b+c", Body=b"hello")
    address = cli("presign", f"s3://{bucket}/a b+c", "--expires-in", "60").strip()
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read() == b"hello"


def test_buckets_are_made_listed_made_websites_and_removed(cli, s3, aws):
    name = f"made-{aws.account}"
    cli("mb", f"s3://{name}")
    assert name in cli("ls")
    cli("website", f"s3://{name}", "--index-document", "index.html", "--error-document", "error.html")
    assert s3.get_bucket_website(Bucket=name)["IndexDocument"] == {"Suffix": "index.html"}
    cli("rb", f"s3://{name}")
    assert name not in cli("ls")
