"""Listing secrets, filters, and reading many at once."""

from __future__ import annotations

import pytest


@pytest.fixture
def several(sm, clock):
    """Four secrets, created a minute apart."""
    for name, description, tags in (
        ("prod/db", "Main database", {"team": "red", "env": "prod"}),
        ("prod/api", "An API key", {"team": "blue"}),
        ("dev/db", "main database of dev", {"Team": "red"}),
        ("other", "", {}),
    ):
        marks = [{"Key": key, "Value": value} for key, value in tags.items()]
        sm.create_secret(Name=name, Description=description, SecretString=f"value of {name}", Tags=marks)
        clock.advance(minutes=1)


@pytest.fixture
def names(sm):
    def names(*filters, **params):
        given = [{"Key": key, "Values": values} for key, values in filters]
        return [secret["Name"] for secret in sm.list_secrets(Filters=given, **params)["SecretList"]]

    return names


def test_secrets_are_listed_as_they_were_created(several, names):
    assert names() == ["prod/db", "prod/api", "dev/db", "other"]
    assert names(SortOrder="desc") == ["other", "dev/db", "prod/api", "prod/db"]


def test_secrets_are_listed_in_the_order_asked_for(sm, several, names):
    assert names(SortBy="name") == ["dev/db", "other", "prod/api", "prod/db"]
    sm.update_secret(SecretId="prod/db", Description="changed")
    assert names(SortBy="last-changed-date", SortOrder="desc")[0] == "prod/db"
    sm.get_secret_value(SecretId="dev/db")
    assert names(SortBy="last-accessed-date", SortOrder="desc")[0] == "dev/db"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("name", ["prod"])], ["prod/db", "prod/api"]),
        ([("name", ["Prod"])], []),
        ([("name", ["prod/db", "dev"])], ["prod/db", "dev/db"]),
        ([("name", ["!prod"])], ["dev/db", "other"]),
        ([("name", ["prod", "!prod/api"])], ["prod/db"]),
        ([("description", ["MAIN"])], ["prod/db", "dev/db"]),
        ([("tag-key", ["team"])], ["prod/db", "prod/api"]),
        ([("tag-value", ["re"])], ["prod/db", "dev/db"]),
        ([("tag-key", ["team"]), ("tag-value", ["red"])], ["prod/db"]),
        ([("all", ["DATABASE prod"])], ["prod/db"]),
        ([("primary-region", ["us"])], []),
        ([("owning-service", ["rds"])], []),
    ],
)
def test_filters_let_through_what_they_describe(several, names, filters, expected):
    assert names(*filters) == expected


def test_an_entry_tells_what_describing_tells_but_for_replication(sm, several):
    entry = sm.list_secrets(Filters=[{"Key": "name", "Values": ["prod/db"]}])["SecretList"][0]
    described = sm.describe_secret(SecretId="prod/db")
    described.pop("ResponseMetadata")
    described["SecretVersionsToStages"] = described.pop("VersionIdsToStages")
    assert entry == described


def test_secrets_marked_for_deletion_are_listed_when_asked_for(sm, several, names):
    sm.delete_secret(SecretId="other")
    assert "other" not in names()
    assert "other" in names(IncludePlannedDeletion=True)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_pages_are_the_list(sm, several, names, order):
    pages = sm.get_paginator("list_secrets").paginate(SortOrder=order, PaginationConfig={"PageSize": 3})
    found = [[secret["Name"] for secret in page["SecretList"]] for page in pages]
    assert [len(page) for page in found] == [3, 1]
    assert [name for page in found for name in page] == names(SortOrder=order)


def test_a_token_that_nobody_gave_out_is_refused(sm, refused):
    with refused("InvalidNextTokenException"):
        sm.list_secrets(NextToken="garbage")


# -- many at once


def test_values_are_read_together_by_id(sm, several):
    arn = sm.describe_secret(SecretId="dev/db")["ARN"]
    answer = sm.batch_get_secret_value(SecretIdList=["prod/db", arn])
    assert [value["SecretString"] for value in answer["SecretValues"]] == ["value of prod/db", "value of dev/db"]
    assert answer["Errors"] == []


def test_values_are_read_together_by_filters_in_pages(sm, several):
    filters = [{"Key": "name", "Values": ["prod"]}]
    first = sm.batch_get_secret_value(Filters=filters, MaxResults=1)
    second = sm.batch_get_secret_value(Filters=filters, MaxResults=1, NextToken=first["NextToken"])
    assert [page["SecretValues"][0]["Name"] for page in (first, second)] == ["prod/db", "prod/api"]
    assert "NextToken" not in second


def test_what_cannot_be_read_is_told_beside_the_rest(sm, several):
    sm.create_secret(Name="empty")
    sm.delete_secret(SecretId="other")
    answer = sm.batch_get_secret_value(SecretIdList=["nothing", "other", "empty", "dev/db"])
    assert [value["Name"] for value in answer["SecretValues"]] == ["dev/db"]
    assert [(error["SecretId"], error["ErrorCode"]) for error in answer["Errors"]] == [
        ("nothing", "ResourceNotFoundException"),
        ("other", "InvalidRequestException"),
        ("empty", "ResourceNotFoundException"),
    ]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"SecretIdList": ["a"], "Filters": [{"Key": "name", "Values": ["a"]}]},
        {"SecretIdList": ["a"], "MaxResults": 1},
    ],
    ids=["neither", "both", "a page of ids"],
)
def test_a_batch_is_of_ids_or_of_filters(sm, refused, params):
    with refused("InvalidParameterException"):
        sm.batch_get_secret_value(**params)
