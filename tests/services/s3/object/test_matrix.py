"""Every way to write, on every kind of bucket, over every kind of object; each of them under each condition.

What must come of it is told by a model of a few lines; the server has to agree in the answer, the bytes, the versions, and the files.
"""

import pytest

MEDIUM, LARGE = b"M" * 5000, b"L" * 70_000
OLD, NEW = b"old", b"new"

BUCKETS = ["", "Enabled", "Suspended"]
BEFORE = ["nothing", "small", "medium", "large", "parts", "marker"]
# without versioning there are no delete markers
STATES = [(versioning, before) for versioning in BUCKETS for before in BEFORE if versioning or before != "marker"]
WRITES = ["small", "medium", "large", "copy", "copy of large", "parts"]
CONDITIONS = ["none", "if-none-match", "if-match", "if-match other"]
# every pair of state, way and condition is among these; all triples would be four times as many
CASES = [
    (*state, way, CONDITIONS[(i + j) % len(CONDITIONS)])
    for i, state in enumerate(STATES)
    for j, way in enumerate(WRITES)
]


@pytest.fixture
def write(s3, upload, put):
    """Writes an object in one of the ways; gives the answer."""

    def write(bucket, key, way, body, **condition):
        if way == "parts":
            return upload(bucket, key, [body], complete=condition)
        if way.startswith("copy"):
            put(bucket, "source", body)
            try:
                return s3.copy_object(Bucket=bucket, Key=key, CopySource=f"{bucket}/source", **condition)
            finally:
                _purge(s3, bucket, "source")
        return s3.put_object(Bucket=bucket, Key=key, Body=body, **condition)

    return write


def _purge(s3, bucket, prefix=""):
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    for entry in answer.get("Versions", []) + answer.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])


def body_of(way, word):
    return word + (LARGE if "large" in way else MEDIUM if "medium" in way else b"")


def versions_of(s3, bucket, key):
    """Ids of the versions and delete markers, and the id of the latest."""
    answer = s3.list_object_versions(Bucket=bucket, Prefix=key)
    entries = answer.get("Versions", []) + answer.get("DeleteMarkers", [])
    latest = [entry["VersionId"] for entry in entries if entry["IsLatest"]]
    return {entry["VersionId"] for entry in entries}, latest[0] if latest else None


def prepare(s3, write, bucket, key, before):
    """Bring the key into its state; gives the ETag of the current object, None when there is none."""
    if before == "nothing":
        return None
    write(bucket, key, "small" if before == "marker" else before, body_of(before, OLD))
    if before == "marker":
        s3.delete_object(Bucket=bucket, Key=key)
        return None
    return s3.head_object(Bucket=bucket, Key=key)["ETag"]


def expected_refusal(condition, etag):
    if condition == "if-none-match" and etag is not None:
        return "PreconditionFailed", 412
    if condition == "if-match other" and etag is not None:
        return "PreconditionFailed", 412
    if condition.startswith("if-match") and etag is None:
        return "NoSuchKey", 404
    return None


def params_of(condition, etag):
    return {
        "none": {},
        "if-none-match": {"IfNoneMatch": "*"},
        "if-match": {"IfMatch": etag or '"0123"'},
        "if-match other": {"IfMatch": '"0123"'},
    }[condition]


@pytest.mark.parametrize(("versioning", "before", "way", "condition"), CASES)
def test_write(files, refused, s3, make_bucket, write, get, versioning, before, way, condition):
    """Nothing is left on disk when the bucket is gone."""
    there = files()
    bucket = make_bucket(versioning)
    _write_under(condition, "k", refused, s3, bucket, write, get, versioning, before, way)
    _purge(s3, bucket)
    for entry in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=bucket, Key=entry["Key"], UploadId=entry["UploadId"])
    s3.delete_bucket(Bucket=bucket)
    assert files() == there


def _write_under(condition, key, refused, s3, bucket, write, get, versioning, before, way):
    etag = prepare(s3, write, bucket, key, before)
    ids, latest = versions_of(s3, bucket, key)
    refusal, body = expected_refusal(condition, etag), body_of(way, NEW)
    if refusal:
        with refused(*refusal):
            write(bucket, key, way, body, **params_of(condition, etag))
        assert versions_of(s3, bucket, key) == (ids, latest)
        if etag:
            assert get(bucket, key) == body_of(before, OLD)
    else:
        answer = write(bucket, key, way, body, **params_of(condition, etag))
        assert get(bucket, key) == body
        _check_versions(s3, bucket, key, versioning, answer, ids, latest)


def _check_versions(s3, bucket, key, versioning, answer, ids, latest):
    now, newest = versions_of(s3, bucket, key)
    if versioning == "Enabled":
        assert now == ids | {answer["VersionId"]} and answer["VersionId"] not in ids
        assert newest == answer["VersionId"]
    else:
        assert answer.get("VersionId") == ("null" if versioning else None)
        assert (now, newest) == (ids | {"null"}, "null")
