"""Queues that are encrypted with a key of KMS: the key has its say in who sends and who receives."""

import json

import boto3
import pytest


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture
def sealed(make_queue, key):
    return make_queue("sealed", KmsMasterKeyId=key)


@pytest.fixture
def user(aws):
    """A client of a user who may do anything with queues, and these other actions."""

    def user(*actions):
        iam = aws("iam")
        iam.create_user(UserName="u")
        statement = {"Effect": "Allow", "Action": ["sqs:*", *actions], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
        made = iam.create_access_key(UserName="u")["AccessKey"]
        return boto3.client(
            "sqs",
            endpoint_url=aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
        )

    return user


def test_a_sender_needs_a_data_key(sealed, user, refused):
    with refused("KMS.AccessDeniedException", "kms:GenerateDataKey"):
        user("kms:Decrypt").send_message(QueueUrl=sealed, MessageBody="m")


def test_a_receiver_needs_the_key_and_gets_nothing_without(sealed, user, send, refused, counted, bodies):
    send(sealed, "m")
    with refused("KMS.AccessDeniedException", "kms:Decrypt"):
        user("kms:GenerateDataKey").receive_message(QueueUrl=sealed)
    assert counted(sealed) == (1, 0, 0)
    assert bodies(sealed) == ["m"]


def test_who_may_use_the_key_sends_and_receives(sealed, user):
    client = user("kms:GenerateDataKey", "kms:Decrypt")
    entries = [{"Id": str(number), "MessageBody": "m"} for number in range(2)]
    assert len(client.send_message_batch(QueueUrl=sealed, Entries=entries)["Successful"]) == 2
    assert len(client.receive_message(QueueUrl=sealed, MaxNumberOfMessages=10)["Messages"]) == 2


def test_a_disabled_key_stops_both(sealed, kms, key, send, receive, refused):
    send(sealed, "m")
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException"):
        send(sealed, "n")
    with refused("KMS.DisabledException"):
        receive(sealed)


def test_a_key_that_is_not_there_is_not_found(make_queue, send, refused):
    queue = make_queue("lost", KmsMasterKeyId="alias/none")
    with refused("KMS.NotFoundException"):
        send(queue, "m")


def test_aws_has_a_key_for_queues(make_queue, send, bodies):
    queue = make_queue("managed", KmsMasterKeyId="alias/aws/sqs")
    send(queue, "m")
    assert bodies(queue) == ["m"]


def test_a_dead_letter_stays_under_the_key_of_its_queue(sqs, make_queue, attributes, key, kms, send, receive, refused):
    dead = make_queue("dead")
    policy = {"deadLetterTargetArn": attributes(dead)["QueueArn"], "maxReceiveCount": 1}
    source = make_queue("source", KmsMasterKeyId=key, RedrivePolicy=json.dumps(policy))
    send(source, "m")
    receive(source, VisibilityTimeout=0)
    receive(source)
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException"):
        receive(dead)
