"""What was acknowledged is there after `kill -9`, and what was under way goes on."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def created(org, request):
    """The number of the account of a request, when it is there."""
    for _ in range(200):
        status = org.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]
        if status["State"] != "IN_PROGRESS":
            return status["AccountId"]
        time.sleep(0.05)
    raise AssertionError(status)


def test_a_killed_server_comes_back_with_its_organization_and_finishes_accounts(server):
    clients = Clients(server.endpoint)
    org = clients("organizations")
    org.create_organization()
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    policy = org.create_policy(Name="p", Description="", Type="SERVICE_CONTROL_POLICY", Content=content)
    org.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=root)
    request = org.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]["Id"]
    server.kill()
    server.start()
    clients = Clients(server.endpoint, clients.account)
    org = clients("organizations")
    member = created(org, request)
    assert org.list_roots()["Roots"][0]["Id"] == root
    clients("sqs").list_queues()
    with pytest.raises(ClientError, match="with an explicit deny in a service control policy"):
        clients("sqs", account=member).list_queues()
