"""Who may what with a topic: its policy decides for other accounts, and can forbid one's own."""

import json

import pytest

from fogbank.testing.clients import Clients


@pytest.fixture
def other(fogbank_server):
    clients = Clients(fogbank_server.endpoint)
    yield clients
    clients.close()


def test_a_stranger_is_refused(sns, topic, other, refused):
    with refused("AuthorizationError", "is not authorized to perform: sns:Publish on resource", 403):
        other("sns").publish(TopicArn=topic, Message="m")


def test_a_permission_lets_an_account_publish_until_it_is_taken_back(sns, topic, subscribed, other, refused):
    queue = subscribed(topic)
    sns.add_permission(TopicArn=topic, Label="one", AWSAccountId=[other.account], ActionName=["Publish"])
    other("sns").publish(TopicArn=topic, Message="from afar")
    assert queue.texts() == ["from afar"]
    with refused("AuthorizationError"):
        other("sns").get_topic_attributes(TopicArn=topic)
    sns.remove_permission(TopicArn=topic, Label="one")
    with refused("AuthorizationError"):
        other("sns").publish(TopicArn=topic, Message="m")


def test_a_permission_is_a_statement_of_the_policy(sns, topic, other):
    sns.add_permission(TopicArn=topic, Label="one", AWSAccountId=[other.account], ActionName=["Publish", "Subscribe"])
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == ["__default_statement_ID", "one"]
    assert policy["Statement"][1] == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{other.account}:root"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": topic,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ActionName": ["Dance"]}, "Policy statement action out of service scope!"),
        ({"AWSAccountId": ["me"]}, "Policy Error: PrincipalNotFound"),
        ({"AWSAccountId": []}, "AWSAccountId"),
        ({"Label": "taken"}, "Statement already exists"),
    ],
)
def test_a_malformed_permission_is_refused(sns, topic, refused, change, message):
    given = {"TopicArn": topic, "Label": "taken", "AWSAccountId": ["123456789012"], "ActionName": ["Publish"]}
    sns.add_permission(**given)
    with refused("InvalidParameter", message):
        sns.add_permission(**{**given, "Label": "other", **change})


def test_a_label_that_is_not_there_cannot_be_removed(sns, topic, refused):
    with refused("NotFound"):
        sns.remove_permission(TopicArn=topic, Label="none")


def test_a_policy_can_forbid_its_own_account(aws, sns, topic, refused):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    with refused("AuthorizationError", "explicit deny"):
        sns.publish(TopicArn=topic, Message="m")


def test_a_policy_can_limit_what_is_subscribed(sns, topic, other, refused):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": other.account},
        "Action": "sns:Subscribe",
        "Resource": topic,
        "Condition": {"StringEquals": {"sns:Protocol": "email"}, "StringLike": {"sns:Endpoint": "*@example.com"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    other("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    for protocol, endpoint in (("email", "a@example.org"), ("http", "http://example.com")):
        with refused("AuthorizationError"):
            other("sns").subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


def test_only_owners_see_and_end_a_subscription(sns, topic, subscribe, other, refused):
    arn = subscribe(topic, "+15551230000", "sms")
    stranger = other("sns")
    for call in (
        lambda: stranger.unsubscribe(SubscriptionArn=arn),
        lambda: stranger.get_subscription_attributes(SubscriptionArn=arn),
        lambda: stranger.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=""
        ),
    ):
        with refused("AuthorizationError"):
            call()


def test_a_user_without_permission_is_refused(aws, topic, refused):
    iam = aws("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    import boto3

    client = boto3.client(
        "sns",
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with refused("AuthorizationError", f"on resource: {topic}"):
        client.publish(TopicArn=topic, Message="m")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}]}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
    client.publish(TopicArn=topic, Message="m")
