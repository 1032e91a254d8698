"""Groups and memberships."""

import pytest


@pytest.fixture
def staff(make_group):
    return make_group("staff", Path="/org/")


def test_a_group_shows_its_users_by_name(iam, staff, make_user, aws):
    for name in ("b", "a"):
        make_user(name)
        iam.add_user_to_group(GroupName="STAFF", UserName=name)
    found = iam.get_group(GroupName="staff")
    assert found["Group"] == staff
    assert staff["Arn"] == f"arn:aws:iam::{aws.account}:group/org/staff"
    assert staff["GroupId"].startswith("AGPA")
    assert [user["UserName"] for user in found["Users"]] == ["a", "b"]


def test_the_users_of_a_group_come_in_pages(iam, staff, make_user):
    for number in range(3):
        make_user(f"u{number}")
        iam.add_user_to_group(GroupName="staff", UserName=f"u{number}")
    pages = list(iam.get_paginator("get_group").paginate(GroupName="staff", PaginationConfig={"PageSize": 2}))
    assert [[user["UserName"] for user in page["Users"]] for page in pages] == [["u0", "u1"], ["u2"]]


def test_adding_and_removing_twice_is_no_error(iam, staff, make_user):
    make_user()
    for _ in range(2):
        iam.add_user_to_group(GroupName="staff", UserName="user")
    assert len(iam.get_group(GroupName="staff")["Users"]) == 1
    for _ in range(2):
        iam.remove_user_from_group(GroupName="staff", UserName="user")
    assert iam.get_group(GroupName="staff")["Users"] == []


def test_a_user_is_in_ten_groups_at_most(iam, make_user, make_group, refused):
    make_user()
    for number in range(10):
        make_group(f"g{number}")
        iam.add_user_to_group(GroupName=f"g{number}", UserName="user")
    make_group("one-more")
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10"):
        iam.add_user_to_group(GroupName="one-more", UserName="user")


def test_a_group_with_users_is_not_deleted(iam, staff, make_user, refused):
    make_user()
    iam.add_user_to_group(GroupName="staff", UserName="user")
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first."):
        iam.delete_group(GroupName="staff")
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first."):
        iam.delete_user(UserName="user")
    iam.remove_user_from_group(GroupName="staff", UserName="user")
    iam.delete_group(GroupName="staff")
    iam.delete_user(UserName="user")


def test_a_renamed_group_keeps_its_users(iam, staff, make_user):
    make_user()
    iam.add_user_to_group(GroupName="staff", UserName="user")
    iam.update_group(GroupName="staff", NewGroupName="crew", NewPath="/")
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="user")["Groups"]] == ["crew"]
    assert iam.list_groups(PathPrefix="/org/")["Groups"] == []


@pytest.mark.parametrize(("group", "user", "missing"), [("no", "user", "group"), ("staff", "no", "user")])
def test_who_is_not_there_cannot_be_joined(iam, staff, make_user, refused, group, user, missing):
    make_user()
    with refused("NoSuchEntity", f"The {missing} with name no cannot be found."):
        iam.add_user_to_group(GroupName=group, UserName=user)


def test_a_groups_name_is_taken_whatever_its_case(staff, make_group, refused):
    with refused("EntityAlreadyExists", "Group with name Staff already exists."):
        make_group("Staff")
