"""Pools, apps, users and refusals, as the tests of Cognito use them."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

PASSWORD = "Str0ng!pass"
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


@pytest.fixture
def idp(aws):
    return aws("cognito-idp")


@pytest.fixture
def make_pool(idp):
    def make(**settings):
        return idp.create_user_pool(PoolName="pool", **settings)["UserPool"]["Id"]

    return make


@pytest.fixture
def pool(make_pool):
    """A pool that verifies mail addresses."""
    return make_pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def make_app(idp):
    def make(pool, **settings):
        given = {"ClientName": "app", "ExplicitAuthFlows": FLOWS, **settings}
        return idp.create_user_pool_client(UserPoolId=pool, **given)["UserPoolClient"]

    return make


@pytest.fixture
def app(make_app, pool):
    """The id of an app client for all flows."""
    return make_app(pool)["ClientId"]


@pytest.fixture
def jane(idp, pool):
    """A confirmed user with PASSWORD."""
    attributes = [{"Name": "email", "Value": "jane@example.com"}, {"Name": "email_verified", "Value": "true"}]
    idp.admin_create_user(UserPoolId=pool, Username="jane", UserAttributes=attributes, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username="jane", Password=PASSWORD, Permanent=True)
    return "jane"


@pytest.fixture
def sign_in(idp):
    """Signs in by password; gives the whole answer."""

    def sign(app, name="jane", password=PASSWORD, **params):
        given = {"USERNAME": name, "PASSWORD": password, **params}
        return idp.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)

    return sign


@pytest.fixture
def mails(aws):
    """The messages in the account's mailbox to somebody, the last one first."""

    def read(to):
        url = f"{aws.endpoint}/_fogbank/mail?account={aws.account}"
        with urllib.request.urlopen(url) as answer:
            return [mail for mail in json.load(answer)["mail"] if mail["to"] == to]

    return read


@pytest.fixture
def code(mails):
    """The code in the last message to somebody."""

    def read(to):
        return re.search(r"\d{6}", mails(to)[0]["body"])[0]

    return read


@pytest.fixture
def refused():
    @contextmanager
    def refusal(code, message=""):
        with pytest.raises(ClientError) as caught:
            yield
        assert caught.value.response["Error"]["Code"] == code
        assert message in caught.value.response["Error"]["Message"]

    return refusal
