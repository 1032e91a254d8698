"""What topics tell CloudWatch: `AWS/SNS`."""

from __future__ import annotations

import json

import pytest

from tests.services.metering import told


@pytest.fixture
def metrics(aws, clock):
    return lambda: told(aws, clock, "AWS/SNS", TopicName="topic")


def test_messages_are_counted_with_their_sizes(sns, topic, metrics):
    sns.publish(TopicArn=topic, Message="12345")
    entries = [{"Id": "1", "Message": "1"}, {"Id": "2", "Message": "12"}]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert metrics() == {"NumberOfMessagesPublished": 3, "PublishSize": 8}


def test_notifications_that_arrive_are_delivered(sns, topic, subscribed, metrics):
    subscribed(topic)
    sns.publish(TopicArn=topic, Message="one")
    assert metrics()["NumberOfNotificationsDelivered"] == 1


@pytest.mark.parametrize(
    ("scope", "message", "attributes", "reason"),
    [
        ("MessageAttributes", "m", {"a": {"DataType": "String", "StringValue": "y"}}, "MessageAttributes"),
        ("MessageAttributes", "m", {}, "NoMessageAttributes"),
        ("MessageBody", '{"a": "y"}', {}, "MessageBody"),
        ("MessageBody", "no document", {}, "InvalidMessageBody"),
    ],
)
def test_what_a_filter_keeps_out_is_counted_by_reason(
    sns, topic, subscribed, metrics, scope, message, attributes, reason
):
    subscribed(topic, FilterPolicy={"a": ["x"]}, FilterPolicyScope=scope)
    sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
    found = metrics()
    assert found["NumberOfNotificationsFilteredOut"] == found[f"NumberOfNotificationsFilteredOut-{reason}"] == 1
    assert "NumberOfNotificationsDelivered" not in found


def test_a_notification_that_nobody_takes_has_failed(sns, topic, subscribe, make_queue, metrics):
    closed = make_queue("closed", Policy="")
    subscribe(topic, closed.arn)
    sns.publish(TopicArn=topic, Message="one")
    assert metrics()["NumberOfNotificationsFailed"] == 1


def test_dead_letters_are_redriven(sns, topic, subscribe, make_queue, metrics):
    closed, dead = make_queue("closed", Policy=""), make_queue("dead")
    subscribe(topic, closed.arn, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead.arn}))
    sns.publish(TopicArn=topic, Message="one")
    found = metrics()
    assert (found["NumberOfNotificationsFailed"], found["NumberOfNotificationsRedrivenToDlq"]) == (1, 1)


def test_dead_letters_that_their_queue_refuses_are_counted(sns, topic, subscribe, make_queue, metrics):
    closed = make_queue("closed", Policy="")
    subscribe(topic, closed.arn, RedrivePolicy=json.dumps({"deadLetterTargetArn": closed.arn}))
    sns.publish(TopicArn=topic, Message="one")
    assert metrics()["NumberOfNotificationsFailedToRedriveToDlq"] == 1


def test_texts_to_a_number_are_counted_by_themselves(aws, clock, sns):
    sns.publish(PhoneNumber="+15551230000", Message="m")
    found = told(aws, clock, "AWS/SNS", PhoneNumber="PhoneNumberDirect")
    assert found == {"NumberOfNotificationsDelivered": 1}
