"""User pools: what they are by default, what changes, and what is refused."""

import pytest


def test_a_pool_has_the_defaults_of_aws(aws, idp):
    pool = idp.create_user_pool(PoolName="pool")["UserPool"]
    assert pool["Id"].startswith("us-east-1_")
    assert pool["Arn"] == f"arn:aws:cognito-idp:us-east-1:{aws.account}:userpool/{pool['Id']}"
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 8,
        "RequireUppercase": True,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "TemporaryPasswordValidityDays": 7,
    }
    assert (pool["MfaConfiguration"], pool["DeletionProtection"], pool["LambdaConfig"]) == ("OFF", "INACTIVE", {})
    assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"] == pool


def test_a_schema_has_the_standard_attributes_and_custom_ones(idp, make_pool):
    custom = {"Name": "plan", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}}
    pool = make_pool(Schema=[{"Name": "email", "AttributeDataType": "String", "Required": True}, custom])
    idp.add_custom_attributes(UserPoolId=pool, CustomAttributes=[{"Name": "team", "AttributeDataType": "String"}])
    schema = {each["Name"]: each for each in idp.describe_user_pool(UserPoolId=pool)["UserPool"]["SchemaAttributes"]}
    assert schema["sub"]["Mutable"] is False
    assert schema["email"]["Required"] is True
    assert schema["custom:plan"]["NumberAttributeConstraints"] == {"MaxValue": "9"}
    assert schema["custom:team"]["AttributeDataType"] == "String"


def test_a_required_custom_attribute_is_refused(idp, refused):
    with refused("InvalidParameterException", "Required custom attributes are not supported currently."):
        idp.create_user_pool(PoolName="p", Schema=[{"Name": "x", "AttributeDataType": "String", "Required": True}])


def test_aliases_and_username_attributes_exclude_each_other(make_pool, refused):
    with refused("InvalidParameterException", "Only one of the aliasAttributes or usernameAttributes"):
        make_pool(AliasAttributes=["email"], UsernameAttributes=["email"])


def test_an_update_sets_back_what_it_does_not_say(idp, make_pool):
    pool = make_pool(AutoVerifiedAttributes=["email"], UsernameAttributes=["email"], UserPoolTags={"team": "a"})
    idp.update_user_pool(UserPoolId=pool, Policies={"PasswordPolicy": {"MinimumLength": 12}})
    found = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert found["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert "AutoVerifiedAttributes" not in found
    assert (found["UsernameAttributes"], found["UserPoolTags"]) == (["email"], {"team": "a"})


def test_a_protected_pool_is_not_deleted(idp, make_pool, refused):
    pool = make_pool(DeletionProtection="ACTIVE")
    with refused("InvalidParameterException", "deletion protection is activated"):
        idp.delete_user_pool(UserPoolId=pool)
    idp.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    idp.delete_user_pool(UserPoolId=pool)
    with refused("ResourceNotFoundException", f"User pool {pool} does not exist."):
        idp.describe_user_pool(UserPoolId=pool)


def test_a_deleted_pool_takes_its_clients_along(idp, pool, app, refused):
    idp.delete_user_pool(UserPoolId=pool)
    with refused("ResourceNotFoundException"):
        idp.sign_up(ClientId=app, Username="u", Password="Str0ng!pass")


def test_a_second_factor_of_a_new_pool_needs_a_way_to_send_it(make_pool, refused):
    with refused("InvalidParameterException", "SMS configuration and Auto verification for phone_number are required"):
        make_pool(MfaConfiguration="ON")


def test_pools_are_listed_on_pages(idp, make_pool, refused):
    made = {make_pool() for _ in range(3)}
    pages = list(idp.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 2}))
    assert {pool["Id"] for page in pages for pool in page["UserPools"]} == made
    with refused("InvalidParameterException"):
        idp.list_user_pools(MaxResults=2, NextToken="nonsense")


def test_pools_have_tags(aws, idp, pool):
    arn = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Arn"]
    idp.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
    idp.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}


def test_a_client_has_the_defaults_of_aws(idp, pool):
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]
    assert len(client["ClientId"]) == 26
    assert "ClientSecret" not in client
    assert client["RefreshTokenValidity"] == 30
    assert (client["EnableTokenRevocation"], client["AuthSessionValidity"]) == (True, 3)
    told = idp.describe_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])["UserPoolClient"]
    assert told == client


def test_a_client_keeps_its_secret_when_it_is_updated(idp, pool, make_app):
    client = make_app(pool, GenerateSecret=True, ReadAttributes=["email"])
    given = {"UserPoolId": pool, "ClientId": client["ClientId"]}
    changed = idp.update_user_pool_client(**given, ClientName="other")["UserPoolClient"]
    assert changed["ClientSecret"] == client["ClientSecret"]
    assert changed["ClientName"] == "other"
    assert "ReadAttributes" not in changed


@pytest.mark.parametrize(
    "settings",
    [
        {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"]},
        {"ReadAttributes": ["custom:unknown"]},
        {"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "days"}},
    ],
)
def test_a_client_with_bad_settings_is_refused(pool, make_app, refused, settings):
    with refused("InvalidParameterException"):
        make_app(pool, **settings)


def test_a_deleted_client_is_not_there(idp, pool, app, refused):
    idp.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    with refused("ResourceNotFoundException", f"User pool client {app} does not exist."):
        idp.describe_user_pool_client(UserPoolId=pool, ClientId=app)
    assert idp.list_user_pool_clients(UserPoolId=pool, MaxResults=10)["UserPoolClients"] == []
