"""Archived objects: restoring them, reading them meanwhile, and the end of it."""

import datetime as dt

import pytest

HOUR, DAY = 3600, 86400


@pytest.fixture
def archived(s3, bucket, put):
    """Gives the key of an archived object of the bucket."""

    def archived(storage_class="GLACIER", key="k", body=b"cold", where=bucket):
        put(where, key, body, StorageClass=storage_class)
        return key

    return archived


@pytest.fixture
def restore(s3, bucket):
    """Asks for a restore and gives the status of the answer."""

    def restore(key="k", where=bucket, version=None, **request):
        about = {} if version is None else {"VersionId": version}
        answer = s3.restore_object(Bucket=where, Key=key, RestoreRequest=request, **about)
        return answer["ResponseMetadata"]["HTTPStatusCode"]

    return restore


def by(tier, days=1):
    return {"Days": days, "GlacierJobParameters": {"Tier": tier}}


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_object_cannot_be_read(refused, s3, bucket, archived, get, storage_class):
    archived(storage_class)
    with refused("InvalidObjectState", 403, StorageClass=storage_class):
        get(bucket, "k")
    with refused("InvalidObjectState", 403):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")


def test_instant_retrieval_is_no_archive(refused, archived, bucket, get, restore):
    archived("GLACIER_IR")
    assert get(bucket, "k") == b"cold"
    with refused("InvalidObjectState", 403, StorageClass="GLACIER_IR"):
        restore(Days=1)


def test_restored_object_is_readable_for_its_days(refused, s3, bucket, archived, restore, get, clock):
    archived()
    assert restore(Days=2) == 202
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] == 'ongoing-request="true"'
    clock.advance(seconds=3 * HOUR)
    assert get(bucket, "k") == b"cold"
    until = dt.datetime.fromtimestamp(-(-(clock.now() + 2 * DAY) // DAY) * DAY, dt.UTC)
    told = s3.head_object(Bucket=bucket, Key="k")["Restore"]
    assert told == f'ongoing-request="false", expiry-date="{until:%a, %d %b %Y 00:00:00 GMT}"'
    clock.advance(seconds=3 * DAY)
    assert "Restore" not in s3.head_object(Bucket=bucket, Key="k")
    with refused("InvalidObjectState", 403):
        get(bucket, "k")


@pytest.mark.parametrize(
    ("storage_class", "tier", "seconds"),
    [
        ("GLACIER", "Expedited", 60),
        ("GLACIER", "Standard", 3 * HOUR),
        ("GLACIER", "Bulk", 5 * HOUR),
        ("DEEP_ARCHIVE", "Standard", 12 * HOUR),
        ("DEEP_ARCHIVE", "Bulk", 48 * HOUR),
    ],
)
def test_each_tier_takes_its_time(s3, bucket, archived, restore, clock, storage_class, tier, seconds):
    archived(storage_class)
    restore(**by(tier))
    clock.advance(seconds=seconds - 5)
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] == 'ongoing-request="true"'
    clock.advance(seconds=5)
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"].startswith('ongoing-request="false"')


def test_deep_archive_is_never_expedited(refused, archived, restore):
    archived("DEEP_ARCHIVE")
    with refused("InvalidArgument", 400):
        restore(**by("Expedited"))


def test_restore_is_not_begun_twice(refused, archived, restore):
    archived()
    restore(**by("Standard"))
    with refused("RestoreAlreadyInProgress", 409):
        restore(**by("Bulk"))


def test_restore_is_hastened(s3, bucket, archived, restore, get, clock):
    archived()
    restore(**by("Bulk"))
    assert restore(**by("Expedited")) == 202
    clock.advance(seconds=60)
    assert get(bucket, "k") == b"cold"


def test_restored_copy_is_kept_for_longer(bucket, archived, restore, get, clock):
    archived()
    restore(Days=1)
    clock.advance(seconds=3 * HOUR)
    assert restore(Days=10) == 200
    clock.advance(seconds=9 * DAY)
    assert get(bucket, "k") == b"cold"


def test_what_was_not_archived_is_not_restored(refused, bucket, put, restore):
    put(bucket, "k")
    with refused("InvalidObjectState", 403, StorageClass="STANDARD"):
        restore(Days=1)


def test_missing_object_is_not_restored(refused, restore):
    with refused("NoSuchKey", 404):
        restore(Days=1)


@pytest.mark.parametrize(
    ("code", "request_"), [("MalformedXML", {"Tier": "Standard"}), ("InvalidArgument", {"Days": 0})]
)
def test_days_are_needed(refused, archived, restore, code, request_):
    archived()
    with refused(code, 400):
        restore(**request_)


def test_selecting_from_archives_was_retired(refused, archived, restore):
    archived()
    with refused("MethodNotAllowed", 405):
        restore(Type="SELECT", Days=1)


def test_one_version_is_restored(refused, s3, versioned, put, get, restore, clock):
    first = put(versioned, "k", b"1", StorageClass="GLACIER")
    second = put(versioned, "k", b"2", StorageClass="GLACIER")
    restore(where=versioned, version=first, Days=1)
    clock.advance(seconds=3 * HOUR)
    assert get(versioned, "k", VersionId=first) == b"1"
    with refused("InvalidObjectState", 403):
        get(versioned, "k", VersionId=second)


def test_new_object_ends_the_restore_of_the_old_one(s3, bucket, archived, restore, clock):
    archived()
    restore(Days=1)
    archived(body=b"new")
    clock.advance(seconds=3 * HOUR)
    assert "Restore" not in s3.head_object(Bucket=bucket, Key="k")


def test_lists_tell_of_restores_when_asked(s3, bucket, archived, restore, put, clock):
    for key in ("cold", "ongoing", "restored"):
        archived(key=key)
    put(bucket, "warm")
    restore("restored", **by("Expedited"))
    clock.advance(seconds=60)
    restore("ongoing", Days=1)
    listed = s3.list_objects_v2(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    told = {entry["Key"]: entry.get("RestoreStatus") for entry in listed}
    assert (told["cold"], told["warm"], told["ongoing"]) == (None, None, {"IsRestoreInProgress": True})
    assert told["restored"]["IsRestoreInProgress"] is False
    assert told["restored"]["RestoreExpiryDate"].time() == dt.time(0)
    assert "RestoreStatus" not in s3.list_objects_v2(Bucket=bucket)["Contents"][1]
    versions = s3.list_object_versions(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])["Versions"]
    assert [entry["Key"] for entry in versions if "RestoreStatus" in entry] == ["ongoing", "restored"]
