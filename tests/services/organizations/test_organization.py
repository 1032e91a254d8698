"""Creating, describing and deleting an organization, and who may ask about it."""

from __future__ import annotations

import re

from fogbank.testing.clients import fresh_account


def test_the_account_that_creates_an_organization_manages_it(org, aws):
    organization = org.create_organization(FeatureSet="ALL")["Organization"]
    assert re.fullmatch(r"o-[a-z0-9]{10,32}", organization["Id"])
    assert organization["Arn"] == f"arn:aws:organizations::{aws.account}:organization/{organization['Id']}"
    master = f"arn:aws:organizations::{aws.account}:account/{organization['Id']}/{aws.account}"
    assert organization["MasterAccountArn"] == master
    assert organization["MasterAccountId"] == aws.account
    assert organization["AvailablePolicyTypes"] == [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    assert org.describe_organization()["Organization"] == organization


def test_the_management_account_is_a_member_that_was_invited(org, aws, root):
    (account,) = org.list_accounts()["Accounts"]
    assert account["Id"] == aws.account
    assert (account["Status"], account["State"], account["JoinedMethod"]) == ("ACTIVE", "ACTIVE", "INVITED")
    assert account["Email"] == org.describe_organization()["Organization"]["MasterAccountEmail"]


def test_all_features_are_the_default(org):
    assert org.create_organization()["Organization"]["FeatureSet"] == "ALL"


def test_an_account_has_one_organization_at_most(org, root, refused):
    with refused("AlreadyInOrganizationException"):
        org.create_organization()


def test_an_account_without_organization_is_told_so(org, refused):
    for ask in (org.describe_organization, org.list_accounts, org.list_roots, org.leave_organization):
        with refused("AWSOrganizationsNotInUseException", "Your account is not a member of an organization."):
            ask()


def test_a_member_knows_its_organization_and_no_more(org, aws, root, member, refused):
    inside = aws("organizations", account=member)
    assert inside.describe_organization()["Organization"]["MasterAccountId"] == aws.account
    for ask in (inside.list_accounts, inside.list_roots, inside.delete_organization):
        with refused("AccessDeniedException", "You don't have permissions to access this resource."):
            ask()


def test_organizations_of_two_accounts_never_meet(org, aws, root):
    other = aws("organizations", account=fresh_account())
    other.create_organization()
    assert [account["Id"] for account in org.list_accounts()["Accounts"]] == [aws.account]
    assert other.list_roots()["Roots"][0]["Id"] != root


def test_an_organization_with_members_cannot_be_deleted(org, member, refused):
    with refused("OrganizationNotEmptyException"):
        org.delete_organization()


def test_a_deleted_organization_leaves_nothing(org, root, make_unit, make_policy, statement, refused):
    make_policy(statement("Deny", "sqs:*"))
    make_unit()
    org.delete_organization()
    with refused("AWSOrganizationsNotInUseException"):
        org.list_roots()
    org.create_organization()
    (new,) = org.list_roots()["Roots"]
    assert org.list_organizational_units_for_parent(ParentId=new["Id"])["OrganizationalUnits"] == []
    assert [policy["Name"] for policy in org.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]] == [
        "FullAWSAccess"
    ]


def test_only_whoever_has_the_permission_creates_an_organization(org, aws, refused):
    iam = aws("iam")
    iam.create_user(UserName="nobody")
    keys = iam.create_access_key(UserName="nobody")["AccessKey"]
    with refused("AccessDeniedException", "organizations:CreateOrganization"):
        aws("organizations", credentials=keys).create_organization()


def test_the_service_linked_role_is_there(aws, root):
    role = aws("iam").get_role(RoleName="AWSServiceRoleForOrganizations")["Role"]
    assert role["Path"] == "/aws-service-role/organizations.amazonaws.com/"


def test_the_service_linked_role_stays_as_long_as_the_organization(aws, root, clock):
    iam = aws("iam")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForOrganizations")["DeletionTaskId"]
    clock.advance(seconds=1)
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "FAILED"


def test_consolidated_billing_has_no_policies(org, refused):
    organization = org.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]
    assert organization["AvailablePolicyTypes"] == []
    root = org.list_roots()["Roots"][0]["Id"]
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        org.create_policy(Name="p", Description="", Type="TAG_POLICY", Content='{"tags":{}}')
    assert org.list_policies_for_target(TargetId=root, Filter="SERVICE_CONTROL_POLICY")["Policies"] == []
