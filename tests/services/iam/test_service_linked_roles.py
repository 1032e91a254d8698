"""Service-linked roles."""

import pytest

from fogbank.services.iam import managed, service_linked_roles


@pytest.fixture
def linked(iam):
    return iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", Description="for ECS")["Role"]


@pytest.fixture
def status(iam):
    def status(task):
        return iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"]

    return status


def test_a_role_has_the_name_path_trust_and_policy_of_its_service(aws, iam, linked):
    assert linked["Arn"] == f"arn:aws:iam::{aws.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    assert linked["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    (statement,) = linked["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": ["ecs.amazonaws.com"]}
    (attached,) = iam.list_attached_role_policies(RoleName=linked["RoleName"])["AttachedPolicies"]
    assert attached["PolicyArn"] == "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
    assert iam.get_role(RoleName=linked["RoleName"])["Role"]["Description"] == "for ECS"


def test_every_services_policy_is_one_of_awss():
    for linked in service_linked_roles._linked_roles().values():
        assert managed.policy(linked.policy) is not None, linked


def test_a_service_has_one_role(iam, linked, refused):
    message = "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix."
    with refused("InvalidInput", message):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_some_services_have_more_with_suffixes(iam, refused):
    make = iam.create_service_linked_role
    role = make(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="blue")["Role"]
    assert role["RoleName"] == "AWSServiceRoleForAutoScaling_blue"
    with refused("InvalidInput", "Custom suffix is not allowed for ecs.amazonaws.com"):
        make(AWSServiceName="ecs.amazonaws.com", CustomSuffix="blue")
    with refused("InvalidInput", "longer than 64"):
        make(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="b" * 60)


def test_other_services_have_none(iam, refused):
    with refused("InvalidInput", "nobody.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName="nobody.amazonaws.com")


def test_users_can_change_its_description(iam, linked):
    iam.update_role(RoleName=linked["RoleName"], Description="new")
    assert iam.get_role(RoleName=linked["RoleName"])["Role"]["Description"] == "new"


def test_users_cannot_change_or_delete_it(iam, linked, refused):
    name = linked["RoleName"]
    with refused("UnmodifiableEntity"):
        iam.update_role(RoleName=name, MaxSessionDuration=7200)
    with refused("UnmodifiableEntity"):
        iam.delete_role(RoleName=name)
    with refused("UnmodifiableEntity"):
        iam.detach_role_policy(
            RoleName=name, PolicyArn="arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
        )


def test_a_deletion_is_asked_for_and_followed(iam, linked, status, clock, refused):
    task = iam.delete_service_linked_role(RoleName=linked["RoleName"])["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/")
    assert status(task) == "IN_PROGRESS"
    assert iam.delete_service_linked_role(RoleName=linked["RoleName"])["DeletionTaskId"] == task
    clock.advance(seconds=2)
    assert status(task) == "SUCCEEDED"
    with refused("NoSuchEntity"):
        iam.get_role(RoleName=linked["RoleName"])
    with refused("NoSuchEntity"):
        iam.delete_service_linked_role(RoleName=linked["RoleName"])
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_an_ordinary_role_is_not_deleted_that_way(iam, make_role, refused):
    make_role()
    with refused("NoSuchEntity"):
        iam.delete_service_linked_role(RoleName="role")


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ("nonsense", "InvalidInput"),
        ("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/0", "NoSuchEntity"),
    ],
)
def test_only_tasks_that_were_given_out_are_followed(status, refused, task, code):
    with refused(code):
        status(task)
