"""Destinations, and subscriptions of other accounts to them."""

from __future__ import annotations

import gzip
import json
import time

import pytest

TRUST = {"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def other():
    """The account that has the destination."""
    return "424242424242"


@pytest.fixture
def target(aws, other):
    kinesis = aws("kinesis", account=other)
    name = f"in-{aws.account}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0})
    return f"arn:aws:kinesis:us-east-1:{other}:stream/{name}"


@pytest.fixture
def role(aws, other):
    iam, name = aws("iam", account=other), f"r-{aws.account}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
    return arn


@pytest.fixture
def receiver(aws, other):
    return aws("logs", account=other)


@pytest.fixture
def destination(aws, receiver, target, role):
    name = f"d-{aws.account}"
    return receiver.put_destination(destinationName=name, targetArn=target, roleArn=role)["destination"]


def allow(aws, receiver, destination):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": aws.account},
        "Action": "logs:PutSubscriptionFilter",
        "Resource": destination["arn"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    receiver.put_destination_policy(destinationName=destination["destinationName"], accessPolicy=policy)


def subscribe(logs, destination):
    logs.put_subscription_filter(
        logGroupName="/app", filterName="f", filterPattern="ERROR", destinationArn=destination["arn"]
    )


def test_events_of_another_account_arrive(aws, logs, group, put, receiver, destination, other):
    allow(aws, receiver, destination)
    subscribe(logs, destination)
    put("INFO a", "ERROR b")
    kinesis = aws("kinesis", account=other)
    iterator = kinesis.get_shard_iterator(
        StreamName=f"in-{aws.account}", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    deadline = time.monotonic() + 10
    while not (records := kinesis.get_records(ShardIterator=iterator)["Records"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    (message,) = [json.loads(gzip.decompress(record["Data"])) for record in records]
    assert (message["owner"], message["logGroup"], message["subscriptionFilters"]) == (aws.account, "/app", ["f"])
    assert [event["message"] for event in message["logEvents"]] == ["ERROR b"]


def test_without_a_policy_nobody_else_may_subscribe(logs, group, destination, refused):
    with refused("AccessDeniedException"):
        subscribe(logs, destination)


def test_a_destination_that_is_not_there_is_refused(logs, group, refused, other):
    with refused("InvalidParameterException", "Could not deliver test message"):
        subscribe(logs, {"arn": f"arn:aws:logs:us-east-1:{other}:destination:none"})


def test_destinations_are_described_and_deleted(aws, receiver, destination, target, role):
    allow(aws, receiver, destination)
    name = destination["destinationName"]
    (shown,) = receiver.describe_destinations(DestinationNamePrefix=name)["destinations"]
    assert (shown["targetArn"], shown["roleArn"]) == (target, role)
    assert json.loads(shown["accessPolicy"])["Statement"]
    receiver.delete_destination(destinationName=name)
    assert receiver.describe_destinations(DestinationNamePrefix=name)["destinations"] == []
    with pytest.raises(receiver.exceptions.ResourceNotFoundException):
        receiver.delete_destination(destinationName=name)


def test_a_target_is_a_stream_of_the_same_account(logs, refused, role):
    with refused("InvalidParameterException", "Kinesis or Firehose"):
        logs.put_destination(destinationName="d", targetArn="arn:aws:sqs:us-east-1:111122223333:q", roleArn=role)
    with refused("InvalidParameterException", "same account"):
        logs.put_destination(
            destinationName="d", targetArn="arn:aws:kinesis:us-east-1:111122223333:stream/s", roleArn=role
        )


def test_what_is_no_policy_is_refused(receiver, destination):
    with pytest.raises(receiver.exceptions.InvalidParameterException):
        receiver.put_destination_policy(destinationName=destination["destinationName"], accessPolicy="{")
