"""Deleting and restoring secrets."""

from __future__ import annotations

import pytest

MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def test_a_deleted_secret_is_there_for_thirty_days_and_then_gone(sm, make, clock, refused):
    make(SecretString="x")
    deleted = sm.delete_secret(SecretId="db")
    clock.advance(days=29)
    assert sm.describe_secret(SecretId="db")["DeletedDate"] == deleted["DeletionDate"]
    clock.advance(days=1)
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId="db")
    assert make(SecretString="new")


def test_the_recovery_window_is_what_was_asked_for(sm, make, clock, refused):
    make()
    sm.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    clock.advance(days=7)
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId="db")


@pytest.mark.parametrize("days", [0, 6, 31])
def test_a_recovery_window_is_seven_to_thirty_days(sm, make, refused, days):
    make()
    with refused("InvalidParameterException", "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."):
        sm.delete_secret(SecretId="db", RecoveryWindowInDays=days)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("get_secret_value", {}),
        ("put_secret_value", {"SecretString": "y"}),
        ("update_secret", {"Description": "new"}),
        ("tag_resource", {"Tags": []}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("get_resource_policy", {}),
        ("rotate_secret", {}),
        ("update_secret_version_stage", {"VersionStage": "mine"}),
        ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
    ],
)
def test_a_secret_marked_for_deletion_is_neither_read_nor_changed(sm, make, refused, operation, params):
    make(SecretString="x")
    sm.delete_secret(SecretId="db")
    with refused("InvalidRequestException", MARKED):
        getattr(sm, operation)(SecretId="db", **params)


def test_the_name_of_a_secret_marked_for_deletion_is_taken(sm, make, refused):
    make()
    sm.delete_secret(SecretId="db")
    with refused("InvalidRequestException", "a secret with this name is already scheduled for deletion."):
        sm.create_secret(Name="db")


def test_deleting_twice_is_refused(sm, make, refused):
    make()
    sm.delete_secret(SecretId="db")
    with refused("InvalidRequestException", "already scheduled for deletion"):
        sm.delete_secret(SecretId="db")


def test_a_restored_secret_has_its_value_and_stays(sm, make, clock):
    make(SecretString="x")
    sm.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    sm.restore_secret(SecretId="db")
    clock.advance(days=8)
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "x"
    assert "DeletedDate" not in sm.describe_secret(SecretId="db")


def test_restoring_what_was_not_deleted_changes_nothing(sm, make):
    arn = make()
    assert sm.restore_secret(SecretId="db")["ARN"] == arn


def test_a_secret_deleted_by_force_is_gone_at_once(sm, make, refused):
    arn = make(SecretString="x")
    sm.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        sm.restore_secret(SecretId="db")
    assert make(SecretString="y") != arn
    assert len(sm.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]) == 1


def test_a_secret_marked_for_deletion_can_still_be_deleted_by_force(sm, make, refused):
    make()
    sm.delete_secret(SecretId="db")
    sm.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId="db")


def test_deleting_what_is_not_there_is_refused_unless_by_force(sm, refused):
    with refused("ResourceNotFoundException"):
        sm.delete_secret(SecretId="nothing")
    assert sm.delete_secret(SecretId="nothing", ForceDeleteWithoutRecovery=True)["Name"] == "nothing"


def test_force_has_no_recovery_window(sm, make, refused):
    make()
    with refused("InvalidParameterException", "ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays"):
        sm.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True, RecoveryWindowInDays=7)
