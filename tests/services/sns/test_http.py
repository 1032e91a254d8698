"""Web subscribers: headers, signatures, retries, throttling, what is given up."""

import base64
import json
import time

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.services.sns.conftest import follow

SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def check_signature(document):
    """As a subscriber does it: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""
    certificate = x509.load_pem_x509_certificate(follow(document["SigningCertURL"]).encode())
    names = [name for name in SIGNED[document["Type"]] if name in document]
    text = "".join(f"{name}\n{document[name]}\n" for name in names)
    digest = {"1": hashes.SHA1, "2": hashes.SHA256}[document["SignatureVersion"]]()
    certificate.public_key().verify(base64.b64decode(document["Signature"]), text.encode(), padding.PKCS1v15(), digest)


def wait(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_a_subscriber_is_asked_to_confirm(sns, topic, web, subscribe):
    subscribe(topic, web.url, "http")
    ((headers, body),) = web.wait_for(1)
    document = json.loads(body)
    assert list(document) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ]
    assert headers["x-amz-sns-message-type"] == document["Type"] == "SubscriptionConfirmation"
    assert headers["x-amz-sns-message-id"] == document["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == document["TopicArn"] == topic
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["user-agent"] == "Amazon Simple Notification Service Agent"
    check_signature(document)


def test_nothing_is_delivered_before_that(sns, topic, web, subscribe):
    subscribe(topic, web.url, "http")
    web.wait_for(1)
    sns.publish(TopicArn=topic, Message="m")
    assert len(web.got) == 1


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_is_signed(sns, topic, web, hooked, version):
    arn = hooked()
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    sns.publish(TopicArn=topic, Message="Grüße\n", Subject="Hello")
    ((headers, body),) = web.wait_for(1)
    document = json.loads(body)
    assert headers["x-amz-sns-message-type"] == "Notification" and headers["x-amz-sns-subscription-arn"] == arn
    assert document["SignatureVersion"] == version and document["Message"] == "Grüße\n"
    check_signature(document)
    with pytest.raises(InvalidSignature):
        check_signature({**document, "Message": "other"})


def test_raw_delivery_is_the_text_alone(sns, topic, web, hooked):
    policy = {"requestPolicy": {"headerContentType": "text/csv"}}
    hooked(RawMessageDelivery="true", DeliveryPolicy=policy)
    sns.publish(TopicArn=topic, Message="a,b")
    ((headers, body),) = web.wait_for(1)
    assert (body, headers["x-amz-sns-rawdelivery"], headers["content-type"]) == ("a,b", "true", "text/csv")


def test_a_failed_delivery_is_tried_again_after_twenty_seconds(sns, topic, web, hooked, clock):
    hooked()
    web.statuses = [500, 503]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    wait(lambda: not web.statuses[1:])
    clock.advance(seconds=19)
    assert len(web.got) == 1
    clock.advance(seconds=2)
    clock.advance(seconds=20)
    assert len(web.got) == 3
    clock.advance(hours=2)
    assert len(web.got) == 3
    assert len({headers["x-amz-sns-message-id"] for headers, _ in web.got}) == 1


def test_what_fails_four_times_is_a_dead_letter(sns, topic, web, hooked, make_queue, clock):
    dead = make_queue("dead")
    hooked(RedrivePolicy={"deadLetterTargetArn": dead.arn})
    web.statuses = [500] * 9
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    clock.advance(minutes=2)
    assert len(web.got) == 4 and dead.texts() == ["m"]


def test_an_endpoint_that_says_no_is_not_asked_again(sns, topic, web, hooked, make_queue, clock):
    dead = make_queue("dead")
    hooked(RedrivePolicy={"deadLetterTargetArn": dead.arn})
    web.statuses = [404]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    clock.advance(minutes=2)
    assert len(web.got) == 1 and dead.texts() == ["m"]


def test_a_redirect_is_not_followed(sns, topic, web, hooked, make_queue, clock):
    dead = make_queue("dead")
    hooked(RedrivePolicy={"deadLetterTargetArn": dead.arn})
    web.statuses = [301]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    clock.advance(seconds=1)
    assert len(web.got) == 1 and dead.texts() == ["m"]


def test_an_endpoint_that_is_down_is_tried_as_the_policy_says(sns, topic, web, hooked, make_queue, clock):
    dead = make_queue("dead")
    hooked(
        RedrivePolicy={"deadLetterTargetArn": dead.arn},
        DeliveryPolicy={"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 100, "maxDelayTarget": 100}},
    )
    web.shutdown()
    web.server_close()
    sns.publish(TopicArn=topic, Message="m")
    clock.advance(seconds=99)
    assert dead.bodies() == []
    clock.advance(seconds=2)
    assert dead.texts() == ["m"]


def test_a_throttle_policy_spaces_messages_out(sns, topic, web, hooked, clock):
    hooked(DeliveryPolicy={"throttlePolicy": {"maxReceivesPerSecond": 1}})
    for number in range(3):
        sns.publish(TopicArn=topic, Message=str(number))
    web.wait_for(1)
    assert len(web.got) <= 2
    clock.advance(seconds=3)
    web.wait_for(3)


def test_who_unsubscribes_is_not_tried_again(sns, topic, web, hooked, clock):
    arn = hooked()
    web.statuses = [500]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(1)
    wait(lambda: not web.statuses)
    sns.unsubscribe(SubscriptionArn=arn)
    clock.advance(minutes=5)
    assert len(web.got) == 1


def test_the_link_in_a_notification_unsubscribes(sns, topic, web, hooked):
    hooked()
    sns.publish(TopicArn=topic, Message="m")
    ((_, body),) = web.wait_for(1)
    follow(json.loads(body)["UnsubscribeURL"])
    _, (headers, body) = web.wait_for(2)
    assert headers["x-amz-sns-message-type"] == json.loads(body)["Type"] == "UnsubscribeConfirmation"
    sns.publish(TopicArn=topic, Message="m")
    follow(json.loads(body)["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="again")
    web.wait_for(3)
    assert json.loads(web.got[2][1])["Message"] == "again"


def test_the_password_of_an_endpoint_is_used_and_not_shown(web, sns, topic, subscribe):
    url = web.url.replace("://", "://me:secret@")
    arn = subscribe(topic, url, "http")
    ((headers, _),) = web.wait_for(1)
    assert headers["authorization"] == "Basic bWU6c2VjcmV0"
    shown = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["Endpoint"]
    assert shown == web.url.replace("://", "://me:****@")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["Endpoint"] == shown
