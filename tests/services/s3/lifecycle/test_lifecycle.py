"""What lifecycle rules do, midnight after midnight."""

import datetime as dt
import json
import urllib.request

import pytest

from fogbank.testing import Clients, ServerProcess

DAY = 86400
LARGE = b"x" * (128 * 1024)


@pytest.fixture
def rule(s3):
    """Gives a bucket one rule, about all objects unless told otherwise."""

    def rule(bucket, minimum=None, **members):
        members = {"ID": "r", "Status": "Enabled", "Filter": {}, **members}
        options = {} if minimum is None else {"TransitionDefaultMinimumObjectSize": minimum}
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [members]}, **options)

    return rule


@pytest.fixture
def keys(s3):
    return lambda bucket: [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.fixture
def versions(s3):
    """The ids of all versions of a bucket, the newest first, and those of its delete markers."""

    def versions(bucket):
        answer = s3.list_object_versions(Bucket=bucket)
        return [[entry["VersionId"] for entry in answer.get(kind, [])] for kind in ("Versions", "DeleteMarkers")]

    return versions


@pytest.fixture
def storage_class(s3):
    return lambda bucket, key, **params: s3.head_object(Bucket=bucket, Key=key, **params).get(
        "StorageClass", "STANDARD"
    )


# -- expiration


def test_object_is_removed_at_the_midnight_after_its_days(s3, bucket, put, rule, keys, clock):
    put(bucket, "k")
    rule(bucket, Expiration={"Days": 2})
    clock.advance(seconds=2 * DAY - 1)
    assert keys(bucket) == ["k"]
    clock.advance(seconds=DAY + 1)
    assert keys(bucket) == []


def test_only_what_the_filter_names_expires(s3, bucket, put, rule, keys, clock):
    put(bucket, "logs/tagged", Tagging="a=1&b=2")
    put(bucket, "logs/half", Tagging="a=1")
    put(bucket, "logs/big", b"x" * 200, Tagging="a=1&b=2")
    put(bucket, "other", Tagging="a=1&b=2")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    both = {"Prefix": "logs/", "Tags": tags, "ObjectSizeLessThan": 200}
    rule(bucket, Filter={"And": both}, Expiration={"Days": 1})
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == ["logs/big", "logs/half", "other"]


def test_size_above_a_bound_expires(s3, bucket, put, rule, keys, clock):
    put(bucket, "one", b"x")
    put(bucket, "two", b"xx")
    rule(bucket, Filter={"ObjectSizeGreaterThan": 1}, Expiration={"Days": 1})
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == ["one"]


def test_disabled_rule_does_nothing(s3, bucket, put, rule, keys, clock):
    put(bucket, "k")
    rule(bucket, Status="Disabled", Expiration={"Days": 1})
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == ["k"]


def test_deleted_configuration_does_nothing_more(s3, bucket, put, rule, keys, clock):
    put(bucket, "k")
    rule(bucket, Expiration={"Days": 1})
    s3.delete_bucket_lifecycle(Bucket=bucket)
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == ["k"]


def test_object_expires_on_a_date(s3, bucket, put, rule, keys, clock):
    put(bucket, "k")
    today = s3.head_object(Bucket=bucket, Key="k")["LastModified"].replace(hour=0, minute=0, second=0)
    rule(bucket, Expiration={"Date": today + dt.timedelta(days=2)})
    clock.advance(seconds=DAY)
    assert keys(bucket) == ["k"]
    clock.advance(seconds=DAY)
    assert keys(bucket) == []


def test_walk_goes_over_many_pages(s3, bucket, put, rule, keys, clock, monkeypatch):
    monkeypatch.setattr("fogbank.services.s3.object.walking.walk.__defaults__", ("", 2))
    for number in range(5):
        put(bucket, f"k{number}")
    rule(bucket, Expiration={"Days": 1})
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == []


def test_bucket_deleted_and_made_anew_has_no_rules(refused, s3, bucket, put, rule, keys, clock):
    rule(bucket, Expiration={"Days": 1})
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    put(bucket, "k")
    clock.advance(seconds=3 * DAY)
    assert keys(bucket) == ["k"]
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


# -- versions


def test_expired_version_gets_a_delete_marker(s3, versioned, put, rule, keys, versions, clock):
    first = put(versioned, "k")
    rule(versioned, Expiration={"Days": 1})
    clock.advance(seconds=3 * DAY)
    found, markers = versions(versioned)
    assert (keys(versioned), found, len(markers)) == ([], [first], 1)


def test_noncurrent_versions_expire_but_for_the_newest(s3, versioned, put, rule, versions, clock):
    ids = [put(versioned, "k", body) for body in (b"1", b"2", b"3", b"4")]
    rule(versioned, NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 1})
    clock.advance(seconds=3 * DAY)
    assert versions(versioned) == [[ids[3], ids[2]], []]


def test_days_of_a_noncurrent_version_count_from_its_successor(s3, versioned, put, rule, versions, clock):
    first = put(versioned, "k")
    rule(versioned, NoncurrentVersionExpiration={"NoncurrentDays": 2})
    clock.advance(seconds=5 * DAY)
    second = put(versioned, "k")
    clock.advance(seconds=DAY)
    assert versions(versioned) == [[second, first], []]
    clock.advance(seconds=2 * DAY)
    assert versions(versioned) == [[second], []]


def test_locked_versions_are_left_alone(s3, make_bucket, put, rule, versions, clock):
    locked = make_bucket(ObjectLockEnabledForBucket=True)
    held, _, last = (put(locked, "k") for _ in range(3))
    s3.put_object_legal_hold(Bucket=locked, Key="k", VersionId=held, LegalHold={"Status": "ON"})
    rule(locked, NoncurrentVersionExpiration={"NoncurrentDays": 1})
    clock.advance(seconds=3 * DAY)
    assert versions(locked) == [[last, held], []]


def test_marker_that_hides_nothing_is_cleaned_up(s3, versioned, put, rule, versions, clock):
    alone, hiding = "alone", "hiding"
    put(versioned, hiding)
    for key in (alone, hiding):
        s3.delete_object(Bucket=versioned, Key=key)
    rule(versioned, Expiration={"ExpiredObjectDeleteMarker": True})
    clock.advance(seconds=DAY)
    markers = s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]
    assert [marker["Key"] for marker in markers] == [hiding]


def test_null_version_of_a_suspended_bucket_gives_way_to_a_marker(s3, make_bucket, put, rule, versions, clock):
    suspended = make_bucket("Suspended")
    put(suspended, "k")
    rule(suspended, Expiration={"Days": 1})
    clock.advance(seconds=2 * DAY)
    assert versions(suspended) == [[], ["null"]]


# -- transitions


def test_object_moves_from_class_to_class(s3, bucket, put, rule, storage_class, clock):
    put(bucket, "k", LARGE)
    steps = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER_IR"}]
    rule(bucket, Transitions=steps, Expiration={"Days": 2555})
    clock.advance(seconds=31 * DAY)
    assert storage_class(bucket, "k") == "STANDARD_IA"
    clock.advance(seconds=60 * DAY)
    assert storage_class(bucket, "k") == "GLACIER_IR"


def test_moved_object_has_its_bytes(s3, bucket, put, get, rule, clock):
    put(bucket, "k", LARGE)
    rule(bucket, Transitions=[{"Days": 0, "StorageClass": "GLACIER_IR"}])
    clock.advance(seconds=DAY)
    assert get(bucket, "k") == LARGE


def test_small_objects_stay_where_they_are(s3, bucket, put, rule, storage_class, clock):
    put(bucket, "k", LARGE[1:])
    rule(bucket, Transitions=[{"Days": 0, "StorageClass": "GLACIER"}])
    clock.advance(seconds=2 * DAY)
    assert storage_class(bucket, "k") == "STANDARD"


def test_small_objects_go_to_the_archives_where_the_minimum_varies(s3, bucket, put, rule, storage_class, clock):
    put(bucket, "k")
    rule(bucket, "varies_by_storage_class", Transitions=[{"Days": 0, "StorageClass": "GLACIER"}])
    clock.advance(seconds=2 * DAY)
    assert storage_class(bucket, "k") == "GLACIER"


def test_filter_of_sizes_has_the_word_on_small_objects(s3, bucket, put, rule, storage_class, clock):
    put(bucket, "k", b"xx")
    rule(bucket, Filter={"ObjectSizeGreaterThan": 1}, Transitions=[{"Days": 0, "StorageClass": "GLACIER_IR"}])
    clock.advance(seconds=2 * DAY)
    assert storage_class(bucket, "k") == "GLACIER_IR"


def test_objects_do_not_move_to_a_dearer_class(s3, bucket, put, rule, storage_class, clock):
    put(bucket, "k", LARGE, StorageClass="GLACIER")
    rule(bucket, Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}])
    clock.advance(seconds=32 * DAY)
    assert storage_class(bucket, "k") == "GLACIER"


def test_noncurrent_version_moves(s3, versioned, put, rule, storage_class, clock):
    first = put(versioned, "k", LARGE)
    put(versioned, "k", LARGE)
    rule(versioned, NoncurrentVersionTransitions=[{"NoncurrentDays": 0, "StorageClass": "GLACIER_IR"}])
    clock.advance(seconds=DAY)
    assert storage_class(versioned, "k", VersionId=first) == "GLACIER_IR"
    assert storage_class(versioned, "k") == "STANDARD"


# -- uploads


def test_old_uploads_are_aborted(s3, bucket, rule, clock):
    s3.create_multipart_upload(Bucket=bucket, Key="old/k")
    s3.create_multipart_upload(Bucket=bucket, Key="other")
    rule(bucket, Filter={"Prefix": "old/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})
    clock.advance(seconds=3 * DAY)
    assert [upload["Key"] for upload in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["other"]


def test_upload_tells_when_it_is_aborted(s3, bucket, rule):
    rule(bucket, ID="tidy", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k")
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=begun["UploadId"])
    assert begun["AbortRuleId"] == listed["AbortRuleId"] == "tidy"
    assert begun["AbortDate"] == listed["AbortDate"]
    assert begun["AbortDate"].time() == dt.time(0)


# -- headers


def test_answers_tell_when_an_object_expires(s3, bucket, put, rule, upload):
    rule(bucket, ID="a b", Filter={"Prefix": "x/"}, Expiration={"Days": 10})
    written = s3.put_object(Bucket=bucket, Key="x/k", Body=b"1")
    head = s3.head_object(Bucket=bucket, Key="x/k")
    day = (head["LastModified"] + dt.timedelta(days=11)).strftime("%a, %d %b %Y 00:00:00 GMT")
    expected = f'expiry-date="{day}", rule-id="a%20b"'
    copied = s3.copy_object(Bucket=bucket, Key="x/c", CopySource=f"{bucket}/x/k")
    completed = upload(bucket, "x/m", [b"part"])
    answers = (written, head, s3.get_object(Bucket=bucket, Key="x/k"), copied, completed)
    assert {answer["Expiration"] for answer in answers} == {expected}


def test_what_does_not_expire_tells_nothing(s3, bucket, put, rule):
    rule(bucket, Filter={"Prefix": "x/"}, Expiration={"Days": 10})
    put(bucket, "y")
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="y")


# -- after a crash


def test_walk_that_was_killed_goes_on(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        s3 = Clients(server.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_object(Bucket="kept", Key="k", Body=b"x")
        rules = [{"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]
        s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": rules})
        server.kill()
        server.restart()
        request = urllib.request.Request(f"{server.endpoint}/_fogbank/clock", json.dumps({"advance": 3 * DAY}).encode())
        urllib.request.urlopen(request, timeout=30).close()
        assert "Contents" not in Clients(server.endpoint, "111122223333")("s3").list_objects_v2(Bucket="kept")
