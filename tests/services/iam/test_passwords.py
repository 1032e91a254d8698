"""The account's password policy."""

import json

import pytest


def test_an_account_has_no_policy_until_one_is_set(iam, refused, aws):
    with refused("NoSuchEntity", f"The Password Policy with domain name {aws.account} cannot be found."):
        iam.get_account_password_policy()
    with refused("NoSuchEntity"):
        iam.delete_account_password_policy()


def test_a_policy_is_answered_with_all_its_defaults(iam):
    iam.update_account_password_policy()
    assert iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 6,
        "RequireSymbols": False,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
    }


def test_setting_a_policy_replaces_all_of_the_one_before(iam):
    iam.update_account_password_policy(
        RequireNumbers=True, MaxPasswordAge=90, PasswordReusePrevention=5, HardExpiry=True
    )
    first = iam.get_account_password_policy()["PasswordPolicy"]
    assert (first["MaxPasswordAge"], first["ExpirePasswords"], first["PasswordReusePrevention"]) == (90, True, 5)
    assert first["HardExpiry"] is True
    iam.update_account_password_policy(MinimumPasswordLength=14)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy["MinimumPasswordLength"] == 14
    assert policy["RequireNumbers"] is False
    assert "MaxPasswordAge" not in policy


@pytest.mark.parametrize(
    "setting", [{"MinimumPasswordLength": 129}, {"MaxPasswordAge": 1096}, {"PasswordReusePrevention": 25}]
)
def test_settings_outside_their_range_are_refused(iam, refused, setting):
    with refused("ValidationError"):
        iam.update_account_password_policy(**setting)


def test_a_deleted_policy_is_gone(iam, refused):
    iam.update_account_password_policy()
    iam.delete_account_password_policy()
    with refused("NoSuchEntity"):
        iam.get_account_password_policy()


@pytest.mark.parametrize(
    ("password", "finding"),
    [
        ("Sh0rt!", "Password should have a minimum length of 8"),
        (
            "lowercase",
            "Password should meet 2 more of the following requirements: Password should have at least one uppercase",
        ),
        (
            "Mixedonly",
            "Password should meet 1 more of the following requirements: Password should have at least one symbol",
        ),
    ],
)
def test_without_a_policy_three_kinds_of_characters_are_asked_for(iam, make_user, refused, password, finding):
    make_user()
    with refused("PasswordPolicyViolation", finding):
        iam.create_login_profile(UserName="user", Password=password)
    iam.create_login_profile(UserName="user", Password="Mixed0nly")


@pytest.mark.parametrize(
    ("setting", "password", "finding"),
    [
        ({"MinimumPasswordLength": 14}, "Sh0rt!", "Password should have a minimum length of 14"),
        ({"RequireSymbols": True}, "Password1", "Password should have at least one symbol"),
        ({"RequireNumbers": True}, "Password!", "Password should have at least one number"),
        ({"RequireUppercaseCharacters": True}, "password1", "Password should have at least one uppercase letter"),
        ({"RequireLowercaseCharacters": True}, "PASSWORD1", "Password should have at least one lowercase letter"),
    ],
)
def test_passwords_have_to_fit_the_policy(iam, make_user, refused, setting, password, finding):
    make_user()
    iam.update_account_password_policy(**setting)
    with refused("PasswordPolicyViolation", finding):
        iam.create_login_profile(UserName="user", Password=password)
    iam.create_login_profile(UserName="user", Password="A-good-password-1")


def test_a_policy_may_ask_for_less_than_the_default(iam, make_user):
    make_user()
    iam.update_account_password_policy()
    iam.create_login_profile(UserName="user", Password="simple")


def test_an_account_policy_lets_users_change_their_passwords(aws, iam, make_user, refused):
    make_user()
    iam.create_login_profile(UserName="user", Password="First-passw0rd")
    user = aws("iam", credentials=iam.create_access_key(UserName="user")["AccessKey"])
    with refused("AccessDenied", json.dumps("iam:ChangePassword").strip('"')):
        user.change_password(OldPassword="First-passw0rd", NewPassword="Second-passw0rd")
    iam.update_account_password_policy(AllowUsersToChangePassword=True)
    user.change_password(OldPassword="First-passw0rd", NewPassword="Second-passw0rd")
    assert user.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"]
