"""What was acknowledged is there after `kill -9`: who there is, what they may, whom a role trusts."""

import json
import sqlite3
from base64 import b32decode

import pytest
from botocore.exceptions import ClientError

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.iam.pki import Certified


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_a_killed_server_comes_back_with_its_users_and_their_permissions(server):
    clients = Clients(server.endpoint)
    iam = clients("iam")
    user = iam.create_user(UserName="ana", Path="/team/")["User"]
    trust = {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=document)["Role"]
    allowed = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    server.kill()
    server.start()
    clients = Clients(server.endpoint, clients.account)
    assert clients("iam").get_user(UserName="ana")["User"] == user
    found = clients("iam").get_role(RoleName="role")["Role"]
    assert found["AssumeRolePolicyDocument"] == role["AssumeRolePolicyDocument"]
    sqs = clients("sqs", credentials=key)
    sqs.list_queues()
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.create_queue(QueueName="q")


def test_neither_seeds_nor_private_keys_lie_in_the_store(server, tmp_path):
    iam = Clients(server.endpoint)("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    made = Certified("web")
    iam.upload_server_certificate(ServerCertificateName="web", CertificateBody=made.pem, PrivateKey=made.key_pem)
    server.kill()
    (store,) = tmp_path.rglob("state.db")
    with sqlite3.connect(store) as database:
        rows = b"".join(bytes(part) for row in database.execute("select * from kv") for part in row)
    assert made.pem.strip().encode() in rows
    assert made.key_pem.splitlines()[1].encode() not in rows
    assert b32decode(device["Base32StringSeed"]) not in rows
