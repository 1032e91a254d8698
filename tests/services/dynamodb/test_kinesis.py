"""Kinesis streaming destinations."""

from __future__ import annotations

import json

import pytest

from tests.services.dynamodb.helpers import n, refusal, s


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def stream(kinesis, clock):
    """The ARN of a stream that is ready."""
    return make_stream(kinesis, clock)


def make_stream(kinesis, clock, name="changes"):
    kinesis.create_stream(StreamName=name, ShardCount=1)
    clock.advance(seconds=60)
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


def enable(ddb, clock, table, stream, **more):
    answer = ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream, **more)
    clock.advance(seconds=1)
    return answer


def records(kinesis, stream):
    shard = kinesis.list_shards(StreamARN=stream)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamARN=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return [
        json.loads(each["Data"]) for each in kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    ]


def states(ddb, table):
    found = ddb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"]
    return [each["DestinationStatus"] for each in found]


def test_changes_of_items_come_to_the_stream_in_order(ddb, kinesis, clock, table, stream):
    assert enable(ddb, clock, table, stream)["DestinationStatus"] == "ENABLING"
    ddb.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    ddb.put_item(TableName=table, Item={"pk": s("a"), "v": n(2)})
    ddb.put_item(TableName=table, Item={"pk": s("a"), "v": n(2)})
    ddb.delete_item(TableName=table, Key={"pk": s("a")})
    clock.advance(seconds=1)
    found = records(kinesis, stream)
    assert [each["eventName"] for each in found] == ["INSERT", "MODIFY", "REMOVE"]
    modified = found[1]
    assert modified["dynamodb"]["Keys"] == {"pk": s("a")}
    assert modified["dynamodb"]["OldImage"] == {"pk": s("a"), "v": n(1)}
    assert modified["dynamodb"]["NewImage"] == {"pk": s("a"), "v": n(2)}
    assert (modified["awsRegion"], modified["tableName"], modified["recordFormat"]) == (
        "us-east-1",
        table,
        "application/json",
    )
    assert modified["userIdentity"] is None and modified["eventSource"] == "aws:dynamodb"
    assert abs(modified["dynamodb"]["ApproximateCreationDateTime"] / 1000 - clock.now()) < 60


def test_the_precision_of_times_can_be_chosen_and_changed(ddb, kinesis, clock, table, stream):
    precision = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    answer = enable(ddb, clock, table, stream, EnableKinesisStreamingConfiguration=precision)
    assert answer["EnableKinesisStreamingConfiguration"] == precision
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    clock.advance(seconds=1)
    change = records(kinesis, stream)[0]["dynamodb"]
    assert change["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    assert change["ApproximateCreationDateTime"] > 1e15
    with refusal():
        ddb.update_kinesis_streaming_destination(
            TableName=table, StreamArn=stream, UpdateKinesisStreamingConfiguration=precision
        )
    precision = {"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    answer = ddb.update_kinesis_streaming_destination(
        TableName=table, StreamArn=stream, UpdateKinesisStreamingConfiguration=precision
    )
    assert answer["DestinationStatus"] == "UPDATING"
    clock.advance(seconds=1)
    assert states(ddb, table) == ["ACTIVE"]


def test_after_disabling_nothing_is_sent(ddb, kinesis, clock, table, stream):
    enable(ddb, clock, table, stream)
    answer = ddb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    assert answer["DestinationStatus"] == "DISABLING"
    clock.advance(seconds=1)
    assert states(ddb, table) == ["DISABLED"]
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    clock.advance(seconds=1)
    assert records(kinesis, stream) == []
    enable(ddb, clock, table, stream)
    assert states(ddb, table) == ["ACTIVE"]


def test_a_destination_is_enabled_once_and_disabled_once(ddb, clock, table, stream):
    with refusal(
        message="Table is not in a valid state to disable Kinesis Streaming Destination: "
        "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
    ):
        ddb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    enable(ddb, clock, table, stream)
    with refusal() as refused:
        ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    assert refused.message.startswith("Table is not in a valid state to enable Kinesis Streaming Destination")


def test_a_stream_has_to_be_there_and_in_the_same_place(ddb, aws, table):
    missing = f"arn:aws:kinesis:us-east-1:{aws.account}:stream/nothing"
    with refusal("ResourceNotFoundException"):
        ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=missing)
    with refusal():
        ddb.enable_kinesis_streaming_destination(TableName=table, StreamArn=missing.replace("us-east-1", "eu-west-1"))
    assert ddb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"] == []


def test_a_table_has_two_destinations_at_most(ddb, kinesis, clock, table):
    for number in range(2):
        enable(ddb, clock, table, make_stream(kinesis, clock, f"s{number}"))
    with refusal("LimitExceededException"):
        enable(ddb, clock, table, make_stream(kinesis, clock, "s3"))


def test_enabling_wants_permission_to_write_to_the_stream(aws, ddb, table, stream):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": ["dynamodb:*", "kinesis:Describe*", "iam:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    user = aws("dynamodb", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    with refusal("AccessDeniedException") as refused:
        user.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    assert "kinesis:PutRecord" in refused.message


def test_what_a_stream_does_not_take_is_sent_later(ddb, kinesis, clock, table, stream):
    enable(ddb, clock, table, stream)
    kinesis.delete_stream(StreamName="changes")
    clock.advance(seconds=60)
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    clock.advance(seconds=30)
    assert make_stream(kinesis, clock) == stream
    clock.advance(seconds=30)
    assert [each["eventName"] for each in records(kinesis, stream)] == ["INSERT"]


def test_expired_items_are_removed_by_dynamodb(ddb, kinesis, clock, table, stream):
    enable(ddb, clock, table, stream)
    specification = {"Enabled": True, "AttributeName": "expires"}
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    ddb.put_item(TableName=table, Item={"pk": s("a"), "expires": n(int(clock.now()) + 60)})
    clock.advance(minutes=3)
    assert records(kinesis, stream)[-1]["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }
