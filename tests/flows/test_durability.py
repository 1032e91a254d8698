"""What was acknowledged reaches the functions after `kill -9`, however far it had come."""

from __future__ import annotations

import json
import threading
import time
import urllib.request

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.flows.conftest import Cloud

KILLS = 3
# Writes each message down by its text: however often it comes, it is one row.
KEEPING = """
import boto3, os
client = boto3.client("dynamodb")
def handler(event, context):
    for record in event["Records"]:
        text = record["Sns"]["Message"] if "Sns" in record else record["body"]
        client.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": text}})
"""


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


@pytest.fixture
def cloud(server):
    return Cloud(Clients(server.endpoint))


def test_a_killed_fan_out_loses_nothing_on_its_way_to_functions(server, cloud):
    """A topic with a function behind it, and with a queue that another function reads."""
    topic, queue = cloud.topic(), cloud.queue("work", VisibilityTimeout="20")
    tables = [cloud.table("id", name=name) for name in ("direct", "queued")]
    direct = cloud.function(KEEPING, "direct", ("sns",), TABLE=tables[0])
    cloud.map(cloud.function(KEEPING, "queued", TABLE=tables[1]), queue.arn)
    cloud.subscribe(topic, direct)
    cloud.subscribe(topic, queue.arn, RawMessageDelivery="true")
    acknowledged: list[str] = []
    clients = cloud.aws
    for life in range(KILLS):
        publisher = threading.Thread(target=_publish, args=(clients, topic, life, acknowledged))
        publisher.start()
        time.sleep(0.3)
        server.kill()
        publisher.join()
        server.start()
        clients = Clients(server.endpoint, clients.account)
    assert acknowledged
    for table in tables:
        _wait_for(clients, table, set(acknowledged))


def _publish(clients, topic, life, acknowledged):
    sns = clients("sns")
    for number in range(20):
        text = f"{life}-{number}"
        try:
            sns.publish(TopicArn=topic, Message=text)
        except (ClientError, BotoCoreError, ConnectionError):
            return
        acknowledged.append(text)


def _wait_for(clients, table, wanted):
    """Until all of them are in the table; messages that were under way come again after their visibility timeout."""
    dynamodb, deadline = clients("dynamodb"), time.monotonic() + 60
    while True:
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        found = {item["id"]["S"] for page in pages for item in page["Items"]}
        if wanted <= found:
            return
        assert time.monotonic() < deadline, wanted - found
        time.sleep(0.1)
        _advance(clients.endpoint, 5)


def _advance(endpoint, seconds):
    body = json.dumps({"advance": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_fogbank/clock", body, headers)).close()
