"""Messages that are delivered twice, on a server with `--consistency adversarial`."""

from __future__ import annotations

import pytest

from fogbank.testing import Clients, server

# one of ten is delivered twice: that none of them is happens once in a million million times
SENT = 270


@pytest.fixture(scope="module")
def adversary():
    with server(consistency="adversarial") as running:
        yield running


@pytest.fixture
def sqs(adversary):
    clients = Clients(adversary.endpoint)
    yield clients("sqs")
    clients.close()


def fill(sqs, url):
    for start in range(0, SENT, 10):
        entries = [{"Id": str(i), "MessageBody": str(start + i)} for i in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def received(sqs, url):
    """The bodies of all messages that can be received, which nobody deletes."""
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages"):
        found += [each["Body"] for each in messages]
    return found


def test_a_standard_queue_delivers_some_messages_twice_and_loses_none(sqs):
    url = sqs.create_queue(QueueName="standard")["QueueUrl"]
    fill(sqs, url)
    found = received(sqs, url)
    assert set(found) == {str(number) for number in range(SENT)}
    assert len(found) > SENT


def test_a_fifo_queue_delivers_every_message_once(sqs):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="queue.fifo", Attributes=attributes)["QueueUrl"]
    for number in range(0, SENT, 10):
        entries = [{"Id": str(i), "MessageBody": "m", "MessageGroupId": str(number + i)} for i in range(10)]
        for entry in entries:
            entry["MessageDeduplicationId"] = entry["MessageGroupId"]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert len(received(sqs, url)) == SENT
