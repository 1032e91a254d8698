"""What was acknowledged is there after `kill -9`.

Writers of three services write as fast as they can and note what was acknowledged; in the midst of it the server is killed and
started again on the same directory; then everything that was noted is looked for. The last write of each writer may have
been done or not, but never by half.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from fogbank.testing import Clients, ServerProcess

ACCOUNT = "111122223333"
BUCKET = TABLE = QUEUE = "kept"
ROUNDS = 3
SECONDS_BEFORE_KILL = 0.7


def body(name: str) -> bytes:
    """What is written under the name: some objects are small, some too large to lie in a record."""
    seed = hashlib.sha256(name.encode()).digest()
    return seed * (1 if seed[0] % 2 else 5000)


def client(server: ServerProcess, service: str) -> Any:
    """A client of the server as it runs now; its endpoint is another one after each start."""
    return Clients(server.endpoint, ACCOUNT)(service)


class Writer(threading.Thread):
    """Writes names one after the other until the server is gone."""

    def __init__(self, write: Callable[[str], Any], prefix: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self._write = write
        self._prefix = prefix

    def run(self) -> None:
        for number in range(1_000_000):
            name = f"{self._prefix}-{number:06}"
            try:
                self._write(name)
            except Exception:
                return
            self.acknowledged.append(name)


def make_homes(server: ServerProcess) -> None:
    client(server, "s3").create_bucket(Bucket=BUCKET)
    client(server, "sqs").create_queue(QueueName=QUEUE)
    client(server, "dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


def write_until_killed(server: ServerProcess, turn: int) -> dict[str, Writer]:
    """The writers by service, when the server is dead and they have noticed."""
    s3, sqs, dynamodb = (client(server, service) for service in ("s3", "sqs", "dynamodb"))
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def put_item(name: str) -> None:
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": name}, "body": {"B": body(name)[:1000]}})

    writers = {
        "s3": Writer(lambda name: s3.put_object(Bucket=BUCKET, Key=name, Body=body(name)), f"s3-{turn}"),
        "sqs": Writer(lambda name: sqs.send_message(QueueUrl=url, MessageBody=name), f"sqs-{turn}"),
        "dynamodb": Writer(put_item, f"dynamodb-{turn}"),
    }
    for writer in writers.values():
        writer.start()
    time.sleep(SECONDS_BEFORE_KILL)
    server.kill()
    for writer in writers.values():
        writer.join()
    return writers


def stored_objects(s3: Any) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    names = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
    for name in names:
        assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == body(name)
    return names


def stored_messages(sqs: Any) -> set[str]:
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    bodies: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=3600).get("Messages"):
        bodies += [message["Body"] for message in messages]
    assert len(bodies) == len(set(bodies))
    return set(bodies)


def stored_items(dynamodb: Any) -> set[str]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    items = [item for page in pages for item in page["Items"]]
    for item in items:
        assert item["body"]["B"] == body(item["id"]["S"])[:1000]
    return {item["id"]["S"] for item in items}


STORED = {"s3": stored_objects, "sqs": stored_messages, "dynamodb": stored_items}


@pytest.mark.parametrize("durability", ["process", "power"])
def test_nothing_acknowledged_is_lost(tmp_path, durability):
    acknowledged: dict[str, set[str]] = {service: set() for service in STORED}
    with ServerProcess(tmp_path / "data", f"--durability={durability}") as server:
        make_homes(server)
        for turn in range(ROUNDS):
            for service, writer in write_until_killed(server, turn).items():
                assert writer.acknowledged, f"{service} wrote nothing before the server was killed"
                acknowledged[service].update(writer.acknowledged)
            server.restart()
        for service, stored in STORED.items():
            names = stored(client(server, service))
            assert acknowledged[service] - names == set()
            # a write under way when the server died may have been done, without anybody knowing
            assert len(names - acknowledged[service]) <= ROUNDS
