"""Versions and their staging labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel import AWSError
from fogbank.services.secretsmanager import stages as algebra


def test_a_new_value_is_current_and_the_old_one_previous(sm, make, put, version, stages):
    make(SecretString="v1", ClientRequestToken=version(1))
    answer = put(2)
    assert (answer["VersionId"], answer["VersionStages"]) == (version(2), ["AWSCURRENT"])
    assert stages() == {version(1): ["AWSPREVIOUS"], version(2): ["AWSCURRENT"]}
    assert sm.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "v1"


def test_only_one_version_is_previous(make, put, version, stages):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2)
    put(3)
    assert stages() == {version(2): ["AWSPREVIOUS"], version(3): ["AWSCURRENT"]}


def test_the_first_version_is_current_whatever_labels_it_is_put_with(make, put, version, stages):
    make()
    put(1, "mine")
    assert stages() == {version(1): ["AWSCURRENT", "mine"]}


def test_a_version_put_with_labels_does_not_become_current(sm, make, put, version, stages):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2, "AWSPENDING")
    assert stages() == {version(1): ["AWSCURRENT"], version(2): ["AWSPENDING"]}
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "v1"


def test_a_label_leaves_the_version_that_had_it(make, put, version, stages):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2, "mine")
    put(3, "mine")
    assert stages() == {version(1): ["AWSCURRENT"], version(3): ["mine"]}


def test_putting_the_same_value_under_the_same_token_again_changes_nothing(make, put, version, stages):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2)
    put(3)
    put(2)
    assert stages() == {version(2): ["AWSPREVIOUS"], version(3): ["AWSCURRENT"]}


def test_putting_another_value_under_the_same_token_is_refused(sm, make, put, version, refused):
    arn = make(SecretString="v1", ClientRequestToken=version(1))
    message = f"You can't use ClientRequestToken {version(1)} because that value is already in use for a version of secret {arn}."
    with refused("ResourceExistsException", message):
        sm.put_secret_value(SecretId="db", SecretString="other", ClientRequestToken=version(1))


def test_putting_nothing_is_refused(sm, make, refused):
    make()
    with refused("InvalidRequestException", "You must provide either SecretString or SecretBinary."):
        sm.put_secret_value(SecretId="db")


def test_a_version_is_read_by_its_id_and_by_a_label_that_it_has(sm, make, put, version, refused):
    make(SecretString="v1", ClientRequestToken=version(1))
    put(2)
    assert sm.get_secret_value(SecretId="db", VersionId=version(1))["SecretString"] == "v1"
    both = sm.get_secret_value(SecretId="db", VersionId=version(1), VersionStage="AWSPREVIOUS")
    assert both["SecretString"] == "v1"
    with refused("InvalidRequestException", "VersionStage that is not associated to the provided VersionId"):
        sm.get_secret_value(SecretId="db", VersionId=version(1), VersionStage="AWSCURRENT")


def test_a_version_that_is_not_there_is_not_found(sm, make, version, refused):
    make(SecretString="v1")
    with refused("ResourceNotFoundException", f"for VersionId: {version(9)}"):
        sm.get_secret_value(SecretId="db", VersionId=version(9))
    with refused("ResourceNotFoundException", "for staging label: AWSPENDING"):
        sm.get_secret_value(SecretId="db", VersionStage="AWSPENDING")


# -- moving labels


@pytest.fixture
def three(make, put, version):
    """Version 3 is current, 2 previous, 1 has the label mine, 4 none."""
    make(SecretString="v1", ClientRequestToken=version(1))
    put(1)
    put(4)
    put(2)
    put(3)
    return None


def move(sm, label, **versions):
    sm.update_secret_version_stage(SecretId="db", VersionStage=label, **versions)


def test_current_is_rolled_back_by_moving_its_label(sm, three, version, stages):
    move(sm, "AWSCURRENT", MoveToVersionId=version(2), RemoveFromVersionId=version(3))
    assert stages() == {version(2): ["AWSCURRENT"], version(3): ["AWSPREVIOUS"]}
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "v2"


def test_a_label_of_ones_own_is_added_and_removed(sm, three, version, stages):
    move(sm, "mine", MoveToVersionId=version(1))
    assert stages()[version(1)] == ["mine"]
    move(sm, "mine", RemoveFromVersionId=version(1))
    assert version(1) not in stages()


def test_a_label_that_is_elsewhere_must_be_taken_from_there_by_name(sm, three, version, refused):
    message = (
        f"Staging label AWSCURRENT is currently attached to version {version(3)}, so you must explicitly reference"
    )
    with refused("InvalidParameterException", message):
        move(sm, "AWSCURRENT", MoveToVersionId=version(1))
    with refused("InvalidParameterException", "When you move staging label AWSCURRENT"):
        move(sm, "AWSCURRENT", MoveToVersionId=version(1), RemoveFromVersionId=version(2))


def test_current_cannot_be_taken_away_altogether(sm, three, version, refused):
    with refused(
        "InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version"
    ):
        move(sm, "AWSCURRENT", RemoveFromVersionId=version(3))


def test_a_label_is_put_on_known_versions_only(sm, three, version, refused):
    with refused("ResourceNotFoundException"):
        move(sm, "mine", MoveToVersionId=version(9))


def test_a_secret_has_no_more_than_twenty_labels(sm, three, version, refused):
    for number in range(18):
        move(sm, f"label{number}", MoveToVersionId=version(1))
    with refused("LimitExceededException"):
        move(sm, "one too many", MoveToVersionId=version(1))


# -- listing


def test_versions_without_labels_are_listed_when_asked_for(sm, three, version):
    listed = sm.list_secret_version_ids(SecretId="db")
    assert (listed["Name"], listed["ARN"]) == ("db", sm.describe_secret(SecretId="db")["ARN"])
    assert [entry["VersionId"] for entry in listed["Versions"]] == [version(2), version(3)]
    everything = sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    assert {entry["VersionId"] for entry in everything} == {version(number) for number in (1, 2, 3, 4)}
    assert [entry.get("VersionStages") for entry in everything if entry["VersionId"] == version(1)] == [None]


def test_a_version_tells_under_which_key_it_is(sm, make):
    make(SecretString="x")
    assert sm.list_secret_version_ids(SecretId="db")["Versions"][0]["KmsKeyIds"] == ["DefaultEncryptionKey"]


def test_versions_come_in_pages(sm, three):
    first = sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True, MaxResults=3)
    second = sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True, NextToken=first["NextToken"])
    assert [len(page["Versions"]) for page in (first, second)] == [3, 1]
    assert "NextToken" not in second


def test_a_token_that_nobody_gave_out_is_refused(sm, three, refused):
    with refused("InvalidNextTokenException"):
        sm.list_secret_version_ids(SecretId="db", NextToken="garbage")


def test_old_versions_without_labels_make_room_for_new_ones(sm, make, put, version, clock, refused):
    make(SecretString="v1", ClientRequestToken=version(1))
    for number in range(2, 101):
        put(number)
    with refused("LimitExceededException"):
        put(101)
    clock.advance(days=2)
    put(101)
    listed = sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True, MaxResults=100)["Versions"]
    assert len(listed) == 100
    assert version(1) not in {entry["VersionId"] for entry in listed}


# -- the algebra

LABELS = st.sampled_from(["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "mine"])
VERSIONS = st.sampled_from(["a", "b", "c"])
STAGES = st.dictionaries(LABELS, VERSIONS)


@given(STAGES, LABELS, VERSIONS)
def test_attaching_a_label_puts_it_there_and_touches_no_other_but_previous(before, label, version):
    after = algebra.attached(before, version, [label])
    assert after[label] == version
    for other in before.keys() - {label, "AWSPREVIOUS"}:
        assert after[other] == before[other]


@given(STAGES, LABELS, st.none() | VERSIONS, st.none() | VERSIONS)
def test_previous_is_where_current_was(before, label, source, target):
    try:
        after = algebra.moved(before, label, source, target)
    except AWSError:
        return
    if before.get("AWSCURRENT") not in (None, after.get("AWSCURRENT")):
        assert after["AWSPREVIOUS"] == before["AWSCURRENT"]


@given(STAGES, LABELS, st.none() | VERSIONS, st.none() | VERSIONS)
def test_current_never_gets_lost(before, label, source, target):
    try:
        after = algebra.moved(before, label, source, target)
    except AWSError:
        return
    assert ("AWSCURRENT" in after) >= ("AWSCURRENT" in before)
