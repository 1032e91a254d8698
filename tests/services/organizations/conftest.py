"""Organizations with accounts, units and policies, and refusals, as the tests of Organizations use them."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager

import pytest

SCP = "SERVICE_CONTROL_POLICY"


@pytest.fixture
def org(aws):
    """The client of an account that has no organization yet."""
    return aws("organizations")


@pytest.fixture
def root(org):
    """The id of the root of a new organization with all features."""
    org.create_organization(FeatureSet="ALL")
    return org.list_roots()["Roots"][0]["Id"]


@pytest.fixture
def make_account(org, clock):
    """Creates an account and gives its number: `make_account("dev")`."""

    def make(name="member", **params):
        email = f"{uuid.uuid4().hex}@example.com"
        request = org.create_account(AccountName=name, Email=email, **params)["CreateAccountStatus"]["Id"]
        clock.advance(seconds=1)
        return org.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]["AccountId"]

    return make


@pytest.fixture
def member(root, make_account):
    """The number of an account that was created in the organization."""
    return make_account()


@pytest.fixture
def make_unit(org, root):
    """Creates a unit below the root or another parent and gives its id."""

    def make(name="unit", parent=None, **params):
        unit = org.create_organizational_unit(ParentId=parent or root, Name=name, **params)
        return unit["OrganizationalUnit"]["Id"]

    return make


@pytest.fixture
def make_policy(org, root):
    """Creates a policy from a document and gives its id."""

    def make(document, kind=SCP, name="policy", **params):
        content = document if isinstance(document, str) else json.dumps(document)
        policy = org.create_policy(Name=name, Description="", Type=kind, Content=content, **params)
        return policy["Policy"]["PolicySummary"]["Id"]

    return make


@pytest.fixture
def enable(org, root):
    def enable(kind=SCP):
        return org.enable_policy_type(RootId=root, PolicyType=kind)["Root"]

    return enable


@pytest.fixture
def names_of(org):
    """The names of the policies of a type on a target."""

    def names_of(target, kind=SCP):
        found = org.list_policies_for_target(TargetId=target, Filter=kind)["Policies"]
        return [policy["Name"] for policy in found]

    return names_of


@pytest.fixture
def refused(org):
    """`with refused(code, message, reason):` what is inside is refused with that code and reason, and that sentence or a part."""

    @contextmanager
    def refused(code, message="", reason=None):
        with pytest.raises(org.exceptions.ClientError) as raised:
            yield
        answer = raised.value.response
        assert answer["Error"]["Code"] == code
        assert message in answer["Error"]["Message"]
        assert reason is None or answer["Reason"] == reason

    return refused


@pytest.fixture
def statement():
    """A policy of one statement: `statement("Deny", "sqs:*")`."""

    def statement(effect, action, resource="*", **more):
        one = {"Effect": effect, "Action": action, "Resource": resource, **more}
        return {"Version": "2012-10-17", "Statement": [one]}

    return statement
