"""What was acknowledged is there after `kill -9`: messages, what is in flight, what is due later."""

import json

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


@pytest.fixture
def restarted(server):
    """Kills the server, starts it anew, and gives a client."""

    def restart(account):
        server.kill()
        server.start()
        return Clients(server.endpoint, account)("sqs")

    return restart


def test_a_killed_server_comes_back_with_its_queues(server, restarted):
    clients = Clients(server.endpoint)
    sqs = clients("sqs")
    dead = sqs.create_queue(QueueName="dead", tags={"team": "a"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName="queue", Attributes={"RedrivePolicy": policy, "DelaySeconds": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="dies")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=url)
    for body in ("in flight", "waiting"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    (taken,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"]
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=600)
    rate = {"MaxNumberOfMessagesPerSecond": 1}
    sqs.send_message(QueueUrl=dead, MessageBody="also dead")
    sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn.replace(":dead", ":queue"), **rate)

    sqs = restarted(clients.account)

    assert sqs.list_queue_tags(QueueUrl=dead)["Tags"] == {"team": "a"}
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert shown["RedrivePolicy"] == policy
    assert (shown["ApproximateNumberOfMessagesNotVisible"], shown["ApproximateNumberOfMessagesDelayed"]) == ("1", "1")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
    bodies = []
    while len(bodies) < 3:  # the move goes on by itself, a message per second
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        assert answer.get("Messages")
        bodies += [message["Body"] for message in answer["Messages"]]
    assert sorted(bodies) == ["also dead", "dies", "waiting"]


def test_a_killed_server_remembers_what_was_sent_to_a_fifo_queue(server, restarted):
    clients = Clients(server.endpoint)
    sqs = clients("sqs")
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    message = {"QueueUrl": url, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = sqs.send_message(MessageBody="a", **message)
    sqs = restarted(clients.account)
    again = sqs.send_message(MessageBody="a", **message)
    later = sqs.send_message(MessageBody="b", **{**message, "MessageDeduplicationId": "e"})
    assert again["SequenceNumber"] == first["SequenceNumber"] < later["SequenceNumber"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    assert [message["Body"] for message in answer["Messages"]] == ["a", "b"]
