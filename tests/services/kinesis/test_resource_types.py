"""AWS::Kinesis::* through Cloud Control."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud

STREAM = "AWS::Kinesis::Stream"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_stream_of_a_template_is_all_that_it_asks_for(cloud, kinesis):
    wanted = {
        "Name": "orders",
        "ShardCount": 2,
        "RetentionPeriodHours": 48,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "DesiredShardLevelMetrics": ["IncomingBytes"],
    }
    cloud.create(STREAM, **wanted)
    assert wanted.items() <= cloud.read(STREAM, "orders").items()
    changes = {"RetentionPeriodHours": 24, "ShardCount": 1}
    cloud.update(
        STREAM,
        "orders",
        *({"op": "replace", "path": f"/{name}", "value": value} for name, value in changes.items()),
    )
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert (summary["RetentionPeriodHours"], summary["OpenShardCount"]) == (24, 1)


def test_a_stream_may_ask_for_all_metrics_of_its_shards(cloud, kinesis):
    cloud.create(STREAM, Name="orders", ShardCount=1, DesiredShardLevelMetrics=["ALL"])
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert len(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == 7


def test_a_stream_has_its_policy(cloud, kinesis, aws):
    cloud.create(STREAM, Name="orders", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    statement = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kinesis:PutRecord", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.create("AWS::Kinesis::ResourcePolicy", ResourceArn=arn, ResourcePolicy=policy)
    assert json.loads(kinesis.get_resource_policy(ResourceARN=arn)["Policy"]) == policy
