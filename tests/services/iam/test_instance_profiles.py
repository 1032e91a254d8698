"""Instance profiles."""

import pytest


@pytest.fixture
def profile(iam):
    return iam.create_instance_profile(InstanceProfileName="Profile", Path="/app/")["InstanceProfile"]


def test_a_profile_holds_a_role(iam, profile, make_role, aws):
    make_role()
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="role")
    found = iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]
    assert found["Arn"] == f"arn:aws:iam::{aws.account}:instance-profile/app/Profile"
    assert found["InstanceProfileId"].startswith("AIPA")
    assert [role["RoleName"] for role in found["Roles"]] == ["role"]
    (listed,) = iam.list_instance_profiles_for_role(RoleName="role")["InstanceProfiles"]
    assert listed["InstanceProfileName"] == "Profile"


def test_a_profile_holds_one_role_at_most(iam, profile, make_role, refused):
    make_role("a")
    make_role("b")
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="a")
    for name in ("a", "b"):
        with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"):
            iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName=name)


def test_a_role_that_is_not_in_it_is_not_removed(iam, profile, make_role, refused):
    make_role()
    with refused("NoSuchEntity", "The role with name role cannot be found."):
        iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="role")


def test_a_profile_with_a_role_is_not_deleted(iam, profile, make_role, refused):
    make_role()
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="role")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_instance_profile(InstanceProfileName="Profile")
    iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="role")
    iam.delete_instance_profile(InstanceProfileName="Profile")
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


def test_a_profile_that_is_there_or_is_not(iam, profile, refused):
    with refused("EntityAlreadyExists", "Instance Profile PROFILE already exists."):
        iam.create_instance_profile(InstanceProfileName="PROFILE")
    with refused("NoSuchEntity", "Instance Profile nothing cannot be found."):
        iam.get_instance_profile(InstanceProfileName="nothing")


def test_the_waiter_finds_a_profile(iam, profile):
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="Profile", WaiterConfig={"MaxAttempts": 1})
