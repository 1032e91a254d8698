from __future__ import annotations

import pytest

from tests.services.identitystore.conftest import refused

MISSING = "0123456789-00000000-0000-4000-8000-000000000000"


def test_described_user_has_everything_that_it_was_created_with(identitystore, store, make_user, aws):
    emails = [{"Value": "ada@example.com", "Type": "work", "Primary": True}]
    user = make_user("ada", Emails=emails, Title="Countess")
    found = identitystore.describe_user(IdentityStoreId=store, UserId=user)
    assert found["UserName"] == "ada"
    assert found["Emails"] == emails
    assert found["Title"] == "Countess"
    assert found["UserArn"] == f"arn:aws:identitystore:::user/{user}"
    assert found["CreatedBy"] == f"arn:aws:iam::{aws.account}:root"
    assert (found["Revision"], found["UserStatus"]) == ("1", "ENABLED")


def test_store_and_user_can_be_named_by_arn(identitystore, store, make_user, aws):
    user = make_user()
    found = identitystore.describe_user(
        IdentityStoreId=f"arn:aws:identitystore::{aws.account}:identitystore/{store}",
        UserId=f"arn:aws:identitystore:::user/{user}",
    )
    assert found["UserId"] == user


def test_missing_user_is_told_with_type_and_id(identitystore, store):
    with refused("ResourceNotFoundException", "USER not found.", ResourceType="USER", ResourceId=MISSING):
        identitystore.describe_user(IdentityStoreId=store, UserId=MISSING)


def test_missing_store_is_told_with_type_and_id(identitystore):
    message = "IdentityStore not present for IdentityStoreId: d-0123456789"
    with refused("ResourceNotFoundException", message, ResourceType="IDENTITY_STORE", ResourceId="d-0123456789"):
        identitystore.list_users(IdentityStoreId="d-0123456789")


def test_store_of_another_account_is_not_there(aws, store, fogbank_server):
    with refused("ResourceNotFoundException", ResourceType="IDENTITY_STORE"):
        aws("identitystore", account="111122223333").list_users(IdentityStoreId=store)


def test_user_name_is_unique_in_any_spelling(make_user):
    make_user("ada")
    with refused("ConflictException", "Duplicate UserName", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"):
        make_user("ADA")


def test_email_address_is_unique(make_user):
    make_user("ada", Emails=[{"Value": "ada@example.com"}])
    with refused("ConflictException", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"):
        make_user("lovelace", Emails=[{"Value": "Ada@example.com"}])


def test_name_of_a_deleted_user_is_free_again(identitystore, store, make_user):
    identitystore.delete_user(IdentityStoreId=store, UserId=make_user("ada"))
    make_user("ada")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"UserName": "ada"}, "displayName"),
        ({"UserName": "ada", "DisplayName": "Ada"}, "name"),
        ({"UserName": "ada", "DisplayName": "Ada", "Name": {"GivenName": "Ada"}}, "familyName"),
        ({"DisplayName": "Ada", "Name": {"GivenName": "A", "FamilyName": "L"}}, "userName"),
    ],
)
def test_required_attributes_are_asked_for(identitystore, store, given, missing):
    with refused("ValidationException", f"{missing} is a required attribute"):
        identitystore.create_user(IdentityStoreId=store, **given)


def test_reserved_names_are_refused(make_user):
    with refused("ValidationException"):
        make_user("Administrator")


# -- updating


def update(identitystore, store, user, path, value, **more):
    operations = [{"AttributePath": path, "AttributeValue": value}]
    return identitystore.update_user(IdentityStoreId=store, UserId=user, Operations=operations, **more)


def test_update_changes_a_part_of_the_name(identitystore, store, make_user):
    user = make_user()
    assert update(identitystore, store, user, "name.familyName", "King")["Revision"] == "2"
    found = identitystore.describe_user(IdentityStoreId=store, UserId=user)
    assert found["Name"] == {"GivenName": "Ada", "FamilyName": "King"}


def test_update_replaces_lists_whose_members_are_spelled_as_scim_has_them(identitystore, store, make_user):
    user = make_user()
    update(identitystore, store, user, "emails", [{"value": "ada@example.com", "primary": True}])
    found = identitystore.describe_user(IdentityStoreId=store, UserId=user)
    assert found["Emails"] == [{"Value": "ada@example.com", "Primary": True}]


def test_update_without_a_value_removes_the_attribute(identitystore, store, make_user):
    user = make_user(Title="Countess")
    identitystore.update_user(IdentityStoreId=store, UserId=user, Operations=[{"AttributePath": "title"}])
    assert "Title" not in identitystore.describe_user(IdentityStoreId=store, UserId=user)


def test_update_of_an_unknown_attribute_is_refused(identitystore, store, make_user):
    with refused("ValidationException"):
        update(identitystore, store, make_user(), "shoeSize", "40")


def test_update_with_a_value_of_the_wrong_form_is_refused(identitystore, store, make_user):
    with refused("ValidationException"):
        update(identitystore, store, make_user(), "emails", "ada@example.com")


def test_update_does_not_take_a_required_attribute_away(identitystore, store, make_user):
    user = make_user()
    with refused("ValidationException", "displayName is a required attribute"):
        identitystore.update_user(IdentityStoreId=store, UserId=user, Operations=[{"AttributePath": "displayName"}])


def test_update_of_another_revision_is_refused(identitystore, store, make_user):
    user = make_user()
    update(identitystore, store, user, "title", "Countess")
    with refused("ConflictException", Reason="CONCURRENT_MODIFICATION"):
        update(identitystore, store, user, "title", "Lady", Revision="1")


def test_update_to_a_taken_name_is_refused(identitystore, store, make_user):
    make_user("ada")
    with refused("ConflictException", "Duplicate UserName"):
        update(identitystore, store, make_user("grace"), "userName", "ada")


def test_extensions_are_shown_to_those_who_ask_for_them(identitystore, store, make_user):
    extension = "aws:identitystore:enterprise"
    user = make_user(Extensions={extension: {"employeeNumber": "7"}})
    update(identitystore, store, user, f"{extension}.department", "Engines")
    asked = identitystore.describe_user(IdentityStoreId=store, UserId=user, Extensions=[extension])
    assert asked["Extensions"] == {extension: {"employeeNumber": "7", "department": "Engines"}}
    assert "Extensions" not in identitystore.describe_user(IdentityStoreId=store, UserId=user)


# -- finding


def user_id(identitystore, store, **alternative):
    return identitystore.get_user_id(IdentityStoreId=store, AlternateIdentifier=alternative)["UserId"]


@pytest.mark.parametrize(("path", "value"), [("userName", "ADA"), ("emails.value", "ada@example.com")])
def test_user_is_found_by_a_unique_attribute(identitystore, store, make_user, path, value):
    user = make_user("ada", Emails=[{"Value": "ada@example.com"}])
    unique = {"AttributePath": path, "AttributeValue": value}
    assert user_id(identitystore, store, UniqueAttribute=unique) == user


def test_user_is_found_by_its_external_id(identitystore, store, make_user):
    user = make_user()
    external = {"Issuer": "https://idp.example.com", "Id": "17"}
    update(identitystore, store, user, "externalIds", [external])
    assert user_id(identitystore, store, ExternalId=external) == user
    assert identitystore.describe_user(IdentityStoreId=store, UserId=user)["ExternalIds"] == [external]


def test_unknown_alternative_is_not_found(identitystore, store):
    with refused("ResourceNotFoundException", "USER not found.", ResourceType="USER"):
        user_id(identitystore, store, UniqueAttribute={"AttributePath": "userName", "AttributeValue": "nobody"})


def test_attribute_that_is_not_unique_does_not_find_anybody(identitystore, store):
    with refused("ValidationException"):
        user_id(identitystore, store, UniqueAttribute={"AttributePath": "title", "AttributeValue": "Countess"})


def test_pages_of_users_make_the_whole_list(identitystore, store, make_user):
    made = {make_user(f"user{number}") for number in range(5)}
    paginator = identitystore.get_paginator("list_users")
    pages = list(paginator.paginate(IdentityStoreId=store, PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]
    assert {user["UserId"] for page in pages for user in page["Users"]} == made


def test_bad_token_is_refused(identitystore, store):
    with refused("ValidationException"):
        identitystore.list_users(IdentityStoreId=store, NextToken="garbage")


def test_filter_finds_the_user_of_a_name(identitystore, store, make_user):
    user = make_user("ada")
    make_user("grace")
    filters = [{"AttributePath": "UserName", "AttributeValue": "ada"}]
    found = identitystore.list_users(IdentityStoreId=store, Filters=filters)["Users"]
    assert [row["UserId"] for row in found] == [user]


def test_filter_by_another_attribute_is_refused(identitystore, store):
    with refused("ValidationException"):
        identitystore.list_users(
            IdentityStoreId=store, Filters=[{"AttributePath": "Title", "AttributeValue": "Countess"}]
        )


def test_user_needs_permission_for_the_store_and_for_the_user(aws, identitystore, store, make_user):
    iam = aws("iam")
    iam.create_user(UserName="reader")
    store_arn = f"arn:aws:identitystore::{aws.account}:identitystore/{store}"
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"identitystore:*","Resource":"%s"}]}'
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document % store_arn)
    reader = aws("identitystore", credentials=iam.create_access_key(UserName="reader")["AccessKey"])
    reader.create_group(IdentityStoreId=store, DisplayName="allowed")
    user = make_user()
    with refused("AccessDeniedException"):
        reader.describe_user(IdentityStoreId=store, UserId=user)
