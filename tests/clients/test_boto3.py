"""boto3's resource API and its transfer manager."""

import hashlib
import io

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

PARTS = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20, max_concurrency=4)
LARGE = bytes(range(256)) * (12 * 2**20 // 256)


@pytest.fixture
def resource(aws):
    return boto3.resource(
        "s3",
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=aws.account,
        aws_secret_access_key="test",
    )


def test_resources_are_created_walked_and_deleted(resource, bucket):
    found = resource.Bucket(bucket)
    for number in range(3):
        found.put_object(Key=f"logs/{number}", Body=b"x" * number, Metadata={"n": str(number)})
    assert [(each.key, each.size) for each in found.objects.filter(Prefix="logs/")] == [
        ("logs/0", 0),
        ("logs/1", 1),
        ("logs/2", 2),
    ]
    one = found.Object("logs/2")
    assert (one.content_length, one.metadata) == (2, {"n": "2"})
    found.Object("copy").copy_from(CopySource={"Bucket": bucket, "Key": "logs/2"})
    assert found.Object("copy").get()["Body"].read() == b"xx"
    found.objects.all().delete()
    assert list(found.objects.all()) == []
    found.delete()
    found.wait_until_not_exists()
    assert found not in resource.buckets.all()


def test_versions_are_resources(resource, bucket):
    resource.BucketVersioning(bucket).enable()
    one = resource.Object(bucket, "k")
    one.put(Body=b"1")
    one.put(Body=b"2")
    versions = list(resource.Bucket(bucket).object_versions.all())
    assert [version.is_latest for version in versions] == [True, False]
    assert versions[1].get()["Body"].read() == b"1"
    resource.Bucket(bucket).object_versions.delete()
    assert list(resource.Bucket(bucket).object_versions.all()) == []


def test_large_files_travel_in_parts(s3, bucket, tmp_path):
    source, target = tmp_path / "up", tmp_path / "down"
    source.write_bytes(LARGE)
    seen = []
    s3.upload_file(str(source), bucket, "large", Config=PARTS, Callback=seen.append)
    assert sum(seen) == len(LARGE)
    assert s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"')
    s3.download_file(bucket, "large", str(target), Config=PARTS)
    assert hashlib.md5(target.read_bytes()).digest() == hashlib.md5(LARGE).digest()


def test_streams_travel_in_parts_with_checksums(s3, bucket):
    s3.upload_fileobj(io.BytesIO(LARGE), bucket, "large", Config=PARTS, ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    found = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"].endswith("-3")
    target = io.BytesIO()
    s3.download_fileobj(bucket, "large", target, Config=PARTS)
    assert target.getvalue() == LARGE


def test_large_objects_are_copied_in_parts(s3, bucket):
    s3.upload_fileobj(io.BytesIO(LARGE), bucket, "large", Config=PARTS)
    s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy", Config=PARTS)
    found = s3.get_object(Bucket=bucket, Key="copy")
    assert found["ETag"].endswith('-3"')
    assert found["Body"].read() == LARGE
