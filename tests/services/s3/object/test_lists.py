"""ListObjects, both of them: prefixes, delimiters, pages, encodings."""

import pytest

KEYS = ["a", "b/1", "b/2", "b/c/3", "d", "e/", "f//g", "z"]


@pytest.fixture
def filled(put, bucket):
    for key in KEYS:
        put(bucket, key, key.encode())
    return bucket


def contents(answer):
    return [entry["Key"] for entry in answer.get("Contents", [])]


def prefixes(answer):
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


def test_entries_have_every_default_member(s3, filled):
    answer = s3.list_objects_v2(Bucket=filled, MaxKeys=1)
    entry = answer["Contents"][0]
    assert (entry["Key"], entry["Size"], entry["StorageClass"]) == ("a", 1, "STANDARD")
    assert entry["ETag"] == '"0cc175b9c0f1b6a831c399e269772661"'
    assert entry["LastModified"].microsecond == 0
    assert "Owner" not in entry
    assert (answer["Name"], answer["Prefix"], answer["MaxKeys"], answer["KeyCount"]) == (filled, "", 1, 1)


def test_owner_comes_when_asked_for(s3, filled):
    owner = s3.list_objects_v2(Bucket=filled, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner == {"ID": s3.list_buckets()["Owner"]["ID"]}
    assert s3.list_objects(Bucket=filled)["Contents"][0]["Owner"] == owner


def test_empty_bucket_lists_nothing(s3, bucket):
    answer = s3.list_objects_v2(Bucket=bucket)
    assert (answer["KeyCount"], answer["IsTruncated"]) == (0, False)
    assert "Contents" not in answer and "NextContinuationToken" not in answer


@pytest.mark.parametrize(
    ("prefix", "delimiter", "keys", "folded"),
    [
        ("", "", KEYS, []),
        ("", "/", ["a", "d", "z"], ["b/", "e/", "f/"]),
        ("b/", "/", ["b/1", "b/2"], ["b/c/"]),
        ("b", "/", [], ["b/"]),
        ("b/", "", ["b/1", "b/2", "b/c/3"], []),
        ("e/", "/", ["e/"], []),
        ("f/", "/", [], ["f//"]),
        ("f//", "/", ["f//g"], []),
        ("", "//", [*KEYS[:6], "z"], ["f//"]),
        ("nothing", "/", [], []),
        ("", "1", ["a", "b/2", "b/c/3", "d", "e/", "f//g", "z"], ["b/1"]),
    ],
)
def test_prefix_and_delimiter(s3, filled, prefix, delimiter, keys, folded):
    for listing in (s3.list_objects_v2, s3.list_objects):
        answer = listing(Bucket=filled, Prefix=prefix, Delimiter=delimiter)
        assert (contents(answer), prefixes(answer)) == (keys, folded)
        assert answer["Prefix"] == prefix
        assert answer.get("Delimiter", "") == delimiter
        assert not answer["IsTruncated"]


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_make_the_whole(s3, filled, operation, delimiter):
    options = {"Delimiter": delimiter} if delimiter else {}
    whole = s3.list_objects_v2(Bucket=filled, **options)
    for size in (1, 2, 3, 100):
        paginator = s3.get_paginator(operation)
        pages = list(paginator.paginate(Bucket=filled, PaginationConfig={"PageSize": size}, **options))
        assert [key for page in pages for key in contents(page)] == contents(whole)
        assert [prefix for page in pages for prefix in prefixes(page)] == prefixes(whole)
        assert all(len(contents(page)) + len(prefixes(page)) == size for page in pages[:-1])
        assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]


def test_start_after_and_marker(s3, filled):
    assert contents(s3.list_objects_v2(Bucket=filled, StartAfter="b/2")) == KEYS[3:]
    assert contents(s3.list_objects_v2(Bucket=filled, StartAfter="b/1x")) == KEYS[2:]
    assert contents(s3.list_objects(Bucket=filled, Marker="b/2")) == KEYS[3:]
    assert contents(s3.list_objects_v2(Bucket=filled, StartAfter="zz")) == []


def test_next_marker_comes_only_with_a_delimiter(s3, filled):
    answer = s3.list_objects(Bucket=filled, MaxKeys=2)
    assert answer["IsTruncated"] and "NextMarker" not in answer
    answer = s3.list_objects(Bucket=filled, MaxKeys=2, Delimiter="/")
    assert answer["NextMarker"] == "b/"


def test_token_goes_before_start_after(s3, filled):
    first = s3.list_objects_v2(Bucket=filled, MaxKeys=3)
    answer = s3.list_objects_v2(Bucket=filled, ContinuationToken=first["NextContinuationToken"], StartAfter="y")
    assert contents(answer) == KEYS[3:]
    assert answer["ContinuationToken"] == first["NextContinuationToken"]


def test_foreign_token_is_refused(refused, s3, filled):
    message = "The continuation token provided is incorrect"
    with refused("InvalidArgument", 400, Message=message, ArgumentName="continuation-token"):
        s3.list_objects_v2(Bucket=filled, ContinuationToken="garbage")


def test_no_keys_at_all(s3, filled):
    answer = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (contents(answer), answer["IsTruncated"], answer["KeyCount"]) == ([], False, 0)


def test_page_size_has_to_be_a_number_that_is_not_negative(raw, filled):
    response = raw("GET", f"/{filled}?list-type=2&max-keys=-1")
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["ArgumentName"] == "maxKeys"
    response = raw("GET", f"/{filled}?list-type=2&max-keys=many")
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["Message"] == "Provided max-keys not an integer or within integer range"


def test_keys_are_percent_encoded_when_asked_for(raw, put, bucket):
    put(bucket, "a b/ü&<>+%")
    plain = raw("GET", f"/{bucket}?list-type=2&delimiter=/")
    assert "<Prefix>a b/</Prefix>" in plain.body.decode()
    encoded = raw("GET", f"/{bucket}?list-type=2&encoding-type=url&delimiter=/&prefix=a%20b/")
    assert "<Key>a+b/%C3%BC%26%3C%3E%2B%25</Key>" in encoded.body.decode()
    assert "<Prefix>a+b/</Prefix>" in encoded.body.decode()
    assert "<EncodingType>url</EncodingType>" in encoded.body.decode()


def test_encoding_has_to_be_url(raw, bucket):
    response = raw("GET", f"/{bucket}?encoding-type=base64")
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["Message"] == "Invalid Encoding Method specified in Request"


def test_thousand_is_the_most(s3, bucket, put):
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000


def test_page_is_no_longer_than_the_most(monkeypatch, s3, bucket, put):
    monkeypatch.setattr("fogbank.services.s3.limits.PAGE", 3)
    for number in range(5):
        put(bucket, f"k{number}", b"")
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (len(answer["Contents"]), answer["MaxKeys"], answer["IsTruncated"]) == (3, 3, True)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=answer["NextContinuationToken"])
    assert contents(rest) == ["k3", "k4"]
