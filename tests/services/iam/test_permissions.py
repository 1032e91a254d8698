"""What policies say about IAM's own operations, and what they mean for everybody else's."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def may(aws, make_user, as_user):
    """A client of the user "caller", with these statements."""

    def may(*statements, service="iam"):
        make_user("caller")
        return as_user("caller", statements=statements)(service)

    return may


@pytest.fixture
def denied():
    """Calls something and gives the sentence it is denied with."""

    def denied(call, **params):
        with pytest.raises(ClientError) as raised:
            call(**params)
        assert raised.value.response["Error"]["Code"] == "AccessDenied"
        return raised.value.response["Error"]["Message"]

    return denied


def allow(action, resource, **condition):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


def test_a_user_without_policies_may_nothing(may, denied, aws):
    account = aws.account
    assert denied(may().get_user, UserName="caller") == (
        f"User: arn:aws:iam::{account}:user/caller is not authorized to perform: iam:GetUser on resource: "
        f"user caller because no identity-based policy allows the iam:GetUser action"
    )


def test_a_refusal_names_things_as_aws_does(may, denied, trust, document, aws):
    iam, arn = may(), f"arn:aws:iam::{aws.account}"
    for call, params, named in (
        (iam.create_role, {"RoleName": "r", "AssumeRolePolicyDocument": trust}, f"{arn}:role/r"),
        (iam.get_role, {"RoleName": "r"}, "role r"),
        (iam.tag_role, {"RoleName": "r", "Tags": [{"Key": "a", "Value": "b"}]}, f"{arn}:role/r"),
        (iam.list_roles, {}, f"{arn}:role/"),
        (iam.get_instance_profile, {"InstanceProfileName": "i"}, "instance profile i"),
        (iam.create_policy, {"PolicyName": "p", "PolicyDocument": document}, "policy p"),
        (iam.get_policy, {"PolicyArn": f"{arn}:policy/p"}, f"policy {arn}:policy/p"),
        (iam.list_policies, {}, "policy path /"),
    ):
        assert f"on resource: {named} because" in denied(call, **params)


def test_who_creates_with_tags_has_to_be_allowed_to_tag(may, denied, trust, aws):
    iam = may(allow("iam:CreateRole", "*"))
    role = {"RoleName": "r", "AssumeRolePolicyDocument": trust}
    message = denied(iam.create_role, **role, Tags=[{"Key": "a", "Value": "b"}])
    assert f"iam:TagRole on resource: arn:aws:iam::{aws.account}:role/r" in message
    iam.create_role(**role)


def test_a_permission_is_about_the_path_that_the_user_has(make_user, may, denied, aws):
    make_user("inside", Path="/team/")
    make_user("outside")
    iam = may(allow("iam:*", f"arn:aws:iam::{aws.account}:user/team/*"))
    assert iam.get_user(UserName="inside")["User"]["UserName"] == "inside"
    denied(iam.get_user, UserName="outside")
    denied(iam.delete_user, UserName="outside")
    iam.create_user(UserName="new", Path="/team/a/")
    denied(iam.create_user, UserName="new", Path="/")


def test_who_renames_a_user_has_to_have_both_names(make_user, may, denied, aws):
    make_user("bob", Path="/team/")
    iam = may(allow("iam:UpdateUser", [f"arn:aws:iam::{aws.account}:user/{name}" for name in ("team/bob", "team/rob")]))
    denied(iam.update_user, UserName="bob", NewUserName="robert")
    denied(iam.update_user, UserName="bob", NewPath="/other/")
    iam.update_user(UserName="bob", NewUserName="rob")


def test_a_permission_can_be_about_tags(make_role, may, denied):
    make_role("mine", Tags=[{"Key": "owner", "Value": "caller"}])
    make_role("other", Tags=[{"Key": "owner", "Value": "somebody"}])
    condition = {"StringEquals": {"iam:ResourceTag/Owner": "caller"}}
    iam = may(allow("iam:GetRole", "*", Condition=condition))
    assert iam.get_role(RoleName="mine")["Role"]["RoleName"] == "mine"
    denied(iam.get_role, RoleName="other")


def test_a_role_can_be_made_only_with_that_boundary(may, denied, make_policy, trust):
    boundary = make_policy("boundary")
    iam = may(allow("iam:CreateRole", "*", Condition={"StringEquals": {"iam:PermissionsBoundary": boundary}}))
    denied(iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)


def test_policies_of_those_with_a_boundary_can_be_changed(make_user, make_policy, may, denied, document):
    boundary = make_policy("boundary")
    make_user("bounded", PermissionsBoundary=boundary)
    make_user("free")
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    iam = may(allow(["iam:PutUserPolicy", "iam:AttachUserPolicy"], "*", Condition=condition))
    iam.put_user_policy(UserName="bounded", PolicyName="p", PolicyDocument=document)
    iam.attach_user_policy(UserName="bounded", PolicyArn=boundary)
    denied(iam.put_user_policy, UserName="free", PolicyName="p", PolicyDocument=document)
    denied(iam.attach_user_policy, UserName="free", PolicyArn=boundary)


def test_only_some_policies_can_be_attached(make_role, may, denied):
    make_role()
    allowed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    iam = may(allow("iam:AttachRolePolicy", "*", Condition={"ArnEquals": {"iam:PolicyARN": allowed}}))
    iam.attach_role_policy(RoleName="role", PolicyArn=allowed)
    denied(iam.attach_role_policy, RoleName="role", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def test_a_role_can_be_put_into_a_profile_only_by_who_may_pass_it(iam, make_role, may, denied, aws):
    make_role("open")
    make_role("closed")
    for name in ("a", "b"):
        iam.create_instance_profile(InstanceProfileName=name)
    caller = may(
        allow("iam:AddRoleToInstanceProfile", "*"), allow("iam:PassRole", f"arn:aws:iam::{aws.account}:role/open")
    )
    caller.add_role_to_instance_profile(InstanceProfileName="a", RoleName="open")
    message = denied(caller.add_role_to_instance_profile, InstanceProfileName="b", RoleName="closed")
    assert f"iam:PassRole on resource: arn:aws:iam::{aws.account}:role/closed" in message


@pytest.mark.parametrize("way", ["inline", "attached", "group inline", "group attached"])
def test_a_permission_is_had_in_each_way(iam, make_user, make_group, make_policy, as_user, aws, way):
    make_user()
    make_group()
    iam.add_user_to_group(GroupName="group", UserName="user")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("sqs:ListQueues", "*")]})
    sqs = as_user("user")("sqs")
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.list_queues()
    if way == "inline":
        iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=document)
    elif way == "attached":
        iam.attach_user_policy(UserName="user", PolicyArn=make_policy(document=document))
    elif way == "group inline":
        iam.put_group_policy(GroupName="group", PolicyName="p", PolicyDocument=document)
    else:
        iam.attach_group_policy(GroupName="group", PolicyArn=make_policy(document=document))
    assert "QueueUrls" not in sqs.list_queues()


def test_a_new_default_version_counts_at_once(iam, make_user, make_policy, as_user):
    def document(effect):
        return json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "sqs:*", "Resource": "*"}]}
        )

    make_user()
    arn = make_policy(document=document("Deny"))
    iam.attach_user_policy(UserName="user", PolicyArn=arn)
    sqs = as_user("user")("sqs")
    with pytest.raises(ClientError, match="explicit deny"):
        sqs.list_queues()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document("Allow"), SetAsDefault=True)
    sqs.list_queues()


def test_a_boundary_limits_what_policies_allow(iam, make_user, make_policy, as_user):
    make_user(PermissionsBoundary=make_policy("boundary"))
    sqs = as_user("user", "sqs:*")("sqs")
    with pytest.raises(ClientError, match="no permissions boundary allows the sqs:ListQueues action"):
        sqs.list_queues()
    iam.delete_user_permissions_boundary(UserName="user")
    sqs.list_queues()


def test_the_last_use_of_a_key_is_told(iam, make_user, aws):
    make_user()
    key = iam.create_access_key(UserName="user")["AccessKey"]
    aws("sts", region="eu-west-1", credentials=key).get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "eu-west-1")
    assert used["LastUsedDate"] >= key["CreateDate"]
