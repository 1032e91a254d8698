"""Policies, their types and attachments."""

from __future__ import annotations

import json

import pytest

SCP, RCP, TAG = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"


@pytest.fixture
def deny(statement):
    return statement("Deny", "sqs:CreateQueue")


def test_a_policy_is_described_as_it_was_made(org, aws, root, deny):
    content = json.dumps(deny)
    made = org.create_policy(Name="p", Description="why", Type=SCP, Content=content)["Policy"]
    summary = made["PolicySummary"]
    organization = org.describe_organization()["Organization"]["Id"]
    path = f"policy/{organization}/service_control_policy/{summary['Id']}"
    assert summary["Arn"] == f"arn:aws:organizations::{aws.account}:{path}"
    assert (summary["Name"], summary["Description"], summary["Type"]) == ("p", "why", SCP)
    assert (summary["AwsManaged"], made["Content"]) == (False, content)
    assert org.describe_policy(PolicyId=summary["Id"])["Policy"] == made


def test_a_policy_is_updated_in_parts(org, make_policy, deny, statement, refused):
    policy, _ = make_policy(deny, name="one"), make_policy(deny, name="two")
    org.update_policy(PolicyId=policy, Description="new")
    updated = org.update_policy(PolicyId=policy, Name="renamed", Content=json.dumps(statement("Deny", "s3:*")))[
        "Policy"
    ]
    assert updated["PolicySummary"]["Description"] == "new"
    assert "s3:*" in updated["Content"]
    with refused("DuplicatePolicyException"):
        org.update_policy(PolicyId=policy, Name="two")
    make_policy(deny, name="one")


def test_names_are_unique_within_a_type(make_policy, deny, refused):
    make_policy(deny, name="same")
    make_policy({"tags": {}}, TAG, name="same")
    with refused("DuplicatePolicyException"):
        make_policy(deny, name="same")


def test_a_policy_in_use_cannot_be_deleted(org, root, enable, make_policy, deny, refused):
    enable()
    policy = make_policy(deny)
    org.attach_policy(PolicyId=policy, TargetId=root)
    with refused("PolicyInUseException"):
        org.delete_policy(PolicyId=policy)
    org.detach_policy(PolicyId=policy, TargetId=root)
    org.delete_policy(PolicyId=policy)
    with refused("PolicyNotFoundException", "You specified a policy that doesn't exist."):
        org.describe_policy(PolicyId=policy)


def test_aws_own_policies_cannot_be_changed(org, root, refused):
    policy = org.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]["PolicySummary"]
    assert policy["Arn"] == "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert policy["AwsManaged"] is True
    with refused("InvalidInputException", reason="IMMUTABLE_POLICY"):
        org.update_policy(PolicyId="p-FullAWSAccess", Description="mine")
    with refused("InvalidInputException", reason="IMMUTABLE_POLICY"):
        org.delete_policy(PolicyId="p-FullAWSAccess")


def test_policies_are_listed_by_type(org, root, make_policy, deny):
    for number in range(3):
        make_policy(deny, name=f"policy {number}")
    make_policy({"tags": {}}, TAG)
    pages = org.get_paginator("list_policies").paginate(Filter=SCP, PaginationConfig={"PageSize": 2})
    names = [policy["Name"] for page in pages for policy in page["Policies"]]
    assert names == ["FullAWSAccess", "policy 0", "policy 1", "policy 2"]


# -- documents


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "[]",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Resource":"*"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Perhaps","Action":"*","Resource":"*"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Principal":"*"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sqs","Resource":"*"}}',
    ],
)
def test_a_malformed_scp_is_refused(make_policy, refused, content):
    with refused("MalformedPolicyDocumentException", "does not meet the requirements of the specified policy type"):
        make_policy(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "111122223333"}},
        {"Action": "*"},
        {"Action": ["s3:*", "*"]},
    ],
)
def test_an_rcp_only_denies_everybody_actions_of_named_services(make_policy, statement, refused, changes):
    right = statement("Deny", "s3:*", Principal="*")
    make_policy(right, RCP)
    wrong = {**right, "Statement": [{**right["Statement"][0], **changes}]}
    with refused("MalformedPolicyDocumentException"):
        make_policy(wrong, RCP, name="wrong")


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (TAG, {"labels": {}}),
        (TAG, {"tags": {"a": "b"}}),
        (TAG, {"tags": {"a": {"tag_key": {"@@assign": "A", "inner": {}}}}}),
        (TAG, {"tags": {"a": {"tag_value": {"@@append": "x"}}}}),
        (TAG, {"tags": {"a": {"tag_value": {"@@invent": ["x"]}}}}),
        (TAG, {"tags": {"@@operators_allowed_for_child_policies": ["@@some"]}}),
        ("BACKUP_POLICY", {"tags": {}}),
        ("AISERVICES_OPT_OUT_POLICY", {"services": {"default": {"opt_out_policy": {"@@assign": "perhaps"}}}}),
        ("AISERVICES_OPT_OUT_POLICY", {"services": {"default": {"opt_out_policy": {"@@append": ["optOut"]}}}}),
    ],
)
def test_a_malformed_management_policy_is_refused(make_policy, refused, kind, document):
    with refused("MalformedPolicyDocumentException"):
        make_policy(document, kind)


@pytest.mark.parametrize(
    ("kind", "document", "size"),
    [
        (SCP, '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}', 5120),
        (TAG, '{"tags":{}}', 10_000),
        ("AISERVICES_OPT_OUT_POLICY", '{"services":{}}', 2500),
    ],
)
def test_a_policy_has_a_size(make_policy, refused, kind, document, size):
    make_policy(document.ljust(size), kind)
    with refused(
        "ConstraintViolationException", "exceeded the maximum policy size", reason="POLICY_CONTENT_LIMIT_EXCEEDED"
    ):
        make_policy(document.ljust(size + 1), kind, name="too large")


# -- types


def test_a_type_is_enabled_and_disabled_in_the_root(org, root, enable, refused):
    assert enable()["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    with refused("PolicyTypeAlreadyEnabledException"):
        enable()
    assert org.disable_policy_type(RootId=root, PolicyType=SCP)["Root"]["PolicyTypes"] == []
    with refused("PolicyTypeNotEnabledException"):
        org.disable_policy_type(RootId=root, PolicyType=SCP)
    with refused("RootNotFoundException"):
        org.enable_policy_type(RootId="r-zzzz", PolicyType=SCP)


def test_disabling_a_type_detaches_its_policies(org, root, member, enable, make_policy, deny, names_of):
    enable()
    policy = make_policy(deny)
    org.attach_policy(PolicyId=policy, TargetId=member)
    org.disable_policy_type(RootId=root, PolicyType=SCP)
    enable()
    assert names_of(member) == ["FullAWSAccess"]
    assert org.list_targets_for_policy(PolicyId=policy)["Targets"] == []


def test_a_type_that_needs_a_service_waits_for_its_access(org, enable, refused):
    with refused("ConstraintViolationException", reason="SERVICE_ACCESS_NOT_ENABLED"):
        enable("INSPECTOR_POLICY")
    org.enable_aws_service_access(ServicePrincipal="inspector2.amazonaws.com")
    enable("INSPECTOR_POLICY")
    with refused("ConstraintViolationException", reason="POLICY_TYPE_ENABLED_FOR_THIS_SERVICE"):
        org.disable_aws_service_access(ServicePrincipal="inspector2.amazonaws.com")


def test_the_resource_control_policy_comes_with_its_type(root, make_unit, enable, names_of):
    unit = make_unit("before")
    assert names_of(unit, RCP) == []
    enable(RCP)
    assert names_of(unit, RCP) == names_of(make_unit("after"), RCP) == ["RCPFullAWSAccess"]


# -- attachments


def test_everything_begins_with_full_access(root, aws, member, make_unit, names_of):
    for target in (root, aws.account, member, make_unit()):
        assert names_of(target) == ["FullAWSAccess"]


def test_a_policy_tells_its_targets(org, root, member, make_unit, enable, make_policy, deny):
    enable()
    policy, unit = make_policy(deny), make_unit("Workloads")
    for target in (root, unit, member):
        org.attach_policy(PolicyId=policy, TargetId=target)
    targets = org.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert {(target["Type"], target["Name"], target["TargetId"]) for target in targets} == {
        ("ROOT", "Root", root),
        ("ORGANIZATIONAL_UNIT", "Workloads", unit),
        ("ACCOUNT", "member", member),
    }


def test_attaching_what_cannot_be_attached_is_refused(org, root, enable, make_policy, deny, refused):
    policy = make_policy(deny)
    with refused("PolicyTypeNotEnabledException"):
        org.attach_policy(PolicyId=policy, TargetId=root)
    enable()
    org.attach_policy(PolicyId=policy, TargetId=root)
    with refused("DuplicatePolicyAttachmentException"):
        org.attach_policy(PolicyId=policy, TargetId=root)
    with refused("TargetNotFoundException"):
        org.attach_policy(PolicyId=policy, TargetId="123456789012")
    with refused("PolicyNotFoundException"):
        org.attach_policy(PolicyId="p-00000000", TargetId=root)


def test_a_target_has_five_scps_at_most(org, root, enable, make_policy, deny, refused):
    enable()
    policies = [make_policy(deny, name=f"p{number}") for number in range(5)]
    for policy in policies[:4]:
        org.attach_policy(PolicyId=policy, TargetId=root)
    with refused("ConstraintViolationException", "You have attached the maximum number of policies"):
        org.attach_policy(PolicyId=policies[4], TargetId=root)


def test_the_last_scp_stays(org, root, enable, make_policy, statement, names_of, refused):
    enable()
    with refused("ConstraintViolationException", reason="MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)
    org.attach_policy(PolicyId=make_policy(statement("Allow", "s3:*"), name="list"), TargetId=root)
    org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)
    assert names_of(root) == ["list"]
    with refused("PolicyNotAttachedException"):
        org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)


def test_the_resource_control_policy_of_aws_stays(org, root, enable, refused):
    enable(RCP)
    with refused("InvalidInputException", reason="NON_DETACHABLE_POLICY"):
        org.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=root)
