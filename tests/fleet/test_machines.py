"""Several servers on one PostgreSQL, as on several machines: each with a data directory of its own, the blobs in one place."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from fogbank.fleet import remote
from fogbank.testing import Clients, ServerProcess
from tests.fleet.conftest import admin
from tests.fleet.test_workers import eventually, table
from tests.postgres import new_database

MACHINES = 3


class Machines:
    """The servers, and a client of each: `machines("sqs")`. A load balancer is whoever picks one of them."""

    def __init__(self, directory) -> None:
        self._url = new_database()
        self._directory = directory
        self.servers = [self.start(number) for number in range(MACHINES)]
        self.account = f"{uuid.uuid4().int % 10**12:012}"

    def start(self, number: int) -> ServerProcess:
        shared = [f"--{name}={self._directory / name}" for name in ("blobs", "secrets")]
        return ServerProcess(self._directory / f"machine{number}", f"--store={self._url}", *shared)

    def __call__(self, service: str) -> list:
        return [Clients(server.endpoint, self.account)(service) for server in self.servers]

    def close(self) -> None:
        for server in self.servers:
            server.kill()


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    running = Machines(tmp_path_factory.mktemp("machines"))
    yield running
    running.close()


def test_what_one_machine_acknowledged_every_other_one_knows(machines):
    one, two, three = machines("s3")
    one.create_bucket(Bucket="shared")
    one.put_object(Bucket="shared", Key="k", Body=b"x" * 300_000)
    assert two.get_object(Bucket="shared", Key="k")["Body"].read() == b"x" * 300_000
    two.delete_object(Bucket="shared", Key="k")
    with pytest.raises(three.exceptions.NoSuchKey):
        three.get_object(Bucket="shared", Key="k")


def test_a_long_poll_is_woken_by_a_message_from_another_machine(machines):
    receiver, sender, _ = machines("sqs")
    url = receiver.create_queue(QueueName="woken")["QueueUrl"]
    got: list[str] = []

    def poll():
        messages = receiver.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
        got.extend(message["Body"] for message in messages)

    begun = time.monotonic()
    waiting = threading.Thread(target=poll)
    waiting.start()
    time.sleep(0.5)
    sender.send_message(QueueUrl=sender.get_queue_url(QueueName="woken")["QueueUrl"], MessageBody="hello")
    waiting.join()
    assert got == ["hello"]
    assert time.monotonic() - begun < 15


def test_the_clock_is_the_same_on_all_machines(machines):
    before = [admin(server, "GET", "/_fogbank/clock")["now"] for server in machines.servers]
    admin(machines.servers[1], "POST", "/_fogbank/clock", {"advance": 3600})
    admin(machines.servers[2], "POST", "/_fogbank/clock", {"advance": 3600})
    after = [admin(server, "GET", "/_fogbank/clock")["now"] for server in machines.servers]
    assert all(now >= then + 7200 for then, now in zip(before, after, strict=True))
    assert max(after) - min(after) < 60


def test_a_snapshot_of_one_store_is_the_state_of_another(machines, tmp_path):
    """What PostgreSQL saved, sqlite loads."""
    import urllib.request

    one = machines("sqs")[0]
    url = one.create_queue(QueueName="saved")["QueueUrl"]
    one.send_message(QueueUrl=url, MessageBody="kept")
    with urllib.request.urlopen(machines.servers[1].endpoint + "/_fogbank/state") as response:
        saved = response.read()
    with ServerProcess(tmp_path / "sqlite") as server:
        request = urllib.request.Request(server.endpoint + "/_fogbank/state", saved, method="PUT")
        urllib.request.urlopen(request).close()
        client = Clients(server.endpoint, machines.account)("sqs")
        url = client.get_queue_url(QueueName="saved")["QueueUrl"]
        assert [m["Body"] for m in client.receive_message(QueueUrl=url)["Messages"]] == ["kept"]


def test_other_blobs_than_those_of_the_store_are_refused(machines, tmp_path):
    with pytest.raises(RuntimeError, match="the blobs of this store are not in"):
        ServerProcess(tmp_path / "elsewhere", f"--store={machines._url}")


def test_other_secrets_than_those_of_the_store_are_refused(machines, tmp_path):
    blobs = f"--blobs={machines._directory / 'blobs'}"
    with pytest.raises(RuntimeError, match="the secrets of this store are not in"):
        ServerProcess(tmp_path / "elsewhere", f"--store={machines._url}", blobs)


def test_a_killed_machine_loses_nothing_and_its_tasks_are_taken_over(machines):
    """Clients write through all machines; the one that runs the tasks is killed in the middle."""
    try:
        clients = machines("dynamodb")
        table(clients[0], "counters")
        queue = machines("sqs")[0].create_queue(QueueName="work")["QueueUrl"]
        name = queue.rpartition("/")[2]
        stop = threading.Event()
        acknowledged: list[str] = []
        counted = [0, 0]  # acknowledged, and those of which nobody knows

        def write(number: int) -> None:
            server = machines.servers[number % MACHINES]
            sqs, ddb = Clients(server.endpoint, machines.account)("sqs"), clients[number % MACHINES]
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            count = 0
            while not stop.is_set():
                body = f"{number}-{count}"
                count += 1
                try:
                    sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=2)
                    acknowledged.append(body)
                    counted[1] += 1
                    ddb.update_item(
                        TableName="counters",
                        Key={"id": {"S": "a"}},
                        UpdateExpression="ADD n :one",
                        ExpressionAttributeValues={":one": {"N": "1"}},
                    )
                    counted[1] -= 1
                    counted[0] += 1
                except Exception:
                    if number % MACHINES == 0:
                        return  # the killed one
                    raise

        with ThreadPoolExecutor(6) as pool:
            writing = [pool.submit(write, number) for number in range(6)]
            time.sleep(0.7)
            os.kill(machines.servers[0].pid, signal.SIGKILL)
            time.sleep(0.7)
            stop.set()
            for each in writing:
                each.result()

        total = int(clients[1].get_item(TableName="counters", Key={"id": {"S": "a"}})["Item"]["n"]["N"])
        assert counted[0] <= total <= counted[0] + counted[1]

        # a table that is created now becomes ACTIVE by a task, which somebody else has to run
        table(clients[1], "after")
        eventually(
            lambda: clients[2].describe_table(TableName="after")["Table"]["TableStatus"] == "ACTIVE",
            seconds=remote._DEAD + 15,
        )

        receiver = Clients(machines.servers[2].endpoint, machines.account)("sqs")
        url = receiver.get_queue_url(QueueName=name)["QueueUrl"]
        got: set[str] = set()
        while messages := receiver.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=3).get(
            "Messages"
        ):
            got.update(message["Body"] for message in messages)
        assert acknowledged and set(acknowledged) <= got
    finally:
        machines.servers[0].restart()
