"""Users."""

import pytest


def test_a_user_is_found_by_name_in_any_case(iam, make_user, aws):
    made = make_user("Alice", Path="/team/")
    found = iam.get_user(UserName="aLICE")["User"]
    assert found == made
    assert found["Arn"] == f"arn:aws:iam::{aws.account}:user/team/Alice"
    assert found["Path"] == "/team/"


def test_a_users_id_begins_with_AIDA_and_has_21_characters(make_user):
    user = make_user()
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21


def test_a_name_is_taken_whatever_its_case(make_user, refused):
    make_user("alice")
    with refused("EntityAlreadyExists", "User with name ALICE already exists."):
        make_user("ALICE")


def test_a_user_that_is_not_there_is_not_found(iam, refused):
    with refused("NoSuchEntity", "The user with name nobody cannot be found."):
        iam.get_user(UserName="nobody")


def test_users_are_listed_by_name_under_a_path(iam, make_user):
    for name, path in [("c", "/a/"), ("A", "/a/b/"), ("b", "/x/")]:
        make_user(name, Path=path)
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["A", "b", "c"]
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/a/")["Users"]] == ["A", "c"]


def test_pages_of_users_make_up_the_whole_list(iam, make_user):
    for number in range(7):
        make_user(f"user-{number}")
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [user["UserName"] for page in pages for user in page["Users"]] == [f"user-{number}" for number in range(7)]


def test_a_marker_that_was_not_given_out_is_refused(iam, refused):
    with refused("ValidationError", "Invalid Marker."):
        iam.list_users(Marker="garbage")


def test_a_renamed_user_keeps_its_id_and_what_belongs_to_it(iam, make_user, make_group, document):
    user = make_user("old")
    make_group("staff")
    iam.add_user_to_group(GroupName="staff", UserName="old")
    iam.put_user_policy(UserName="old", PolicyName="p", PolicyDocument=document)
    iam.update_user(UserName="old", NewUserName="new", NewPath="/moved/")
    found = iam.get_user(UserName="new")["User"]
    assert found["UserId"] == user["UserId"]
    assert found["Arn"].endswith(":user/moved/new")
    assert iam.list_user_policies(UserName="new")["PolicyNames"] == ["p"]
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="new")["Groups"]] == ["staff"]


def test_a_user_can_change_the_case_of_its_name(iam, make_user):
    make_user("alice")
    iam.update_user(UserName="alice", NewUserName="Alice")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["Alice"]


def test_a_user_does_not_get_the_name_of_another(iam, make_user, refused):
    make_user("a")
    make_user("b")
    with refused("EntityAlreadyExists", "User with name B already exists."):
        iam.update_user(UserName="a", NewUserName="B")


def test_a_deleted_user_is_gone(iam, make_user, refused):
    make_user()
    iam.delete_user(UserName="user")
    with refused("NoSuchEntity"):
        iam.get_user(UserName="user")
    assert iam.list_users()["Users"] == []


def test_get_user_without_a_name_shows_the_root_itself(iam, aws):
    user = iam.get_user()["User"]
    assert user["Arn"] == f"arn:aws:iam::{aws.account}:root"
    assert user["UserId"] == aws.account
    assert "UserName" not in user


def test_get_user_without_a_name_shows_the_user_who_calls(iam, make_user, as_user):
    made = make_user()
    caller = as_user("user", "iam:GetUser")
    assert caller("iam").get_user()["User"]["Arn"] == made["Arn"]


@pytest.mark.parametrize("name", ["a b", "a/b", "é"])
def test_a_name_has_only_certain_characters(make_user, refused, name):
    with refused("ValidationError", "The specified value for userName is invalid."):
        make_user(name)


def test_accounts_do_not_see_each_others_users(iam, make_user, aws):
    make_user()
    assert aws("iam", account="111122223333").list_users()["Users"] == []
