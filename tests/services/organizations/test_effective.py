"""Effective policies, as members see them."""

from __future__ import annotations

import json

TAG = "TAG_POLICY"


def tags(**settings):
    return {"tags": {"costcenter": settings}}


def test_policies_of_all_levels_merge(org, root, member, make_unit, enable, make_policy):
    enable(TAG)
    unit = make_unit()
    org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    assigned = tags(tag_key={"@@assign": "CostCenter"}, tag_value={"@@assign": ["Development", "Support"]})
    org.attach_policy(PolicyId=make_policy(assigned, TAG, "a"), TargetId=root)
    org.attach_policy(PolicyId=make_policy(tags(tag_value={"@@append": ["Marketing"]}), TAG, "b"), TargetId=unit)
    org.attach_policy(PolicyId=make_policy(tags(tag_value={"@@remove": ["Support"]}), TAG, "c"), TargetId=member)
    effective = org.describe_effective_policy(PolicyType=TAG, TargetId=member)["EffectivePolicy"]
    assert (effective["TargetId"], effective["PolicyType"]) == (member, TAG)
    assert json.loads(effective["PolicyContent"]) == tags(tag_key="CostCenter", tag_value=["Development", "Marketing"])


def test_a_member_sees_its_own_and_no_other(org, aws, root, member, enable, make_policy, refused):
    enable(TAG)
    org.attach_policy(PolicyId=make_policy(tags(tag_key={"@@assign": "CC"}), TAG), TargetId=root)
    theirs = aws("organizations", account=member)
    own = theirs.describe_effective_policy(PolicyType=TAG)["EffectivePolicy"]
    assert own["TargetId"] == member
    with refused("AccessDeniedException"):
        theirs.describe_effective_policy(PolicyType=TAG, TargetId=aws.account)


def test_without_policies_there_is_no_effective_one(org, root, member, enable, refused):
    with refused("EffectivePolicyNotFoundException"):
        org.describe_effective_policy(PolicyType=TAG, TargetId=member)
    enable(TAG)
    with refused("EffectivePolicyNotFoundException"):
        org.describe_effective_policy(PolicyType=TAG, TargetId=member)
    with refused("TargetNotFoundException"):
        org.describe_effective_policy(PolicyType=TAG, TargetId="123456789012")


def test_an_effective_policy_that_is_too_large_is_reported(org, root, member, enable, make_policy):
    enable(TAG)
    large = [
        make_policy(
            {"tags": {f"{name}{number}": {"tag_key": {"@@assign": "x" * 80}} for number in range(70)}}, TAG, name
        )
        for name in ("first", "second")
    ]
    org.attach_policy(PolicyId=large[0], TargetId=root)
    assert org.list_accounts_with_invalid_effective_policy(PolicyType=TAG)["Accounts"] == []
    org.attach_policy(PolicyId=large[1], TargetId=member)
    (account,) = org.list_accounts_with_invalid_effective_policy(PolicyType=TAG)["Accounts"]
    assert account["Id"] == member
    report = org.list_effective_policy_validation_errors(AccountId=member, PolicyType=TAG)
    (fault,) = report["EffectivePolicyValidationErrors"]
    assert set(fault["ContributingPolicies"]) == set(large)
    assert report["Path"].endswith(f"/{root}/{member}/")
