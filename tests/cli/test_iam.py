"""`fogbank iam`: denials, and the policy that a role needs."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.cli.errors import Exit
from fogbank.testing import Clients
from fogbank.testing.clients import fresh_account


@pytest.fixture
def account():
    return fresh_account()


@pytest.fixture
def role(served, account):
    """A role that may nothing and tried two things."""
    aws = Clients(f"http://127.0.0.1:{served.port}", account)
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = aws("iam").create_role(RoleName="build", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    credentials = aws("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    sqs = aws("sqs", credentials=credentials)
    for call in (lambda: sqs.create_queue(QueueName="q"), sqs.list_queues):
        with pytest.raises(ClientError):
            call()
    return arn


def test_denials_are_shown_with_their_time_the_last_one_last(fogbank, role, account):
    lines = fogbank("iam", "denials", "--account", account).stdout.splitlines()
    assert len(lines) == 2
    assert lines[0][:2] == "20"
    assert lines[0].endswith("because no identity-based policy allows the sqs:CreateQueue action")
    assert "sqs:ListQueues" in lines[1]
    assert fogbank("iam", "denials", "--account", account, "-n", "1").stdout.splitlines() == lines[1:]
    assert fogbank("iam", "denials").stdout == ""


def test_the_suggestion_is_a_policy_for_what_the_role_needs(fogbank, role, account):
    expected = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sqs:CreateQueue"],
                "Resource": [f"arn:aws:sqs:us-east-1:{account}:q"],
            },
            {"Effect": "Allow", "Action": ["sqs:ListQueues"], "Resource": ["*"]},
        ],
    }
    for name in ((role,), ("build", "--account", account)):
        assert json.loads(fogbank("iam", "suggest", *name).stdout) == expected


def test_who_did_nothing_needs_nothing(fogbank, served):
    done = fogbank("iam", "suggest", "nobody")
    assert done.returncode == Exit.FAILED
    assert "There is no record of anything that arn:aws:iam::000000000000:role/nobody did." in done.stderr


@pytest.mark.parametrize("arguments", [["suggest"], ["suggest", "arn:aws:s3:::b"], ["denials", "x"], ["-n", "x"]])
def test_mistakes_are_one_line(fogbank, arguments):
    done = fogbank("iam", *arguments)
    assert done.returncode == Exit.USAGE
    assert done.stderr.count("\n") == 1
