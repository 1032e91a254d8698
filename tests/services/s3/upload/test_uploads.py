"""Multipart uploads."""

import base64
import hashlib
import zlib
from itertools import product

import pytest

from fogbank.protocols import checksums

MIB = 1024 * 1024
FIRST, SECOND, TAIL = b"1" * 5 * MIB, b"2" * (5 * MIB + 3), b"tail"


def etag_of(*bodies):
    joined = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(bodies)}"'


@pytest.fixture
def begun(s3, bucket):
    return s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]


@pytest.fixture
def send(s3, bucket, begun):
    def send(number, body, **params):
        return s3.upload_part(Bucket=bucket, Key="k", UploadId=begun, PartNumber=number, Body=body, **params)["ETag"]

    return send


@pytest.fixture
def complete(s3, bucket, begun):
    def complete(*listed, **params):
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in listed]
        return s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=begun, MultipartUpload={"Parts": parts}, **params
        )

    return complete


def test_parts_become_one_object(s3, bucket, get, upload, fogbank_server):
    answer = upload(bucket, "dir/k ü", [FIRST, SECOND, TAIL])
    assert answer["ETag"] == etag_of(FIRST, SECOND, TAIL)
    assert (answer["Bucket"], answer["Key"]) == (bucket, "dir/k ü")
    assert answer["Location"] == f"{fogbank_server.endpoint}/{bucket}/dir%2Fk+%C3%BC"
    assert get(bucket, "dir/k ü") == FIRST + SECOND + TAIL
    head = s3.head_object(Bucket=bucket, Key="dir/k ü")
    assert (head["ContentLength"], head["ETag"]) == (len(FIRST + SECOND + TAIL), etag_of(FIRST, SECOND, TAIL))


def test_location_is_in_the_style_of_the_request(raw, bucket, begun, send):
    document = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{send(1, TAIL)}</ETag></Part>"
    body, host = f"{document}</CompleteMultipartUpload>".encode(), f"{bucket}.s3.amazonaws.com"
    assert f"<Location>http://{host}/k</Location>" in raw("POST", f"/k?uploadId={begun}", body, host=host).body.decode()


def test_single_small_part_is_enough(get, bucket, upload):
    assert upload(bucket, "k", [TAIL])["ETag"] == etag_of(TAIL)
    assert get(bucket, "k") == TAIL


def test_object_is_made_as_the_upload_was_begun(s3, bucket, upload):
    upload(
        bucket,
        "k",
        [TAIL],
        ContentType="text/plain",
        Metadata={"a": "b"},
        Tagging="c=d",
        StorageClass="STANDARD_IA",
        ServerSideEncryption="aws:kms",
    )
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["Metadata"], head["TagCount"]) == ("text/plain", {"a": "b"}, 1)
    assert (head["StorageClass"], head["ServerSideEncryption"]) == ("STANDARD_IA", "aws:kms")


def test_parts_may_come_in_any_order_and_again(bucket, get, send, complete):
    send(2, b"old")
    second, first = send(2, TAIL), send(1, FIRST)
    complete((1, first), (2, second))
    assert get(bucket, "k") == FIRST + TAIL


def test_parts_that_are_not_listed_are_dropped(files, s3, bucket, get, send, complete):
    before = files()
    first, _, third = send(1, FIRST), send(2, SECOND), send(7, TAIL)
    complete((1, first), (7, third))
    assert get(bucket, "k") == FIRST + TAIL
    assert len(files() - before) == 2
    s3.delete_object(Bucket=bucket, Key="k")
    assert files() == before


def test_range_reads_across_parts(s3, parted):
    body = FIRST + SECOND + TAIL
    for first, size in product([0, 5 * MIB - 3, 5 * MIB, 5 * MIB + 3], [10, 5 * MIB - 1, 5 * MIB, 7 * MIB]):
        answer = s3.get_object(Bucket=parted, Key="k", Range=f"bytes={first}-{first + size - 1}")
        assert answer["Body"].read() == body[first : first + size]
        assert answer["ContentRange"] == f"bytes {first}-{min(first + size, len(body)) - 1}/{len(body)}"


@pytest.fixture
def parted(bucket, upload):
    upload(bucket, "k", [FIRST, SECOND, TAIL])
    return bucket


def test_part_is_read_by_its_number(refused, s3, parted):
    for number, body in enumerate((FIRST, SECOND, TAIL), 1):
        answer = s3.get_object(Bucket=parted, Key="k", PartNumber=number)
        assert answer["Body"].read() == body
        assert (answer["PartsCount"], answer["ContentLength"]) == (3, len(body))
        assert s3.head_object(Bucket=parted, Key="k", PartNumber=number)["ContentLength"] == len(body)
    with refused("InvalidPartNumber", 416, ActualPartCount="3"):
        s3.get_object(Bucket=parted, Key="k", PartNumber=4)


# -- refusals


def test_part_that_was_not_sent(refused, send, complete, begun):
    etag = send(1, TAIL)
    with refused("InvalidPart", 400, UploadId=begun, PartNumber="2"):
        complete((1, etag), (2, etag))


def test_part_with_another_etag(refused, send, complete):
    send(1, TAIL)
    with refused("InvalidPart", 400, PartNumber="1", ETag="0123"):
        complete((1, '"0123"'))


def test_parts_out_of_order(refused, send, complete):
    first, second = send(1, FIRST), send(2, TAIL)
    with refused("InvalidPartOrder", 400):
        complete((2, second), (1, first))
    with refused("InvalidPartOrder", 400):
        complete((1, first), (1, first))


def test_part_that_is_too_small(refused, send, complete):
    first, second = send(1, b"small"), send(2, TAIL)
    with refused("EntityTooSmall", 400, ProposedSize="5", MinSizeAllowed="5242880", PartNumber="1"):
        complete((1, first), (2, second))


def test_upload_without_parts(refused, complete):
    with refused("MalformedXML", 400):
        complete()


def test_refused_completion_changes_nothing(refused, s3, bucket, get, send, complete):
    etag = send(1, TAIL)
    with refused("InvalidPart", 400):
        complete((1, '"0123"'))
    with refused("NoSuchKey", 404):
        get(bucket, "k")
    complete((1, etag))
    assert get(bucket, "k") == TAIL


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_part_number_has_bounds(refused, send, number):
    message = "Part number must be an integer between 1 and 10000, inclusive"
    with refused("InvalidArgument", 400, Message=message, ArgumentName="partNumber", ArgumentValue=str(number)):
        send(number, TAIL)


@pytest.mark.parametrize(
    "call",
    [
        lambda s3, where: s3.upload_part(PartNumber=1, Body=b"x", **where),
        lambda s3, where: s3.complete_multipart_upload(
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]}, **where
        ),
        lambda s3, where: s3.abort_multipart_upload(**where),
        lambda s3, where: s3.list_parts(**where),
    ],
)
def test_upload_has_to_be_one(refused, s3, bucket, begun, call):
    with refused("NoSuchUpload", 404, UploadId="other"):
        call(s3, {"Bucket": bucket, "Key": "k", "UploadId": "other"})
    with refused("NoSuchUpload", 404):
        call(s3, {"Bucket": bucket, "Key": "another key", "UploadId": begun})


def test_completion_may_be_asked_for_again(refused, s3, bucket, put, send, complete):
    etag = send(1, TAIL)
    answers = [complete((1, etag)) for _ in range(2)]
    assert [answer["ETag"] for answer in answers] == [etag_of(TAIL)] * 2
    with refused("NoSuchUpload", 404):
        complete((1, etag), (2, etag))
    put(bucket, "k", b"another object")
    with refused("NoSuchUpload", 404):
        complete((1, etag))


def test_completed_upload_is_over(refused, send, complete, s3, bucket, begun):
    etag = send(1, TAIL)
    complete((1, etag))
    with refused("NoSuchUpload", 404):
        send(1, TAIL)


def test_aborted_upload_leaves_nothing(refused, files, s3, bucket, begun, send):
    before = files()
    send(1, FIRST)
    send(2, TAIL)
    answer = s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=begun)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert files() == before
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=bucket, Key="k", UploadId=begun)


def test_size_of_the_object_may_be_checked(refused, send, complete):
    etag = send(1, TAIL)
    with refused("InvalidRequest", 400):
        complete((1, etag), MpuObjectSize=5)
    complete((1, etag), MpuObjectSize=4)


def test_completion_may_be_conditional(refused, s3, bucket, put, get, send, complete):
    put(bucket, "k", b"there")
    etag = send(1, TAIL)
    with refused("PreconditionFailed", 412):
        complete((1, etag), IfNoneMatch="*")
    assert get(bucket, "k") == b"there"
    complete((1, etag), IfMatch=s3.head_object(Bucket=bucket, Key="k")["ETag"])
    assert get(bucket, "k") == TAIL


# -- checksums


def b64(data):
    return base64.b64encode(data).decode()


def crc32(data):
    return zlib.crc32(data).to_bytes(4, "big")


def test_composite_checksum_is_that_of_the_parts_checksums(s3, bucket, upload):
    answer = upload(bucket, "k", [FIRST, TAIL], ChecksumAlgorithm="SHA256", part={"ChecksumAlgorithm": "SHA256"})
    digests = hashlib.sha256(FIRST).digest() + hashlib.sha256(TAIL).digest()
    assert answer["ChecksumSHA256"] == b64(hashlib.sha256(digests).digest()) + "-2"
    assert answer["ChecksumType"] == "COMPOSITE"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (answer["ChecksumSHA256"], "COMPOSITE")
    part = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", PartNumber=2)
    assert part["ChecksumSHA256"] == b64(hashlib.sha256(TAIL).digest())


def test_full_object_checksum_is_that_of_all_bytes(s3, bucket, upload):
    options = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    answer = upload(bucket, "k", [FIRST, SECOND, TAIL], part={"ChecksumAlgorithm": "CRC32"}, **options)
    assert answer["ChecksumCRC32"] == b64(crc32(FIRST + SECOND + TAIL))
    assert answer["ChecksumType"] == "FULL_OBJECT"


def test_upload_without_checksums_gets_crc64nvme_of_all_bytes(s3, raw, bucket, begun, complete):
    bodies = (b"x" * 5_242_880, b"123456789")
    for number, body in enumerate(bodies, 1):
        assert raw("PUT", f"/{bucket}/k?partNumber={number}&uploadId={begun}", body).status == 200
    parts = s3.list_parts(Bucket=bucket, Key="k", UploadId=begun)["Parts"]
    answer = complete(*((part["PartNumber"], part["ETag"]) for part in parts))
    assert answer["ChecksumCRC64NVME"] == b64(checksums.compute("CRC64NVME", b"".join(bodies)))
    assert answer["ChecksumType"] == "FULL_OBJECT"


def test_wrong_checksum_of_the_whole_is_refused(refused, bucket, upload):
    options = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT", "part": {"ChecksumAlgorithm": "CRC32"}}
    with refused("BadDigest", 400):
        upload(bucket, "k", [TAIL], complete={"ChecksumCRC32": "AAAAAA==", "ChecksumType": "FULL_OBJECT"}, **options)


def test_composite_upload_wants_each_parts_checksum(refused, s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    assert (begun["ChecksumAlgorithm"], begun["ChecksumType"]) == ("SHA256", "COMPOSITE")
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    etag = s3.upload_part(PartNumber=1, Body=TAIL, ChecksumAlgorithm="SHA256", **where)["ETag"]
    with refused("InvalidRequest", 400) as caught:
        s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **where)
    assert "missing for part 1" in str(caught.value)
    part = {"PartNumber": 1, "ETag": etag, "ChecksumSHA256": b64(hashlib.sha256(b"other").digest())}
    with refused("InvalidPart", 400):
        s3.complete_multipart_upload(MultipartUpload={"Parts": [part]}, **where)


def test_part_has_to_bring_the_uploads_checksum(refused, s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    message = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: sha1"
    with refused("InvalidRequest", 400, Message=message):
        s3.upload_part(Bucket=bucket, Key="k", UploadId=begun, PartNumber=1, Body=TAIL, ChecksumAlgorithm="SHA1")


def test_part_of_a_composite_upload_brings_a_checksum(s3, raw, bucket):
    def send_to(begun):
        return raw("PUT", f"/{bucket}/k?partNumber=1&uploadId={begun['UploadId']}", TAIL)

    kinds = {"Bucket": bucket, "Key": "k", "ChecksumAlgorithm": "CRC32"}
    refused = send_to(s3.create_multipart_upload(**kinds, ChecksumType="COMPOSITE"))
    assert refused.refusal == (400, "InvalidRequest")
    assert "expected checksum Type: crc32, actual checksum Type: null" in refused.error["Message"]
    taken = send_to(s3.create_multipart_upload(**kinds, ChecksumType="FULL_OBJECT"))
    assert taken.headers["x-amz-checksum-crc32"] == b64(crc32(TAIL))


def test_parts_with_checksums_are_numbered_one_after_the_other(refused, s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun}
    sent = s3.upload_part(PartNumber=2, Body=TAIL, ChecksumAlgorithm="SHA256", **where)
    part = {"PartNumber": 2, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]}
    with refused("InvalidPartOrder", 400):
        s3.complete_multipart_upload(MultipartUpload={"Parts": [part]}, **where)


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")]
)
def test_not_every_type_fits_every_algorithm(refused, s3, bucket, algorithm, kind):
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)


def test_broken_part_is_refused(refused, s3, bucket, begun, send):
    with refused("BadDigest", 400):
        send(1, TAIL, ContentMD5=b64(bytes(16)))
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=begun)


def test_attributes_tell_the_parts(s3, bucket, upload):
    upload(bucket, "k", [FIRST, SECOND, TAIL], ChecksumAlgorithm="SHA256", part={"ChecksumAlgorithm": "SHA256"})
    parts = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=2)[
        "ObjectParts"
    ]
    assert (parts["TotalPartsCount"], parts["IsTruncated"], parts["NextPartNumberMarker"]) == (3, True, 2)
    assert [(part["PartNumber"], part["Size"]) for part in parts["Parts"]] == [(1, len(FIRST)), (2, len(SECOND))]
    assert parts["Parts"][0]["ChecksumSHA256"] == b64(hashlib.sha256(FIRST).digest())


def test_attributes_tell_a_composite_checksum_without_its_count(s3, bucket, upload):
    whole = upload(bucket, "k", [TAIL], ChecksumAlgorithm="SHA256", part={"ChecksumAlgorithm": "SHA256"})
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])["Checksum"]
    assert (found["ChecksumSHA256"] + "-1", found["ChecksumType"]) == (whole["ChecksumSHA256"], "COMPOSITE")


def test_full_object_checksum_hides_the_parts_but_for_their_number(s3, bucket, upload):
    options = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload(bucket, "k", [TAIL], part={"ChecksumAlgorithm": "CRC32"}, **options)
    answer = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert answer["ObjectParts"] == {"TotalPartsCount": 1}
    part = s3.head_object(Bucket=bucket, Key="k", PartNumber=1, ChecksumMode="ENABLED")
    assert part["ChecksumCRC32"] == b64(crc32(TAIL))  # the only part is the whole object


# -- copying parts


def test_parts_are_copied_whole_and_in_ranges(s3, bucket, put, get, begun, complete):
    put(bucket, "small", b"0123456789")
    put(bucket, "large", SECOND)
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun}
    one = s3.upload_part_copy(PartNumber=1, CopySource=f"{bucket}/large", **where)["CopyPartResult"]
    two = s3.upload_part_copy(PartNumber=2, CopySource=f"{bucket}/small", CopySourceRange="bytes=2-4", **where)
    assert one["ETag"] == f'"{hashlib.md5(SECOND).hexdigest()}"'
    assert two["CopyPartResult"]["ETag"] == f'"{hashlib.md5(b"234").hexdigest()}"'
    complete((1, one["ETag"]), (2, two["CopyPartResult"]["ETag"]))
    assert get(bucket, "k") == SECOND + b"234"


def test_range_across_the_parts_of_the_source(s3, parted, get):
    begun = s3.create_multipart_upload(Bucket=parted, Key="to")["UploadId"]
    where = {"Bucket": parted, "Key": "to", "UploadId": begun}
    span = f"bytes={5 * MIB - 2}-{5 * MIB + 1}"
    part = s3.upload_part_copy(PartNumber=1, CopySource=f"{parted}/k", CopySourceRange=span, **where)
    etag = part["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **where)
    assert get(parted, "to") == b"1122"


@pytest.mark.parametrize("span", ["bytes=0-10", "bytes=5-", "0-1"])
def test_range_of_the_source_has_to_be_inside(refused, s3, bucket, put, begun, span):
    put(bucket, "small", b"0123456789")
    with refused("InvalidArgument", 400, ArgumentName="x-amz-copy-source-range"):
        s3.upload_part_copy(
            Bucket=bucket, Key="k", UploadId=begun, PartNumber=1, CopySource=f"{bucket}/small", CopySourceRange=span
        )


def test_part_copy_is_conditional(refused, s3, bucket, put, begun):
    put(bucket, "small", b"0123456789")
    with refused("PreconditionFailed", 412):
        s3.upload_part_copy(
            Bucket=bucket,
            Key="k",
            UploadId=begun,
            PartNumber=1,
            CopySource=f"{bucket}/small",
            CopySourceIfMatch='"other"',
        )


# -- listing


def test_parts_are_listed_in_pages(s3, bucket, begun, send):
    for number in (3, 1, 20):
        send(number, TAIL)
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun}
    answer = s3.list_parts(MaxParts=2, **where)
    assert [part["PartNumber"] for part in answer["Parts"]] == [1, 3]
    assert (answer["IsTruncated"], answer["NextPartNumberMarker"], answer["StorageClass"]) == (True, 3, "STANDARD")
    assert answer["Parts"][0]["ETag"] == f'"{hashlib.md5(TAIL).hexdigest()}"'
    assert answer["Owner"]["ID"] == answer["Initiator"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    rest = s3.list_parts(PartNumberMarker=3, **where)
    assert [part["PartNumber"] for part in rest["Parts"]] == [20]
    assert not rest["IsTruncated"]


def test_uploads_are_listed_by_key_and_beginning(s3, bucket):
    begun = [
        (key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])
        for key in ("b", "a", "b", "dir/x", "dir/y")
    ]
    answer = s3.list_multipart_uploads(Bucket=bucket)
    listed = [(entry["Key"], entry["UploadId"]) for entry in answer["Uploads"]]
    assert listed == [begun[1], begun[0], begun[2], begun[3], begun[4]]
    folded = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in folded["Uploads"]] == ["a", "b", "b"]
    assert folded["CommonPrefixes"] == [{"Prefix": "dir/"}]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [(entry["Key"], entry["UploadId"]) for page in pages for entry in page["Uploads"]] == listed


def test_upload_is_no_object_yet(s3, bucket, begun, send):
    send(1, TAIL)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_transfer_manager_goes_both_ways(s3, bucket, tmp_path):
    body = bytes(range(256)) * 40_000
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(body)
    s3.upload_file(str(source), bucket, "k")
    assert "-" in s3.head_object(Bucket=bucket, Key="k")["ETag"]
    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy")
    s3.download_file(bucket, "copy", str(target))
    assert target.read_bytes() == body
