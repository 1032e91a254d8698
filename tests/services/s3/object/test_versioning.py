"""Versioning: versions, delete markers, null versions, and their lists."""

import pytest


def listed(s3, bucket, **params):
    """Versions and delete markers by id: (key, is latest, is a delete marker)."""
    answer = s3.list_object_versions(Bucket=bucket, **params)
    found = [(entry, False) for entry in answer.get("Versions", [])]
    found += [(entry, True) for entry in answer.get("DeleteMarkers", [])]
    return {entry["VersionId"]: (entry["Key"], entry["IsLatest"], deleted) for entry, deleted in found}


def test_versioning_is_empty_until_it_is_set(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_versioning_needs_a_status(refused, s3, bucket):
    with refused("IllegalVersioningConfigurationException", 400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})


@pytest.mark.parametrize("body", [b"", b"small", b"L" * 100_000])
def test_every_version_stays(s3, versioned, put, get, body):
    ids = [put(versioned, "k", body + str(number).encode()) for number in range(3)]
    assert len(set(ids)) == 3
    for number, version in enumerate(ids):
        assert get(versioned, "k", VersionId=version) == body + str(number).encode()
        assert s3.head_object(Bucket=versioned, Key="k", VersionId=version)["VersionId"] == version
    answer = s3.get_object(Bucket=versioned, Key="k")
    assert (answer["Body"].read(), answer["VersionId"]) == (body + b"2", ids[2])


def test_versions_are_listed_newest_first(s3, versioned, put):
    ids = [put(versioned, "k", b"x") for _ in range(4)]
    entries = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [entry["VersionId"] for entry in entries] == ids[::-1]
    assert [entry["IsLatest"] for entry in entries] == [True, False, False, False]
    assert entries[0]["Owner"]["ID"] and entries[0]["Size"] == 1 and entries[0]["StorageClass"] == "STANDARD"


def test_delete_marker_hides_the_object(refused, s3, versioned, put, get):
    version = put(versioned, "k", b"x")
    answer = s3.delete_object(Bucket=versioned, Key="k")
    marker = answer["VersionId"]
    assert answer["DeleteMarker"] is True
    with refused("NoSuchKey", 404) as caught:
        get(versioned, "k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)
    assert get(versioned, "k", VersionId=version) == b"x"
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    assert listed(s3, versioned) == {version: ("k", False, False), marker: ("k", True, True)}


def test_delete_marker_cannot_be_read(refused, s3, versioned, get):
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with refused("MethodNotAllowed", 405, Method="GET", ResourceType="DeleteMarker") as caught:
        get(versioned, "k", VersionId=marker)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["allow"]) == ("true", "DELETE")


def test_deleting_the_marker_brings_the_object_back(s3, versioned, put, get):
    put(versioned, "k", b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, marker)
    assert get(versioned, "k") == b"x"


def test_deleting_the_current_version_uncovers_the_one_before(s3, versioned, put, get):
    first, second = put(versioned, "k", b"1"), put(versioned, "k", b"2")
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert answer["VersionId"] == second and "DeleteMarker" not in answer
    assert get(versioned, "k") == b"1"
    assert listed(s3, versioned) == {first: ("k", True, False)}


def test_deleting_an_old_version_leaves_the_current_one(s3, versioned, put, get):
    first, second = put(versioned, "k", b"1"), put(versioned, "k", b"2")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=first)
    assert get(versioned, "k") == b"2"
    assert listed(s3, versioned) == {second: ("k", True, False)}


def test_deleting_the_last_version_empties_the_bucket(files, s3, versioned, put):
    before = files()
    versions = [put(versioned, "k", b"L" * 100_000), put(versioned, "k", b"s")]
    for version in versions:
        s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    s3.delete_bucket(Bucket=versioned)
    assert files() == before


def test_version_that_is_not_there(refused, s3, versioned, put, get):
    version = put(versioned, "k")
    put(versioned, "other")
    with refused("NoSuchVersion", 404, Key="other", VersionId=version):
        get(versioned, "other", VersionId=version)
    assert s3.delete_object(Bucket=versioned, Key="other", VersionId=version)["VersionId"] == version
    assert get(versioned, "other") == b"x"


def test_version_id_has_to_be_one(refused, versioned, put, get):
    put(versioned, "k")
    with refused("InvalidArgument", 400, Message="Invalid version id specified", ArgumentName="versionId"):
        get(versioned, "k", VersionId="garbage")


def test_many_versions_are_deleted_at_once(s3, versioned, put):
    version = put(versioned, "a")
    put(versioned, "b")
    wanted = [{"Key": "a", "VersionId": version}, {"Key": "b"}, {"Key": "c", "VersionId": "garbage"}]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": wanted})
    first, second = answer["Deleted"]
    assert first == {"Key": "a", "VersionId": version}
    assert (second["Key"], second["DeleteMarker"]) == ("b", True)
    assert second["DeleteMarkerVersionId"] in listed(s3, versioned)
    assert answer["Errors"][0]["Code"] == "NoSuchVersion"


# -- null versions


def test_object_from_before_versioning_is_the_null_version(s3, bucket, put, get):
    put(bucket, "k", b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    new = put(bucket, "k", b"new")
    assert get(bucket, "k", VersionId="null") == b"old"
    assert listed(s3, bucket) == {new: ("k", True, False), "null": ("k", False, False)}


@pytest.mark.parametrize("body", [b"s", b"L" * 100_000])
def test_suspended_bucket_replaces_only_the_null_version(s3, make_bucket, put, get, body):
    bucket = make_bucket("Enabled")
    kept = put(bucket, "k", b"kept" + body)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert put(bucket, "k", b"1" + body) == "null"
    assert put(bucket, "k", b"2" + body) == "null"
    assert listed(s3, bucket) == {"null": ("k", True, False), kept: ("k", False, False)}
    assert get(bucket, "k") == b"2" + body
    assert get(bucket, "k", VersionId=kept) == b"kept" + body


def test_null_version_is_replaced_where_it_lies_buried(s3, bucket, put, get):
    put(bucket, "k", b"null")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = put(bucket, "k", b"kept")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    put(bucket, "k", b"other null")
    assert listed(s3, bucket) == {"null": ("k", True, False), kept: ("k", False, False)}
    assert get(bucket, "k", VersionId="null") == b"other null"


def test_delete_in_a_suspended_bucket_leaves_a_null_marker(refused, s3, make_bucket, put, get):
    bucket = make_bucket("Enabled")
    kept = put(bucket, "k", b"kept")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    put(bucket, "k", b"null")
    answer = s3.delete_object(Bucket=bucket, Key="k")
    assert (answer["VersionId"], answer["DeleteMarker"]) == ("null", True)
    assert listed(s3, bucket) == {"null": ("k", True, True), kept: ("k", False, False)}
    s3.delete_object(Bucket=bucket, Key="k")
    assert len(listed(s3, bucket)) == 2
    put(bucket, "k", b"back")
    assert listed(s3, bucket) == {"null": ("k", True, False), kept: ("k", False, False)}
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert get(bucket, "k") == b"kept"


def test_unversioned_bucket_has_only_null_versions(s3, bucket, put, get):
    assert put(bucket, "k", b"x") is None
    assert listed(s3, bucket) == {"null": ("k", True, False)}
    assert get(bucket, "k", VersionId="null") == b"x"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert listed(s3, bucket) == {}


# -- lists


@pytest.fixture
def history(s3, versioned, put):
    """Three keys, each with three versions, the second deleted."""
    for key in ("a", "b/1", "b/2"):
        for _ in range(3):
            put(versioned, key)
    s3.delete_object(Bucket=versioned, Key="b/1")
    return versioned


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_versions_make_the_whole(s3, history, delimiter):
    options = {"Delimiter": delimiter} if delimiter else {}
    whole = s3.list_object_versions(Bucket=history, **options)
    for size in (1, 2, 3, 4, 9, 10, 11):
        paginator = s3.get_paginator("list_object_versions")
        pages = list(paginator.paginate(Bucket=history, PaginationConfig={"PageSize": size}, **options))
        for member in ("Versions", "DeleteMarkers", "CommonPrefixes"):
            assert [entry for page in pages for entry in page.get(member, [])] == whole.get(member, [])
        assert not pages[-1]["IsTruncated"]


def test_versions_below_a_prefix(s3, history):
    assert {key for key, _, _ in listed(s3, history, Prefix="b/1").values()} == {"b/1"}
    folded = s3.list_object_versions(Bucket=history, Delimiter="/")
    assert [entry["Key"] for entry in folded["Versions"]] == ["a"] * 3
    assert folded["CommonPrefixes"] == [{"Prefix": "b/"}]


def test_markers_go_on_behind_a_version(s3, history):
    entries = s3.list_object_versions(Bucket=history)["Versions"]
    answer = s3.list_object_versions(Bucket=history, KeyMarker="a", VersionIdMarker=entries[0]["VersionId"])
    assert answer["Versions"] == entries[1:]
    assert s3.list_object_versions(Bucket=history, KeyMarker="a")["Versions"] == entries[3:]


def test_version_marker_needs_a_key_marker(raw, history):
    response = raw("GET", f"/{history}?versions&version-id-marker=null")
    assert response.refusal == (400, "InvalidArgument")
    assert response.error["Message"] == "A version-id marker cannot be specified without a key marker."


def test_version_marker_has_to_be_an_id(refused, s3, history):
    with refused("InvalidArgument", 400):
        s3.list_object_versions(Bucket=history, KeyMarker="a", VersionIdMarker="garbage")
