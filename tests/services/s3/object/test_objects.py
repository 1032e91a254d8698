"""Writing and deleting objects."""

import base64
import hashlib
import socket
import time
from urllib.parse import urlsplit

import pytest

KEYS = [
    "plain",
    "a/b/c",
    "/leading",
    "//",
    "a//b",
    "trailing/",
    ".",
    "..",
    "./a/../b",
    "a b",
    "plus+plus",
    "100%",
    "%41",
    "a?b=c",
    "a#b",
    "a&b;c=d",
    "ünïcödé",
    "日本語/ファイル",
    "𝄞",
    "quo\"te<&>'",
    "tab\tkey",
    "x" * 1024,
]


def test_any_key_names_its_own_object(s3, bucket, put, get):
    for key in KEYS:
        put(bucket, key, key.encode())
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(KEYS)
    assert [get(bucket, key) for key in KEYS] == [key.encode() for key in KEYS]
    for key in KEYS:
        s3.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_plus_sign_in_a_path_is_a_blank(s3, raw, bucket, put, get):
    put(bucket, "a b", b"blank")
    put(bucket, "a+b", b"plus")
    assert [raw("GET", f"/{bucket}/a{sign}b").body for sign in ("+", "%20", "%2B")] == [b"blank", b"blank", b"plus"]
    assert raw("PUT", f"/{bucket}/copy", headers={"x-amz-copy-source": f"/{bucket}/a+b"}).status == 200
    assert get(bucket, "copy") == b"blank"


def test_key_of_more_than_1024_bytes_is_refused(refused, s3, bucket):
    with refused("KeyTooLongError", 400, Message="Your key is too long", Size="1025", MaxSizeAllowed="1024"):
        s3.put_object(Bucket=bucket, Key="x" * 1025, Body=b"x")


@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 32 * 1024, 32 * 1024 + 1, 256 * 1024, 256 * 1024 + 1, 3_000_000])
def test_body_of_any_size_comes_back(s3, bucket, put, get, size):
    body = hashlib.sha256(b"").digest() * (size // 32 + 1)
    body = body[:size]
    answer = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert get(bucket, "k") == body
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == size


@pytest.mark.parametrize("before", [b"", b"small", b"m" * 5000, b"l" * 100_000])
@pytest.mark.parametrize("after", [b"", b"other", b"M" * 6000, b"L" * 200_000])
def test_last_writer_wins(bucket, put, get, before, after):
    put(bucket, "k", before)
    put(bucket, "k", after)
    assert get(bucket, "k") == after


def test_overwritten_and_deleted_bytes_leave_the_disk(files, s3, bucket, put):
    put(bucket, "k", b"1" * 100_000)
    before = files()
    put(bucket, "k", b"2" * 100_000)
    s3.delete_object(Bucket=bucket, Key="k")
    assert len(files() & before) == len(before) - 1
    assert not files() - before


# -- what is said of an object


def test_headers_and_metadata_come_back(s3, bucket):
    said = {
        "ContentType": "text/plain; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "WebsiteRedirectLocation": "/elsewhere",
        "StorageClass": "STANDARD_IA",
        "Metadata": {"Colour": "blue", "empty": ""},
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **said)
    said["Metadata"] = {"colour": "blue", "empty": ""}
    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: answer[name] for name in said} == said


def test_type_is_binary_unless_said_otherwise(s3, bucket, put):
    put(bucket, "k")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


def test_standard_storage_class_goes_unsaid_in_headers(s3, bucket, put):
    put(bucket, "k", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"


def test_expires_is_kept(s3, bucket, put):
    put(bucket, "k", Expires="Wed, 21 Oct 2065 07:28:00 GMT")
    assert s3.head_object(Bucket=bucket, Key="k")["ExpiresString"] == "Wed, 21 Oct 2065 07:28:00 GMT"


def test_metadata_of_2_kb_is_taken(s3, bucket, put):
    put(bucket, "k", Metadata={"a": "x" * 2047})
    assert len(s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"]) == 2047


def test_larger_metadata_is_refused(refused, put, bucket):
    with refused("MetadataTooLarge", 400, Size="2049", MaxSizeAllowed="2048"):
        put(bucket, "k", Metadata={"a": "x" * 2048})


@pytest.mark.parametrize("name", ["OUTPOSTS", "SNOW", "COLD"])
def test_storage_class_has_to_be_one(refused, put, bucket, name):
    with refused("InvalidStorageClass", 400, Message="The storage class you specified is not valid"):
        put(bucket, "k", StorageClass=name)


def test_kms_key_without_kms_is_refused(refused, put, bucket):
    with refused("InvalidArgument", 400):
        put(bucket, "k", ServerSideEncryption="AES256", SSEKMSKeyId="alias/mine")


def test_appending_is_refused_rather_than_ignored(raw, s3, bucket):
    header = {"x-amz-write-offset-bytes": "5"}
    assert raw("PUT", f"/{bucket}/k", b"x", header).refusal == (501, "NotImplemented")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


# -- digests


def test_content_md5_is_verified(refused, put, get, bucket):
    digest = base64.b64encode(hashlib.md5(b"right").digest()).decode()
    put(bucket, "k", b"right", ContentMD5=digest)
    with refused("BadDigest", 400, Message="The Content-MD5 you specified did not match what we received."):
        put(bucket, "k", b"wrong", ContentMD5=digest)
    assert get(bucket, "k") == b"right"


@pytest.mark.parametrize("digest", ["", "garbage", base64.b64encode(b"short").decode()])
def test_content_md5_has_to_be_one(refused, put, bucket, digest):
    with refused("InvalidDigest", 400, Message="The Content-MD5 you specified was invalid."):
        put(bucket, "k", b"x", ContentMD5=digest)


SUMS = {
    "CRC32": "NhCmhg==",
    "CRC32C": "mnG7TA==",
    "CRC64NVME": "M3eFcAZSQlc=",
    "SHA1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
    "SHA256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
}


@pytest.mark.parametrize("algorithm", SUMS)
def test_checksum_is_verified_and_given_back(refused, s3, put, bucket, algorithm):
    member = f"Checksum{algorithm}"
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **{member: SUMS[algorithm]})
    assert answer[member] == SUMS[algorithm]
    assert answer["ChecksumType"] == "FULL_OBJECT"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[member] == SUMS[algorithm]
    assert member not in s3.head_object(Bucket=bucket, Key="k")
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ([algorithm], "FULL_OBJECT")
    message = f"The {algorithm} you specified did not match the calculated checksum."
    with refused("BadDigest", 400, Message=message):
        put(bucket, "k", b"other", **{member: SUMS[algorithm]})


@pytest.mark.parametrize("algorithm", SUMS)
def test_checksum_has_to_be_one(refused, put, bucket, algorithm):
    message = f"Value for x-amz-checksum-{algorithm.lower()} header is invalid."
    with refused("InvalidRequest", 400, Message=message):
        put(bucket, "k", b"hello", **{f"Checksum{algorithm}": "AAAA"})


def test_object_without_a_checksum_gets_crc64nvme(s3, raw, bucket):
    answer = raw("PUT", f"/{bucket}/k", b"hello")
    assert answer.headers["x-amz-checksum-crc64nvme"] == SUMS["CRC64NVME"]
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == SUMS["CRC64NVME"]


def test_two_checksums_are_one_too_many(refused, put, bucket):
    message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    with refused("InvalidRequest", 400, Message=message):
        put(bucket, "k", b"hello", ChecksumSHA1=SUMS["SHA1"], ChecksumSHA256=SUMS["SHA256"])


def test_algorithm_without_a_checksum_is_refused(refused, raw, bucket):
    response = raw("PUT", f"/{bucket}/k", b"hello", {"x-amz-sdk-checksum-algorithm": "CRC32"})
    assert response.refusal == (400, "InvalidRequest")


@pytest.mark.parametrize("size", [5, 100_000, 400_000])
def test_body_has_to_be_the_one_that_was_signed(raw, get, bucket, size):
    assert raw("PUT", f"/{bucket}/k", b"x" * size).status == 200
    response = raw("PUT", f"/{bucket}/k", b"y" * size, signed_body=b"other")
    assert response.refusal == (400, "XAmzContentSHA256Mismatch")
    assert get(bucket, "k") == b"x" * size


@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
def test_failed_put_leaves_nothing(refused, files, s3, put, bucket, size):
    before = files()
    with refused("BadDigest", 400):
        put(bucket, "k", b"x" * size, ContentMD5=base64.b64encode(bytes(16)).decode())
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert files() == before


def test_upload_that_breaks_off_leaves_nothing(files, s3, bucket):
    before = files()
    url = urlsplit(s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"}))
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 50000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 5_000_000)
        until(lambda: files() - before)
    until(lambda: files() == before)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def until(condition):
    """Wait for what happens in another thread, some seconds at most."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_more_than_5_gb_in_one_piece_is_refused_before_it_comes(s3, bucket):
    url = urlsplit(s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"}))
    size = 5 * 1024**3 + 1
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>EntityTooLarge</Code>" in answer


# -- conditional writes


def test_if_none_match_star_writes_only_what_is_not_there(refused, put, get, bucket):
    put(bucket, "k", b"first", IfNoneMatch="*")
    with refused("PreconditionFailed", 412, Condition="If-None-Match"):
        put(bucket, "k", b"second", IfNoneMatch="*")
    assert get(bucket, "k") == b"first"


def test_if_none_match_with_an_etag_is_not_implemented_by_s3(refused, put, bucket):
    with refused("NotImplemented", 501, Header="If-None-Match"):
        put(bucket, "k", b"x", IfNoneMatch='"abc"')


def test_if_match_writes_only_over_that_version(refused, s3, put, get, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["ETag"]
    with refused("PreconditionFailed", 412, Condition="If-Match"):
        put(bucket, "k", b"second", IfMatch='"0123"')
    put(bucket, "k", b"third", IfMatch=etag)
    assert get(bucket, "k") == b"third"


def test_if_match_of_nothing_is_not_found(refused, put, bucket):
    with refused("NoSuchKey", 404):
        put(bucket, "k", b"x", IfMatch='"abc"')


@pytest.mark.parametrize("size", [100_000, 600_000])
def test_condition_refuses_large_bodies_too(refused, files, put, get, bucket, size):
    put(bucket, "k", b"first")
    before = files()
    with refused("PreconditionFailed", 412):
        put(bucket, "k", b"x" * size, IfNoneMatch="*")
    assert get(bucket, "k") == b"first"
    assert files() == before


# -- deleting


def test_deleted_object_is_gone(refused, s3, put, get, bucket):
    put(bucket, "k")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "VersionId" not in answer and "DeleteMarker" not in answer
    with refused("NoSuchKey", 404, Key="k", Message="The specified key does not exist."):
        get(bucket, "k")


def test_deleting_nothing_succeeds(s3, bucket):
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_object_that_goes_while_its_successor_arrives_is_a_conflict(s3, put, files, bucket):
    put(bucket, "k", b"first")
    etag, there = s3.head_object(Bucket=bucket, Key="k")["ETag"], files()
    params = {"Bucket": bucket, "Key": "k", "IfMatch": etag}
    url = urlsplit(s3.generate_presigned_url("put_object", Params=params))
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nIf-Match: {etag}\r\n"
        connection.sendall(f"{head}Content-Length: 6000000\r\n\r\n".encode() + b"x" * 5_000_000)
        until(lambda: files() - there)
        s3.delete_object(Bucket=bucket, Key="k")
        connection.sendall(b"x" * 1_000_000)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 409 ")
    assert b"<Code>ConditionalRequestConflict</Code>" in answer
    assert files() == there


def test_if_match_deletes_only_that_object(refused, s3, put, get, bucket):
    put(bucket, "k", b"x")
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"abc"')
    assert get(bucket, "k") == b"x"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=f'"{hashlib.md5(b"x").hexdigest()}"')
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")


def test_many_are_deleted_at_once(s3, put, bucket):
    for key in ("a", "b", "c"):
        put(bucket, key)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "c"}, {"Key": "none"}]})
    assert answer["Deleted"] == [{"Key": "a"}, {"Key": "c"}, {"Key": "none"}]
    assert "Errors" not in answer
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b"]


def test_quiet_delete_names_only_failures(s3, put, bucket):
    put(bucket, "a")
    put(bucket, "b")
    wanted = {"Quiet": True, "Objects": [{"Key": "a"}, {"Key": "b", "ETag": '"other"'}]}
    answer = s3.delete_objects(Bucket=bucket, Delete=wanted)
    assert "Deleted" not in answer
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("b", "PreconditionFailed")]


def test_thousand_are_deleted_and_more_refused(refused, s3, put, bucket):
    put(bucket, "k999")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{number}"} for number in range(1000)]})
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"k{number}"} for number in range(1001)]})


DELETE = b"<Delete><Object><Key>k</Key></Object></Delete>"


def test_delete_of_many_wants_a_digest(raw, bucket):
    response = raw("POST", f"/{bucket}?delete", DELETE)
    assert response.status == 400
    assert response.error["Message"] == "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"


def test_delete_of_many_verifies_its_digest(raw, put, get, bucket):
    put(bucket, "k")
    digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    response = raw("POST", f"/{bucket}?delete", DELETE, {"content-md5": digest})
    assert response.refusal == (400, "BadDigest")
    assert get(bucket, "k") == b"x"


def test_malformed_document_is_refused(refused, raw, bucket):
    body = b"<Delete><Object>"
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    response = raw("POST", f"/{bucket}?delete", body, {"content-md5": digest})
    assert response.refusal == (400, "MalformedXML")


def test_there_are_no_torrents_any_more(s3, bucket, put, refused):
    put(bucket, "k")
    with refused("MethodNotAllowed", 405, Method="GET", ResourceType="TORRENT"):
        s3.get_object_torrent(Bucket=bucket, Key="k")
    with refused("NoSuchKey", 404):
        s3.get_object_torrent(Bucket=bucket, Key="none")
