"""Clients, buckets and refusals, as the tests of S3 Control use them."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

_numbers = itertools.count()


def to_loopback(port):
    """Names below localhost need not resolve where tests run."""

    def send(request, **_):
        host = request.url.split("/")[2]
        request.url = request.url.replace(host, f"127.0.0.1:{port}", 1)
        request.headers["Host"] = host

    return send


@pytest.fixture
def client(aws, fogbank_server):
    """Makes clients that reach hosts below localhost, where SDKs put accounts and access points."""

    def make(service, **options):
        made = aws(service, endpoint=f"http://localhost:{fogbank_server.port}", **options)
        made.meta.events.register("before-send.*", to_loopback(fogbank_server.port))
        return made

    return make


class Control:
    """An S3 Control client that adds the account by itself."""

    def __init__(self, client, account):
        self._client = client
        self._account = account

    def __getattr__(self, name):
        return lambda **params: getattr(self._client, name)(**{"AccountId": self._account, **params})


@pytest.fixture
def control(client, aws):
    return Control(client("s3control"), aws.account)


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def new_name(aws):
    """Gives names that no other test has."""
    return lambda prefix="b": f"{prefix}{aws.account}-{next(_numbers)}"


@pytest.fixture
def make_bucket(s3, new_name):
    def make(**options):
        name = new_name()
        s3.create_bucket(Bucket=name, **options)
        return name

    return make


@pytest.fixture
def bucket(make_bucket):
    return make_bucket()


@pytest.fixture
def refused():
    """Expects an error with this code and HTTP status."""

    @contextmanager
    def refused(code, status):
        with pytest.raises(ClientError) as caught:
            yield caught
        response = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)

    return refused


def statement(resource, action="s3:GetObject", principal="*", effect="Allow", **more):
    """A policy with one statement, as JSON."""
    if principal != "*":
        principal = {"AWS": principal}
    said = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


@pytest.fixture
def user(aws):
    """Makes an IAM user of the account with a policy, and gives its keys for clients."""

    def make(statements):
        iam = aws("iam")
        name = f"u{next(_numbers)}"
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return iam.create_access_key(UserName=name)["AccessKey"]

    return make


@pytest.fixture
def role(aws):
    """Makes a role that a service of S3's may assume, with a policy, and gives its ARN."""

    def make(service, statements, actions=("sts:AssumeRole",)):
        iam = aws("iam")
        name = f"r{next(_numbers)}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}],
        }
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return arn

    return make
