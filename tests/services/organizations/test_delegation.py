"""Services with access, delegated administrators, and the resource policy that delegates to members."""

from __future__ import annotations

import json

import pytest

CONFIG, SSO = "config.amazonaws.com", "sso.amazonaws.com"


def test_services_are_given_access(org, root, refused):
    org.enable_aws_service_access(ServicePrincipal=SSO)
    org.enable_aws_service_access(ServicePrincipal=SSO)
    (enabled,) = org.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert enabled["ServicePrincipal"] == SSO
    org.disable_aws_service_access(ServicePrincipal=SSO)
    assert org.list_aws_service_access_for_organization()["EnabledServicePrincipals"] == []
    with refused("InvalidInputException", reason="UNRECOGNIZED_SERVICE_PRINCIPAL"):
        org.enable_aws_service_access(ServicePrincipal="nobody")


def test_a_delegated_administrator_reads_but_does_not_write(org, aws, root, member, refused):
    org.enable_aws_service_access(ServicePrincipal=SSO)
    theirs = aws("organizations", account=member)
    org.register_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    assert len(theirs.list_accounts()["Accounts"]) == 2
    assert theirs.list_roots()["Roots"][0]["Id"] == root
    with refused("AccessDeniedException"):
        theirs.create_organizational_unit(ParentId=root, Name="x")
    with refused("AccessDeniedException"):
        theirs.tag_resource(ResourceId=root, Tags=[])
    org.deregister_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    with refused("AccessDeniedException"):
        theirs.list_accounts()


def test_delegated_administrators_are_listed(org, member, refused):
    with refused("AccountNotRegisteredException"):
        org.list_delegated_services_for_account(AccountId=member)
    for principal in (SSO, CONFIG):
        org.enable_aws_service_access(ServicePrincipal=principal)
        org.register_delegated_administrator(AccountId=member, ServicePrincipal=principal)
    (administrator,) = org.list_delegated_administrators()["DelegatedAdministrators"]
    assert (administrator["Id"], administrator["Name"]) == (member, "member")
    assert (
        org.list_delegated_administrators(ServicePrincipal="guardduty.amazonaws.com")["DelegatedAdministrators"] == []
    )
    services = org.list_delegated_services_for_account(AccountId=member)["DelegatedServices"]
    assert [service["ServicePrincipal"] for service in services] == [CONFIG, SSO]


def test_registrations_that_make_no_sense_are_refused(org, aws, member, make_account, refused):
    with refused("ConstraintViolationException", reason="SERVICE_ACCESS_NOT_ENABLED"):
        org.register_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    org.enable_aws_service_access(ServicePrincipal=SSO)
    with refused("ConstraintViolationException", reason="CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"):
        org.register_delegated_administrator(AccountId=aws.account, ServicePrincipal=SSO)
    org.register_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    with refused("AccountAlreadyRegisteredException"):
        org.register_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    with refused("ConstraintViolationException", reason="MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"):
        org.register_delegated_administrator(AccountId=make_account(), ServicePrincipal=SSO)
    with refused("AccountNotRegisteredException"):
        org.deregister_delegated_administrator(AccountId=member, ServicePrincipal=CONFIG)


def test_a_delegated_administrator_stays_in_the_organization(org, member, clock, refused):
    org.enable_aws_service_access(ServicePrincipal=SSO)
    org.register_delegated_administrator(AccountId=member, ServicePrincipal=SSO)
    clock.advance(days=4)
    with refused("ConstraintViolationException", reason="CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"):
        org.remove_account_from_organization(AccountId=member)


# -- the resource policy


@pytest.fixture
def delegate(org, statement):
    """Delegates actions on everything to an account."""

    def delegate(account, *actions, **more):
        document = statement("Allow", list(actions), Principal={"AWS": account}, **more)
        return org.put_resource_policy(Content=json.dumps(document))["ResourcePolicy"]

    return delegate


def test_a_member_may_what_the_resource_policy_delegates(org, aws, root, member, delegate, refused):
    theirs = aws("organizations", account=member)
    delegate(member, "organizations:CreatePolicy", "organizations:ListPolicies")
    made = theirs.create_policy(Name="theirs", Description="", Type="TAG_POLICY", Content='{"tags":{}}')["Policy"]
    (listed,) = org.list_policies(Filter="TAG_POLICY")["Policies"]
    assert listed == made["PolicySummary"]
    with refused("AccessDeniedException", "because no resource-based policy allows"):
        theirs.delete_policy(PolicyId=listed["Id"])
    with refused("AccessDeniedException", "You don't have permissions to access this resource."):
        theirs.create_organizational_unit(ParentId=root, Name="x")


def test_delegation_can_be_for_one_type_of_policies(aws, member, delegate, refused):
    backups = {"StringEquals": {"organizations:PolicyType": "BACKUP_POLICY"}}
    delegate(member, "organizations:CreatePolicy", Condition=backups)
    theirs = aws("organizations", account=member)
    theirs.create_policy(Name="p", Description="", Type="BACKUP_POLICY", Content='{"plans":{}}')
    with refused("AccessDeniedException"):
        theirs.create_policy(Name="p", Description="", Type="TAG_POLICY", Content='{"tags":{}}')


def test_the_resource_policy_is_put_described_and_deleted(org, aws, root, member, delegate, refused):
    with refused("ResourcePolicyNotFoundException"):
        org.describe_resource_policy()
    policy = delegate(member, "organizations:ListRoots")
    assert org.describe_resource_policy()["ResourcePolicy"] == policy
    changed = delegate(member, "organizations:ListAccounts")
    assert changed["ResourcePolicySummary"] == policy["ResourcePolicySummary"]
    org.delete_resource_policy()
    with refused("AccessDeniedException"):
        aws("organizations", account=member).list_accounts()


@pytest.mark.parametrize("action", ["organizations:CreateAccount", "organizations:*", "s3:GetObject"])
def test_other_actions_cannot_be_delegated(root, delegate, refused, action):
    with refused("InvalidInputException", reason="UNSUPPORTED_ACTION_IN_RESOURCE_POLICY"):
        delegate("111122223333", action)


def test_a_resource_policy_is_a_policy(org, root, refused):
    with refused("InvalidInputException", reason="INVALID_RESOURCE_POLICY_JSON"):
        org.put_resource_policy(Content="nothing")


# -- permissions of users


def test_permissions_can_be_about_single_units(org, aws, root, make_unit, refused, statement):
    mine, other = make_unit("mine"), make_unit("other")
    iam = aws("iam")
    iam.create_user(UserName="helper")
    arn = org.describe_organizational_unit(OrganizationalUnitId=mine)["OrganizationalUnit"]["Arn"]
    document = statement("Allow", "organizations:UpdateOrganizationalUnit", arn)
    iam.put_user_policy(UserName="helper", PolicyName="p", PolicyDocument=json.dumps(document))
    helper = aws("organizations", credentials=iam.create_access_key(UserName="helper")["AccessKey"])
    helper.update_organizational_unit(OrganizationalUnitId=mine, Name="renamed")
    with refused("AccessDeniedException", "organizations:UpdateOrganizationalUnit"):
        helper.update_organizational_unit(OrganizationalUnitId=other, Name="renamed")
