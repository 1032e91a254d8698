"""Service-specific credentials of users."""

import base64
from datetime import timedelta

import pytest


@pytest.fixture
def create(iam):
    def create(service="codecommit.amazonaws.com", user="user", **params):
        made = iam.create_service_specific_credential(UserName=user, ServiceName=service, **params)
        return made["ServiceSpecificCredential"]

    return create


@pytest.fixture
def user(make_user):
    return make_user()


def test_a_credential_is_a_name_and_a_password(aws, user, create):
    credential = create()
    assert credential["ServiceUserName"] == f"user-at-{aws.account}"
    assert len(credential["ServicePassword"]) == 44
    assert credential["ServiceSpecificCredentialId"].startswith("ACCA")
    assert credential["Status"] == "Active"
    assert create()["ServiceUserName"] == f"user+1-at-{aws.account}"


def test_a_service_with_keys_gives_a_key(aws, user, create):
    credential = create("bedrock.amazonaws.com", CredentialAgeDays=30)
    alias, secret = credential["ServiceCredentialAlias"], credential["ServiceCredentialSecret"]
    assert secret.startswith("ABSK")
    assert base64.b64decode(secret[4:]).decode().startswith(f"{alias}:")
    assert credential["ExpirationDate"] - credential["CreateDate"] == timedelta(days=30)
    assert "ServicePassword" not in credential


def test_a_key_expires(iam, user, create, clock):
    create("bedrock.amazonaws.com", CredentialAgeDays=30)
    clock.advance(days=31)
    (listed,) = iam.list_service_specific_credentials(UserName="user")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Expired"


def test_only_keys_expire(user, create, refused):
    with refused("InvalidInput", "CredentialAgeDays"):
        create(CredentialAgeDays=30)


def test_other_services_have_none(user, create, refused):
    with refused("NotSupportedService", "s3.amazonaws.com"):
        create("s3.amazonaws.com")


def test_a_user_has_two_per_service(user, create, refused):
    for _ in range(2):
        create()
    create("cassandra.amazonaws.com")
    with refused("LimitExceeded"):
        create()


def test_secrets_are_not_listed(iam, user, create):
    credential = create()
    (listed,) = iam.list_service_specific_credentials(UserName="user")["ServiceSpecificCredentials"]
    assert listed == {name: value for name, value in credential.items() if name != "ServicePassword"}


def test_credentials_are_listed_by_service_and_of_all_users(iam, make_user, user, create, refused):
    make_user("other")
    create()
    create("cassandra.amazonaws.com")
    create(user="other")

    def listed(**params):
        found = iam.list_service_specific_credentials(**params)["ServiceSpecificCredentials"]
        return sorted((each["UserName"], each["ServiceName"].partition(".")[0]) for each in found)

    assert listed(UserName="user", ServiceName="cassandra.amazonaws.com") == [("user", "cassandra")]
    assert listed(AllUsers=True) == [("other", "codecommit"), ("user", "cassandra"), ("user", "codecommit")]
    assert listed(AllUsers=True, ServiceName="cassandra.amazonaws.com") == [("user", "cassandra")]
    with refused("InvalidInput"):
        listed(AllUsers=True, UserName="user")


def test_pages_of_credentials_add_up(iam, user, create):
    for service in ("codecommit", "cassandra", "logs"):
        create(f"{service}.amazonaws.com")
    first = iam.list_service_specific_credentials(AllUsers=True, MaxItems=2)
    second = iam.list_service_specific_credentials(AllUsers=True, MaxItems=2, Marker=first["Marker"])
    assert first["IsTruncated"] and not second["IsTruncated"]
    ids = [
        each["ServiceSpecificCredentialId"] for page in (first, second) for each in page["ServiceSpecificCredentials"]
    ]
    assert len(set(ids)) == 3


def test_a_reset_gives_another_password(iam, user, create):
    before = create()
    reset = iam.reset_service_specific_credential(
        UserName="user", ServiceSpecificCredentialId=before["ServiceSpecificCredentialId"]
    )["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != before["ServicePassword"]
    assert reset["ServiceUserName"] == before["ServiceUserName"]


def test_a_credential_is_made_inactive_and_deleted(iam, user, create, refused):
    one = {"UserName": "user", "ServiceSpecificCredentialId": create()["ServiceSpecificCredentialId"]}
    iam.update_service_specific_credential(**one, Status="Inactive")
    (listed,) = iam.list_service_specific_credentials(UserName="user")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive"
    with refused("DeleteConflict", "must delete service specific credentials first."):
        iam.delete_user(UserName="user")
    iam.delete_service_specific_credential(**one)
    with refused("NoSuchEntity", "The Service Specific Credential with id"):
        iam.delete_service_specific_credential(**one)
