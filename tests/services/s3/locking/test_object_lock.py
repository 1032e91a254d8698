"""Object lock: retention, legal holds, event holds, the default of a bucket."""

from datetime import UTC, datetime, timedelta

import pytest

LOCKED = "Access Denied because object protected by object lock."
DAY = 86400


@pytest.fixture
def locked(make_bucket):
    """A bucket with object lock."""
    return make_bucket(ObjectLockEnabledForBucket=True)


@pytest.fixture
def later(fogbank_server):
    """Gives a date so many days from the virtual now."""
    now = fogbank_server.app.clock.now

    def later(days):
        return datetime.fromtimestamp(int(now()), UTC) + timedelta(days=days)

    return later


@pytest.fixture
def retain(s3, locked):
    def retain(version, mode, until, **params):
        s3.put_object_retention(
            Bucket=locked, Key="k", VersionId=version, Retention={"Mode": mode, "RetainUntilDate": until}, **params
        )

    return retain


def default(mode="GOVERNANCE", **period):
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, **period}}}


# -- buckets


def test_a_bucket_with_object_lock_is_versioned(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    answer = s3.get_object_lock_configuration(Bucket=locked)
    assert answer["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}


def test_its_versioning_cannot_be_suspended(refused, s3, locked):
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Suspended"})


def test_object_lock_can_come_later_where_there_are_versions(refused, s3, bucket):
    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=bucket)
    with refused("InvalidBucketState", 409):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=default(Days=1))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=default(Days=1))
    found = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert found == default(Days=1)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (default(Days=1, Years=1), "MalformedXML"),
        (default(), "MalformedXML"),
        (default(Days=0), "InvalidRetentionPeriod"),
        (default(Years=-1), "InvalidRetentionPeriod"),
        (default(Days=36501), "InvalidRetentionPeriod"),
        (default("FOREVER", Days=1), "MalformedXML"),
        ({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}, "MalformedXML"),
    ],
)
def test_a_default_has_to_make_sense(refused, s3, locked, document, code):
    with refused(code, 400):
        s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=document)


def test_new_objects_are_locked_by_default(refused, s3, locked, put, clock, later):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=default("COMPLIANCE", Years=1))
    version = put(locked, "k")
    head = s3.head_object(Bucket=locked, Key="k")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - later(365)) < timedelta(seconds=60)
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version)
    clock.advance(seconds=365 * DAY + 60)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version)


def test_what_an_upload_asks_for_goes_before_the_default(s3, locked, later, upload):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=default("COMPLIANCE", Years=1))
    until = later(2)
    wanted = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    s3.put_object(Bucket=locked, Key="k", Body=b"x", **wanted)
    upload(locked, "parts", [b"x"], **wanted)
    s3.copy_object(Bucket=locked, Key="copy", CopySource=f"{locked}/k", **wanted)
    for key in ("k", "parts", "copy"):
        head = s3.head_object(Bucket=locked, Key=key)
        assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", until)


def test_a_completed_upload_is_locked_by_default(s3, locked, upload):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=default(Days=3))
    upload(locked, "parts", [b"x"])
    assert s3.head_object(Bucket=locked, Key="parts")["ObjectLockMode"] == "GOVERNANCE"


# -- objects


@pytest.mark.parametrize("body", [b"x", b"L" * 100_000], ids=["small", "large"])
def test_a_lock_needs_a_bucket_with_object_lock(refused, s3, bucket, later, body):
    with refused("InvalidRequest", 400, Message="Bucket is missing Object Lock Configuration"):
        s3.put_object(
            Bucket=bucket, Key="k", Body=body, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(1)
        )
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=body, ObjectLockLegalHoldStatus="ON")


@pytest.mark.parametrize("name", ["put_object_legal_hold", "get_object_legal_hold", "get_object_retention"])
def test_asking_for_a_lock_in_a_bucket_without_is_refused(refused, s3, bucket, put, name):
    put(bucket, "k")
    extra = {"LegalHold": {"Status": "ON"}} if name.startswith("put") else {}
    with refused("InvalidRequest", 400, Message="Bucket is missing Object Lock Configuration"):
        getattr(s3, name)(Bucket=bucket, Key="k", **extra)


def test_mode_and_date_go_together(refused, s3, locked, later):
    with refused("InvalidArgument", 400, ArgumentName="x-amz-object-lock-retain-until-date"):
        s3.put_object(Bucket=locked, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE")
    with refused("InvalidArgument", 400, ArgumentName="x-amz-object-lock-mode"):
        s3.put_object(Bucket=locked, Key="k", Body=b"x", ObjectLockRetainUntilDate=later(1))


def test_the_date_is_in_the_future(refused, s3, locked, later, put, retain):
    with refused("InvalidArgument", 400, Message="The retain until date must be in the future!"):
        s3.put_object(
            Bucket=locked, Key="k", Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(-1)
        )
    with refused("InvalidArgument", 400):
        retain(put(locked, "k"), "GOVERNANCE", later(-1))


def test_a_lock_in_a_put_needs_a_digest(raw, locked, later):
    headers = {"x-amz-object-lock-legal-hold": "ON"}
    assert raw("PUT", f"/{locked}/k", b"x", headers).refusal == (400, "InvalidRequest")


def test_an_object_without_a_lock_has_none_to_show(refused, s3, locked, put):
    put(locked, "k")
    for ask in (s3.get_object_retention, s3.get_object_legal_hold):
        with refused("NoSuchObjectLockConfiguration", 404):
            ask(Bucket=locked, Key="k")


# -- retention


def test_governance_can_be_bypassed_by_who_says_so(refused, s3, locked, put, retain, later):
    version = put(locked, "k")
    retain(version, "GOVERNANCE", later(1))
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=locked, Key="k", VersionId=version)


def test_to_bypass_governance_takes_a_permission(aws, refused, s3, locked, put, retain, later):
    version = put(locked, "k")
    retain(version, "GOVERNANCE", later(1))
    iam = aws("iam")
    iam.create_user(UserName="u")
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow",'
        '"Action":["s3:Delete*","s3:PutObjectRetention"],"Resource":"*"}}'
    )
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    user = aws("s3", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    with refused("AccessDenied", 403) as caught:
        user.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    assert "s3:BypassGovernanceRetention" in caught.value.response["Error"]["Message"]
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": later(0.5)}
    with refused("AccessDenied", 403):
        user.put_object_retention(Bucket=locked, Key="k", Retention=retention, BypassGovernanceRetention=True)


def test_compliance_cannot_be_bypassed(refused, s3, locked, put, retain, later, clock):
    version = put(locked, "k")
    retain(version, "COMPLIANCE", later(10))
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    for mode, until in (("COMPLIANCE", later(9)), ("GOVERNANCE", later(20))):
        with refused("AccessDenied", 403, Message=LOCKED):
            retain(version, mode, until, BypassGovernanceRetention=True)
    retain(version, "COMPLIANCE", later(11))
    clock.advance(seconds=12 * DAY)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version)


def test_governance_can_be_prolonged_by_anybody_and_shortened_by_who_bypasses_it(refused, put, locked, retain, later):
    version = put(locked, "k")
    retain(version, "GOVERNANCE", later(5))
    retain(version, "GOVERNANCE", later(6))
    with refused("AccessDenied", 403, Message=LOCKED):
        retain(version, "GOVERNANCE", later(5))
    with refused("AccessDenied", 403, Message=LOCKED):
        retain(version, "COMPLIANCE", later(7))
    retain(version, "GOVERNANCE", later(1), BypassGovernanceRetention=True)


def test_retention_can_be_taken_away(s3, locked, put, retain, later):
    version = put(locked, "k")
    retain(version, "GOVERNANCE", later(5))
    s3.put_object_retention(Bucket=locked, Key="k", Retention={}, BypassGovernanceRetention=True)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version)


def test_mode_without_date_is_malformed(refused, s3, locked, put):
    put(locked, "k")
    with refused("MalformedXML", 400):
        s3.put_object_retention(Bucket=locked, Key="k", Retention={"Mode": "GOVERNANCE"})


def test_a_lock_does_not_hinder_a_delete_marker(s3, locked, put, retain, later, get):
    version = put(locked, "k", b"kept")
    retain(version, "COMPLIANCE", later(1))
    assert s3.delete_object(Bucket=locked, Key="k")["DeleteMarker"] is True
    assert get(locked, "k", VersionId=version) == b"kept"


def test_deleting_many_tells_which_are_locked(s3, locked, put, retain, later):
    first, second = put(locked, "k"), put(locked, "k")
    retain(first, "GOVERNANCE", later(1))
    wanted = {"Objects": [{"Key": "k", "VersionId": version} for version in (first, second)]}
    answer = s3.delete_objects(Bucket=locked, Delete=wanted)
    assert [entry["VersionId"] for entry in answer["Deleted"]] == [second]
    assert [(entry["VersionId"], entry["Code"]) for entry in answer["Errors"]] == [(first, "AccessDenied")]
    assert "Errors" not in s3.delete_objects(Bucket=locked, Delete=wanted, BypassGovernanceRetention=True)


# -- legal holds


def test_a_legal_hold_holds_until_it_is_lifted(refused, s3, locked, put):
    version = put(locked, "k")
    s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": "ON"}
    assert s3.get_object(Bucket=locked, Key="k")["ObjectLockLegalHoldStatus"] == "ON"
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=locked, Key="k", VersionId=version)


def test_a_legal_hold_can_come_with_the_object(s3, locked):
    s3.put_object(Bucket=locked, Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")
    assert s3.get_object_legal_hold(Bucket=locked, Key="k")["LegalHold"] == {"Status": "ON"}


# -- event holds


def test_a_version_is_kept_for_a_while_after_its_event(refused, s3, locked, clock):
    version = s3.put_object(
        Bucket=locked, Key="k", Body=b"x", ObjectLockEventHold="ON", ObjectLockEventHoldDurationDays=10
    )["VersionId"]
    clock.advance(seconds=50 * DAY)
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version)
    s3.put_object_retention(Bucket=locked, Key="k", Retention={"EventHold": "OFF"})
    clock.advance(seconds=9 * DAY)
    with refused("AccessDenied", 403, Message=LOCKED):
        s3.delete_object(Bucket=locked, Key="k", VersionId=version)
    clock.advance(seconds=2 * DAY)
    s3.delete_object(Bucket=locked, Key="k", VersionId=version)


def test_a_bucket_can_hold_all_new_versions_until_their_event(s3, locked, put):
    document = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"DefaultEventHold": {"Years": 1}}}}
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=document)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == document
    put(locked, "k")
    retention = s3.get_object_retention(Bucket=locked, Key="k")["Retention"]
    assert retention == {"EventHold": "ON", "EventHoldDuration": {"Years": 1}}


def test_an_event_hold_needs_a_duration(refused, s3, locked):
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=locked, Key="k", Body=b"x", ObjectLockEventHold="ON")


# -- permissions


def test_a_policy_can_limit_the_days(aws, refused, s3, locked, put, later):
    put(locked, "k")
    iam = aws("iam")
    iam.create_user(UserName="u")
    iam.put_user_policy(
        UserName="u",
        PolicyName="p",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObjectRetention","Resource":"*",'
        '"Condition":{"NumericLessThanEquals":{"s3:object-lock-remaining-retention-days":"10"},'
        '"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}}}',
    )
    user = aws("s3", credentials=iam.create_access_key(UserName="u")["AccessKey"])

    def ask(mode, days):
        retention = {"Mode": mode, "RetainUntilDate": later(days)}
        user.put_object_retention(Bucket=locked, Key="k", Retention=retention)

    ask("GOVERNANCE", 9)
    for mode, days in (("GOVERNANCE", 12), ("COMPLIANCE", 9)):
        with refused("AccessDenied", 403):
            ask(mode, days)


def test_only_who_may_know_is_told_of_a_lock(aws, s3, locked, put, retain, later):
    retain(put(locked, "k"), "GOVERNANCE", later(1))
    iam = aws("iam")
    iam.create_user(UserName="u")
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    user = aws("s3", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    assert "ObjectLockMode" not in user.head_object(Bucket=locked, Key="k")
    assert s3.head_object(Bucket=locked, Key="k")["ObjectLockMode"] == "GOVERNANCE"
