"""Permissions boundaries of users and roles."""

import pytest


@pytest.fixture(params=["user", "role"])
def bounded(request, iam, make_user, make_role):
    """Calls an operation on a user or a role: `bounded("put_{}_permissions_boundary", ...)`."""
    noun = request.param
    {"user": make_user, "role": make_role}[noun]("x")

    def call(operation, **params):
        return getattr(iam, operation.format(noun))(**{f"{noun.capitalize()}Name": "x"}, **params)

    call.noun = noun
    call.shown = lambda: call("get_{}")[noun.capitalize()].get("PermissionsBoundary")
    return call


def test_a_boundary_is_put_shown_counted_and_deleted(iam, bounded, make_policy):
    arn = make_policy()
    bounded("put_{}_permissions_boundary", PermissionsBoundary=arn)
    assert bounded.shown() == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (0, 1)
    bounded("delete_{}_permissions_boundary")
    assert bounded.shown() is None
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 0


def test_another_boundary_takes_the_place_of_the_first(iam, bounded, make_policy):
    first, second = make_policy("a"), make_policy("b")
    bounded("put_{}_permissions_boundary", PermissionsBoundary=first)
    bounded("put_{}_permissions_boundary", PermissionsBoundary=second)
    assert iam.get_policy(PolicyArn=first)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    assert bounded.shown()["PermissionsBoundaryArn"] == second


def test_a_boundary_that_is_not_there_is_refused(bounded, refused):
    arn = "arn:aws:iam::aws:policy/Nothing"
    with refused("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable."):
        bounded("put_{}_permissions_boundary", PermissionsBoundary=arn)


def test_a_boundary_that_nobody_has_is_not_deleted(bounded, refused):
    with refused("NoSuchEntity", f"The {bounded.noun} with name x does not have a permissions boundary."):
        bounded("delete_{}_permissions_boundary")


def test_a_policy_that_is_a_boundary_is_not_deleted(iam, make_policy, make_role, refused):
    arn = make_policy()
    make_role(PermissionsBoundary=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_role(RoleName="role")
    iam.delete_policy(PolicyArn=arn)
