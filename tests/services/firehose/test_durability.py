"""What was acknowledged is delivered, also when the server was killed in between."""

import json

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.firehose.conftest import Delivery


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_acknowledged_records_are_delivered_after_the_server_was_killed(server):
    aws = Clients(server.endpoint)
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document, policy = (json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in (trust, allowed))
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    delivery = Delivery(aws, role)
    delivery.create({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 3}})
    delivery.put(b"a", b"b")
    server.kill()
    server.start()
    again = Delivery(Clients(server.endpoint, aws.account), role)
    assert b"".join(again.objects().values()) == b"ab"
