"""Subscriptions: what may be subscribed, confirming, attributes, listings, ending."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from fogbank.testing.clients import Clients
from tests.services.sns.conftest import follow


@pytest.fixture
def other(fogbank_server):
    clients = Clients(fogbank_server.endpoint)
    yield clients
    clients.close()


def shown(sns, arn):
    return sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def counted(sns, topic):
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    return tuple(int(attributes[f"Subscriptions{state}"]) for state in ("Confirmed", "Pending", "Deleted"))


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("carrier-pigeon", "x", "Amazon SNS does not support this protocol string: carrier-pigeon"),
        ("sqs", "queue", "SQS endpoint ARN"),
        ("sqs", "arn:aws:sqs:us-east-1:123456789012:q.fifo", "FIFO SQS Queues can not be subscribed to standard"),
        ("http", "https://example.com", "Endpoint must match the specified protocol"),
        ("https", "http://example.com", "Endpoint must match the specified protocol"),
        ("http", "http://", "HTTP(S) Endpoint"),
        ("http", "http://a b/", "HTTP(S) Endpoint"),
        ("email", "nobody", "Email address"),
        ("sms", "five", "Invalid SMS endpoint: five"),
        ("application", "arn:aws:sqs:us-east-1:123456789012:q", "Application endpoint ARN"),
        ("firehose", "arn:aws:firehose:us-east-1:123456789012:deliverystream/s", "Invalid parameter"),
    ],
)
def test_an_endpoint_that_does_not_fit_its_protocol_is_refused(sns, topic, refused, protocol, endpoint, message):
    with refused("InvalidParameter", message, 400):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_an_endpoint_is_needed(sns, topic, refused):
    with refused("InvalidParameter", "Endpoint Reason: no value for required parameter"):
        sns.subscribe(TopicArn=topic, Protocol="sqs")


def test_a_fifo_topic_takes_queues_only(sns, fifo, refused):
    with refused("InvalidParameter", "Please use FIFO SQS queue"):
        sns.subscribe(TopicArn=fifo, Protocol="email", Endpoint="a@example.com")


def test_a_queue_of_the_own_account_is_confirmed_at_once(aws, sns, topic, make_queue, subscribe):
    queue = make_queue()
    arn = subscribe(topic, queue.arn)
    assert arn.startswith(f"{topic}:")
    assert shown(sns, arn) == {
        "SubscriptionArn": arn,
        "TopicArn": topic,
        "Owner": aws.account,
        "SubscriptionPrincipal": f"arn:aws:iam::{aws.account}:root",
        "Protocol": "sqs",
        "Endpoint": queue.arn,
        "PendingConfirmation": "false",
        "ConfirmationWasAuthenticated": "true",
        "RawMessageDelivery": "false",
    }
    assert counted(sns, topic) == (1, 0, 0)


def test_subscribing_again_finds_the_subscription(sns, topic, make_queue, subscribe, refused):
    queue = make_queue()
    arn = subscribe(topic, queue.arn)
    assert subscribe(topic, queue.arn) == arn
    with refused("InvalidParameter", "Subscription already exists with different attributes"):
        subscribe(topic, queue.arn, RawMessageDelivery="true")


def test_a_mail_address_confirms_by_the_link_in_the_mail(sns, topic, mails):
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation" and counted(sns, topic) == (0, 1, 0)
    sns.publish(TopicArn=topic, Message="too early")
    (mail,) = mails()
    assert (mail["to"], mail["subject"]) == ("a@example.com", "AWS Notification - Subscription Confirmation")
    link = next(line for line in mail["body"].splitlines() if "Action=ConfirmSubscription" in line)
    assert f"<SubscriptionArn>{topic}:" in follow(link)
    (listed,) = sns.list_subscriptions()["Subscriptions"]
    assert shown(sns, listed["SubscriptionArn"])["ConfirmationWasAuthenticated"] == "false"
    assert counted(sns, topic) == (1, 0, 0)


def test_the_arn_of_a_pending_subscription_is_told_on_request(sns, topic, subscribe):
    arn = subscribe(topic, "a@example.com", "email")
    assert shown(sns, arn)["PendingConfirmation"] == "true"


def _token(mails):
    link = next(line for line in mails()[-1]["body"].splitlines() if "Action=ConfirmSubscription" in line)
    return parse_qs(urlsplit(link).query)["Token"][0]


def test_a_token_confirms_also_twice_and_only_its_topic(sns, topic, make_topic, subscribe, mails, refused):
    arn = subscribe(topic, "a@example.com", "email")
    token = _token(mails)
    for _ in range(2):
        assert sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == arn
    assert counted(sns, topic) == (1, 0, 0)
    with refused("InvalidParameter", "Token"):
        sns.confirm_subscription(TopicArn=make_topic("other"), Token=token)
    with refused("InvalidParameter", "Token"):
        sns.confirm_subscription(TopicArn=topic, Token="guess")


def test_nobody_confirms_after_two_days(sns, topic, subscribe, mails, clock, refused):
    arn = subscribe(topic, "a@example.com", "email")
    token = _token(mails)
    clock.advance(days=2, seconds=1)
    with refused("InvalidParameter", "Token"):
        sns.confirm_subscription(TopicArn=topic, Token=token)
    with refused("NotFound", "Subscription does not exist"):
        sns.get_subscription_attributes(SubscriptionArn=arn)
    assert counted(sns, topic) == (0, 0, 0)


def test_subscribing_while_pending_sends_another_token(sns, topic, subscribe, mails, refused):
    arn = subscribe(topic, "a@example.com", "email")
    first = _token(mails)
    assert subscribe(topic, "a@example.com", "email") == arn
    with refused("InvalidParameter", "Token"):
        sns.confirm_subscription(TopicArn=topic, Token=first)
    sns.confirm_subscription(TopicArn=topic, Token=_token(mails))


def test_a_queue_of_another_account_has_to_confirm(sns, topic, other, make_queue, subscribe):
    queue = make_queue(clients=other)
    arn = subscribe(topic, queue.arn)
    assert shown(sns, arn)["PendingConfirmation"] == "true"
    sns.publish(TopicArn=topic, Message="too early")
    (body,) = queue.bodies()
    document = json.loads(body)
    assert document["Type"] == "SubscriptionConfirmation" and document["TopicArn"] == topic
    follow(document["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="now")
    assert queue.texts() == ["now"]


def test_the_owner_of_a_queue_who_subscribes_it_has_confirmed(sns, topic, other, make_queue):
    queue = make_queue(clients=other)
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=[other.account], ActionName=["Subscribe"])
    arn = other("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="m")
    assert queue.texts() == ["m"]
    (listed,) = other("sns").list_subscriptions()["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Owner"]) == (arn, other.account)
    assert sns.list_subscriptions()["Subscriptions"] == []
    sns.unsubscribe(SubscriptionArn=arn)
    assert other("sns").list_subscriptions()["Subscriptions"] == []


def test_an_ended_subscription_gets_nothing(sns, topic, make_queue, subscribe):
    queue = make_queue()
    arn = subscribe(topic, queue.arn)
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    sns.publish(TopicArn=topic, Message="m")
    assert queue.bodies() == [] and counted(sns, topic) == (0, 0, 1)


def test_a_pending_subscription_has_no_arn_to_unsubscribe(sns, refused):
    with refused("InvalidParameter", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"):
        sns.unsubscribe(SubscriptionArn="PendingConfirmation")


def test_the_link_in_a_mail_unsubscribes_and_another_one_takes_that_back(sns, topic, subscribe, mails):
    arn = subscribe(topic, "a@example.com", "email")
    sns.confirm_subscription(TopicArn=topic, Token=_token(mails))
    sns.publish(TopicArn=topic, Message="m")
    follow(next(line for line in mails()[-1]["body"].splitlines() if "Action=Unsubscribe" in line))
    sns.publish(TopicArn=topic, Message="lost")
    assert "deactivated" in mails()[-1]["body"] and counted(sns, topic)[0] == 0
    sns.confirm_subscription(TopicArn=topic, Token=_token(mails))
    sns.publish(TopicArn=topic, Message="found")
    assert mails()[-1]["body"].startswith("found") and shown(sns, arn)["PendingConfirmation"] == "false"


def test_a_guarded_subscription_is_not_ended_by_a_link(sns, topic, subscribe, mails):
    import urllib.error

    arn = subscribe(topic, "a@example.com", "email")
    sns.confirm_subscription(TopicArn=topic, Token=_token(mails), AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=topic, Message="m")
    link = next(line for line in mails()[-1]["body"].splitlines() if "Action=Unsubscribe" in line)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        follow(link)
    assert shown(sns, arn)["ConfirmationWasAuthenticated"] == "true"


def test_subscriptions_are_listed_a_hundred_at_a_time(sns, topic, subscribe, refused):
    made = {subscribe(topic, f"+1555000{number:04}", "sms") for number in range(101)}
    for listing in (sns.list_subscriptions, lambda **page: sns.list_subscriptions_by_topic(TopicArn=topic, **page)):
        first = listing()
        second = listing(NextToken=first["NextToken"])
        assert len(first["Subscriptions"]) == 100 and "NextToken" not in second
        assert {each["SubscriptionArn"] for each in first["Subscriptions"] + second["Subscriptions"]} == made
        with refused("InvalidParameter", "NextToken"):
            listing(NextToken="garbage")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Colour", "red", "AttributeName"),
        ("RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."),
        ("FilterPolicyScope", "Everything", "FilterPolicyScope: Invalid value [Everything]"),
        ("RedrivePolicy", "{", "RedrivePolicy: failed to parse JSON."),
        ("RedrivePolicy", '{"deadLetterTargetArn":"queue"}', "deadLetterTargetArn is an invalid arn"),
        ("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:q.fifo"}', "standard queue"),
        ("DeliveryPolicy", '{"healthyRetryPolicy":{"numRetries":-1}}', "numRetries must be greater than or equal to 0"),
        ("DeliveryPolicy", '{"requestPolicy":{"headerContentType":"text/csv"}}', "requires raw message delivery"),
        ("ReplayPolicy", '{"PointType":"Timestamp","StartingPoint":"2026-01-01T00:00:00Z"}', "ArchivePolicy"),
    ],
)
def test_a_malformed_attribute_is_refused_and_changes_nothing(
    sns, topic, make_queue, subscribe, refused, name, value, message
):
    arn = subscribe(topic, make_queue().arn)
    before = shown(sns, arn)
    with refused("InvalidParameter", message):
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)
    assert shown(sns, arn) == before


def test_an_attribute_can_be_set_and_taken_away(sns, topic, make_queue, subscribe):
    arn = subscribe(topic, make_queue().arn)
    policy = '{"a":["b"]}'
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy)
    assert shown(sns, arn)["FilterPolicy"] == policy and shown(sns, arn)["FilterPolicyScope"] == "MessageAttributes"
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="")
    assert "FilterPolicy" not in shown(sns, arn)


def test_mails_are_never_raw(sns, topic, refused):
    with refused("InvalidParameter", "Delivery protocol [email] does not support raw message delivery."):
        sns.subscribe(
            TopicArn=topic, Protocol="email", Endpoint="a@example.com", Attributes={"RawMessageDelivery": "true"}
        )


def test_the_effective_delivery_policy_is_the_topics_unless_a_subscription_has_its_own(sns, topic, subscribe):
    policy = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    arn = subscribe(topic, "http://127.0.0.1:9/", "http")
    assert json.loads(shown(sns, arn)["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 5
    own = json.dumps({"healthyRetryPolicy": {"numRetries": 7}})
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="DeliveryPolicy", AttributeValue=own)
    assert json.loads(shown(sns, arn)["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 7


def test_a_topic_has_at_most_two_hundred_filters(sns, topic, subscribe, refused):
    for number in range(200):
        subscribe(topic, f"+1555000{number:04}", "sms", FilterPolicy={"a": ["b"]})
    subscribe(topic, "+15559999999", "sms")
    with refused("FilterPolicyLimitExceeded", status=403):
        subscribe(topic, "+15558888888", "sms", FilterPolicy={"a": ["b"]})
