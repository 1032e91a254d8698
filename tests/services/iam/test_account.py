"""The account's alias and summary, and the details of all permissions."""

import json


def test_an_account_has_one_alias(iam, aws):
    assert iam.list_account_aliases()["AccountAliases"] == []
    first, second = f"first-{aws.account}", f"second-{aws.account}"
    iam.create_account_alias(AccountAlias=first)
    iam.create_account_alias(AccountAlias=second)
    assert iam.list_account_aliases()["AccountAliases"] == [second]
    iam.delete_account_alias(AccountAlias=second)
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_an_alias_is_taken_by_one_account_and_free_again(iam, aws, refused):
    other = aws("iam", account="444455556666")
    alias = f"alias-{aws.account}"
    other.create_account_alias(AccountAlias=alias)
    with refused("EntityAlreadyExists", f"The account alias {alias} already exists."):
        iam.create_account_alias(AccountAlias=alias)
    other.delete_account_alias(AccountAlias=alias)
    iam.create_account_alias(AccountAlias=alias)


def test_an_alias_that_is_not_there_is_not_deleted(iam, refused):
    with refused("NoSuchEntity", "The account alias no-such-alias cannot be found."):
        iam.delete_account_alias(AccountAlias="no-such-alias")


def test_the_summary_counts_what_there_is(iam, make_user, make_group, make_role, make_policy):
    make_user()
    make_group()
    make_role()
    make_policy()
    iam.create_access_key()
    summary = iam.get_account_summary()["SummaryMap"]
    assert [summary[name] for name in ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse")] == [1] * 5
    assert summary["AccountAccessKeysPresent"] == 1
    assert summary["UsersQuota"] == 5000
    assert summary["GlobalEndpointTokenVersion"] == 1
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2


# -- GetAccountAuthorizationDetails

AWS_POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_the_details_have_everything_that_hangs_on_an_entity(
    iam, make_user, make_group, make_role, make_policy, document
):
    arn = make_policy()
    make_user(PermissionsBoundary=arn, Tags=[{"Key": "a", "Value": "1"}])
    make_group()
    make_role()
    iam.add_user_to_group(GroupName="group", UserName="user")
    iam.put_user_policy(UserName="user", PolicyName="inline", PolicyDocument=document)
    iam.attach_group_policy(GroupName="group", PolicyArn=AWS_POLICY)
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    found = iam.get_account_authorization_details()
    (user,), (group,), (role,) = found["UserDetailList"], found["GroupDetailList"], found["RoleDetailList"]
    assert user["GroupList"] == ["group"]
    assert user["UserPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(document)}]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert user["Tags"] == [{"Key": "a", "Value": "1"}]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": AWS_POLICY}]
    assert [profile["InstanceProfileName"] for profile in role["InstanceProfileList"]] == ["profile"]
    assert [policy["Arn"] for policy in found["Policies"]] == [arn, AWS_POLICY]
    assert found["Policies"][0]["PolicyVersionList"][0]["Document"] == json.loads(document)


def test_the_details_are_filtered_and_come_in_pages(iam, make_user, make_role):
    for name in ("a", "b"):
        make_user(name)
        make_role(name)
    assert iam.get_account_authorization_details(Filter=["Role"])["UserDetailList"] == []
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["User", "Role"], PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["UserDetailList"]) for page in pages] == [2, 0]
    assert [len(page["RoleDetailList"]) for page in pages] == [1, 1]


# -- properties


def test_properties_are_added_to_those_there_are(iam):
    iam.put_account_properties(Properties={"RoleManager/A": "1", "RoleManager/B": "1"})
    iam.put_account_properties(Properties={"RoleManager/B": "2"})
    assert iam.get_account_properties()["Properties"] == {"RoleManager/A": "1", "RoleManager/B": "2"}


def test_properties_of_one_request_are_of_one_namespace(iam, refused):
    with refused("InvalidInput", "must belong to the same namespace"):
        iam.put_account_properties(Properties={"A/x": "1", "B/x": "1"})
    with refused("InvalidInput", "Property key A/x/y must be in the format Namespace/PropertyName."):
        iam.put_account_properties(Properties={"A/x/y": "1"})
