"""What was acknowledged comes after `kill -9`, and only once."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.scheduler.conftest import Queue

TRUST = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOWED = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_schedules_come_once_when_the_server_was_killed(server):
    clients = Clients(server.endpoint)
    scheduler, iam = clients("scheduler"), clients("iam")
    queue = Queue(clients("sqs"), "queue")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=policy(ALLOWED))
    names = [f"s{number}" for number in range(20)]
    moment = datetime.now(UTC) + timedelta(seconds=1)
    for number, name in enumerate(names):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({moment + timedelta(seconds=number % 2):%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": queue.arn, "RoleArn": role, "Input": name},
        )

    server.kill()  # some have come, some have not
    server.start()
    queue.sqs = Clients(server.endpoint, clients.account)("sqs")
    queue.url = queue.sqs.get_queue_url(QueueName="queue")["QueueUrl"]
    bodies, end = [], time.monotonic() + 15
    while len(bodies) < len(names) and time.monotonic() < end:
        bodies += queue.bodies()
        time.sleep(0.05)
    time.sleep(0.3)
    assert sorted(bodies + queue.bodies()) == sorted(names)
