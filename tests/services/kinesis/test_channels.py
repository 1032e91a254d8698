"""Channels: records of a stream, written to a bucket."""

from __future__ import annotations

import gzip
import json

import pytest
from botocore.exceptions import ClientError

from tests.services.kinesis.streams import make, settle

TRUST = {"Effect": "Allow", "Principal": {"Service": "kinesis.amazonaws.com"}, "Action": "sts:AssumeRole"}


def code(call, **given):
    """How a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"]


@pytest.fixture
def stream(kinesis):
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    settle(kinesis)
    return kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]


@pytest.fixture
def bucket(aws):
    name = f"lake-{aws.account}"
    aws("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def role(aws):
    iam = aws("iam")
    policies = [{"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "*"}]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": policies})
    iam.put_role_policy(RoleName="writer", PolicyName="p", PolicyDocument=document)
    return arn


@pytest.fixture
def channel(aws, kinesis, clock, stream, bucket, role):
    """Makes a channel from the stream to the bucket. Returns its description, once it is no longer CREATING."""

    def channel(name="c", form="JSON", compression="NONE", source=None, s3=None, storage=None, **given):
        where = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": aws.account}
        made = kinesis.create_channel(
            ChannelName=name,
            ServiceExecutionRoleARN=role,
            StreamConfigurationList=[
                {"StreamARN": source or stream, "RecordConfiguration": {"RecordFormatType": form}}
            ],
            S3DestinationConfiguration={
                "StorageConfiguration": {**where, "CompressionType": compression, **(storage or {})},
                **(s3 or {}),
            },
            **given,
        )["ChannelDescription"]
        assert made["ChannelStatus"] == "CREATING"
        clock.advance(seconds=1)
        return kinesis.describe_channel(ChannelARN=made["ChannelARN"])["ChannelDescription"]

    return channel


@pytest.fixture
def put(kinesis, stream):
    def put(*data):
        kinesis.put_records(StreamARN=stream, Records=[{"Data": each, "PartitionKey": "p"} for each in data])

    return put


@pytest.fixture
def written(aws, bucket):
    """The objects of the bucket: their keys and what is in them."""

    def written():
        s3 = aws("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return written


def test_records_are_written_within_the_freshness_and_those_from_before_are_not(kinesis, clock, channel, put, written):
    put(b'{"n": 0}')
    clock.advance(seconds=1)
    made = channel()
    assert made["ChannelStatus"] == "ACTIVE"
    put(b'{"n": 1}', b'{"n": 2}')
    clock.advance(seconds=290)
    assert written() == {}
    clock.advance(seconds=20)
    ((key, body),) = written().items()
    assert body == b'{"n": 1}\n{"n": 2}\n'
    assert key.startswith(f"kinesis-channel/c/{made['ChannelId']}/2")
    put(b'{"n": 3}')
    clock.advance(seconds=310)
    assert sorted(written().values()) == [b'{"n": 1}\n{"n": 2}\n', b'{"n": 3}\n']


def test_a_description_has_what_was_asked_for_and_the_defaults(aws, kinesis, channel, bucket, stream, role):
    made = channel(LoggingConfiguration={"CloudWatchLogs": {"Enabled": True}}, Tags={"a": "b"})
    where = {"BucketARN": f"arn:aws:s3:::{bucket}", "ExpectedBucketOwner": aws.account}
    assert made["ServiceExecutionRoleARN"] == role
    assert made["ChannelARN"].endswith(f":channel/{made['ChannelId']}")
    destination = made["S3DestinationConfiguration"]
    assert destination["DataFreshnessInSeconds"] == 300
    assert destination["DeadLetterQueueS3Configuration"] == {
        **where,
        "ErrorOutputPrefix": f"kinesis-channel/errors/c/{made['ChannelId']}/",
    }
    assert destination["StorageConfiguration"]["StorageClass"] == "STANDARD"
    assert made["LoggingConfiguration"]["CloudWatchLogs"] == {
        "Enabled": True,
        "LogGroupName": f"/aws/kinesis/c/{made['ChannelId']}",
        "LogStreamName": "DestinationDelivery",
    }
    (listed,) = kinesis.list_channels(StreamFilter=[{"StreamARN": stream}])["ChannelSummaries"]
    assert (listed["ChannelName"], listed["ChannelDestinationType"]) == ("c", "S3")
    assert kinesis.list_tags_for_resource(ResourceARN=made["ChannelARN"])["Tags"] == [{"Key": "a", "Value": "b"}]


def test_records_that_are_not_of_the_format_are_dead_letters(kinesis, clock, channel, put, written):
    channel(compression="GZIP", storage={"OutputKeyTemplate": "in/!{channel-name}!{extension}"})
    put(b'{"n": 1}', b"{")
    clock.advance(seconds=310)
    found = written()
    good, dead = sorted(found, key=lambda key: "errors" in key)
    assert good.startswith("in/c.gz")
    assert gzip.decompress(found[good]) == b'{"n": 1}\n'
    report = json.loads(found[dead])
    assert (report["errorCode"], report["partitionKey"], report["rawData"]) == ("InvalidRecordFormat", "p", "ew==")


def test_bytes_are_written_as_they_are(kinesis, clock, channel, put, written):
    channel(form="BYTE_ARRAY")
    put(b"\xff\x00", b"\n")
    clock.advance(seconds=310)
    assert list(written().values()) == [b"\xff\x00\n"]


def test_what_the_bucket_does_not_take_is_tried_again(aws, kinesis, clock, channel, put, written, bucket):
    channel()
    s3 = aws("s3")
    s3.delete_bucket(Bucket=bucket)
    put(b"{}")
    clock.advance(seconds=310)
    s3.create_bucket(Bucket=bucket)
    clock.advance(seconds=61)
    assert list(written().values()) == [b"{}\n"]
    put(b"[]")
    clock.advance(seconds=700)
    assert sorted(written().values()) == [b"[]\n", b"{}\n"]


def test_a_channel_that_cannot_write_fails_and_says_why(aws, kinesis, channel, role):
    aws("iam").update_assume_role_policy(
        RoleName="writer",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{**TRUST, "Effect": "Deny"}]}),
    )
    made = channel()
    assert made["ChannelStatus"] == "FAILED"
    assert "sts:AssumeRole" in made["ChannelStatusReason"]


def test_freshness_can_be_changed_and_nothing_else(kinesis, clock, channel):
    arn = channel()["ChannelARN"]
    changed = kinesis.update_channel(ChannelARN=arn, S3DestinationConfiguration={"DataFreshnessInSeconds": 600})
    assert changed["ChannelDescription"]["ChannelStatus"] == "UPDATING"
    clock.advance(seconds=1)
    found = kinesis.describe_channel(ChannelARN=arn)["ChannelDescription"]
    assert (found["ChannelStatus"], found["S3DestinationConfiguration"]["DataFreshnessInSeconds"]) == ("ACTIVE", 600)
    too_long = {"DataFreshnessInSeconds": 901}
    refused = code(kinesis.update_channel, ChannelARN=arn, S3DestinationConfiguration=too_long)
    assert refused == "ValidationException"


def test_a_stream_with_a_channel_stays(kinesis, clock, channel, stream):
    arn = channel()["ChannelARN"]
    assert code(kinesis.delete_stream, StreamARN=stream) == "ResourceInUseException"
    provisioned = {"StreamMode": "PROVISIONED"}
    assert code(kinesis.update_stream_mode, StreamARN=stream, StreamModeDetails=provisioned) == "ResourceInUseException"
    kinesis.delete_channel(ChannelARN=arn)
    clock.advance(seconds=1)
    assert code(kinesis.describe_channel, ChannelARN=arn) == "ResourceNotFoundException"
    kinesis.delete_stream(StreamARN=stream)


def test_what_no_channel_can_be_is_refused(aws, kinesis, clock, channel, stream):
    channel()
    make(kinesis, "provisioned")
    provisioned = stream.replace("orders", "provisioned")
    for expected, given in [
        ("ResourceInUseException", {}),
        ("LimitExceededException", {"name": "d"}),
        ("ValidationException", {"name": "d", "source": provisioned}),
        ("ResourceNotFoundException", {"name": "d", "source": stream + "x"}),
        ("ValidationException", {"name": "d", "form": "GSR_JSON"}),
        ("ValidationException", {"name": "d", "s3": {"DataFreshnessInSeconds": 60}}),
        ("ValidationException", {"name": "d", "storage": {"OutputKeyTemplate": "!{nothing}"}}),
        ("KMSNotFoundException", {"name": "d", "source": stream, "EncryptionConfiguration": _key(aws)}),
    ]:
        if expected == "KMSNotFoundException":
            kinesis.delete_channel(ChannelARN=kinesis.list_channels()["ChannelSummaries"][0]["ChannelARN"])
            clock.advance(seconds=1)
        assert code(channel, **given) == expected, given


def _key(aws):
    return {"EncryptionType": "KMS", "KeyId": f"arn:aws:kms:us-east-1:{aws.account}:key/none"}
