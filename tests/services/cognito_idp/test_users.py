"""Users that administrators make, groups, listings; users who sign themselves up."""

import pytest

PASSWORD = "Str0ng!pass"


def attributes(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def told(answer, member="UserAttributes"):
    return {pair["Name"]: pair["Value"] for pair in answer[member]}


# -- by administrators


def test_an_invited_user_gets_a_temporary_password_by_mail(idp, pool, app, mails, sign_in):
    user = idp.admin_create_user(
        UserPoolId=pool,
        Username="joe",
        UserAttributes=attributes(email="joe@example.com"),
        DesiredDeliveryMediums=["EMAIL"],
    )["User"]
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    mail = mails("joe@example.com")[0]
    assert mail["subject"] == "Your temporary password"
    password = mail["body"].removeprefix("Your username is joe and temporary password is ").removesuffix(".")
    assert sign_in(app, "joe", password)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a_temporary_password_expires(idp, pool, app, clock, sign_in, refused):
    idp.admin_create_user(UserPoolId=pool, Username="joe", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    clock.advance(days=8)
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        sign_in(app, "joe")


def test_a_username_is_there_once(idp, pool, jane, refused):
    with refused("UsernameExistsException", "User already exists"):
        idp.admin_create_user(UserPoolId=pool, Username=jane)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Sh0rt!", "Password not long enough"),
        ("alllower1!", "Password must have uppercase characters"),
        ("ALLUPPER1!", "Password must have lowercase characters"),
        ("NoNumbers!", "Password must have numeric characters"),
        ("NoSymbols1", "Password must have symbol characters"),
    ],
)
def test_a_password_has_to_conform_with_the_policy(idp, pool, jane, refused, password, reason):
    with refused("InvalidPasswordException", f"Password did not conform with policy: {reason}"):
        idp.admin_set_user_password(UserPoolId=pool, Username=jane, Password=password)


def test_a_user_is_found_by_sub_and_changed(idp, pool, jane):
    sub = told(idp.admin_get_user(UserPoolId=pool, Username=jane))["sub"]
    idp.admin_update_user_attributes(UserPoolId=pool, Username=sub, UserAttributes=attributes(name="Jane"))
    idp.admin_delete_user_attributes(UserPoolId=pool, Username=jane, UserAttributeNames=["email"])
    user = idp.admin_get_user(UserPoolId=pool, Username=jane)
    assert told(user) == {"sub": sub, "name": "Jane"}
    assert (user["UserStatus"], user["Enabled"]) == ("CONFIRMED", True)


def test_an_attribute_that_is_not_in_the_schema_is_refused(idp, pool, jane, refused):
    with refused("InvalidParameterException", "Attributes did not conform to the schema"):
        idp.admin_update_user_attributes(
            UserPoolId=pool, Username=jane, UserAttributes=[{"Name": "custom:x", "Value": "1"}]
        )


def test_a_disabled_user_does_not_sign_in(idp, pool, app, jane, sign_in, refused):
    idp.admin_disable_user(UserPoolId=pool, Username=jane)
    with refused("NotAuthorizedException", "User is disabled."):
        sign_in(app)
    idp.admin_enable_user(UserPoolId=pool, Username=jane)
    assert "AuthenticationResult" in sign_in(app)


def test_a_deleted_user_is_not_there(idp, pool, jane, refused):
    idp.admin_delete_user(UserPoolId=pool, Username=jane)
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_get_user(UserPoolId=pool, Username=jane)


def test_users_are_listed_by_a_filter_and_on_pages(idp, pool, jane, refused):
    for name in ("alan", "albert", "bob"):
        idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")

    def names(**given):
        pages = idp.get_paginator("list_users").paginate(UserPoolId=pool, **given)
        return [user["Username"] for page in pages for user in page["Users"]]

    assert names(PaginationConfig={"PageSize": 3}) == ["alan", "albert", "bob", "jane"]
    assert names(Filter='username ^= "al"') == ["alan", "albert"]
    assert names(Filter='email = "jane@example.com"') == ["jane"]
    assert names(Filter='cognito:user_status = "CONFIRMED"') == ["jane"]
    with refused("InvalidParameterException"):
        names(Filter="nonsense")


def test_with_mail_addresses_as_usernames_the_username_is_the_sub(idp, make_pool, refused):
    pool = make_pool(UsernameAttributes=["email"])
    user = idp.admin_create_user(UserPoolId=pool, Username="a@example.com", MessageAction="SUPPRESS")["User"]
    found = idp.admin_get_user(UserPoolId=pool, Username="a@example.com")
    assert found["Username"] == user["Username"] == told(found)["sub"]
    with refused("UsernameExistsException", "An account with the given email already exists."):
        idp.admin_create_user(UserPoolId=pool, Username="a@example.com")
    with refused("InvalidParameterException", "Username should be an email."):
        idp.admin_create_user(UserPoolId=pool, Username="plain")


def test_groups_have_members(idp, pool, jane, refused):
    idp.create_group(UserPoolId=pool, GroupName="admins", Precedence=1)
    with refused("GroupExistsException", "A group with the name already exists."):
        idp.create_group(UserPoolId=pool, GroupName="admins")
    idp.admin_add_user_to_group(UserPoolId=pool, Username=jane, GroupName="admins")
    members = idp.list_users_in_group(UserPoolId=pool, GroupName="admins")["Users"]
    assert [user["Username"] for user in members] == [jane]
    idp.delete_group(UserPoolId=pool, GroupName="admins")
    assert idp.admin_list_groups_for_user(UserPoolId=pool, Username=jane)["Groups"] == []


# -- by themselves


def test_who_signs_up_confirms_with_the_code_of_the_mail(idp, pool, app, code, sign_in, refused):
    answer = idp.sign_up(
        ClientId=app, Username="joe", Password=PASSWORD, UserAttributes=attributes(email="joe@example.com")
    )
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"]["Destination"] == "j***@e***"
    with refused("UserNotConfirmedException", "User is not confirmed."):
        sign_in(app, "joe")
    with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
        idp.confirm_sign_up(ClientId=app, Username="joe", ConfirmationCode="none")
    idp.confirm_sign_up(ClientId=app, Username="joe", ConfirmationCode=code("joe@example.com"))
    assert told(idp.admin_get_user(UserPoolId=pool, Username="joe"))["email_verified"] == "true"
    assert "AuthenticationResult" in sign_in(app, "joe")


def test_a_code_expires_and_another_one_is_sent(idp, app, code, clock, refused):
    idp.sign_up(ClientId=app, Username="joe", Password=PASSWORD, UserAttributes=attributes(email="joe@example.com"))
    clock.advance(hours=25)
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        idp.confirm_sign_up(ClientId=app, Username="joe", ConfirmationCode=code("joe@example.com"))
    idp.resend_confirmation_code(ClientId=app, Username="joe")
    idp.confirm_sign_up(ClientId=app, Username="joe", ConfirmationCode=code("joe@example.com"))


def test_sign_up_may_be_for_administrators_only(make_pool, make_app, idp, refused):
    app = make_app(make_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}))["ClientId"]
    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        idp.sign_up(ClientId=app, Username="joe", Password=PASSWORD)


def test_nobody_says_of_himself_that_a_mail_address_is_verified(idp, app, refused):
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        idp.sign_up(ClientId=app, Username="j", Password=PASSWORD, UserAttributes=attributes(email_verified="true"))


def test_a_forgotten_password_is_replaced_by_the_code_of_the_mail(idp, app, jane, code, sign_in, refused):
    idp.forgot_password(ClientId=app, Username=jane)
    given = {"ClientId": app, "Username": jane, "ConfirmationCode": code("jane@example.com")}
    idp.confirm_forgot_password(**given, Password="An0ther!pass")
    assert "AuthenticationResult" in sign_in(app, password="An0ther!pass")
    with refused("NotAuthorizedException", "Incorrect username or password."):
        sign_in(app)


def test_a_user_changes_the_own_account(idp, app, jane, sign_in, code, refused):
    token = sign_in(app)["AuthenticationResult"]["AccessToken"]
    idp.update_user_attributes(AccessToken=token, UserAttributes=attributes(email="new@example.com"))
    assert told(idp.get_user(AccessToken=token))["email_verified"] == "false"
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code("new@example.com"))
    assert told(idp.get_user(AccessToken=token))["email_verified"] == "true"
    with refused("NotAuthorizedException", "Incorrect username or password."):
        idp.change_password(AccessToken=token, PreviousPassword="wrong", ProposedPassword="An0ther!pass")
    idp.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="An0ther!pass")
    idp.delete_user(AccessToken=token)
    with refused("UserNotFoundException", "User does not exist."):
        sign_in(app)
