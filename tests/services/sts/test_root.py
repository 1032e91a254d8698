"""AssumeRoot: the root of a member account, for one task."""

from __future__ import annotations

import json

import pytest

from tests.services.sts.conftest import clients, refused

TASK = "arn:aws:iam::aws:policy/root-task/"


@pytest.fixture
def member(aws, clock):
    """A member of an organization that the test's account manages, with root sessions; its account."""
    organizations = aws("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    aws("iam").enable_organizations_root_sessions()
    request = organizations.create_account(Email=f"{aws.account}@example.com", AccountName="member")[
        "CreateAccountStatus"
    ]
    for _ in range(20):
        status = organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])
        if "AccountId" in status["CreateAccountStatus"]:
            return status["CreateAccountStatus"]["AccountId"]
        clock.advance(seconds=5)
    raise AssertionError(status)


def assume_root(sts, account, task="S3UnlockBucketPolicy", **params):
    return sts.assume_root(TargetPrincipal=account, TaskPolicyArn={"arn": TASK + task}, **params)["Credentials"]


def test_a_root_session_can_do_its_task_and_nothing_else(aws, sts, member):
    s3 = aws("s3", account=member)
    s3.create_bucket(Bucket=f"locked-{member}")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::locked-{member}"}
    s3.put_bucket_policy(Bucket=f"locked-{member}", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    root = clients(aws, assume_root(sts, member))
    assert root("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{member}:root"
    with refused("AccessDenied", "with an explicit deny in a session policy"):
        root("s3").create_bucket(Bucket=f"more-{member}")
    root("s3").delete_bucket_policy(Bucket=f"locked-{member}")


def test_only_tasks_of_awss_can_be_assumed(sts, member):
    with refused("ValidationError"):
        sts.assume_root(TargetPrincipal=member, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/AdministratorAccess"})


def test_only_members_of_the_organization_are_there_to_assume(aws, sts, member):
    for account in (aws.account, "333333333333"):
        with refused("AccessDenied", "sts:AssumeRoot", 403):
            assume_root(sts, account)


def test_only_the_management_account_may(aws, member):
    with refused("AccessDenied", "sts:AssumeRoot"):
        assume_root(aws("sts", account=member), aws.account)


def test_without_root_sessions_there_are_none(aws, sts, member):
    aws("iam").disable_organizations_root_sessions()
    with refused("AccessDenied", "sts:AssumeRoot"):
        assume_root(sts, member)


def test_it_is_for_a_quarter_of_an_hour(aws, sts, member, clock):
    root = aws("sts", credentials=assume_root(sts, member))
    clock.advance(seconds=890)
    root.get_caller_identity()
    clock.advance(seconds=20)
    with refused("ExpiredToken"):
        root.get_caller_identity()
