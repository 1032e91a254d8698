"""An identity store with people in it, as the tests of Identity Store use it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def identitystore(aws):
    return aws("identitystore")


@pytest.fixture
def store(aws):
    """The id of a new identity store."""
    admin = aws("sso-admin")
    admin.create_instance()
    return admin.list_instances()["Instances"][0]["IdentityStoreId"]


@pytest.fixture
def make_user(identitystore, store):
    """Creates a user and gives its id: `make_user("ada", Title="Countess")`."""

    def make(name="ada", **attributes):
        given = {"Name": {"GivenName": "Ada", "FamilyName": "Lovelace"}, "DisplayName": "Ada Lovelace", **attributes}
        return identitystore.create_user(IdentityStoreId=store, UserName=name, **given)["UserId"]

    return make


@pytest.fixture
def make_group(identitystore, store):
    """Creates a group and gives its id."""
    return lambda name="engineers": identitystore.create_group(IdentityStoreId=store, DisplayName=name)["GroupId"]


@contextmanager
def refused(code, message=None, **members):
    """Expect AWS's error of that code, with that message and those members if they are given."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    if message is not None:
        assert answer["Error"]["Message"] == message
    assert {name: answer.get(name) for name in members} == members
