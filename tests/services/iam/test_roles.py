"""Roles and their trust policies."""

import json

import pytest


def trusting(principal, action="sts:AssumeRole", **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def trusted(iam):
    """The AWS principal of a role's trust policy as the API shows it."""

    def trusted(name="role"):
        return iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]

    return trusted


def test_a_role_shows_what_it_was_made_of(iam, make_role, aws, trust):
    made = make_role(
        "App", Path="/svc/", Description="what for", MaxSessionDuration=7200, Tags=[{"Key": "a", "Value": "1"}]
    )
    assert "MaxSessionDuration" not in made
    assert "Description" not in made
    role = iam.get_role(RoleName="app")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{aws.account}:role/svc/App"
    assert role["RoleId"].startswith("AROA")
    assert role["AssumeRolePolicyDocument"] == json.loads(trust)
    assert role["Description"] == "what for"
    assert role["MaxSessionDuration"] == 7200
    assert role["Tags"] == [{"Key": "a", "Value": "1"}]
    assert role["RoleLastUsed"] == {}


def test_lists_of_roles_leave_out_tags_and_last_use(iam, make_role):
    make_role(Tags=[{"Key": "a", "Value": "1"}])
    (role,) = iam.list_roles()["Roles"]
    assert role["MaxSessionDuration"] == 3600
    assert not {"Tags", "RoleLastUsed", "PermissionsBoundary", "Description"} & role.keys()


def test_a_role_is_updated(iam, make_role):
    make_role(Description="old")
    iam.update_role(RoleName="role", MaxSessionDuration=43200)
    role = iam.get_role(RoleName="role")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("old", 43200)
    assert iam.update_role_description(RoleName="role", Description="new")["Role"]["Description"] == "new"
    iam.update_role(RoleName="role", Description="")
    assert "Description" not in iam.get_role(RoleName="role")["Role"]


def test_sessions_last_twelve_hours_at_most(make_role, refused):
    with refused("ValidationError", "Value '43201' at 'maxSessionDuration' failed to satisfy constraint"):
        make_role(MaxSessionDuration=43201)


def test_the_path_of_service_linked_roles_is_reserved(make_role, refused):
    with refused("ValidationError"):
        make_role(Path="/aws-service-role/ec2.amazonaws.com/")


def test_a_role_of_that_name_is_there_already(make_role, refused):
    make_role("role")
    with refused("EntityAlreadyExists", "Role with name ROLE already exists."):
        make_role("ROLE")


# -- trust policies


def test_an_account_is_trusted_by_its_root(make_role, trusted):
    make_role(trust=trusting({"AWS": ["111122223333"]}))
    assert trusted() == "arn:aws:iam::111122223333:root"


def test_a_renamed_user_is_still_trusted(iam, make_user, make_role, trusted):
    make_role(trust=trusting({"AWS": make_user("old")["Arn"]}))
    iam.update_user(UserName="old", NewUserName="new", NewPath="/x/")
    assert trusted() == iam.get_user(UserName="new")["User"]["Arn"]


def test_a_deleted_user_is_shown_by_id_and_not_trusted_under_its_name(iam, make_user, make_role, trusted):
    user = make_user()
    make_role(trust=trusting({"AWS": user["Arn"]}))
    iam.delete_user(UserName="user")
    assert trusted() == user["UserId"]
    make_user()
    assert trusted() == user["UserId"]


def test_a_role_of_another_account_is_trusted(make_role, trusted, aws, trust):
    other = aws("iam", account="444455556666")
    name = f"role-{aws.account}"
    arn = other.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    make_role(trust=trusting({"AWS": arn}))
    assert trusted() == arn


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ({"AWS": "arn:aws:iam::111122223333:user/nobody"}, '"AWS":"arn:aws:iam::111122223333:user/nobody"'),
        ({"AWS": "arn:aws:iam::111122223333:role/*"}, '"AWS":"arn:aws:iam::111122223333:role/*"'),
        ({"AWS": "AROAQQQQQQQQQQQQQQQQQ"}, '"AWS":"AROAQQQQQQQQQQQQQQQQQ"'),
        ({"AWS": "nonsense"}, '"AWS":"nonsense"'),
        ({"Service": "ec2"}, '"SERVICE":"ec2"'),
    ],
)
def test_a_principal_that_is_not_there_is_refused(make_role, refused, principal, words):
    with refused("MalformedPolicyDocument", f"Invalid principal in policy: {words}"):
        make_role(trust=trusting(principal))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "This policy contains invalid Json"),
        (trusting("*", "s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trusting("*", Resource="*"), "Has prohibited field Resource"),
        (
            json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}),
            "Missing required field Principal",
        ),
    ],
)
def test_a_malformed_trust_policy_is_refused(make_role, refused, document, words):
    with refused("MalformedPolicyDocument", words):
        make_role(trust=document)


def test_a_trust_policy_has_2048_characters_without_white_space(iam, make_role, refused):
    def of_size(size):
        frame = len(trusting("*", Sid="").replace(" ", ""))
        return trusting("*", Sid="a" * (size - frame))

    make_role(trust=of_size(2048).replace(" ", "  "))
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"):
        iam.update_assume_role_policy(RoleName="role", PolicyDocument=of_size(2049))


def test_a_trust_policy_is_replaced(iam, make_role):
    make_role()
    iam.update_assume_role_policy(RoleName="role", PolicyDocument=trusting({"Service": "lambda.amazonaws.com"}))
    document = iam.get_role(RoleName="role")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


# -- deleting


def test_a_role_with_policies_or_in_a_profile_is_not_deleted(iam, make_role, make_policy, document, refused):
    make_role()
    arn = make_policy()
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=document)
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first."):
        iam.delete_role(RoleName="role")
    iam.delete_role_policy(RoleName="role", PolicyName="p")
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first."):
        iam.delete_role(RoleName="role")
    iam.detach_role_policy(RoleName="role", PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="role")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_role(RoleName="role")
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="role")
    iam.delete_role(RoleName="role")
    with refused("NoSuchEntity", "The role with name role cannot be found."):
        iam.get_role(RoleName="role")
