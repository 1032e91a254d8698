"""Users, roles, policies and refusals, as the tests of IAM use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from tests.services.iam.cloud import Cloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def trust():
    return TRUST


@pytest.fixture
def document():
    return DOCUMENT


@pytest.fixture
def make_user(iam):
    def make(name="user", **params):
        return iam.create_user(UserName=name, **params)["User"]

    return make


@pytest.fixture
def make_group(iam):
    def make(name="group", **params):
        return iam.create_group(GroupName=name, **params)["Group"]

    return make


@pytest.fixture
def make_role(iam):
    def make(name="role", trust=TRUST, **params):
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **params)["Role"]

    return make


@pytest.fixture
def make_policy(iam):
    """Creates a managed policy and gives its ARN."""

    def make(name="policy", document=DOCUMENT, **params):
        return iam.create_policy(PolicyName=name, PolicyDocument=document, **params)["Policy"]["Arn"]

    return make


@pytest.fixture
def refused(iam):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(iam.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code, error
        assert message in error["Message"]

    return refused


@pytest.fixture
def as_user(aws, iam):
    """Clients with the access key of a user, who is allowed these actions on everything: `as_user("alice", "s3:*")("s3")`."""

    def as_user(name, *actions, statements=()):
        if actions or statements:
            allowed = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}] if actions else []
            document = {"Version": "2012-10-17", "Statement": [*allowed, *statements]}
            iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service, **more: aws(service, credentials=key, **more)

    return as_user


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)
