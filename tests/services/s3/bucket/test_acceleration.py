"""Transfer acceleration: the setting, and the host names that follow from it."""

import pytest


@pytest.fixture
def accelerate(s3):
    def accelerate(bucket, status):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": status})

    return accelerate


def test_setting_is_kept(s3, bucket, accelerate):
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        accelerate(bucket, status)
        answer = s3.get_bucket_accelerate_configuration(Bucket=bucket)
        assert answer["Status"] == status
        assert "x-fogbank-fidelity" not in answer["ResponseMetadata"]["HTTPHeaders"]


def test_setting_is_the_same_from_every_region(aws, bucket, accelerate):
    accelerate(bucket, "Enabled")
    elsewhere = aws("s3", region="eu-west-1")
    assert elsewhere.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Enabled"


def test_names_with_periods_are_refused(refused, s3, new_name, accelerate):
    name = f"{new_name()}.dotted"
    s3.create_bucket(Bucket=name)
    with refused("InvalidRequest", 400):
        accelerate(name, "Enabled")


def test_setting_needs_a_status(refused, s3, bucket):
    with refused("MalformedXML", 400):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={})


def test_strangers_set_nothing(refused, aws, bucket):
    stranger = aws("s3", account="111122223333")
    with refused("AccessDenied", 403):
        stranger.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})


# -- host names


@pytest.mark.parametrize("label", ["s3-accelerate.amazonaws.com", "s3-accelerate.dualstack.amazonaws.com"])
def test_accelerated_host_answers_while_it_is_enabled(bucket, put, accelerate, raw, label):
    put(bucket, "k", b"fast")
    host = f"{bucket}.{label}"
    answer = raw("GET", "/k", host=host)
    assert answer.refusal == (400, "InvalidRequest")
    assert answer.error["Message"] == "S3 Transfer Acceleration is not configured on this bucket"
    accelerate(bucket, "Enabled")
    assert raw("GET", "/k", host=host).body == b"fast"
    accelerate(bucket, "Suspended")
    answer = raw("GET", "/k", host=host)
    assert answer.error["Message"] == "S3 Transfer Acceleration is disabled on this bucket"


def test_names_with_periods_have_no_accelerated_host(s3, new_name, raw):
    name = f"{new_name()}.dotted"
    s3.create_bucket(Bucket=name)
    answer = raw("GET", "/k", host=f"{name}.s3-accelerate.amazonaws.com")
    assert answer.refusal == (400, "InvalidRequest")
    assert answer.error["Message"] == (
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
    )
