"""A pipe goes on after `kill -9`, from where it was."""

import json

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.pipes.conftest import Queue, policy, until

TRUST = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOWED = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_a_killed_server_goes_on_with_its_pipes(server):
    clients = Clients(server.endpoint)
    pipes, iam, kinesis = clients("pipes"), clients("iam"), clients("kinesis")
    target = Queue(clients("sqs"), "target")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=policy(ALLOWED))
    kinesis.create_stream(StreamName="work", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="work", WaiterConfig={"Delay": 0})
    stream = kinesis.describe_stream_summary(StreamName="work")["StreamDescriptionSummary"]["StreamARN"]
    pipes.create_pipe(
        Name="p",
        Source=stream,
        SourceParameters={"KinesisStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
        Target=target.arn,
        TargetParameters={"InputTemplate": "<$.data.n>"},
        RoleArn=role,
    )
    for number in range(5):
        kinesis.put_record(StreamName="work", Data=json.dumps({"n": number}), PartitionKey="k")
    assert until(lambda: target.left() == 5)
    assert sorted(target.bodies(5)) == ["0", "1", "2", "3", "4"]

    server.kill()
    server.start()
    clients = Clients(server.endpoint, clients.account)
    target.sqs = clients("sqs")
    target.url = target.sqs.get_queue_url(QueueName="target")["QueueUrl"]
    clients("kinesis").put_record(StreamName="work", Data=json.dumps({"n": 5}), PartitionKey="k")
    # the batch before the kill may come again, as on AWS; what comes next comes
    assert until(lambda: "5" in target.bodies())
    assert clients("pipes").describe_pipe(Name="p")["CurrentState"] == "RUNNING"
