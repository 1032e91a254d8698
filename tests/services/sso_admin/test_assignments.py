from __future__ import annotations

import json

from tests.services.sso.conftest import center, code_of

__all__ = ["center"]

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def on(center, arn):
    return {"InstanceArn": center.instance, "PermissionSetArn": arn}


def roles(center):
    return center.aws("iam").list_roles(PathPrefix="/aws-reserved/sso.amazonaws.com/")["Roles"]


def test_assignment_makes_the_role_with_its_policies(center):
    arn = center.permission_set("Reader", Description="Reads")
    center.admin.attach_managed_policy_to_permission_set(**on(center, arn), ManagedPolicyArn=READ_ONLY)
    center.admin.put_inline_policy_to_permission_set(**on(center, arn), InlinePolicy=POLICY)
    assert center.assign(arn, center.user())["Status"] == "SUCCEEDED"
    [role] = roles(center)
    name = role["RoleName"]
    assert name.startswith("AWSReservedSSO_Reader_") and len(name) == len("AWSReservedSSO_Reader_") + 16
    iam = center.aws("iam")
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [READ_ONLY]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["AwsSSOInlinePolicy"]


def test_assignment_is_under_way_at_first(center):
    asked = center.admin.create_account_assignment(**center.assignment(center.permission_set(), center.user()))
    assert asked["AccountAssignmentCreationStatus"]["Status"] == "IN_PROGRESS"
    assert roles(center) == []


def test_assignment_fails_when_a_referenced_policy_is_missing_and_leaves_no_role(center):
    arn = center.permission_set()
    center.admin.attach_customer_managed_policy_reference_to_permission_set(
        **on(center, arn), CustomerManagedPolicyReference={"Name": "missing"}
    )
    outcome = center.assign(arn, center.user())
    assert (outcome["Status"], bool(outcome["FailureReason"])) == ("FAILED", True)
    assert roles(center) == []


def test_last_assignment_takes_the_role_with_it(center):
    arn, user = center.permission_set(), center.user()
    center.assign(arn, user)
    center.admin.delete_account_assignment(**center.assignment(arn, user))
    center.clock.advance(seconds=2)
    assert roles(center) == []
    center.admin.delete_permission_set(**on(center, arn))


def test_assigned_permission_set_is_not_deleted(center):
    arn = center.permission_set()
    center.assign(arn, center.user())
    assert code_of(center.admin.delete_permission_set, **on(center, arn)) == "ConflictException"


def test_assignment_of_a_missing_principal_is_refused(center):
    wanted = center.assignment(center.permission_set(), "00000000-0000-4000-8000-000000000000")
    assert code_of(center.admin.create_account_assignment, **wanted) == "ResourceNotFoundException"


def test_account_outside_of_the_organization_is_refused(center):
    wanted = center.assignment(center.permission_set(), center.user(), account="111122223333")
    assert code_of(center.admin.create_account_assignment, **wanted) == "ResourceNotFoundException"


def test_changes_reach_the_account_when_they_are_provisioned(center):
    arn = center.permission_set()
    center.assign(arn, center.user())
    center.admin.put_inline_policy_to_permission_set(**on(center, arn), InlinePolicy=POLICY)
    outdated = {**on(center, arn), "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED"}
    find = center.admin.list_accounts_for_provisioned_permission_set
    assert find(**outdated)["AccountIds"] == [center.aws.account]
    center.admin.provision_permission_set(**on(center, arn), TargetType="ALL_PROVISIONED_ACCOUNTS")
    center.clock.advance(seconds=2)
    assert find(**outdated)["AccountIds"] == []
    assert center.aws("iam").list_role_policies(RoleName=roles(center)[0]["RoleName"])["PolicyNames"]


def test_assignments_are_listed_by_account_and_by_principal(center):
    arn, user = center.permission_set(), center.user()
    center.assign(arn, user)
    account = center.aws.account
    by_account = center.admin.list_account_assignments(**on(center, arn), AccountId=account)["AccountAssignments"]
    by_principal = center.admin.list_account_assignments_for_principal(
        InstanceArn=center.instance, PrincipalId=user, PrincipalType="USER"
    )["AccountAssignments"]
    assert by_account == by_principal
    assert [row["PrincipalId"] for row in by_account] == [user]
    provisioned = center.admin.list_permission_sets_provisioned_to_account(
        InstanceArn=center.instance, AccountId=account
    )
    assert provisioned["PermissionSets"] == [arn]


def test_second_instance_is_refused(center):
    assert code_of(center.admin.create_instance) == "ConflictException"


def test_second_permission_set_of_a_name_is_refused(center):
    center.permission_set("Reader")
    assert code_of(center.permission_set, "Reader") == "ConflictException"


def test_session_of_more_than_twelve_hours_is_refused(center):
    assert code_of(center.permission_set, SessionDuration="PT13H") == "ValidationException"


def test_inline_policy_that_is_none_is_refused(center):
    arn = center.permission_set()
    refuse = center.admin.put_inline_policy_to_permission_set
    assert code_of(refuse, **on(center, arn), InlinePolicy="{}") == "ValidationException"


def test_roles_go_with_the_instance(center):
    center.assign(center.permission_set(), center.user())
    center.admin.delete_instance(InstanceArn=center.instance)
    center.clock.advance(seconds=2)
    assert roles(center) == []
    assert center.admin.list_instances()["Instances"] == []
