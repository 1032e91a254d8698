"""Topics, subscriptions and policies as resources."""

import json

import pytest

from tests.services.cloud_client import Cloud

TOPIC, SUBSCRIPTION = "AWS::SNS::Topic", "AWS::SNS::Subscription"


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def policy(topic):
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": topic}]}


def test_a_topic_lives(cloud, sns, make_queue, refused):
    queue = make_queue()
    properties = {
        "TopicName": "made",
        "DisplayName": "Made",
        "Tags": [{"Key": "a", "Value": "1"}],
        "Subscription": [{"Protocol": "sqs", "Endpoint": queue.arn}],
    }
    arn = cloud.create(TOPIC, **properties)
    assert cloud.read(TOPIC, arn) == {"TopicArn": arn, **properties}
    cloud.update(
        TOPIC,
        arn,
        {"op": "replace", "path": "/DisplayName", "value": "New"},
        {"op": "remove", "path": "/Subscription"},
        {"op": "replace", "path": "/Tags/0/Value", "value": "2"},
    )
    read = cloud.read(TOPIC, arn)
    assert (read["DisplayName"], read["Tags"]) == ("New", [{"Key": "a", "Value": "2"}])
    assert sns.list_subscriptions()["Subscriptions"] == []
    cloud.delete(TOPIC, arn)
    with refused("NotFound"):
        sns.get_topic_attributes(TopicArn=arn)


def test_a_topic_gets_a_name(cloud):
    assert cloud.create(TOPIC, FifoTopic=True, ContentBasedDeduplication=True).endswith(".fifo")


def test_a_subscription_lives(cloud, sns, topic, make_queue):
    properties = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": make_queue().arn, "RawMessageDelivery": True}
    arn = cloud.create(SUBSCRIPTION, **properties, FilterPolicy={"a": ["b"]})
    read = cloud.read(SUBSCRIPTION, arn)
    assert read == {"Arn": arn, **properties, "FilterPolicy": {"a": ["b"]}, "FilterPolicyScope": "MessageAttributes"}
    cloud.update(SUBSCRIPTION, arn, {"op": "add", "path": "/FilterPolicy", "value": {"a": ["c"]}})
    assert cloud.read(SUBSCRIPTION, arn)["FilterPolicy"] == {"a": ["c"]}
    cloud.delete(SUBSCRIPTION, arn)
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize("kind", ["AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy"])
def test_a_policy_lives(cloud, sns, topic, kind):
    where = {"Topics": [topic]} if kind.endswith("::TopicPolicy") else {"TopicArn": topic}
    identifier = cloud.create(kind, PolicyDocument=policy(topic), **where)
    assert cloud.read(kind, identifier)["PolicyDocument"] == policy(topic)
    cloud.delete(kind, identifier)
    shown = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert shown["Id"] == "__default_policy_ID"
