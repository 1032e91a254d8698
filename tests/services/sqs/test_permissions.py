"""AddPermission and RemovePermission, and what policies open to other accounts."""

import json

import pytest
from botocore import UNSIGNED

OTHER = "123412341234"


@pytest.fixture
def other(aws):
    """A client of another account."""
    return aws("sqs", account=OTHER)


@pytest.fixture
def policy(attributes):
    return lambda url: json.loads(attributes(url)["Policy"])


def test_a_permission_is_a_statement_of_the_policy(sqs, queue, attributes, policy):
    arn = attributes(queue)["QueueArn"]
    sqs.add_permission(QueueUrl=queue, Label="send", AWSAccountIds=[OTHER], Actions=["SendMessage"])
    assert policy(queue) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "send",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": "SQS:SendMessage",
                "Resource": arn,
            }
        ],
    }


def test_several_accounts_and_actions_are_lists(sqs, queue, policy):
    sqs.add_permission(
        QueueUrl=queue, Label="all", AWSAccountIds=[OTHER, "432143214321"], Actions=["SendMessage", "ReceiveMessage"]
    )
    (statement,) = policy(queue)["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER}:root", "arn:aws:iam::432143214321:root"]}
    assert statement["Action"] == ["SQS:SendMessage", "SQS:ReceiveMessage"]


def test_a_removed_permission_leaves_the_others(sqs, queue, policy, attributes):
    for label in ("one", "two"):
        sqs.add_permission(QueueUrl=queue, Label=label, AWSAccountIds=[OTHER], Actions=["*"])
    sqs.remove_permission(QueueUrl=queue, Label="one")
    assert [statement["Sid"] for statement in policy(queue)["Statement"]] == ["two"]
    sqs.remove_permission(QueueUrl=queue, Label="two")
    assert "Policy" not in attributes(queue)


def test_removing_what_is_not_there_is_refused(sqs, queue, refused):
    with refused(
        "InvalidParameterValue",
        "Value none for parameter Label is invalid. Reason: can't find label on existing policy.",
    ):
        sqs.remove_permission(QueueUrl=queue, Label="none")


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (
            {"Label": "there"},
            "InvalidParameterValue",
            "Value there for parameter Label is invalid. Reason: Already exists.",
        ),
        ({"Label": "a b"}, "InvalidParameterValue", "Value a b for parameter Label is invalid."),
        ({"Actions": []}, "MissingParameter", "The request must contain the parameter Actions."),
        ({"Actions": ["Fly"]}, "InvalidParameterValue", "Value SQS:Fly for parameter ActionName is invalid."),
        (
            {"Actions": ["DeleteQueue"]},
            "InvalidParameterValue",
            "Only the queue owner is allowed to invoke this action.",
        ),
        (
            {
                "Actions": [
                    "ChangeMessageVisibility",
                    "DeleteMessage",
                    "GetQueueAttributes",
                    "GetQueueUrl",
                    "ListDeadLetterSourceQueues",
                    "PurgeQueue",
                    "ReceiveMessage",
                    "SendMessage",
                ]
            },
            "OverLimit",
            "8 Actions were found, maximum allowed is 7.",
        ),
        ({"AWSAccountIds": []}, "MissingParameter", "The request must contain the parameter AWSAccountIds."),
        ({"AWSAccountIds": ["me"]}, "InvalidParameterValue", "Value [me] for parameter PrincipalId is invalid."),
    ],
)
def test_a_bad_permission_is_refused(sqs, queue, refused, change, code, reason):
    good = {"QueueUrl": queue, "Label": "there", "AWSAccountIds": [OTHER], "Actions": ["SendMessage"]}
    sqs.add_permission(**good)
    with refused(code, reason):
        sqs.add_permission(**{**good, "Label": "new", **change})


# -- what a policy opens


def test_others_may_do_nothing_by_default(queue, other, refused):
    with refused("AccessDenied"):
        other.send_message(QueueUrl=queue, MessageBody="x")


def test_others_may_do_what_they_are_permitted(sqs, queue, other, bodies, refused):
    sqs.add_permission(QueueUrl=queue, Label="send", AWSAccountIds=[OTHER], Actions=["SendMessage"])
    other.send_message(QueueUrl=queue, MessageBody="x")
    other.send_message_batch(QueueUrl=queue, Entries=[{"Id": "1", "MessageBody": "y"}])
    assert bodies(queue) == ["x", "y"]
    with refused("AccessDenied"):
        other.receive_message(QueueUrl=queue)


def test_a_message_names_the_account_that_sent_it(sqs, queue, other, receive):
    sqs.add_permission(QueueUrl=queue, Label="send", AWSAccountIds=[OTHER], Actions=["SendMessage"])
    other.send_message(QueueUrl=queue, MessageBody="x")
    assert receive(queue, AttributeNames=["SenderId"])[0]["Attributes"]["SenderId"] == OTHER


def test_a_queue_of_others_is_found_by_its_owner(aws, sqs, queue, other, refused):
    with refused("AccessDenied"):
        other.get_queue_url(QueueName="queue", QueueOwnerAWSAccountId=aws.account)
    sqs.add_permission(QueueUrl=queue, Label="find", AWSAccountIds=[OTHER], Actions=["GetQueueUrl"])
    assert other.get_queue_url(QueueName="queue", QueueOwnerAWSAccountId=aws.account)["QueueUrl"] == queue


def test_others_may_receive_and_delete_when_permitted(sqs, queue, other, send, counted):
    sqs.add_permission(QueueUrl=queue, Label="take", AWSAccountIds=[OTHER], Actions=["ReceiveMessage", "DeleteMessage"])
    send(queue, "x")
    (message,) = other.receive_message(QueueUrl=queue)["Messages"]
    other.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert counted(queue) == (0, 0, 0)


def test_a_policy_does_not_open_the_owner_s_operations(sqs, queue, other, attributes, refused):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": attributes(queue)["QueueArn"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document})
    other.send_message(QueueUrl=queue, MessageBody="x")
    with refused("AccessDenied"):
        other.delete_queue(QueueUrl=queue)
    with refused("AccessDenied"):
        other.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "1"})


def test_a_policy_can_forbid(sqs, queue, other, attributes, refused):
    arn = attributes(queue)["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": arn}
    deny = {"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "sqs:SendMessage", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document})
    with refused("AccessDenied"):
        other.send_message(QueueUrl=queue, MessageBody="x")
    assert "Messages" not in other.receive_message(QueueUrl=queue)


@pytest.fixture
def nobody(aws):
    """A client that does not sign."""
    return aws("sqs", signature_version=UNSIGNED)


def test_anybody_may_do_what_a_policy_opens_to_everybody(queue, attributes, sqs, nobody, refused, receive):
    arn = attributes(queue)["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    nobody.send_message(QueueUrl=queue, MessageBody="from nobody")
    assert receive(queue)[0]["Body"] == "from nobody"
    with refused("AccessDenied"):
        nobody.receive_message(QueueUrl=queue)


def test_nobody_may_do_what_is_not_opened(queue, nobody, refused):
    with refused("AccessDenied"):
        nobody.send_message(QueueUrl=queue, MessageBody="x")
    with refused("MissingAuthenticationTokenException"):
        nobody.list_queues()
    with refused("MissingAuthenticationTokenException"):
        nobody.list_queue_tags(QueueUrl=queue)
