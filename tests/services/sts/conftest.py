"""Users, roles and those who vouch for others, as the tests of STS use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, action="sts:AssumeRole", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


@pytest.fixture
def sts(aws):
    return aws("sts")


@pytest.fixture
def make_role(aws):
    """Creates a role and gives its ARN: `make_role(trust({"AWS": account}), permissions=[allow("sqs:*")])`."""

    def make(*statements, name="role", permissions=(), account=None, **params):
        iam = aws("iam", account=account)
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*statements), **params)["Role"]
        if permissions:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*permissions))
        return created["Arn"]

    return make


@pytest.fixture
def as_user(aws):
    """Clients of a user who may do what the statements say: `as_user(allow("sqs:*"), name="ada")("sts")`."""

    def make(*statements, name="ada", account=None):
        iam = aws("iam", account=account)
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return clients(aws, iam.create_access_key(UserName=name)["AccessKey"])

    return make


def clients(aws, credentials):
    """Clients that sign with these credentials, as STS and IAM answer them."""
    return lambda service, **options: aws(service, credentials=credentials, **options)


@contextmanager
def refused(code, message="", status=None):
    """What is inside is refused with that code and with that sentence, or a part of it."""
    with pytest.raises(ClientError) as raised:
        yield
    answer = raised.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert message in answer["Error"]["Message"]
    assert status in (None, answer["ResponseMetadata"]["HTTPStatusCode"])
