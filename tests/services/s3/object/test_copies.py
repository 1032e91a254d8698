"""CopyObject: what is copied, what is replaced, and when it is refused."""

import hashlib

import pytest

BODIES = [b"", b"small", b"M" * 5000, b"L" * 200_000]


@pytest.fixture
def source(s3, make_bucket):
    """A bucket with an object that says something of itself."""
    bucket = make_bucket()
    s3.put_object(
        Bucket=bucket,
        Key="from",
        Body=b"contents",
        ContentType="text/plain",
        CacheControl="no-cache",
        Metadata={"colour": "blue"},
        Tagging="a=1&b=2",
        StorageClass="STANDARD_IA",
    )
    return bucket


@pytest.mark.parametrize("body", BODIES)
def test_copy_has_the_same_bytes(s3, make_bucket, put, get, body):
    here, there = make_bucket(), make_bucket()
    put(here, "from", body)
    result = s3.copy_object(Bucket=there, Key="to", CopySource={"Bucket": here, "Key": "from"})["CopyObjectResult"]
    assert get(there, "to") == body
    assert result["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert result["LastModified"]


def test_slash_behind_the_bucket_may_be_encoded(raw, bucket, put, get):
    put(bucket, "from", b"contents")
    assert raw("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": f"{bucket}%2Ffrom"}).status == 200
    assert get(bucket, "to") == b"contents"


@pytest.mark.parametrize("body", BODIES)
def test_copy_outlives_its_source(s3, bucket, put, get, body):
    put(bucket, "from", body)
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
    s3.delete_object(Bucket=bucket, Key="from")
    assert get(bucket, "to") == body


def test_copy_takes_headers_metadata_and_tags_along(s3, source):
    s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from")
    head = s3.head_object(Bucket=source, Key="to")
    assert (head["ContentType"], head["CacheControl"]) == ("text/plain", "no-cache")
    assert head["Metadata"] == {"colour": "blue"}
    assert head["TagCount"] == 2


def test_copy_does_not_take_the_storage_class(s3, source):
    s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from")
    assert "StorageClass" not in s3.head_object(Bucket=source, Key="to")


def test_replaced_metadata_is_all_there_is(s3, source):
    s3.copy_object(
        Bucket=source, Key="to", CopySource=f"{source}/from", MetadataDirective="REPLACE", Metadata={"size": "big"}
    )
    head = s3.head_object(Bucket=source, Key="to")
    assert head["Metadata"] == {"size": "big"}
    assert head["ContentType"] == "binary/octet-stream"
    assert "CacheControl" not in head
    assert head["TagCount"] == 2


def test_metadata_without_the_directive_is_ignored(s3, source):
    s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", Metadata={"size": "big"})
    assert s3.head_object(Bucket=source, Key="to")["Metadata"] == {"colour": "blue"}


def test_replaced_tags_are_all_there_is(s3, source):
    s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", TaggingDirective="REPLACE", Tagging="c=3")
    assert s3.get_object_tagging(Bucket=source, Key="to")["TagSet"] == [{"Key": "c", "Value": "3"}]


def test_unknown_directive_is_refused(raw, source):
    headers = {"x-amz-copy-source": f"{source}/from", "x-amz-metadata-directive": "MERGE"}
    response = raw("PUT", f"/{source}/to", headers=headers)
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["Message"] == "Unknown metadata directive."


def test_copy_onto_itself_has_to_change_something(refused, s3, get, source):
    with refused("InvalidRequest", 400) as caught:
        s3.copy_object(Bucket=source, Key="from", CopySource=f"{source}/from")
    assert "trying to copy an object to itself" in str(caught.value)
    for change in (
        {"MetadataDirective": "REPLACE", "Metadata": {"x": "y"}},
        {"StorageClass": "STANDARD"},
        {"ServerSideEncryption": "AES256"},
    ):
        s3.copy_object(Bucket=source, Key="from", CopySource=f"{source}/from", **change)
        assert get(source, "from") == b"contents"


def test_default_encryption_is_a_change(s3, source):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=source, ServerSideEncryptionConfiguration={"Rules": [rule]})
    answer = s3.copy_object(Bucket=source, Key="from", CopySource=f"{source}/from")
    assert answer["ServerSideEncryption"] == "aws:kms"


def test_large_copy_onto_itself_keeps_the_bytes(s3, bucket, put, get):
    put(bucket, "k", b"L" * 200_000)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", MetadataDirective="REPLACE", Metadata={"a": "b"})
    assert get(bucket, "k") == b"L" * 200_000


@pytest.mark.parametrize("key", ["a b", "a+b", "a%41", "ü/日本", "a?versionId=b", "//x"])
def test_source_is_percent_encoded(s3, bucket, put, get, key):
    put(bucket, key, key.encode())
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": key})
    assert get(bucket, "to") == key.encode()


def test_source_may_begin_with_a_slash(s3, source, get):
    s3.copy_object(Bucket=source, Key="to", CopySource=f"/{source}/from")
    assert get(source, "to") == b"contents"


@pytest.mark.parametrize("copy_source", ["bucket-alone", "/", "bucket/"])
def test_source_has_to_name_bucket_and_key(refused, s3, bucket, copy_source):
    message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
    with refused("InvalidArgument", 400, Message=message):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=copy_source)


def test_source_has_to_exist(refused, s3, bucket, new_name):
    with refused("NoSuchKey", 404, Key="nothing"):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/nothing")
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{new_name()}/nothing")


def test_old_version_is_copied(s3, versioned, put, get):
    first = put(versioned, "k", b"first")
    put(versioned, "k", b"second")
    source = {"Bucket": versioned, "Key": "k", "VersionId": first}
    answer = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert answer["CopySourceVersionId"] == first
    assert answer["VersionId"] not in (None, first)
    assert get(versioned, "k") == b"first"


def test_source_must_be_as_its_conditions_want_it(refused, s3, source, get):
    etag = s3.head_object(Bucket=source, Key="from")["ETag"]
    with refused("PreconditionFailed", 412, Condition="x-amz-copy-source-If-Match"):
        s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", CopySourceIfMatch='"other"')
    with refused("PreconditionFailed", 412, Condition="x-amz-copy-source-If-None-Match"):
        s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", CopySourceIfNoneMatch=etag)
    s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", CopySourceIfMatch=etag)
    assert get(source, "to") == b"contents"


def test_destination_must_be_as_its_conditions_want_it(refused, s3, source, put, get):
    put(source, "to", b"there")
    with refused("PreconditionFailed", 412, Condition="If-None-Match"):
        s3.copy_object(Bucket=source, Key="to", CopySource=f"{source}/from", IfNoneMatch="*")
    assert get(source, "to") == b"there"


@pytest.mark.parametrize("body", BODIES)
def test_copy_has_the_sources_checksum_or_the_one_asked_for(s3, bucket, put, body):
    digest = s3.put_object(Bucket=bucket, Key="from", Body=body, ChecksumAlgorithm="SHA256")["ChecksumSHA256"]
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")["CopyObjectResult"]
    assert (copied["ChecksumSHA256"], copied["ChecksumType"]) == (digest, "FULL_OBJECT")
    other = s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from", ChecksumAlgorithm="CRC32")
    assert "ChecksumCRC32" in other["CopyObjectResult"]
    assert "ChecksumSHA256" not in other["CopyObjectResult"]


def test_object_of_parts_is_copied_into_one_piece(s3, bucket, get, upload):
    body = b"p" * 5 * 1024 * 1024 + b"tail"
    upload(bucket, "from", [body[: 5 * 1024 * 1024], b"tail"])
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert get(bucket, "to") == body


def test_copy_is_encrypted_as_its_bucket_wants_it(s3, source, make_bucket):
    there = make_bucket()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=there, ServerSideEncryptionConfiguration={"Rules": [rule]})
    answer = s3.copy_object(Bucket=there, Key="to", CopySource=f"{source}/from")
    assert answer["ServerSideEncryption"] == "aws:kms"
