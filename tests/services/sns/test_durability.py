"""What was acknowledged is delivered after `kill -9`: to all subscribers or, if nobody was told of success, to all or none."""

from __future__ import annotations

import json
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.sns.conftest import opened_to_sns

KILLS = 4
QUEUES = 3


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_a_killed_fan_out_loses_nothing_and_doubles_nothing(server):
    clients = Clients(server.endpoint)
    topic = clients("sns").create_topic(
        Name="t.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    )["TopicArn"]
    urls = []
    for number in range(QUEUES):
        attributes = {"FifoQueue": "true", "Policy": opened_to_sns(topic)}
        urls.append(clients("sqs").create_queue(QueueName=f"q{number}.fifo", Attributes=attributes)["QueueUrl"])
        arn = topic.replace(":sns:", ":sqs:").replace("t.fifo", f"q{number}.fifo")
        clients("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
    acknowledged: list[str] = []
    attempted: list[str] = []
    for life in range(KILLS):
        publisher = threading.Thread(target=_publish, args=(clients, topic, life, attempted, acknowledged))
        publisher.start()
        time.sleep(0.25)
        server.kill()
        publisher.join()
        server.start()
        clients = Clients(server.endpoint, clients.account)
    assert acknowledged
    for number in range(QUEUES):
        got = _drain(clients("sqs"), f"{server.endpoint}/{clients.account}/q{number}.fifo")
        assert len(got) == len(set(got)) and set(acknowledged) <= set(got) <= set(attempted)
        assert got == sorted(got, key=attempted.index)


def _publish(clients, topic, life, attempted, acknowledged):
    sns = clients("sns")
    for number in range(100_000):
        body = f"{life}-{number}"
        attempted.append(body)
        try:
            sns.publish(TopicArn=topic, Message=body, MessageGroupId="g")
        except (ClientError, BotoCoreError, ConnectionError):
            return
        acknowledged.append(body)


def _drain(sqs, url):
    got = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        got += [message["Body"] for message in messages]
        entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return got


def test_a_delivery_that_waits_for_another_try_is_tried_after_a_restart(server, web):
    """The subscriber fails once; its retry is due after the restart."""
    clients = Clients(server.endpoint)
    sns = clients("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 3, "maxDelayTarget": 3}}
    attributes = {"DeliveryPolicy": json.dumps(policy)}
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=web.url, Attributes=attributes)
    ((_, body),) = web.wait_for(1)
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(body)["Token"])
    web.statuses = [500]
    sns.publish(TopicArn=topic, Message="m")
    web.wait_for(2)
    time.sleep(0.2)  # until the failure is noted
    server.kill()
    server.start()
    web.wait_for(3)
    assert json.loads(web.got[2][1])["Message"] == "m"
