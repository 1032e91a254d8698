"""AWS::IAM::*, by way of Cloud Control: what is declared is what the API has."""

import json

import pytest

AWS_POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_a_role_comes_with_its_policies_and_goes_with_them(iam, cloud, trust, document):
    name = cloud.create(
        "Role",
        RoleName="app",
        Path="/svc/",
        AssumeRolePolicyDocument=json.loads(trust),
        ManagedPolicyArns=[AWS_POLICY],
        Policies=[{"PolicyName": "inline", "PolicyDocument": json.loads(document)}],
        Tags=[{"Key": "a", "Value": "1"}],
    )
    role = iam.get_role(RoleName="app")["Role"]
    assert iam.get_role_policy(RoleName="app", PolicyName="inline")["PolicyDocument"] == json.loads(document)
    assert cloud.read("Role", name) == {
        "RoleName": "app",
        "Path": "/svc/",
        "Arn": role["Arn"],
        "RoleId": role["RoleId"],
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": json.loads(trust),
        "ManagedPolicyArns": [AWS_POLICY],
        "Policies": [{"PolicyName": "inline", "PolicyDocument": json.loads(document)}],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    assert cloud.list("Role") == ["app"]
    cloud.delete("Role", name)
    assert cloud.list("Role") == []


def test_a_role_is_changed_in_place(iam, cloud, trust, make_policy):
    boundary = make_policy()
    name = cloud.create("Role", AssumeRolePolicyDocument=json.loads(trust), ManagedPolicyArns=[AWS_POLICY])
    assert name.startswith("Role-")
    cloud.update(
        "Role",
        name,
        Description="new",
        MaxSessionDuration=7200,
        ManagedPolicyArns=[boundary],
        PermissionsBoundary=boundary,
        Tags=[{"Key": "b", "Value": "2"}],
    )
    role = iam.get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert role["Tags"] == [{"Key": "b", "Value": "2"}]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [boundary]


def test_a_user_has_groups_and_a_password_and_goes_with_its_keys(iam, cloud, make_group):
    make_group("a")
    make_group("b")
    name = cloud.create("User", UserName="ana", Groups=["a"], LoginProfile={"Password": "Pa55word!Pa55word!"})
    assert iam.get_login_profile(UserName="ana")["LoginProfile"]["UserName"] == "ana"
    cloud.update("User", name, Groups=["b"], Path="/team/")
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="ana")["Groups"]] == ["b"]
    assert cloud.read("User", name)["Path"] == "/team/"
    iam.create_access_key(UserName="ana")
    cloud.delete("User", name)
    assert iam.list_users()["Users"] == []


def test_a_group_has_policies(iam, cloud, document):
    policies = [{"PolicyName": "p", "PolicyDocument": json.loads(document)}]
    name = cloud.create("Group", GroupName="staff", Policies=policies)
    assert iam.list_group_policies(GroupName="staff")["PolicyNames"] == ["p"]
    cloud.update("Group", name, Policies=[], ManagedPolicyArns=[AWS_POLICY])
    assert cloud.read("Group", name)["ManagedPolicyArns"] == [AWS_POLICY]
    assert iam.list_group_policies(GroupName="staff")["PolicyNames"] == []
    cloud.delete("Group", name)


def test_an_instance_profile_has_its_role(cloud, make_role):
    make_role("a")
    make_role("b")
    name = cloud.create("InstanceProfile", Roles=["a"])
    cloud.update("InstanceProfile", name, Roles=["b"])
    assert cloud.read("InstanceProfile", name)["Roles"] == ["b"]
    cloud.delete("InstanceProfile", name)


def test_an_access_key_has_its_secret(iam, cloud, make_user, aws):
    make_user()
    key = cloud.create("AccessKey", UserName="user", Status="Active")
    secret = cloud.read("AccessKey", key)["SecretAccessKey"]
    caller = aws("sts", credentials={"AccessKeyId": key, "SecretAccessKey": secret})
    assert caller.get_caller_identity()["Arn"].endswith(":user/user")
    cloud.update("AccessKey", key, Status="Inactive")
    assert iam.list_access_keys(UserName="user")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    cloud.delete("AccessKey", key)
    assert iam.list_access_keys(UserName="user")["AccessKeyMetadata"] == []


def test_a_managed_policy_gets_a_new_default_version(iam, cloud, make_user, document):
    make_user()
    arn = cloud.create("ManagedPolicy", PolicyDocument=json.loads(document), Users=["user"])
    assert cloud.read("ManagedPolicy", arn)["Users"] == ["user"]
    for number in range(6):
        other = json.loads(document)
        other["Statement"][0]["Action"] = f"s3:Get{number}"
        cloud.update("ManagedPolicy", arn, PolicyDocument=other, Users=[])
    found = cloud.read("ManagedPolicy", arn)
    assert (found["PolicyDocument"], found["DefaultVersionId"]) == (other, "v7")
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 5
    cloud.delete("ManagedPolicy", arn)
    assert cloud.list("ManagedPolicy") == []


def test_a_policy_is_for_several_holders(iam, cloud, make_user, make_role, document):
    make_user()
    make_role()
    name = cloud.create("Policy", PolicyName="p", PolicyDocument=json.loads(document), Users=["user"], Roles=["role"])
    assert iam.list_role_policies(RoleName="role")["PolicyNames"] == ["p"]
    cloud.update("Policy", name, Users=[])
    assert iam.list_user_policies(UserName="user")["PolicyNames"] == []
    assert cloud.read("Policy", name)["Roles"] == ["role"]
    cloud.delete("Policy", name)
    assert iam.list_role_policies(RoleName="role")["PolicyNames"] == []


@pytest.mark.parametrize("noun", ["User", "Group", "Role"])
def test_a_policy_of_one_holder(cloud, make_user, make_group, make_role, document, noun):
    {"User": make_user, "Group": make_group, "Role": make_role}[noun]("x")
    kind = f"{noun}Policy"
    identifier = cloud.create(kind, **{f"{noun}Name": "x"}, PolicyName="p", PolicyDocument=json.loads(document))
    assert identifier == "p|x"
    cloud.update(kind, identifier, PolicyDocument={**json.loads(document), "Id": "other"})
    assert cloud.read(kind, identifier)["PolicyDocument"]["Id"] == "other"
    cloud.delete(kind, identifier)


def test_users_are_added_to_a_group(iam, cloud, make_user, make_group):
    make_group("staff")
    for name in ("a", "b"):
        make_user(name)
    identifier = cloud.create("UserToGroupAddition", GroupName="staff", Users=["a"])
    cloud.update("UserToGroupAddition", identifier, Users=["b"])
    assert [user["UserName"] for user in iam.get_group(GroupName="staff")["Users"]] == ["b"]
    cloud.delete("UserToGroupAddition", identifier)
    assert iam.get_group(GroupName="staff")["Users"] == []
