"""Users' passwords."""

import json

import pytest

FIRST, SECOND, THIRD = "First-passw0rd", "Second-passw0rd", "Third-passw0rd"


@pytest.fixture
def profile(iam, make_user):
    make_user()
    return iam.create_login_profile(UserName="user", Password=FIRST, PasswordResetRequired=True)["LoginProfile"]


@pytest.fixture
def as_user(aws, iam, profile):
    """The user's own client, who may change the password."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=json.dumps(document))
    return aws("iam", credentials=iam.create_access_key(UserName="user")["AccessKey"])


def test_a_profile_tells_when_it_was_made_and_whether_to_reset(iam, profile):
    assert profile["UserName"] == "user"
    assert profile["PasswordResetRequired"] is True
    assert iam.get_login_profile(UserName="user")["LoginProfile"] == profile


def test_a_user_has_no_profile_by_itself(iam, make_user, refused):
    make_user()
    message = "Login Profile for User user cannot be found."
    for call in (iam.get_login_profile, iam.delete_login_profile, iam.update_login_profile):
        with refused("NoSuchEntity", message):
            call(UserName="user")


def test_nobody_has_no_profile(iam, refused):
    with refused("NoSuchEntity", "The user with name nobody cannot be found."):
        iam.create_login_profile(UserName="nobody", Password=FIRST)


def test_a_user_has_one_profile(iam, profile, refused):
    with refused("EntityAlreadyExists", "Login Profile for user user already exists."):
        iam.create_login_profile(UserName="user", Password=FIRST)


def test_a_profile_needs_a_password(iam, make_user, refused):
    make_user()
    with refused("ValidationError", "'password'"):
        iam.create_login_profile(UserName="user")


def test_the_root_has_to_name_a_user(iam, refused):
    with refused("ValidationError", "Must specify userName when calling with non-User credentials"):
        iam.get_login_profile()


def test_a_user_need_not_be_named_when_it_calls_itself(as_user, profile):
    assert as_user.get_login_profile()["LoginProfile"]["UserName"] == "user"


def test_a_user_with_a_profile_cannot_be_deleted(iam, profile, refused):
    with refused("DeleteConflict", "Cannot delete entity, must delete login profile first."):
        iam.delete_user(UserName="user")
    iam.delete_login_profile(UserName="user")
    iam.delete_user(UserName="user")


def test_a_profile_stays_with_a_renamed_user(iam, profile):
    iam.update_user(UserName="user", NewUserName="other")
    assert iam.get_login_profile(UserName="other")["LoginProfile"]["UserName"] == "other"


def test_a_user_changes_its_password_with_the_old_one(as_user, refused):
    with refused("AccessDenied", "The old password was incorrect."):
        as_user.change_password(OldPassword=SECOND, NewPassword=THIRD)
    as_user.change_password(OldPassword=FIRST, NewPassword=SECOND)
    as_user.change_password(OldPassword=SECOND, NewPassword=THIRD)


def test_a_changed_password_need_not_be_reset(iam, as_user):
    as_user.change_password(OldPassword=FIRST, NewPassword=SECOND)
    assert iam.get_login_profile(UserName="user")["LoginProfile"]["PasswordResetRequired"] is False


def test_only_users_change_their_passwords(iam, refused):
    with refused("InvalidUserType", "Only IAM Users can change their own password"):
        iam.change_password(OldPassword=FIRST, NewPassword=SECOND)


def test_an_administrator_sets_a_password(iam, as_user):
    iam.update_login_profile(UserName="user", Password=SECOND, PasswordResetRequired=False)
    as_user.change_password(OldPassword=SECOND, NewPassword=THIRD)


def test_a_password_that_is_set_has_to_fit_the_policy(iam, profile, refused):
    with refused("PasswordPolicyViolation", "minimum length"):
        iam.update_login_profile(UserName="user", Password="a")


def test_former_passwords_are_refused_as_far_as_the_policy_says(iam, as_user, refused):
    iam.update_account_password_policy(PasswordReusePrevention=2)
    as_user.change_password(OldPassword=FIRST, NewPassword=SECOND)
    for former in (FIRST, SECOND):
        with refused("PasswordPolicyViolation", "Password does not conform to the account password policy."):
            as_user.change_password(OldPassword=SECOND, NewPassword=former)
    as_user.change_password(OldPassword=SECOND, NewPassword=THIRD)
    as_user.change_password(OldPassword=THIRD, NewPassword=FIRST)


def test_no_password_is_in_the_store(fogbank_server, iam, profile):
    import urllib.request

    with urllib.request.urlopen(f"{fogbank_server.endpoint}/_fogbank/state") as answer:
        assert FIRST.encode() not in answer.read()
