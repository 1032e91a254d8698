"""Who can get in from outside, by a policy or an access control list."""

import pytest

from fogbank.identity import reference
from fogbank.identity.principals import canonical_id
from fogbank.services.accessanalyzer.exposure import KINDS, Zone, of_acl, of_policy

HERE, THERE = "111122223333", "444455556666"
ACCOUNT = Zone(frozenset({HERE}))
ORGANIZATION = Zone(frozenset({HERE, "777788889999"}), "o-1234567890")
QUEUE = "AWS::SQS::Queue"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal, actions="sqs:SendMessage", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*", **more}


def found(*statements, kind=QUEUE, zone=ACCOUNT):
    return of_policy(document(*statements), kind, zone)


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        ("*", ("AWS", "*")),
        ({"AWS": "*"}, ("AWS", "*")),
        ({"AWS": THERE}, ("AWS", THERE)),
        ({"AWS": f"arn:aws:iam::{THERE}:root"}, ("AWS", THERE)),
        ({"AWS": f"arn:aws:iam::{THERE}:user/jane"}, ("AWS", f"arn:aws:iam::{THERE}:user/jane")),
        ({"Federated": "accounts.google.com"}, ("Federated", "accounts.google.com")),
        ({"CanonicalUser": canonical_id(THERE)}, ("CanonicalUser", canonical_id(THERE))),
    ],
)
def test_somebody_outside_is_found(principal, shown):
    (exposure,) = found(allow(principal))
    assert exposure.principal == shown
    assert exposure.actions == ("sqs:SendMessage",)
    assert exposure.public is (shown == ("AWS", "*"))


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": HERE},
        {"AWS": f"arn:aws:iam::{HERE}:role/x"},
        {"CanonicalUser": canonical_id(HERE)},
        {"Service": "sns.amazonaws.com"},
    ],
)
def test_those_inside_and_services_are_not(principal):
    assert found(allow(principal)) == []


def test_members_of_an_organization_are_inside_its_zone():
    assert found(allow({"AWS": "777788889999"}), zone=ORGANIZATION) == []
    assert found(allow({"AWS": "777788889999"}), zone=ACCOUNT)


@pytest.mark.parametrize(
    ("condition", "zone", "outside"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, ORGANIZATION, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, ACCOUNT, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-0987654321"}}, ORGANIZATION, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1234567890/r-ab12/*"}}, ORGANIZATION, False),
        ({"StringEquals": {"aws:SourceAccount": HERE}}, ACCOUNT, False),
        ({"StringEquals": {"aws:SourceAccount": [HERE, THERE]}}, ACCOUNT, True),
        ({"StringEqualsIfExists": {"aws:SourceAccount": HERE}}, ACCOUNT, True),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{HERE}:*"}}, ACCOUNT, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{THERE}:role/*"}}, ACCOUNT, True),
    ],
)
def test_a_condition_may_keep_everybody_inside(condition, zone, outside):
    assert bool(found(allow("*", Condition=condition), zone=zone)) is outside


def test_conditions_are_shown_and_make_the_public_smaller():
    (exposure,) = found(allow("*", Condition={"IpAddress": {"aws:SourceIp": ["8.8.8.0/24", "8.8.4.0/24"]}}))
    assert exposure.conditions == (("aws:SourceIp", "8.8.8.0/24,8.8.4.0/24"),)
    assert not exposure.public


def test_what_is_denied_to_all_is_nobodys():
    assert found(allow("*"), {**allow("*", "sqs:*"), "Effect": "Deny"}) == []


def test_actions_of_one_principal_are_taken_together():
    (exposure,) = found(allow({"AWS": THERE}), allow({"AWS": THERE}, ["sqs:receivemessage"]))
    assert exposure.actions == ("sqs:ReceiveMessage", "sqs:SendMessage")


def test_wildcards_stand_for_the_actions_of_the_resource():
    (exposure,) = found(allow("*", "*"))
    assert "sqs:SendMessage" in exposure.actions
    assert not any(action.startswith("s3:") for action in exposure.actions)
    (rest,) = found({"Effect": "Allow", "Principal": "*", "NotAction": "sqs:Send*", "Resource": "*"})
    assert "sqs:SendMessage" not in rest.actions
    assert "sqs:ReceiveMessage" in rest.actions


def test_everyone_but_some_is_everyone():
    statement = {name: value for name, value in allow("*").items() if name != "Principal"}
    (exposure,) = found({**statement, "NotPrincipal": {"AWS": HERE}})
    assert exposure.principal == ("AWS", "*")
    assert exposure.public


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_resource_has_actions(kind):
    prefix, about = KINDS[kind]
    known = reference.service(prefix)
    assert set(about) <= {kind.key for kind in known.resource_types.values()}


# -- access control lists

ALL = {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}


def test_a_list_for_everybody_is_public():
    (exposure,) = of_acl([{"Grantee": ALL, "Permission": "READ"}], ACCOUNT)
    assert exposure.public
    assert "s3:ListBucket" in exposure.actions
    assert exposure.source == "BUCKET_ACL"


def test_a_list_for_another_account_is_found_and_the_owner_is_not():
    own = {"Grantee": {"ID": canonical_id(HERE)}, "Permission": "FULL_CONTROL"}
    other = {"Grantee": {"ID": canonical_id(THERE)}, "Permission": "FULL_CONTROL"}
    (exposure,) = of_acl([own, other], ACCOUNT)
    assert exposure.principal == ("CanonicalUser", canonical_id(THERE))
    assert {"s3:ListBucket", "s3:PutObject", "s3:PutBucketAcl"} <= set(exposure.actions)
