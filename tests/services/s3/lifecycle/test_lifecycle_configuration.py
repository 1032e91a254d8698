"""Lifecycle configurations: what comes back, and what S3 refuses, in its words."""

import datetime as dt

import pytest

MIDNIGHT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
RULE = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}


@pytest.fixture
def configure(s3, bucket):
    def configure(*rules, **options):
        document = {"Rules": list(rules)}
        return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=document, **options)

    return configure


def rule(**members):
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **members}


def step(storage_class, **when):
    return {"StorageClass": storage_class, **when}


def past(storage_class, days):
    return {"StorageClass": storage_class, "NoncurrentDays": days}


def test_rules_come_back_until_they_are_deleted(refused, s3, bucket, configure):
    with refused("NoSuchLifecycleConfiguration", 404, BucketName=bucket):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    dated = rule(ID="dated", Expiration={"Date": MIDNIGHT})
    configure(RULE, dated)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [RULE, dated]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_rule_without_an_id_gets_one(s3, bucket, configure):
    configure({name: value for name, value in RULE.items() if name != "ID"})
    assert len(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"]) == 48


def test_small_objects_are_not_moved_by_default(s3, bucket, configure):
    name = "TransitionDefaultMinimumObjectSize"
    assert configure(RULE)[name] == "all_storage_classes_128K"
    assert configure(RULE, **{name: "varies_by_storage_class"})[name] == "varies_by_storage_class"
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)[name] == "varies_by_storage_class"


def test_rules_of_the_older_form_are_taken_and_given(s3, bucket):
    old = {
        "ID": "r",
        "Status": "Enabled",
        "Prefix": "x/",
        "Transition": step("GLACIER", Days=1),
        "Expiration": {"Days": 2},
    }
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": [old]})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == [old]
    (present,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert present["Transitions"] == [step("GLACIER", Days=1)]


SCOPE = "filter '(prefix=)'"
REFUSED = [
    (
        "InvalidArgument",
        "ID length should not exceed allowed limit of 255",
        {"ID": "i" * 256, "Expiration": {"Days": 1}},
    ),
    ("InvalidRequest", "At least one action needs to be specified in a rule", {}),
    ("InvalidArgument", "'Days' for Expiration action must be a positive integer", {"Expiration": {"Days": 0}}),
    ("InvalidArgument", "'Date' must be at midnight GMT", {"Expiration": {"Date": MIDNIGHT + dt.timedelta(hours=1)}}),
    ("MalformedXML", None, {"Expiration": {"Days": 1, "Date": MIDNIGHT}}),
    ("MalformedXML", None, {"Expiration": {}}),
    (
        "InvalidRequest",
        "ExpiredObjectDeleteMarker cannot be specified with Tags.",
        {"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    ),
    (
        "InvalidArgument",
        "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        {"Transitions": [step("STANDARD_IA", Days=29)]},
    ),
    ("InvalidArgument", "'Days' in Transition action must be nonnegative", {"Transitions": [step("GLACIER", Days=-1)]}),
    ("MalformedXML", None, {"Transitions": [step("GLACIER")]}),
    (
        "InvalidRequest",
        f"'StorageClass' must be different for 'Transition' actions in same 'Rule' with {SCOPE}",
        {"Transitions": [step("GLACIER", Days=1), step("GLACIER", Days=2)]},
    ),
    (
        "InvalidRequest",
        f"Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for {SCOPE}",
        {"Transitions": [step("GLACIER", Days=1), step("DEEP_ARCHIVE", Date=MIDNIGHT)]},
    ),
    (
        "InvalidRequest",
        f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {SCOPE}",
        {"Transitions": [step("GLACIER", Days=1)], "Expiration": {"Date": MIDNIGHT}},
    ),
    (
        "InvalidArgument",
        f"'Days' in the 'GLACIER' Transition action for {SCOPE} must be 30 days more than 'Days' in the 'STANDARD_IA' "
        "Transition action",
        {"Transitions": [step("STANDARD_IA", Days=30), step("GLACIER", Days=59)]},
    ),
    (
        "InvalidArgument",
        f"'Days' in the Expiration action for {SCOPE} must be greater than 'Days' in the Transition action",
        {"Transitions": [step("GLACIER", Days=5)], "Expiration": {"Days": 5}},
    ),
    (
        "InvalidArgument",
        f"'Date' in the Expiration action for {SCOPE} must be later than 'Date' in the Transition action",
        {"Transitions": [step("GLACIER", Date=MIDNIGHT)], "Expiration": {"Date": MIDNIGHT}},
    ),
    (
        "InvalidArgument",
        "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 0}},
    ),
    ("MalformedXML", None, {"NoncurrentVersionExpiration": {"NewerNoncurrentVersions": 1}}),
    (
        "InvalidArgument",
        "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be less than or equal to 100",
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}},
    ),
    (
        "InvalidArgument",
        f"'NoncurrentDays' in the NoncurrentVersionExpiration action for {SCOPE} must be greater than 'NoncurrentDays' in the "
        "NoncurrentVersionTransition action",
        {
            "NoncurrentVersionTransitions": [past("GLACIER", 5)],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
        },
    ),
    (
        "InvalidArgument",
        "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}},
    ),
    (
        "InvalidRequest",
        "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        {
            "Filter": {"Tag": {"Key": "a", "Value": "b"}},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ),
    (
        "InvalidRequest",
        "AbortIncompleteMultipartUpload cannot be specified with Object Size.",
        {"Filter": {"ObjectSizeGreaterThan": 1}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    ),
    (
        "InvalidRequest",
        "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
        {"Filter": {"And": {"ObjectSizeGreaterThan": 2, "ObjectSizeLessThan": 2}}, "Expiration": {"Days": 1}},
    ),
    (
        "InvalidRequest",
        "Duplicate Tag Keys are not allowed.",
        {"Filter": {"And": {"Tags": [{"Key": "a", "Value": v} for v in "xy"]}}, "Expiration": {"Days": 1}},
    ),
    ("MalformedXML", None, {"Filter": {"And": {"Prefix": "a"}}, "Expiration": {"Days": 1}}),
    ("MalformedXML", None, {"Prefix": "both", "Expiration": {"Days": 1}}),
]


@pytest.mark.parametrize(("code", "message", "members"), REFUSED)
def test_rule_is_refused(refused, s3, bucket, configure, code, message, members):
    with refused(code, 400, **({} if message is None else {"Message": message})):
        configure(rule(**members))
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_rules_have_their_own_ids(refused, configure):
    message = "Rule ID must be unique. Found same ID for more than one rule"
    with refused("InvalidArgument", 400, Message=message):
        configure(RULE, RULE)


def test_there_is_a_rule(refused, configure):
    with refused("MalformedXML", 400):
        configure()


def test_rules_without_a_filter_have_a_prefix(refused, configure):
    with refused("MalformedXML", 400):
        configure({"ID": "r", "Status": "Enabled", "Expiration": {"Days": 1}})


def test_rules_are_all_of_one_form(refused, configure):
    with refused("InvalidRequest", 400):
        configure(RULE, {"ID": "old", "Status": "Enabled", "Prefix": "y", "Expiration": {"Days": 1}})


def test_prefixes_of_the_older_form_do_not_overlap(refused, configure):
    old = {"Status": "Enabled", "Expiration": {"Days": 1}}
    message = "Found overlapping prefixes 'a' and 'ab' for same action type 'Expiration'"
    with refused("InvalidRequest", 400, Message=message):
        configure({**old, "ID": "1", "Prefix": "ab"}, {**old, "ID": "2", "Prefix": "a"})


def test_who_may_not_configure_is_refused(refused, aws, bucket):
    stranger = aws("s3", account="111122223333")
    with refused("AccessDenied", 403):
        stranger.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]})
