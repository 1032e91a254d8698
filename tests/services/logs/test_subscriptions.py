"""Subscription filters to streams, and their refusals."""

from __future__ import annotations

import gzip
import json
import time

import pytest

TRUST = {"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def stream(aws):
    aws("kinesis").create_stream(StreamName="out", ShardCount=1)
    aws("kinesis").get_waiter("stream_exists").wait(StreamName="out", WaiterConfig={"Delay": 0})
    return f"arn:aws:kinesis:us-east-1:{aws.account}:stream/out"


def role(aws, *actions):
    iam = aws("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName="logs", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="logs", PolicyName="p", PolicyDocument=policy)
    return arn


@pytest.fixture
def subscribe(logs, group):
    def subscribe(destination, role=None, pattern="", name="filter"):
        given = {"roleArn": role} if role else {}
        logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=destination, **given
        )

    return subscribe


@pytest.fixture
def received(aws):
    """The messages in the stream, once there are so many."""
    kinesis = aws("kinesis")

    def received(count):
        iterator = kinesis.get_shard_iterator(
            StreamName="out", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            records = kinesis.get_records(ShardIterator=iterator)["Records"]
            if len(records) >= count:
                break
            time.sleep(0.05)
        return [json.loads(gzip.decompress(record["Data"])) for record in records]

    return received


def test_events_that_match_go_to_the_stream(aws, subscribe, put, stream, received):
    subscribe(stream, role(aws, "kinesis:PutRecord"), "ERROR")
    put("ERROR 1", "fine", "ERROR 2")
    control, data = received(2)
    assert control["messageType"] == "CONTROL_MESSAGE"
    assert (data["messageType"], data["owner"]) == ("DATA_MESSAGE", aws.account)
    assert (data["logGroup"], data["logStream"], data["subscriptionFilters"]) == ("/app", "one", ["filter"])
    assert [event["message"] for event in data["logEvents"]] == ["ERROR 1", "ERROR 2"]


def test_ids_are_those_that_a_search_tells(aws, logs, subscribe, put, stream, received):
    subscribe(stream, role(aws, "kinesis:PutRecord"))
    put("a", "b")
    ids = [event["eventId"] for event in logs.filter_log_events(logGroupName="/app")["events"]]
    assert [event["id"] for event in received(2)[1]["logEvents"]] == ids


def test_a_role_that_may_not_write_is_refused(aws, subscribe, stream, refused):
    arn = role(aws, "s3:GetObject")
    with refused("InvalidParameterException", "Could not deliver test message"):
        subscribe(stream, arn)


def test_a_stream_needs_a_role(subscribe, stream, refused):
    with refused("InvalidParameterException", "roleArn is required"):
        subscribe(stream)


def test_a_function_that_is_not_there_is_refused(aws, subscribe, refused):
    with refused("InvalidParameterException", "Could not execute the lambda function"):
        subscribe(f"arn:aws:lambda:us-east-1:{aws.account}:function:nowhere")


def test_other_vendors_are_refused(aws, subscribe, refused):
    with refused("InvalidParameterException", "cannot work with destinationArn for vendor sqs"):
        subscribe(f"arn:aws:sqs:us-east-1:{aws.account}:queue")


def test_a_group_has_two_filters(aws, logs, group, subscribe, stream, refused):
    arn = role(aws, "kinesis:PutRecord")
    for name in ("a", "b"):
        subscribe(stream, arn, name=name)
    with refused("LimitExceededException"):
        subscribe(stream, arn, name="c")
    shown = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert [each["filterName"] for each in shown] == ["a", "b"]
    logs.delete_subscription_filter(logGroupName=group, filterName="a")
    with refused("ResourceNotFoundException", "The specified subscription filter does not exist."):
        logs.delete_subscription_filter(logGroupName=group, filterName="a")
