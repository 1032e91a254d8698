"""Managed policies and their versions."""

import json

import pytest

AWS_POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def allowing(action="s3:GetObject", **more):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}
    )


def test_a_policy_shows_what_it_was_made_of(iam, aws):
    made = iam.create_policy(
        PolicyName="Reader",
        Path="/team/",
        PolicyDocument=allowing(),
        Description="reads",
        Tags=[{"Key": "a", "Value": "1"}],
    )["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{aws.account}:policy/team/Reader"
    assert made["PolicyId"].startswith("ANPA")
    found = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert found == {**made, "Description": "reads"}
    assert (found["DefaultVersionId"], found["AttachmentCount"], found["IsAttachable"]) == ("v1", 0, True)


def test_a_document_is_kept_as_it_was_given(iam, make_policy, document):
    spaced = json.dumps(json.loads(document), indent=4)
    arn = make_policy(document=spaced)
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == json.loads(document)


def test_a_name_is_taken_in_every_path_and_case(make_policy, refused):
    make_policy("p", Path="/a/")
    with refused("EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed."):
        make_policy("P", Path="/b/")


@pytest.mark.parametrize("arn", ["arn:aws:iam::aws:policy/Nothing", "arn:aws:iam::123456789012:policy/nothing"])
def test_a_policy_that_is_not_there_is_not_found(iam, refused, arn):
    with refused("NoSuchEntity", f"Policy {arn} was not found."):
        iam.get_policy(PolicyArn=arn)


def test_what_is_no_arn_is_refused(iam, refused):
    with refused("InvalidInput", "ARN arn:aws:iam::123456789012:role/x is not valid."):
        iam.get_policy(PolicyArn="arn:aws:iam::123456789012:role/x")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "Syntax errors in policy."),
        (json.dumps({"Version": "2012-10-17", "Statement": []}), "Syntax errors in policy."),
        (allowing(Sid="a b"), "Statement IDs (SID) must be alpha-numeric."),
        (allowing("GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (allowing(Principal="*"), "Policy document should not specify a principal."),
        (allowing(Condition={"StringNearly": {"a:b": "c"}}), "Invalid Condition type : StringNearly."),
        (
            json.dumps({"Statement": json.loads(allowing())["Statement"]}),
            "Policy document must be version 2012-10-17 or greater.",
        ),
    ],
)
def test_a_malformed_document_is_refused(make_policy, refused, document, words):
    with refused("MalformedPolicyDocument", words):
        make_policy(document=document)


def test_a_policy_has_6144_characters_without_white_space(make_policy, refused):
    frame = len(allowing(Sid="").replace(" ", ""))
    make_policy(document=allowing(Sid="a" * (6144 - frame)))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144"):
        make_policy("other", document=allowing(Sid="a" * (6145 - frame)))


# -- versions


def test_a_new_version_is_the_default_only_when_asked_for(iam, make_policy):
    arn = make_policy()
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("s3:*"))["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("ec2:*"), SetAsDefault=True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    shown = [
        (version["VersionId"], version["IsDefaultVersion"])
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]
    ]
    assert shown == [("v3", False), ("v2", True), ("v1", False)]


def test_a_policy_has_five_versions_and_numbers_are_not_used_again(iam, make_policy, refused):
    arn = make_policy()
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing())
    with refused("LimitExceeded", "A managed policy can have up to 5 versions."):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing())
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing())
    assert made["PolicyVersion"]["VersionId"] == "v6"


def test_the_default_version_is_not_deleted(iam, make_policy, refused):
    arn = make_policy()
    with refused("DeleteConflict", "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")


def test_a_version_that_is_not_there_is_not_found(iam, make_policy, refused):
    arn = make_policy()
    with refused("NoSuchEntity", f"Policy {arn} version v9 does not exist or is not attachable."):
        iam.get_policy_version(PolicyArn=arn, VersionId="v9")


# -- deleting


def test_a_policy_with_versions_or_attachments_is_not_deleted(iam, make_policy, make_user, refused):
    arn = make_policy()
    make_user()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing())
    iam.attach_user_policy(UserName="user", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_user_policy(UserName="user", PolicyArn=arn)
    with refused("DeleteConflict", "This policy has more than one version."):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)


# -- lists


def test_policies_are_listed_by_scope_path_and_use(iam, make_policy, make_user):
    arn, boundary = make_policy("a", Path="/x/"), make_policy("b")
    make_user(PermissionsBoundary=boundary)
    iam.attach_user_policy(UserName="user", PolicyArn=arn)
    iam.attach_user_policy(UserName="user", PolicyArn=AWS_POLICY)

    def names(**params):
        return [policy["PolicyName"] for policy in iam.list_policies(**params)["Policies"]]

    assert names(Scope="Local") == ["a", "b"]
    assert names(Scope="Local", PathPrefix="/x/") == ["a"]
    assert names(OnlyAttached=True) == ["a", "AmazonS3ReadOnlyAccess", "b"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == ["b"]
    assert names(Scope="AWS", PolicyUsageFilter="PermissionsPolicy") == ["AmazonS3ReadOnlyAccess"]


def test_every_policy_of_aws_is_on_the_pages(iam):
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 50})
    arns = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert len(arns) == len(set(arns)) >= 100
    assert AWS_POLICY in arns


# -- AWS's own


def test_a_policy_of_aws_is_the_same_everywhere_and_counted_by_account(iam, make_user, aws):
    make_user()
    iam.attach_user_policy(UserName="user", PolicyArn=AWS_POLICY)
    here = iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]
    there = aws("iam", account="111122223333").get_policy(PolicyArn=AWS_POLICY)["Policy"]
    assert (here.pop("AttachmentCount"), there.pop("AttachmentCount")) == (1, 0)
    assert here == there
    version = iam.get_policy_version(PolicyArn=AWS_POLICY, VersionId=here["DefaultVersionId"])["PolicyVersion"]
    assert "s3:Get*" in version["Document"]["Statement"][0]["Action"]


def test_a_policy_of_aws_is_not_changed(iam, refused):
    with refused("AccessDenied"):
        iam.create_policy_version(PolicyArn=AWS_POLICY, PolicyDocument=allowing())
    with refused("AccessDenied"):
        iam.delete_policy(PolicyArn=AWS_POLICY)
