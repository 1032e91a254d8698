"""`--workers N` on one machine: whichever worker answers, it is one server."""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from fogbank.testing import ServerProcess
from tests.fleet.conftest import Spread, admin, running


def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


def eventually(fact, seconds: float = 20.0):
    """Look until it is so; processes take real time."""
    deadline = time.monotonic() + seconds
    while not (found := fact()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found
    return found


def table(client, table_name: str) -> None:
    client.create_table(
        TableName=table_name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_what_one_worker_acknowledged_every_other_one_knows(spread):
    one, other = spread("dynamodb")
    table_name = name()
    table(one, table_name)
    for client, reader in ((one, other), (other, one)):
        for value in range(20):
            client.put_item(TableName=table_name, Item={"id": {"S": "a"}, "v": {"N": str(value)}})
            found = reader.get_item(TableName=table_name, Key={"id": {"S": "a"}})["Item"]
            assert found["v"] == {"N": str(value)}


def test_a_definition_that_one_worker_changes_holds_at_the_other(spread):
    one, other = spread("sqs")
    url = one.create_queue(QueueName=name())["QueueUrl"]
    assert other.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] == {
        "VisibilityTimeout": "30"
    }
    one.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    assert other.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] == {
        "VisibilityTimeout": "5"
    }
    one.delete_queue(QueueUrl=url)
    with pytest.raises(other.exceptions.QueueDoesNotExist):
        other.send_message(QueueUrl=url, MessageBody="x")


def test_increments_through_all_workers_add_up(spread):
    clients = spread("dynamodb") * 4
    table_name = name()
    table(clients[0], table_name)

    def add(client):
        for _ in range(25):
            client.update_item(
                TableName=table_name,
                Key={"id": {"S": "a"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(add, clients))
    found = clients[0].get_item(TableName=table_name, Key={"id": {"S": "a"}})["Item"]
    assert found["n"] == {"N": str(25 * len(clients))}


def test_of_two_conditional_writes_one_wins(spread):
    one, other = spread("dynamodb")
    table_name = name()
    table(one, table_name)

    def claim(client, key):
        try:
            client.put_item(
                TableName=table_name, Item={"id": {"S": key}}, ConditionExpression="attribute_not_exists(id)"
            )
        except client.exceptions.ConditionalCheckFailedException:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            assert sum(pool.map(claim, (one, other), (f"k{number}",) * 2)) == 1


@pytest.mark.parametrize("turn", [0, 1])
def test_a_long_poll_is_woken_by_a_message_sent_through_another_worker(spread, turn):
    clients = spread("sqs")
    receiver, sender = clients[turn], clients[1 - turn]
    url = receiver.create_queue(QueueName=name())["QueueUrl"]
    begun = time.monotonic()
    got = []
    poll = threading.Thread(
        target=lambda: got.extend(receiver.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", []))
    )
    poll.start()
    time.sleep(0.3)
    sender.send_message(QueueUrl=url, MessageBody="hello")
    poll.join()
    assert [message["Body"] for message in got] == ["hello"]
    assert time.monotonic() - begun < 15


def test_the_clock_is_moved_for_all_workers_whichever_is_asked(spread):
    one, other = spread("sqs")
    url = one.create_queue(QueueName=name())["QueueUrl"]
    before = {round(admin(spread.server, "GET", "/_fogbank/clock")["now"]) for _ in range(12)}
    one.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
    assert "Messages" not in other.receive_message(QueueUrl=url)
    admin(spread.server, "POST", "/_fogbank/clock", {"advance": 901})
    assert min(admin(spread.server, "GET", "/_fogbank/clock")["now"] for _ in range(12)) >= max(before) + 900
    assert [m["Body"] for m in other.receive_message(QueueUrl=url)["Messages"]] == ["late"]


def test_a_task_that_any_worker_schedules_is_run(spread):
    for client in spread("dynamodb"):
        table_name = name()
        table(client, table_name)
        client.get_waiter("table_exists").wait(TableName=table_name, WaiterConfig={"Delay": 1})


def test_the_metrics_of_all_workers_are_told_by_any(spread):
    for client in spread("sts"):
        client.get_caller_identity()
    with urllib.request.urlopen(spread.server.endpoint + "/_fogbank/metrics") as response:
        text = response.read().decode()
    told = [
        line for line in text.splitlines() if line.startswith("fogbank_requests_total") and "GetCallerIdentity" in line
    ]
    assert {line.partition('worker="')[2][0] for line in told} == {"0", "1"}
    assert text.count("fogbank_clock_offset_seconds ") == 1 + 2  # one sample, a help and a type


def test_the_health_names_the_server_and_the_worker(spread):
    found = [admin(spread.server, "GET", "/_fogbank/health") for _ in range(20)]
    assert {health["pid"] for health in found} == {spread.server.pid}
    assert {health["worker"]["pid"] for health in found} <= spread.pids()


def test_a_reset_through_one_worker_empties_all(tmp_path):
    with running(tmp_path) as spread:
        one, other = spread("sqs")
        one.create_queue(QueueName="a")
        other.create_queue(QueueName="b")
        admin(spread.server, "POST", "/_fogbank/reset", {})
        assert "QueueUrls" not in one.list_queues()
        assert "QueueUrls" not in other.list_queues()


def test_a_worker_that_is_killed_loses_nothing_and_another_takes_its_place(tmp_path):
    with running(tmp_path) as spread:
        url = spread("sqs")[0].create_queue(QueueName="q")["QueueUrl"]
        acknowledged: list[str] = []
        stop = threading.Event()

        def send(number):
            from fogbank.testing import Clients

            clients = Clients(spread.server.endpoint, spread._clients.account)
            client = clients("sqs")
            count = 0
            while not stop.is_set():
                body = f"{number}-{count}"
                count += 1
                try:
                    client.send_message(QueueUrl=url, MessageBody=body)
                except Exception:
                    client = clients("sqs")
                    continue
                acknowledged.append(body)
            clients.close()

        before = spread.pids()
        with ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send, number) for number in range(4)]
            for pid in sorted(before):
                time.sleep(0.4)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.6)
            stop.set()
            for each in sending:
                each.result()
        after = eventually(lambda: (pids := Spread(spread.server, 2).pids()) and not pids & before and pids)
        assert len(after) == 2
        client = spread._clients("sqs")
        got: set[str] = set()
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            got.update(message["Body"] for message in messages)
        assert acknowledged and set(acknowledged) <= got


def test_the_workers_end_with_their_parent(tmp_path):
    server = ServerProcess(tmp_path, "--workers=2")
    spread = Spread(server, 2)
    pids = spread.pids()
    spread.close()
    server.kill()
    eventually(lambda: not any(_is_alive(pid) for pid in pids))
    with ServerProcess(tmp_path, "--workers=2"):
        pass  # nobody holds the directory or the state any more


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_busy_port_is_said_in_one_line(tmp_path, spread):
    port = spread.server.endpoint.rpartition(":")[2]
    import subprocess
    import sys

    command = [sys.executable, "-m", "fogbank", "start", "--workers=2", f"--port={port}", f"--data-dir={tmp_path}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 4
    assert ended.stderr.startswith(f"fogbank: port {port} is in use")
