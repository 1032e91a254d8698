"""Delivery status logging: what became of deliveries, in CloudWatch Logs."""

import hashlib
import json

import pytest


@pytest.fixture
def role(aws):
    """A role as which SNS may write logs."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    document, policy = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, may))
    arn = iam.create_role(RoleName="feedback", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="feedback", PolicyName="logs", PolicyDocument=policy)
    return arn


@pytest.fixture
def logged(aws, clock):
    """The entries of a group of SNS's."""

    def logged(group):
        clock.advance(seconds=1)
        logs = aws("logs")
        found = logs.filter_log_events(logGroupName=f"sns/us-east-1/{aws.account}/{group}")["events"]
        return [json.loads(event["message"]) for event in found]

    return logged


def test_a_delivery_to_a_queue_is_logged(make_topic, sns, subscribed, role, logged):
    topic = make_topic("told", SQSSuccessFeedbackRoleArn=role, SQSSuccessFeedbackSampleRate="100")
    queue = subscribed(topic, RawMessageDelivery="true")
    sent = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    (entry,) = logged("told")
    assert entry["status"] == "SUCCESS"
    assert entry["notification"] | {"timestamp": ""} == {
        "messageMD5Sum": hashlib.md5(b"m").hexdigest(),
        "messageId": sent,
        "topicArn": topic,
        "timestamp": "",
    }
    delivery = entry["delivery"]
    assert (delivery["destination"], delivery["attempts"], delivery["statusCode"]) == (queue.arn, 1, 200)
    assert json.loads(delivery["providerResponse"])["sqsMessageId"] == queue.messages()[0]["MessageId"]


def test_a_queue_that_is_closed_is_logged_as_a_failure(make_topic, make_queue, sns, subscribe, role, logged):
    topic = make_topic("told", SQSFailureFeedbackRoleArn=role)
    subscribe(topic, make_queue(Policy="").arn)
    sns.publish(TopicArn=topic, Message="m")
    (entry,) = logged("told/Failure")
    assert (entry["status"], entry["delivery"]["statusCode"]) == ("FAILURE", 400)
    assert "AccessDenied" in json.loads(entry["delivery"]["providerResponse"])["ErrorCode"]


def test_the_last_attempt_to_post_is_logged(make_topic, web, hooked, sns, role, logged):
    topic = make_topic("told", HTTPFailureFeedbackRoleArn=role)
    hooked(topic)
    web.statuses = [404]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    (entry,) = logged("told/Failure")
    assert (entry["delivery"]["statusCode"], entry["delivery"]["attempts"]) == (404, 1)


def test_texts_are_logged_for_the_account(sns, role, logged):
    sns.set_sms_attributes(attributes={"DeliveryStatusIAMRole": role, "DeliveryStatusSuccessSamplingRate": "100"})
    sns.publish(PhoneNumber="+15551230000", Message="m")
    (entry,) = logged("DirectPublishToPhoneNumber")
    assert (entry["delivery"]["destination"], entry["delivery"]["smsType"]) == ("+15551230000", "Promotional")


def test_pushes_are_logged_for_their_application(sns, role, logged):
    attributes = {
        "PlatformCredential": "key",
        "SuccessFeedbackRoleArn": role,
        "SuccessFeedbackSampleRate": "100",
    }
    app = sns.create_platform_application(Name="app", Platform="GCM", Attributes=attributes)["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=app, Token="token")["EndpointArn"]
    sns.publish(TargetArn=device, Message="m")
    (entry,) = logged("app/GCM/app")
    assert (entry["delivery"]["destination"], entry["delivery"]["token"]) == (device, "token")


def test_of_what_succeeds_only_a_sample_is_logged(make_topic, sns, subscribed, role, aws, clock):
    topic = make_topic("told", SQSSuccessFeedbackRoleArn=role, SQSSuccessFeedbackSampleRate="0")
    subscribed(topic)
    sns.publish(TopicArn=topic, Message="m")
    clock.advance(seconds=1)
    assert aws("logs").describe_log_groups()["logGroups"] == []
