"""Versions of parameters, their history and labels."""

from __future__ import annotations

import pytest


@pytest.fixture
def three(put):
    """A parameter with the values 1, 2 and 3."""
    for number in (1, 2, 3):
        put(value=str(number))


@pytest.fixture
def label(ssm):
    def label(number, *labels):
        return ssm.label_parameter_version(Name="/app/db", ParameterVersion=number, Labels=labels)["InvalidLabels"]

    return label


def test_a_version_is_read_by_its_number(three, get):
    found = get("/app/db:2")
    assert (found["Value"], found["Version"], found["Selector"]) == ("2", 2, ":2")
    assert get()["Value"] == "3"


def test_a_version_that_is_not_there_is_not_found(three, get, refused):
    with refused("ParameterVersionNotFound", "Systems Manager could not find version 4 of /app/db."):
        get("/app/db:4")
    with refused("ParameterVersionNotFound", "could not find label prod of /app/db"):
        get("/app/db:prod")


def test_a_reference_has_one_selector(three, get, refused):
    with refused("ValidationException", "Please use correct syntax for referencing a version/label"):
        get("/app/db:1:2")


def test_the_history_tells_of_every_version(ssm, put, label):
    put(value="1", Description="first")
    put(value="2")
    label(1, "old")
    first, second = ssm.get_parameter_history(Name="/app/db")["Parameters"]
    assert (first["Value"], first["Version"], first["Labels"], first["Description"]) == ("1", 1, ["old"], "first")
    assert (second["Value"], second["Labels"], second["Tier"], second["Policies"]) == ("2", [], "Standard", [])
    assert second["LastModifiedUser"].endswith(":root")


def test_the_history_comes_in_pages(ssm, three):
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="/app/db", PaginationConfig={"PageSize": 2})
    assert [[entry["Version"] for entry in page["Parameters"]] for page in pages] == [[1, 2], [3]]


def test_a_hundred_versions_are_kept(ssm, put):
    for number in range(102):
        put(value=str(number))
    numbers = [
        entry["Version"]
        for page in ssm.get_paginator("get_parameter_history").paginate(Name="/app/db")
        for entry in page["Parameters"]
    ]
    assert numbers == list(range(3, 103))


def test_the_oldest_version_stays_while_it_has_a_label(put, label, refused):
    for number in range(100):
        put(value=str(number))
    label(1, "keep")
    with refused("ParameterMaxVersionLimitExceeded", "Version 1, the oldest version, can't be deleted"):
        put(value="one too many")


# -- labels


def test_a_version_is_read_by_its_label(three, label, get):
    assert label(2, "prod") == []
    found = get("/app/db:prod")
    assert (found["Value"], found["Selector"]) == ("2", ":prod")


def test_a_label_moves_from_version_to_version(three, label, get):
    label(1, "prod")
    label(3, "prod")
    assert get("/app/db:prod")["Version"] == 3


def test_without_a_number_the_latest_version_is_labelled(ssm, three, get):
    assert ssm.label_parameter_version(Name="/app/db", Labels=["new"])["ParameterVersion"] == 3


def test_labels_of_a_wrong_form_are_told(three, label, get):
    assert label(1, "good", "awsome", "SSM1", "1st", "a b") == ["awsome", "SSM1", "1st", "a b"]
    assert get("/app/db:good")["Version"] == 1


def test_a_version_has_ten_labels(three, label, refused):
    label(1, *[f"l{number}" for number in range(10)])
    with refused("ParameterVersionLabelLimitExceeded", "A parameter version can have maximum 10 labels."):
        label(1, "one-more")


def test_labels_are_taken_from_the_version_that_has_them(ssm, three, label, get, refused):
    label(1, "prod")
    answer = ssm.unlabel_parameter_version(Name="/app/db", ParameterVersion=1, Labels=["prod", "other"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["prod"], ["other"])
    with refused("ParameterVersionNotFound"):
        get("/app/db:prod")


def test_a_version_that_is_not_there_is_not_labelled(three, label, refused):
    with refused("ParameterVersionNotFound"):
        label(9, "prod")
