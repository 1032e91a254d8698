"""Documents of all kinds where a policy is expected: refused or taken, never a fault of the server."""

import json

import pytest
from botocore.exceptions import ClientError

NESTED = '{"a":' * 5000 + "1" + "}" * 5000
DOCUMENTS = [
    "",
    "x",
    "null",
    "5",
    "[]",
    '"x"',
    "{}",
    '{"http":5}',
    '{"http":{"defaultHealthyRetryPolicy":[]}}',
    '{"http":{"defaultHealthyRetryPolicy":{"backoffFunction":[]}}}',
    '{"http":{"defaultRequestPolicy":{"headerContentType":{}}}}',
    '{"healthyRetryPolicy":{"minDelayTarget":null}}',
    '{"healthyRetryPolicy":{"numRetries":1e400}}',
    '{"throttlePolicy":{"maxReceivesPerSecond":true}}',
    '{"deadLetterTargetArn":[]}',
    '{"MessageRetentionPeriod":[]}',
    '{"PointType":"Timestamp","StartingPoint":[]}',
    '{"Statement":5,"Name":"n","Version":"2021-06-01"}',
    '{"Statement":[5],"Name":"n","Version":"2021-06-01"}',
    '{"Statement":[{"DataDirection":"Inbound","Principal":5,"DataIdentifier":5,"Operation":5}],"Name":"n","Version":"2021-06-01"}',
    '{"Version":"2012-10-17","Statement":5}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":5,"Resource":"*"}]}',
    json.dumps({"a": [{"anything-but": [[]]}]}),
    json.dumps({"a": [{"numeric": {}}]}),
    json.dumps({"$or": 5}),
    json.dumps({"": [""]}),
    NESTED,
]
TOPIC = ["Policy", "DeliveryPolicy", "ArchivePolicy", "DisplayName", "KmsMasterKeyId", "FifoThroughputScope"]
SUBSCRIPTION = [
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
]


def is_answered(call):
    """Done, or refused as the client's fault."""
    try:
        call()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, error


@pytest.mark.parametrize("name", TOPIC)
def test_any_document_as_an_attribute_of_a_topic(sns, fifo, name):
    for document in DOCUMENTS:
        is_answered(
            lambda document=document: sns.set_topic_attributes(
                TopicArn=fifo, AttributeName=name, AttributeValue=document
            )
        )
    sns.get_topic_attributes(TopicArn=fifo)


@pytest.mark.parametrize("name", SUBSCRIPTION)
def test_any_document_as_an_attribute_of_a_subscription(sns, topic, make_queue, subscribe, name):
    arn = subscribe(topic, make_queue().arn)
    for document in DOCUMENTS:
        is_answered(
            lambda document=document: sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=name, AttributeValue=document
            )
        )
    sns.get_subscription_attributes(SubscriptionArn=arn)
    sns.publish(TopicArn=topic, Message="m")


def test_any_document_as_a_data_protection_policy(sns, topic):
    for document in DOCUMENTS:
        is_answered(
            lambda document=document: sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=document)
        )
    sns.publish(TopicArn=topic, Message="m")


def test_any_document_as_a_structured_message(sns, topic):
    for document in DOCUMENTS:
        is_answered(lambda document=document: sns.publish(TopicArn=topic, Message=document, MessageStructure="json"))
