"""Policies of users, groups and roles: inline and attached."""

import json

import pytest

AWS_POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture(params=["user", "group", "role"])
def holder(request, iam, make_user, make_group, make_role):
    """Calls an operation on a user, a group or a role: `holder("put_{}_policy", PolicyName=...)`."""
    noun = request.param
    {"user": make_user, "group": make_group, "role": make_role}[noun]("holder")

    def call(operation, name="holder", **params):
        return getattr(iam, operation.format(noun))(**{f"{noun.capitalize()}Name": name}, **params)

    call.noun = noun
    call.size = {"user": 2048, "group": 5120, "role": 10240}[noun]
    return call


def sized(size):
    frame = '{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    return frame % ("a" * (size - len(frame) + 2))


# -- inline


def test_an_inline_policy_is_put_got_listed_and_deleted(holder, document, refused):
    holder("put_{}_policy", PolicyName="p", PolicyDocument=document)
    found = holder("get_{}_policy", PolicyName="p")
    assert found["PolicyDocument"] == json.loads(document)
    assert found[f"{holder.noun.capitalize()}Name"] == "holder"
    assert holder("list_{}_policies")["PolicyNames"] == ["p"]
    holder("delete_{}_policy", PolicyName="p")
    for operation in ("get_{}_policy", "delete_{}_policy"):
        with refused("NoSuchEntity", f"The {holder.noun} policy with name p cannot be found."):
            holder(operation, PolicyName="p")


def test_all_inline_policies_together_have_a_size(holder, refused):
    holder("put_{}_policy", PolicyName="a", PolicyDocument=sized(1024))
    holder("put_{}_policy", PolicyName="b", PolicyDocument=sized(holder.size - 1024))
    with refused("LimitExceeded", f"Maximum policy size of {holder.size} bytes exceeded for {holder.noun} holder"):
        holder("put_{}_policy", PolicyName="c", PolicyDocument=sized(200))
    holder("put_{}_policy", PolicyName="b", PolicyDocument=sized(holder.size - 1025))


def test_a_malformed_inline_policy_is_refused(holder, refused):
    with refused("MalformedPolicyDocument", "Syntax errors in policy."):
        holder("put_{}_policy", PolicyName="p", PolicyDocument="[]")
    assert holder("list_{}_policies")["PolicyNames"] == []


def test_a_holder_that_is_not_there_is_not_found(holder, document, refused):
    with refused("NoSuchEntity", f"The {holder.noun} with name no cannot be found."):
        holder("put_{}_policy", name="no", PolicyName="p", PolicyDocument=document)


# -- attached


def test_a_policy_is_attached_listed_and_detached(iam, holder, make_policy):
    arn = make_policy(Path="/team/")
    for _ in range(2):
        holder("attach_{}_policy", PolicyArn=arn)
    holder("attach_{}_policy", PolicyArn=AWS_POLICY)
    attached = holder("list_attached_{}_policies")["AttachedPolicies"]
    assert {"PolicyName": "policy", "PolicyArn": arn} in attached
    assert {"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": AWS_POLICY} in attached
    assert [
        each["PolicyArn"] for each in holder("list_attached_{}_policies", PathPrefix="/team/")["AttachedPolicies"]
    ] == [arn]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    holder("detach_{}_policy", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_a_policy_that_is_not_there_is_not_attached(holder, refused):
    with refused("NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable."):
        holder("attach_{}_policy", PolicyArn="arn:aws:iam::aws:policy/Nothing")


def test_a_policy_that_is_not_attached_is_not_detached(holder, make_policy, refused):
    arn = make_policy()
    with refused("NoSuchEntity", f"Policy {arn} was not found."):
        holder("detach_{}_policy", PolicyArn=arn)


def test_what_is_no_arn_is_not_attached(holder, refused):
    with refused("InvalidInput", "ARN arn:aws:s3:::bucket-of-ours is not valid."):
        holder("attach_{}_policy", PolicyArn="arn:aws:s3:::bucket-of-ours")


def test_ten_policies_are_attached_at_most(holder, make_policy, refused):
    for number in range(10):
        holder("attach_{}_policy", PolicyArn=make_policy(f"p{number}"))
    quota = f"PoliciesPer{holder.noun.capitalize()}: 10"
    with refused("LimitExceeded", f"Cannot exceed quota for {quota}"):
        holder("attach_{}_policy", PolicyArn=make_policy("one-more"))
    holder("attach_{}_policy", PolicyArn=make_policy_arn(holder))


def make_policy_arn(holder):
    """One that is attached already."""
    return holder("list_attached_{}_policies")["AttachedPolicies"][0]["PolicyArn"]


def test_a_holder_with_policies_is_not_deleted(holder, document, make_policy, refused):
    holder("put_{}_policy", PolicyName="p", PolicyDocument=document)
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first."):
        holder("delete_{}")
    holder("delete_{}_policy", PolicyName="p")
    arn = make_policy()
    holder("attach_{}_policy", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first."):
        holder("delete_{}")
    holder("detach_{}_policy", PolicyArn=arn)
    holder("delete_{}")


def test_a_policy_for_services_only_is_not_attached(iam, holder, refused):
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PathPrefix="/aws-service-role/")
    arn = next(policy["Arn"] for page in pages for policy in page["Policies"])
    with refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."):
        holder("attach_{}_policy", PolicyArn=arn)


# -- who has a policy


@pytest.fixture
def everyone(iam, make_user, make_group, make_role, make_policy):
    """A policy that a user, a group and a role have, and that is another user's boundary."""
    arn = make_policy()
    make_user("u", Path="/x/")
    make_group("g")
    make_role("r")
    make_user("bounded", PermissionsBoundary=arn)
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    return arn


@pytest.fixture
def having(iam, everyone):
    def having(**params):
        found = iam.list_entities_for_policy(PolicyArn=everyone, **params)
        return [[entity[f"{kind}Name"] for entity in found[f"Policy{kind}s"]] for kind in ("Group", "User", "Role")]

    return having


def test_everyone_who_has_a_policy_is_listed(having):
    assert having() == [["g"], ["bounded", "u"], ["r"]]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"EntityFilter": "User"}, [[], ["bounded", "u"], []]),
        ({"PathPrefix": "/x/"}, [[], ["u"], []]),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, [[], ["bounded"], []]),
        ({"PolicyUsageFilter": "PermissionsPolicy", "EntityFilter": "User"}, [[], ["u"], []]),
        ({"MaxItems": 2}, [["g"], ["bounded"], []]),
    ],
)
def test_who_has_a_policy_is_filtered(having, params, expected):
    assert having(**params) == expected
