"""Log groups, streams and filters as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud

GROUP = "AWS::Logs::LogGroup"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_group_is_made_changed_and_removed(aws, logs, cloud, refused):
    name = cloud.create(GROUP, LogGroupName="/app", RetentionInDays=7, Tags=[{"Key": "a", "Value": "1"}])
    assert cloud.read(GROUP, name) == {
        "LogGroupName": "/app",
        "Arn": f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app:*",
        "LogGroupClass": "STANDARD",
        "DeletionProtectionEnabled": False,
        "RetentionInDays": 7,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    cloud.update(GROUP, name, {"op": "remove", "path": "/RetentionInDays"}, {"op": "remove", "path": "/Tags"})
    assert "RetentionInDays" not in cloud.read(GROUP, name)
    assert logs.list_tags_log_group(logGroupName=name)["tags"] == {}
    cloud.delete(GROUP, name)
    with refused("ResourceNotFoundException"):
        logs.delete_log_group(logGroupName=name)


def test_a_stream_lies_in_its_group(logs, group, cloud):
    identifier = cloud.create("AWS::Logs::LogStream", LogGroupName=group, LogStreamName="two")
    assert cloud.read("AWS::Logs::LogStream", identifier) == {"LogGroupName": group, "LogStreamName": "two"}
    cloud.delete("AWS::Logs::LogStream", identifier)
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["one"]


def test_a_metric_filter_is_put_again_when_it_changes(group, cloud):
    kind = "AWS::Logs::MetricFilter"
    transformation = {"MetricName": "m", "MetricNamespace": "App", "MetricValue": "$.n"}
    transformation["Dimensions"] = [{"Key": "Path", "Value": "$.path"}]
    identifier = cloud.create(
        kind, LogGroupName=group, FilterName="f", FilterPattern="{ $.n > 1 }", MetricTransformations=[transformation]
    )
    assert cloud.read(kind, identifier)["MetricTransformations"] == [transformation]
    cloud.update(kind, identifier, {"op": "replace", "path": "/FilterPattern", "value": "{ $.n > 2 }"})
    assert cloud.read(kind, identifier)["FilterPattern"] == "{ $.n > 2 }"


def test_a_resource_policy_is_put(logs, cloud):
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    identifier = cloud.create("AWS::Logs::ResourcePolicy", PolicyName="p", PolicyDocument=document)
    assert logs.describe_resource_policies()["resourcePolicies"][0]["policyDocument"] == document
    cloud.delete("AWS::Logs::ResourcePolicy", identifier)
    assert logs.describe_resource_policies()["resourcePolicies"] == []
