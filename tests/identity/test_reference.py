"""What AWS's authorization reference says about services and actions."""

import pytest

from fogbank.identity import reference


def test_a_service_is_known_by_the_prefix_of_its_actions():
    assert reference.service("S3").name == "Amazon S3"
    assert reference.service("nosuch") is None
    assert "sqs" in reference.prefixes()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("SendMessage", {"SendMessage"}),
        ("sendmessage", {"SendMessage"}),
        ("*queuetags", {"ListQueueTags"}),
        ("?urgeQueue", {"PurgeQueue"}),
        ("Send", set()),
    ],
)
def test_actions_are_found_by_pattern_in_any_case(pattern, names):
    assert {action.name for action in reference.service("sqs").matching(pattern)} == names


def test_an_action_has_its_level_resources_and_keys():
    action = reference.service("iam").actions["passrole"]
    assert action.access_level == "Write"
    assert [used.name for used in action.resource_types] == ["role"]
    assert "iam:PassedToService" in action.condition_keys
    assert (
        reference.service("iam").resource_types["role"].arn
        == "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
    )


def test_condition_keys_with_a_part_of_the_users_are_found():
    s3 = reference.service("s3")
    assert s3.condition_key("s3:ExistingObjectTag/colour").type == "String"
    assert s3.condition_key("s3:ExistingObjectTag/") is None
    assert s3.condition_key("S3:MAX-KEYS").type == "Numeric"
    assert reference.same_key("aws:RequestTag/${TagKey}", "aws:requesttag/Team")
    assert not reference.same_key("aws:TagKeys", "aws:TagKeys/x")


def test_every_service_can_be_read():
    for prefix in reference.prefixes():
        service = reference.service(prefix)
        assert all(name == action.name.lower() for name, action in service.actions.items())
        assert service.resource_types is not None
        assert service.condition_keys is not None
