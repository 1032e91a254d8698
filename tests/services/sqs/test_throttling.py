"""FIFO queues on a server with `--throttle sqs`. The clock stands still: all calls are of one second until it is moved."""

import pytest
from botocore.exceptions import ClientError

from fogbank.testing import Clients, server


@pytest.fixture(scope="module")
def throttling():
    with server(throttle=("sqs",)) as running:
        clock = running.app.clock
        clock.hold(float(int(clock.now())))
        yield running
        clock.release()


@pytest.fixture
def sqs(throttling):
    clients = Clients(throttling.endpoint)
    yield clients("sqs")
    clients.close()


def fifo(sqs, **attributes):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", **attributes}
    return sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]


def polls(sqs, url, count):
    for _ in range(count):
        sqs.receive_message(QueueUrl=url)


def test_a_fifo_queue_takes_300_calls_of_an_action_a_second(sqs, throttling):
    url = fifo(sqs)
    polls(sqs, url, 300)
    with pytest.raises(ClientError) as error:
        sqs.receive_message(QueueUrl=url)
    assert error.value.response["Error"]["Code"] == "RequestThrottled"
    sqs.send_message(QueueUrl=url, MessageBody="another action", MessageGroupId="g")
    throttling.app.clock.hold(throttling.app.clock.now() + 1)
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_a_queue_with_high_throughput_takes_more(sqs):
    url = fifo(sqs, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    polls(sqs, url, 301)


def test_a_standard_queue_takes_more(sqs):
    polls(sqs, sqs.create_queue(QueueName="standard")["QueueUrl"], 301)
