"""The root, units, and where accounts are."""

from __future__ import annotations

import pytest


def test_units_nest_five_levels_deep(org, root, make_unit, refused):
    parent = root
    for level in range(5):
        parent = make_unit(f"level {level}", parent)
    with refused("ConstraintViolationException", "exceed the max depth", reason="OU_DEPTH_LIMIT_EXCEEDED"):
        make_unit("one too many", parent)


def test_a_unit_tells_its_path(org, root, make_unit):
    outer = make_unit("outer")
    inner = make_unit("inner", outer)
    unit = org.describe_organizational_unit(OrganizationalUnitId=inner)["OrganizationalUnit"]
    organization = org.describe_organization()["Organization"]
    assert unit["Path"] == f"{organization['Id']}/{root}/{outer}/{inner}/"
    assert unit["Arn"] == organization["Arn"].replace(":organization/", ":ou/") + f"/{inner}"
    assert inner.startswith(f"ou-{root[2:]}-")


def test_units_of_one_parent_have_different_names(org, root, make_unit, refused):
    outer = make_unit("same")
    make_unit("same", outer)
    other = make_unit("other")
    with refused("DuplicateOrganizationalUnitException"):
        make_unit("same")
    with refused("DuplicateOrganizationalUnitException"):
        org.update_organizational_unit(OrganizationalUnitId=other, Name="same")


def test_a_renamed_unit_stays_where_it_is(org, root, make_unit):
    unit = make_unit("before")
    inner = make_unit("inner", unit)
    renamed = org.update_organizational_unit(OrganizationalUnitId=unit, Name="after")["OrganizationalUnit"]
    assert (renamed["Id"], renamed["Name"]) == (unit, "after")
    assert org.list_parents(ChildId=inner)["Parents"] == [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]


def test_a_unit_with_something_in_it_cannot_be_deleted(org, root, member, make_unit, refused):
    unit = make_unit()
    inner = make_unit("inner", unit)
    with refused("OrganizationalUnitNotEmptyException"):
        org.delete_organizational_unit(OrganizationalUnitId=unit)
    org.delete_organizational_unit(OrganizationalUnitId=inner)
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    with refused("OrganizationalUnitNotEmptyException"):
        org.delete_organizational_unit(OrganizationalUnitId=unit)
    org.move_account(AccountId=member, SourceParentId=unit, DestinationParentId=root)
    org.delete_organizational_unit(OrganizationalUnitId=unit)
    with refused("OrganizationalUnitNotFoundException"):
        org.describe_organizational_unit(OrganizationalUnitId=unit)


def test_accounts_move_between_parents(org, root, member, make_unit):
    unit = make_unit()
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    assert org.list_parents(ChildId=member)["Parents"] == [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]
    assert [account["Id"] for account in org.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [member]
    assert org.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"] == [{"Id": member, "Type": "ACCOUNT"}]
    assert member not in [account["Id"] for account in org.list_accounts_for_parent(ParentId=root)["Accounts"]]


def test_moves_that_make_no_sense_are_refused(org, root, member, make_unit, refused):
    unit, missing = make_unit(), f"ou-{root[2:]}-00000000"
    with refused("SourceParentNotFoundException"):
        org.move_account(AccountId=member, SourceParentId=unit, DestinationParentId=root)
    with refused("DuplicateAccountException"):
        org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=root)
    with refused("DestinationParentNotFoundException"):
        org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=missing)
    with refused("AccountNotFoundException"):
        org.move_account(AccountId="123456789012", SourceParentId=root, DestinationParentId=unit)


def test_what_is_not_there_is_not_found(org, root, refused):
    missing = f"ou-{root[2:]}-00000000"
    with refused("ParentNotFoundException", "You specified parent that doesn't exist."):
        org.list_children(ParentId=missing, ChildType="ACCOUNT")
    with refused("ChildNotFoundException"):
        org.list_parents(ChildId=missing)
    with refused("ParentNotFoundException"):
        org.create_organizational_unit(ParentId=missing, Name="x")


def test_pages_of_units_are_walked(org, root, make_unit):
    made = {make_unit(f"unit {number}") for number in range(5)}
    paginator = org.get_paginator("list_organizational_units_for_parent")
    pages = list(paginator.paginate(ParentId=root, PaginationConfig={"PageSize": 2}))
    assert len(pages) == 3
    assert {unit["Id"] for page in pages for unit in page["OrganizationalUnits"]} == made


@pytest.mark.parametrize("operation", ["list_roots", "list_accounts", "list_handshakes_for_account"])
def test_a_token_that_was_not_given_out_is_refused(org, root, refused, operation):
    with refused("InvalidInputException", reason="INVALID_NEXT_TOKEN"):
        getattr(org, operation)(NextToken="made up")


def test_input_that_the_model_forbids_has_a_reason(aws, root, refused):
    loose = aws("organizations", parameter_validation=False)
    with refused("InvalidInputException", reason="INVALID_PATTERN"):
        loose.create_organizational_unit(ParentId="nowhere", Name="x")
    with refused("InvalidInputException", reason="INVALID_PATTERN_TARGET_ID"):
        loose.attach_policy(PolicyId="p-12345678", TargetId="nowhere")
    with refused("InvalidInputException", reason="MIN_LENGTH_EXCEEDED"):
        loose.create_organizational_unit(ParentId=root, Name="")
    with refused("InvalidInputException", reason="MAX_LENGTH_EXCEEDED"):
        loose.create_organizational_unit(ParentId=root, Name="x" * 129)
    with refused("InvalidInputException", reason="INPUT_REQUIRED"):
        loose.create_organizational_unit(ParentId=root)
    with refused("InvalidInputException", reason="INVALID_ENUM_POLICY_TYPE"):
        loose.list_policies(Filter="NO_POLICY")
    with refused("InvalidInputException", reason="INVALID_ENUM"):
        loose.list_children(ParentId=root, ChildType="NOBODY")
    with refused("InvalidInputException", reason="MAX_VALUE_EXCEEDED"):
        loose.list_accounts(MaxResults=21)
    with refused("InvalidInputException", reason="MIN_VALUE_EXCEEDED"):
        loose.list_accounts(MaxResults=0)
