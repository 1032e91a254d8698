"""GET, HEAD and attributes: ranges, conditions, overrides."""

import hashlib
from email.utils import formatdate

import pytest

BODY = bytes(range(256)) * 4
LARGE = BODY * 100


@pytest.fixture
def stored(put, bucket):
    put(bucket, "small", BODY)
    put(bucket, "large", LARGE)
    put(bucket, "empty", b"")
    return bucket


def test_answer_has_every_default_header(s3, stored):
    answer = s3.get_object(Bucket=stored, Key="small")
    assert answer["AcceptRanges"] == "bytes"
    assert answer["ContentLength"] == 1024
    assert answer["ContentType"] == "binary/octet-stream"
    assert answer["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'
    assert answer["ServerSideEncryption"] == "AES256"
    assert answer["Metadata"] == {}
    assert "VersionId" not in answer and "ContentRange" not in answer and "PartsCount" not in answer


def test_head_says_what_get_says(raw, stored):
    get, head = raw("GET", f"/{stored}/large"), raw("HEAD", f"/{stored}/large")
    for headers in (get.headers, head.headers):
        for name in ("date", "x-amz-request-id", "x-amz-id-2"):
            headers.pop(name)
    assert head.headers == get.headers
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_missing_object_is_not_found(raw, stored, method):
    response = raw(method, f"/{stored}/nothing")
    assert response.status == 404
    if method == "GET":
        assert response.error["Code"] == "NoSuchKey"
        assert response.error["Key"] == "nothing"
        assert response.error["RequestId"] == response.headers["x-amz-request-id"]
        assert response.error["HostId"] == response.headers["x-amz-id-2"]
    else:
        assert response.body == b""


# -- ranges


@pytest.mark.parametrize(("key", "body"), [("small", BODY), ("large", LARGE)])
@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=5-5", slice(5, 6)),
    ],
)
def test_range_is_partial_content(s3, stored, key, body, header, part):
    answer = s3.get_object(Bucket=stored, Key=key, Range=header)
    expected = body[part]
    first = range(len(body))[part][0]
    assert answer["Body"].read() == expected
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentLength"] == len(expected)
    assert answer["ContentRange"] == f"bytes {first}-{first + len(expected) - 1}/{len(body)}"
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'


def test_head_takes_a_range(s3, stored):
    answer = s3.head_object(Bucket=stored, Key="small", Range="bytes=0-9")
    assert (answer["ContentLength"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (10, 206)


@pytest.mark.parametrize("header", ["bytes=9-1", "bytes=0-1,3-4", "lines=1-2"])
def test_range_that_cannot_be_read_gives_everything(s3, stored, header):
    answer = s3.get_object(Bucket=stored, Key="small", Range=header)
    assert answer["Body"].read() == BODY
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(("key", "size", "header"), [("small", 1024, "bytes=1024-"), ("empty", 0, "bytes=0-1")])
def test_range_behind_the_end_is_not_satisfiable(refused, raw, s3, stored, key, size, header):
    with refused("InvalidRange", 416, RangeRequested=header, ActualObjectSize=str(size)):
        s3.get_object(Bucket=stored, Key=key, Range=header)
    assert raw("GET", f"/{stored}/{key}", headers={"range": header}).headers["content-range"] == f"bytes */{size}"


def test_range_has_no_checksum_of_the_whole(s3, stored):
    answer = s3.get_object(Bucket=stored, Key="small", Range="bytes=0-9", ChecksumMode="ENABLED")
    assert "ChecksumCRC32" not in answer


def test_part_one_of_an_object_in_one_piece_is_all_of_it(refused, s3, stored):
    answer = s3.get_object(Bucket=stored, Key="small", PartNumber=1)
    assert answer["Body"].read() == BODY
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert "PartsCount" not in answer
    with refused("InvalidPartNumber", 416, PartNumberRequested="2", ActualPartCount="1"):
        s3.get_object(Bucket=stored, Key="small", PartNumber=2)


def test_range_and_part_exclude_each_other(refused, s3, stored):
    message = "Cannot specify both Range header and partNumber query parameter"
    with refused("InvalidRequest", 400, Message=message):
        s3.get_object(Bucket=stored, Key="small", PartNumber=1, Range="bytes=0-1")


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_number_has_bounds(refused, s3, stored, number):
    message = "Part number must be an integer between 1 and 10000, inclusive"
    with refused("InvalidArgument", 400, Message=message, ArgumentName="partNumber"):
        s3.get_object(Bucket=stored, Key="small", PartNumber=number)


# -- conditions: all kinds of them are in test_conditions.py


def test_not_modified_has_no_body_but_the_etag(raw, s3, stored):
    etag = s3.head_object(Bucket=stored, Key="small")["ETag"]
    response = raw("GET", f"/{stored}/small", headers={"if-none-match": etag})
    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == etag
    assert "last-modified" in response.headers


def test_connection_survives_a_304(s3, stored, refused):
    etag = s3.head_object(Bucket=stored, Key="small")["ETag"]
    for _ in range(3):
        with refused("304", 304):
            s3.get_object(Bucket=stored, Key="small", IfNoneMatch=etag)
        assert s3.get_object(Bucket=stored, Key="small", IfMatch=etag)["Body"].read() == BODY


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_failed_condition_is_named(raw, stored, method):
    response = raw(method, f"/{stored}/small", headers={"if-match": '"other"'})
    assert response.status == 412
    if method == "GET":
        assert response.error["Code"] == "PreconditionFailed"
        assert response.error["Condition"] == "If-Match"
        assert response.error["Message"] == "At least one of the pre-conditions you specified did not hold"


def test_dates_are_conditions(raw, s3, stored):
    modified = s3.head_object(Bucket=stored, Key="small")["LastModified"].timestamp()
    at, before = formatdate(modified, usegmt=True), formatdate(modified - 1, usegmt=True)
    statuses = {
        ("if-modified-since", at): 304,
        ("if-modified-since", before): 200,
        ("if-unmodified-since", at): 200,
        ("if-unmodified-since", before): 412,
    }
    for (name, value), status in statuses.items():
        assert raw("GET", f"/{stored}/small", headers={name: value}).status == status, (name, value)


def test_missing_object_goes_before_conditions(refused, s3, stored):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=stored, Key="nothing", IfMatch='"other"')


# -- overrides


def test_reader_may_override_headers(s3, stored):
    wanted = {
        "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": 'attachment; filename="x y.txt"',
        "ResponseContentEncoding": "identity",
        "ResponseContentLanguage": "fr",
        "ResponseContentType": "text/plain",
    }
    answer = s3.get_object(Bucket=stored, Key="small", **wanted)
    for name, value in wanted.items():
        assert answer[name.removeprefix("Response")] == value


def test_archived_object_cannot_be_read(refused, s3, put, bucket):
    put(bucket, "cold", StorageClass="GLACIER")
    assert s3.head_object(Bucket=bucket, Key="cold")["StorageClass"] == "GLACIER"
    with refused("InvalidObjectState", 403, StorageClass="GLACIER"):
        s3.get_object(Bucket=bucket, Key="cold")
    put(bucket, "cool", StorageClass="GLACIER_IR")
    assert s3.get_object(Bucket=bucket, Key="cool")["Body"].read() == b"x"


def test_range_of_another_object_is_the_whole(raw, bucket, put):
    put(bucket, "k", b"0123456789")
    etag = raw("HEAD", f"/{bucket}/k").headers["etag"]
    for known, status, body in ((etag, 206, b"01"), ('"another"', 200, b"0123456789")):
        answer = raw("GET", f"/{bucket}/k", headers={"range": "bytes=0-1", "if-range": known})
        assert (answer.status, answer.body) == (status, body)


# -- attributes


def test_attributes_that_are_asked_for(s3, stored):
    wanted = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    answer = s3.get_object_attributes(Bucket=stored, Key="small", ObjectAttributes=wanted)
    assert answer["ETag"] == hashlib.md5(BODY).hexdigest()
    assert answer["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert (answer["StorageClass"], answer["ObjectSize"]) == ("STANDARD", 1024)
    assert "ObjectParts" not in answer
    assert answer["LastModified"]
    answer = s3.get_object_attributes(Bucket=stored, Key="small", ObjectAttributes=["ObjectSize"])
    assert "ETag" not in answer and "Checksum" not in answer


def test_attributes_of_nothing(refused, s3, stored):
    with refused("NoSuchKey", 404):
        s3.get_object_attributes(Bucket=stored, Key="nothing", ObjectAttributes=["ETag"])


def test_attribute_has_to_be_one(raw, stored):
    response = raw("GET", f"/{stored}/small?attributes", headers={"x-amz-object-attributes": "Colour"})
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["Message"] == "Invalid attribute name specified."
    assert response.error["ArgumentValue"] == "Colour"


def test_download_goes_on_when_the_object_is_deleted(s3, put, bucket):
    body = bytes(20_000_000)
    put(bucket, "k", body)
    stream = s3.get_object(Bucket=bucket, Key="k")["Body"]
    first = stream.read(1000)
    s3.delete_object(Bucket=bucket, Key="k")
    assert first + stream.read() == body
