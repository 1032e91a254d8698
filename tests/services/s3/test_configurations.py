"""Configurations that are kept and returned, and labelled as having no effect."""

import pytest

RULES = {
    "lifecycle": (
        "lifecycle_configuration",
        {
            "LifecycleConfiguration": {
                "Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]
            }
        },
        "NoSuchLifecycleConfiguration",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_document_comes_back_until_it_is_deleted(refused, s3, bucket, name):
    verb, document, missing = RULES[name]
    get = getattr(s3, f"get_bucket_{verb}")
    with refused(missing, 404, BucketName=bucket):
        get(Bucket=bucket)
    getattr(s3, f"put_bucket_{verb}")(Bucket=bucket, **document)
    (wanted,) = document.values()
    answer = get(Bucket=bucket)
    assert {member: answer[member] for member in wanted} == wanted
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-fogbank-fidelity"] == "derived"
    getattr(s3, f"delete_bucket_{name}")(Bucket=bucket)
    with refused(missing, 404):
        get(Bucket=bucket)


def test_logging_is_off_by_default(s3, bucket):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_logging_is_kept(s3, bucket):
    enabled = {"TargetBucket": bucket, "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == enabled


def test_replication_needs_versioning(refused, s3, bucket, versioned):
    rule = {"ID": "r", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{versioned}"}}
    replication = {"Role": "arn:aws:iam::111122223333:role/r", "Rules": [rule]}
    with refused("InvalidRequest", 400):
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=replication)
    with refused("ReplicationConfigurationNotFoundError", 404):
        s3.get_bucket_replication(Bucket=bucket)
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration=replication)
    assert s3.get_bucket_replication(Bucket=versioned)["ReplicationConfiguration"] == replication


def test_many_documents_by_id(refused, s3, bucket):
    for name in ("b", "a"):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [entry["Id"] for entry in listed["MetricsConfigurationList"]] == ["a", "b"]
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="a")["MetricsConfiguration"] == {"Id": "a"}
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="a")
    with refused("NoSuchConfiguration", 404):
        s3.get_bucket_metrics_configuration(Bucket=bucket, Id="a")


def test_object_lock_is_not_there(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=bucket)
    with refused("InvalidRequest", 400):
        s3.get_object_retention(Bucket=bucket, Key="k")
    with refused("InvalidRequest", 400):
        s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"})


def test_what_is_not_implemented_says_so(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("NotImplemented", 501):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
