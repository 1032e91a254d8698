"""What an organization's policies do to whoever works in its accounts."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.testing.clients import fresh_account

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


def denied(call, *args, **kwargs):
    """The message of a refusal."""
    with pytest.raises(ClientError) as raised:
        call(*args, **kwargs)
    assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return raised.value.response["Error"]["Message"]


@pytest.fixture
def attach(org, make_policy):
    """Makes a policy and attaches it: `attach(target, document)`."""

    def attach(target, document, kind=SCP, name="guard"):
        policy = make_policy(document, kind, name=name)
        org.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    return attach


def test_an_scp_binds_the_root_of_a_member_but_not_the_management_account(aws, root, member, enable, attach, statement):
    enable()
    attach(root, statement("Deny", "sqs:CreateQueue"))
    message = denied(aws("sqs", account=member).create_queue, QueueName="q")
    assert message.startswith(f"User: arn:aws:iam::{member}:root is not authorized to perform: sqs:CreateQueue")
    assert message.endswith("with an explicit deny in a service control policy")
    aws("sqs", account=member).list_queues()
    aws("sqs").create_queue(QueueName="q")


def test_a_policy_counts_only_while_its_type_is_enabled(org, aws, root, member, enable, attach, statement):
    enable()
    attach(root, statement("Deny", "sqs:*"))
    denied(aws("sqs", account=member).list_queues)
    org.disable_policy_type(RootId=root, PolicyType=SCP)
    aws("sqs", account=member).list_queues()


def test_units_pass_their_policies_down(org, aws, root, member, make_unit, enable, attach, statement):
    enable()
    outer = make_unit("outer")
    inner = make_unit("inner", outer)
    attach(outer, statement("Deny", "sqs:*"))
    aws("sqs", account=member).list_queues()
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=inner)
    denied(aws("sqs", account=member).list_queues)
    org.move_account(AccountId=member, SourceParentId=inner, DestinationParentId=root)
    aws("sqs", account=member).list_queues()


def test_every_level_has_to_allow(org, aws, root, member, make_unit, enable, attach, statement):
    enable()
    unit = make_unit()
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    attach(unit, statement("Allow", "sqs:*"))
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    aws("sqs", account=member).list_queues()
    message = denied(aws("s3", account=member).list_buckets)
    assert "no service control policy allows the s3:ListAllMyBuckets action" in message


def test_changing_and_detaching_a_policy_counts_at_once(org, aws, root, member, enable, attach, statement):
    enable()
    policy = attach(root, statement("Deny", "sqs:*"))
    sqs = aws("sqs", account=member)
    denied(sqs.list_queues)
    org.update_policy(PolicyId=policy, Content=json.dumps(statement("Deny", "s3:*")))
    sqs.list_queues()
    org.update_policy(PolicyId=policy, Content=json.dumps(statement("Deny", "sqs:*")))
    denied(sqs.list_queues)
    org.detach_policy(PolicyId=policy, TargetId=root)
    sqs.list_queues()


def test_regions_can_be_closed(aws, root, member, enable, attach, statement):
    enable()
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}
    attach(root, statement("Deny", "*", Condition=elsewhere))
    for region in ("us-east-1", "eu-west-1"):
        aws("sqs", region, account=member).list_queues()
    denied(aws("sqs", "ap-south-1", account=member).list_queues)
    aws("sqs", "ap-south-1").list_queues()


def test_an_exempt_role_may_what_others_may_not(aws, root, member, make_account, enable, attach, statement):
    enable()
    others = {"StringNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/OrganizationAccountAccessRole"]}}
    attach(member, statement("Deny", "sqs:*", Condition=others))
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
    aws("sqs", credentials=keys).list_queues()
    denied(aws("sqs", account=member).list_queues)


def test_public_access_to_buckets_stays_blocked(aws, root, member, enable, attach, statement):
    enable()
    open_up = ["s3:PutBucketPublicAccessBlock", "s3:PutBucketPolicy"]
    attach(root, statement("Deny", open_up))
    s3 = aws("s3", account=member)
    bucket = f"bucket-{member}"
    s3.create_bucket(Bucket=bucket)
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
    denied(s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration=closed)


def test_a_member_can_be_kept_from_leaving(aws, root, member, clock, enable, attach, statement):
    enable()
    attach(root, statement("Deny", "organizations:LeaveOrganization"))
    clock.advance(days=4)
    denied(aws("organizations", account=member).leave_organization)


def test_an_rcp_binds_strangers_who_come(org, aws, root, member, enable, attach, statement):
    enable(RCP)
    stranger = fresh_account()
    policy = json.dumps(statement("Allow", "sqs:SendMessage", Principal="*"))
    url = aws("sqs", account=member).create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    aws("sqs", account=stranger).send_message(QueueUrl=url, MessageBody="before")
    organization = org.describe_organization()["Organization"]["Id"]
    ours = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization}}
    attach(root, statement("Deny", "sqs:*", Principal="*", Condition=ours), RCP)
    message = denied(aws("sqs", account=stranger).send_message, QueueUrl=url, MessageBody="after")
    assert message.endswith("with an explicit deny in a resource control policy")
    aws("sqs").send_message(QueueUrl=url, MessageBody="from the family")


def test_an_rcp_does_not_bind_the_resources_of_the_management_account(aws, root, enable, attach, statement):
    enable(RCP)
    attach(root, statement("Deny", "sqs:*", Principal="*"), RCP)
    aws("sqs").create_queue(QueueName="q")


def test_a_queue_lets_in_a_unit(org, aws, root, make_account, make_unit, statement):
    inside, outside, unit = make_account("inside"), make_account("outside"), make_unit()
    org.move_account(AccountId=inside, SourceParentId=root, DestinationParentId=unit)
    path = org.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]["Path"]
    members = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}*"}}
    policy = json.dumps(statement("Allow", "sqs:SendMessage", Principal="*", Condition=members))
    url = aws("sqs").create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    aws("sqs", account=inside).send_message(QueueUrl=url, MessageBody="x")
    denied(aws("sqs", account=outside).send_message, QueueUrl=url, MessageBody="x")


def test_accounts_that_left_are_free(org, aws, root, member, clock, enable, attach, statement):
    enable()
    attach(root, statement("Deny", "sqs:*"))
    clock.advance(days=4)
    org.remove_account_from_organization(AccountId=member)
    aws("sqs", account=member).list_queues()
