"""Parameters by path, and descriptions with filters."""

from __future__ import annotations

import pytest


@pytest.fixture
def tree(put):
    put("/myapp/prod/host", "h")
    put("/myapp/prod/port", "1")
    put("/myapp/prod/db/user", "u")
    put("/myapp/production", "no")
    put("/myapp/dev/host", "d")
    put("/list", "a,b", Type="StringList")
    put("plain", "p", Tier="Advanced")


@pytest.fixture
def by_path(ssm):
    def by_path(path, **params):
        return [found["Name"] for found in ssm.get_parameters_by_path(Path=path, **params)["Parameters"]]

    return by_path


def test_a_path_has_the_parameters_right_below_it(tree, by_path):
    assert by_path("/myapp/prod") == ["/myapp/prod/host", "/myapp/prod/port"]
    assert by_path("/myapp/prod/") == ["/myapp/prod/host", "/myapp/prod/port"]
    assert by_path("/myapp") == ["/myapp/production"]
    assert by_path("/") == ["/list", "plain"]


def test_a_path_has_all_parameters_below_it_when_asked_for(tree, by_path):
    assert by_path("/myapp/prod", Recursive=True) == ["/myapp/prod/db/user", "/myapp/prod/host", "/myapp/prod/port"]
    assert len(by_path("/", Recursive=True)) == 7
    assert by_path("/myapp/prod/host", Recursive=True) == []


def test_the_pages_of_a_path_are_its_parameters(ssm, put):
    for number in range(25):
        put(f"/p/{number:02}")
    pages = list(ssm.get_paginator("get_parameters_by_path").paginate(Path="/p"))
    assert [len(page["Parameters"]) for page in pages] == [10, 10, 5]
    assert [found["Name"] for page in pages for found in page["Parameters"]] == [
        f"/p/{number:02}" for number in range(25)
    ]


@pytest.mark.parametrize("path", ["myapp", "/my app", "/a//b", "/a:1"])
def test_what_is_no_path_is_refused(by_path, refused, path):
    with refused("ValidationException", 'must begin with a forward slash "/"'):
        by_path(path)


def test_a_path_is_filtered_by_type_and_label(ssm, put, tree, by_path):
    types = [{"Key": "Type", "Option": "Equals", "Values": ["StringList"]}]
    assert by_path("/", Recursive=True, ParameterFilters=types) == ["/list"]
    put("/list", "c", Type="StringList")
    ssm.label_parameter_version(Name="/list", ParameterVersion=1, Labels=["old"])
    labels = [{"Key": "Label", "Values": ["old"]}]
    (found,) = ssm.get_parameters_by_path(Path="/", ParameterFilters=labels)["Parameters"]
    assert (found["Value"], found["Selector"]) == ("a,b", ":old")


def test_a_path_is_not_filtered_by_name(by_path, refused):
    with refused("InvalidFilterKey"):
        by_path("/", ParameterFilters=[{"Key": "Name", "Values": ["a"]}])


@pytest.mark.parametrize("operation", ["get_parameters_by_path", "describe_parameters"])
def test_a_token_that_nobody_gave_out_is_refused(ssm, refused, operation):
    params = {"Path": "/"} if operation == "get_parameters_by_path" else {}
    with refused("InvalidNextToken"):
        getattr(ssm, operation)(NextToken="garbage", **params)


# -- descriptions


@pytest.fixture
def names(ssm):
    def names(*filters, **params):
        given = [dict(zip(("Key", "Option", "Values"), entry, strict=True)) for entry in filters]
        return [found["Name"] for found in ssm.describe_parameters(ParameterFilters=given, **params)["Parameters"]]

    return names


def test_a_description_tells_all_but_the_value(aws, put, described):
    put(Description="the database", AllowedPattern=".*")
    found = described()
    assert found.pop("LastModifiedDate")
    assert found == {
        "Name": "/app/db",
        "ARN": f"arn:aws:ssm:us-east-1:{aws.account}:parameter/app/db",
        "Type": "String",
        "LastModifiedUser": f"arn:aws:iam::{aws.account}:root",
        "Description": "the database",
        "AllowedPattern": ".*",
        "Version": 1,
        "Tier": "Standard",
        "Policies": [],
        "DataType": "text",
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("Name", "Equals", ["/myapp/dev/host", "plain"])], ["/myapp/dev/host", "plain"]),
        ([("Name", "Equals", ["/plain"])], ["plain"]),
        ([("Name", "BeginsWith", ["/myapp/d"])], ["/myapp/dev/host"]),
        ([("Name", "Contains", ["host"])], ["/myapp/dev/host", "/myapp/prod/host"]),
        ([("Type", "Equals", ["StringList"])], ["/list"]),
        ([("Type", "BeginsWith", ["StringL"])], ["/list"]),
        ([("Tier", "Equals", ["Advanced"])], ["plain"]),
        ([("Path", "OneLevel", ["/myapp/prod"])], ["/myapp/prod/host", "/myapp/prod/port"]),
        ([("Path", "Recursive", ["/myapp/prod/db", "/myapp/dev"])], ["/myapp/dev/host", "/myapp/prod/db/user"]),
        ([("Path", "Recursive", ["/myapp"]), ("Name", "Contains", ["port"])], ["/myapp/prod/port"]),
        ([("DataType", "Equals", ["json"])], []),
        ([("KeyId", "BeginsWith", ["alias/"])], []),
    ],
)
def test_filters_let_through_what_they_describe(tree, names, filters, expected):
    assert names(*filters) == expected


def test_parameters_are_found_by_their_tags(ssm, put, names):
    put("/a", Tags=[{"Key": "team", "Value": "red"}])
    put("/b", Tags=[{"Key": "team", "Value": "blue"}])
    put("/c")
    assert names(("tag:team", "Equals", ["red"])) == ["/a"]
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "tag:team"}])["Parameters"]
    assert [parameter["Name"] for parameter in found] == ["/a", "/b"]


def test_the_old_filters_still_work(ssm, tree):
    found = ssm.describe_parameters(Filters=[{"Key": "Type", "Values": ["StringList"]}])["Parameters"]
    assert [parameter["Name"] for parameter in found] == ["/list"]


@pytest.mark.parametrize(
    ("filters", "code", "message"),
    [
        (
            [{"Key": "Name", "Option": "Recursive", "Values": ["a"]}],
            "InvalidFilterOption",
            "[BeginsWith, Contains, Equals]",
        ),
        ([{"Key": "Path", "Option": "Equals", "Values": ["/a"]}], "InvalidFilterOption", "[Recursive, OneLevel]"),
        ([{"Key": "Path", "Values": ["a"]}], "ValidationException", "must begin with a forward slash"),
        ([{"Key": "Type", "Values": ["Number"]}], "InvalidFilterValue", "[String, StringList, SecureString]"),
        ([{"Key": "Name"}], "InvalidFilterValue", "filter values are missing"),
        ([{"Key": "Label", "Values": ["a"]}], "InvalidFilterKey", "Label"),
        ([{"Key": "Name", "Values": ["a"]}] * 2, "ValidationException", "duplicated in the request: Name"),
    ],
)
def test_filters_that_make_no_sense_are_refused(ssm, refused, filters, code, message):
    with refused(code, message):
        ssm.describe_parameters(ParameterFilters=filters)


def test_two_kinds_of_filters_are_refused(ssm, refused):
    with refused("ValidationException", "You can use either Filters or ParameterFilters in a single request."):
        ssm.describe_parameters(
            Filters=[{"Key": "Name", "Values": ["a"]}], ParameterFilters=[{"Key": "Name", "Values": ["a"]}]
        )


def test_descriptions_come_in_pages(ssm, tree, names):
    pages = list(ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Parameters"]) for page in pages] == [3, 3, 1]
    assert [found["Name"] for page in pages for found in page["Parameters"]] == names()
