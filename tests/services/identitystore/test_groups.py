from __future__ import annotations

import pytest

from tests.services.identitystore.conftest import refused

MISSING = "0123456789-00000000-0000-4000-8000-000000000000"


@pytest.fixture
def join(identitystore, store):
    """Puts a user into a group; the membership's id."""

    def join(group, user):
        return identitystore.create_group_membership(IdentityStoreId=store, GroupId=group, MemberId={"UserId": user})[
            "MembershipId"
        ]

    return join


def test_display_name_is_unique(make_group):
    make_group("engineers")
    with refused("ConflictException", "Duplicate GroupDisplayName", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"):
        make_group("Engineers")


def test_group_is_found_by_its_display_name(identitystore, store, make_group):
    group = make_group("engineers")
    unique = {"AttributePath": "displayName", "AttributeValue": "engineers"}
    found = identitystore.get_group_id(IdentityStoreId=store, AlternateIdentifier={"UniqueAttribute": unique})
    assert found["GroupId"] == group
    assert found["GroupArn"] == f"arn:aws:identitystore:::group/{group}"


def test_update_gives_a_group_another_description(identitystore, store, make_group):
    group = make_group()
    operations = [{"AttributePath": "description", "AttributeValue": "They build engines"}]
    identitystore.update_group(IdentityStoreId=store, GroupId=group, Operations=operations)
    found = identitystore.describe_group(IdentityStoreId=store, GroupId=group)
    assert (found["Description"], found["Revision"]) == ("They build engines", "2")


def test_missing_group_is_told_with_type_and_id(identitystore, store):
    with refused("ResourceNotFoundException", "GROUP not found.", ResourceType="GROUP", ResourceId=MISSING):
        identitystore.delete_group(IdentityStoreId=store, GroupId=MISSING)


def test_filter_finds_the_group_of_a_name(identitystore, store, make_group):
    make_group("engineers")
    make_group("poets")
    filters = [{"AttributePath": "DisplayName", "AttributeValue": "poets"}]
    found = identitystore.list_groups(IdentityStoreId=store, Filters=filters)["Groups"]
    assert [group["DisplayName"] for group in found] == ["poets"]


# -- memberships


def test_membership_is_found_from_both_sides(identitystore, store, make_user, make_group, join):
    group, user = make_group(), make_user()
    membership = join(group, user)
    of_group = identitystore.list_group_memberships(IdentityStoreId=store, GroupId=group)["GroupMemberships"]
    of_user = identitystore.list_group_memberships_for_member(IdentityStoreId=store, MemberId={"UserId": user})
    assert of_group == of_user["GroupMemberships"]
    assert [row["MembershipId"] for row in of_group] == [membership]
    assert of_group[0]["MemberId"] == {"UserId": user}


def test_membership_is_found_by_group_and_user(identitystore, store, make_user, make_group, join):
    group, user = make_group(), make_user()
    membership = join(group, user)
    named = {"IdentityStoreId": store, "GroupId": group, "MemberId": {"UserId": user}}
    assert identitystore.get_group_membership_id(**named)["MembershipId"] == membership
    described = identitystore.describe_group_membership(IdentityStoreId=store, MembershipId=membership)
    assert described["GroupId"] == group


def test_second_membership_of_the_same_user_is_refused(make_user, make_group, join):
    group, user = make_group(), make_user()
    join(group, user)
    with refused("ConflictException", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"):
        join(group, user)


def test_membership_of_a_missing_user_is_refused(make_group, join):
    with refused("ResourceNotFoundException", ResourceType="USER"):
        join(make_group(), MISSING)


def test_missing_membership_is_not_found(identitystore, store):
    with refused("ResourceNotFoundException", ResourceType="GROUP_MEMBERSHIP", ResourceId=MISSING):
        identitystore.describe_group_membership(IdentityStoreId=store, MembershipId=MISSING)


def test_membership_is_told_for_each_group_that_is_asked_about(identitystore, store, make_user, make_group, join):
    user, one, other = make_user(), make_group("one"), make_group("other")
    join(one, user)
    results = identitystore.is_member_in_groups(
        IdentityStoreId=store, MemberId={"UserId": user}, GroupIds=[one, other]
    )["Results"]
    assert [(row["GroupId"], row["MembershipExists"]) for row in results] == [(one, True), (other, False)]


def test_asking_about_a_missing_group_is_refused(identitystore, store, make_user):
    with refused("ResourceNotFoundException", ResourceType="GROUP", ResourceId=MISSING):
        identitystore.is_member_in_groups(IdentityStoreId=store, MemberId={"UserId": make_user()}, GroupIds=[MISSING])


def test_memberships_go_with_the_user(identitystore, store, make_user, make_group, join):
    group, user = make_group(), make_user()
    join(group, user)
    identitystore.delete_user(IdentityStoreId=store, UserId=user)
    assert identitystore.list_group_memberships(IdentityStoreId=store, GroupId=group)["GroupMemberships"] == []


def test_memberships_go_with_the_group(identitystore, store, make_user, make_group, join):
    group, user = make_group(), make_user()
    join(group, user)
    identitystore.delete_group(IdentityStoreId=store, GroupId=group)
    found = identitystore.list_group_memberships_for_member(IdentityStoreId=store, MemberId={"UserId": user})
    assert found["GroupMemberships"] == []


def test_deleted_membership_is_gone_from_both_sides(identitystore, store, make_user, make_group, join):
    group, user = make_group(), make_user()
    identitystore.delete_group_membership(IdentityStoreId=store, MembershipId=join(group, user))
    with refused("ResourceNotFoundException", ResourceType="GROUP_MEMBERSHIP"):
        identitystore.get_group_membership_id(IdentityStoreId=store, GroupId=group, MemberId={"UserId": user})


def test_pages_of_memberships_make_the_whole_list(identitystore, store, make_user, make_group, join):
    group = make_group()
    made = {join(group, make_user(f"user{number}")) for number in range(3)}
    pages = identitystore.get_paginator("list_group_memberships").paginate(
        IdentityStoreId=store, GroupId=group, PaginationConfig={"PageSize": 2}
    )
    assert {row["MembershipId"] for page in pages for row in page["GroupMemberships"]} == made
