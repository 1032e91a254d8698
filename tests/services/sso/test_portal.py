from __future__ import annotations

import json

import pytest

from tests.services.sso.conftest import code_of

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]}


@pytest.fixture
def signed_in(center):
    """The center, with somebody signed in who may read."""
    permission_set = center.permission_set(SessionDuration="PT2H")
    center.admin.put_inline_policy_to_permission_set(
        InstanceArn=center.instance, PermissionSetArn=permission_set, InlinePolicy=json.dumps(POLICY)
    )
    center.ada = center.user()
    assert center.assign(permission_set, center.ada)["Status"] == "SUCCEEDED"
    center.token = center.sign_in(center.ada)[1]["accessToken"]
    return center


def credentials(center, **more):
    wanted = {"roleName": "Reader", "accountId": center.aws.account, "accessToken": center.token, **more}
    return center.portal.get_role_credentials(**wanted)["roleCredentials"]


def test_portal_lists_accounts_and_roles_of_who_signed_in(signed_in):
    account = signed_in.aws.account
    accounts = signed_in.portal.list_accounts(accessToken=signed_in.token)["accountList"]
    roles = signed_in.portal.list_account_roles(accessToken=signed_in.token, accountId=account)["roleList"]
    assert [row["accountId"] for row in accounts] == [account]
    assert roles == [{"roleName": "Reader", "accountId": account}]


def test_credentials_may_what_the_permission_set_permits_and_nothing_else(signed_in):
    issued = credentials(signed_in)
    keys = {
        "AccessKeyId": issued["accessKeyId"],
        "SecretAccessKey": issued["secretAccessKey"],
        "SessionToken": issued["sessionToken"],
    }
    arn = signed_in.aws("sts", credentials=keys).get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:sts::{signed_in.aws.account}:assumed-role/AWSReservedSSO_Reader_")
    assert arn.endswith("/ada")
    sqs = signed_in.aws("sqs", credentials=keys)
    sqs.list_queues()
    assert "AccessDenied" in code_of(sqs.create_queue, QueueName="q")


def test_credentials_last_as_long_as_the_permission_set_says(signed_in, fogbank_server):
    left = credentials(signed_in)["expiration"] / 1000 - fogbank_server.app.clock.now()
    assert 7190 < left <= 7200


def test_role_that_is_not_assigned_is_refused(signed_in):
    assert code_of(credentials, signed_in, roleName="Administrator") == "ForbiddenException"


def test_bad_token_is_refused(signed_in):
    assert code_of(signed_in.portal.list_accounts, accessToken="garbage") == "UnauthorizedException"


def test_token_ends_with_the_session(signed_in, clock):
    clock.advance(hours=9)
    assert code_of(signed_in.portal.list_accounts, accessToken=signed_in.token) == "UnauthorizedException"


def test_logout_makes_the_token_void(signed_in):
    signed_in.portal.logout(accessToken=signed_in.token)
    assert code_of(signed_in.portal.list_accounts, accessToken=signed_in.token) == "UnauthorizedException"


def test_assignment_of_a_group_reaches_its_members(signed_in):
    center = signed_in
    grace = center.user("grace")
    group = center.people.create_group(IdentityStoreId=center.store, DisplayName="g")["GroupId"]
    center.people.create_group_membership(IdentityStoreId=center.store, GroupId=group, MemberId={"UserId": grace})
    center.assign(center.permission_set("Writer"), group, "GROUP")
    token = center.sign_in(grace)[1]["accessToken"]
    roles = center.portal.list_account_roles(accessToken=token, accountId=center.aws.account)["roleList"]
    assert [row["roleName"] for row in roles] == ["Writer"]
