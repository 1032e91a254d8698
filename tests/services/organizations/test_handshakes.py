"""Invitations, and the way to all features."""

from __future__ import annotations

import pytest

from fogbank.testing.clients import fresh_account


@pytest.fixture
def stranger():
    return fresh_account()


@pytest.fixture
def invite(org):
    def invite(account, **params):
        return org.invite_account_to_organization(Target={"Id": account, "Type": "ACCOUNT"}, **params)["Handshake"]

    return invite


def test_an_invitation_says_who_invites_whom(org, aws, root, stranger, invite):
    handshake = invite(stranger, Notes="come")
    organization = org.describe_organization()["Organization"]
    parties = [{"Id": organization["Id"], "Type": "ORGANIZATION"}, {"Id": stranger, "Type": "ACCOUNT"}]
    assert handshake["Parties"] == parties
    assert (handshake["Action"], handshake["State"]) == ("INVITE", "OPEN")
    prefix = f"arn:aws:organizations::{aws.account}:handshake/{organization['Id']}/invite/"
    assert handshake["Arn"] == prefix + handshake["Id"]
    assert (handshake["ExpirationTimestamp"] - handshake["RequestedTimestamp"]).days == 15
    sender, target, notes = handshake["Resources"]
    assert {resource["Type"] for resource in sender["Resources"]} == {
        "MASTER_EMAIL",
        "MASTER_NAME",
        "ORGANIZATION_FEATURE_SET",
    }
    assert target == {"Type": "ACCOUNT", "Value": stranger}
    assert notes == {"Type": "NOTES", "Value": "come"}


def test_an_invited_account_joins_by_accepting(org, aws, root, stranger, invite):
    handshake = invite(stranger, Tags=[{"Key": "team", "Value": "a"}])
    theirs = aws("organizations", account=stranger)
    assert [each["Id"] for each in theirs.list_handshakes_for_account()["Handshakes"]] == [handshake["Id"]]
    assert theirs.accept_handshake(HandshakeId=handshake["Id"])["Handshake"]["State"] == "ACCEPTED"
    account = org.describe_account(AccountId=stranger)["Account"]
    assert account["JoinedMethod"] == "INVITED"
    assert org.list_tags_for_resource(ResourceId=stranger)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert theirs.describe_organization()["Organization"]["MasterAccountId"] == aws.account


def test_an_invitation_finds_an_email_address(org, aws, root, stranger):
    theirs = aws("organizations", account=stranger)
    aws("account", account=stranger).get_account_information()
    email = f"root@{stranger}.example.com"
    target = {"Id": email.upper(), "Type": "EMAIL"}
    handshake = org.invite_account_to_organization(Target=target)["Handshake"]
    theirs.accept_handshake(HandshakeId=handshake["Id"])
    assert org.describe_account(AccountId=stranger)["Account"]["Email"] == email


def test_an_invitation_can_be_declined_or_canceled(org, aws, root, stranger, invite, refused):
    theirs = aws("organizations", account=stranger)
    first = invite(stranger)["Id"]
    assert theirs.decline_handshake(HandshakeId=first)["Handshake"]["State"] == "DECLINED"
    second = invite(stranger)["Id"]
    assert org.cancel_handshake(HandshakeId=second)["Handshake"]["State"] == "CANCELED"
    for handshake in (first, second):
        with refused("InvalidHandshakeTransitionException"):
            theirs.accept_handshake(HandshakeId=handshake)
    with refused("HandshakeAlreadyInStateException"):
        theirs.decline_handshake(HandshakeId=first)


def test_an_invitation_is_good_for_fifteen_days(org, aws, root, stranger, invite, clock, refused):
    handshake = invite(stranger)["Id"]
    clock.advance(days=15)
    assert org.describe_handshake(HandshakeId=handshake)["Handshake"]["State"] == "EXPIRED"
    with refused("InvalidHandshakeTransitionException"):
        aws("organizations", account=stranger).accept_handshake(HandshakeId=handshake)
    clock.advance(days=30)
    with refused("HandshakeNotFoundException"):
        org.describe_handshake(HandshakeId=handshake)


def test_each_side_has_its_part(org, aws, root, stranger, invite, refused):
    handshake = invite(stranger)["Id"]
    theirs = aws("organizations", account=stranger)
    with refused("AccessDeniedException"):
        org.accept_handshake(HandshakeId=handshake)
    with refused("AccessDeniedException"):
        org.decline_handshake(HandshakeId=handshake)
    with refused("AccessDeniedException"):
        theirs.cancel_handshake(HandshakeId=handshake)
    with refused("HandshakeNotFoundException"):
        aws("organizations", account=fresh_account()).describe_handshake(HandshakeId=handshake)


def test_invitations_that_make_no_sense_are_refused(org, member, stranger, invite, refused):
    invite(stranger)
    with refused("DuplicateHandshakeException"):
        invite(stranger)
    with refused("HandshakeConstraintViolationException", reason="ALREADY_IN_AN_ORGANIZATION"):
        invite(member)
    with refused("InvalidInputException", reason="INVALID_PARTY_TYPE_TARGET"):
        org.invite_account_to_organization(Target={"Id": "o-exampleorgid", "Type": "ORGANIZATION"})
    with refused("InvalidInputException", reason="INVALID_EMAIL_ADDRESS_TARGET"):
        org.invite_account_to_organization(Target={"Id": "nobody", "Type": "EMAIL"})


def test_twenty_invitations_are_sent_a_day(root, invite, clock, refused):
    for _ in range(20):
        invite(fresh_account())
    with refused("HandshakeConstraintViolationException", reason="HANDSHAKE_RATE_LIMIT_EXCEEDED"):
        invite(fresh_account())
    clock.advance(days=1)
    invite(fresh_account())


def test_a_member_changes_its_organization_by_accepting(org, aws, root, stranger, invite):
    other = aws("organizations", account=fresh_account())
    other.create_organization()
    target = {"Id": stranger, "Type": "ACCOUNT"}
    theirs = aws("organizations", account=stranger)
    theirs.accept_handshake(HandshakeId=other.invite_account_to_organization(Target=target)["Handshake"]["Id"])
    theirs.accept_handshake(HandshakeId=invite(stranger)["Id"])
    assert len(other.list_accounts()["Accounts"]) == 1
    assert theirs.describe_organization()["Organization"]["MasterAccountId"] == aws.account


def test_a_management_account_accepts_no_invitation(aws, root, stranger, invite, refused):
    other = aws("organizations", account=stranger)
    other.create_organization()
    with refused("MasterCannotLeaveOrganizationException"):
        other.accept_handshake(HandshakeId=invite(stranger)["Id"])


def test_handshakes_are_filtered_by_action(org, root, stranger, invite):
    invite(stranger)
    assert org.list_handshakes_for_organization(Filter={"ActionType": "ENABLE_ALL_FEATURES"})["Handshakes"] == []
    assert len(org.list_handshakes_for_organization(Filter={"ActionType": "INVITE"})["Handshakes"]) == 1


# -- all features


@pytest.fixture
def billing(org):
    """The root of an organization that only shares bills."""
    org.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    return org.list_roots()["Roots"][0]["Id"]


def test_all_features_take_the_consent_of_invited_members(org, aws, billing, stranger, invite, names_of, refused):
    theirs = aws("organizations", account=stranger)
    theirs.accept_handshake(HandshakeId=invite(stranger)["Id"])
    whole = org.enable_all_features()["Handshake"]
    assert (whole["Action"], whole["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    with refused("InvalidHandshakeTransitionException"):
        org.accept_handshake(HandshakeId=whole["Id"])
    waiting = theirs.list_handshakes_for_account(Filter={"ParentHandshakeId": whole["Id"]})["Handshakes"]
    (part,) = waiting
    assert part["Action"] == "APPROVE_ALL_FEATURES"
    theirs.accept_handshake(HandshakeId=part["Id"])
    assert org.describe_handshake(HandshakeId=whole["Id"])["Handshake"]["State"] == "OPEN"
    org.accept_handshake(HandshakeId=whole["Id"])
    assert org.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    assert names_of(billing) == names_of(stranger) == ["FullAWSAccess"]


def test_without_invited_members_all_features_can_be_finalized_at_once(org, billing):
    whole = org.enable_all_features()["Handshake"]
    assert whole["State"] == "OPEN"
    org.accept_handshake(HandshakeId=whole["Id"])
    assert org.describe_organization()["Organization"]["FeatureSet"] == "ALL"


def test_a_member_that_leaves_need_not_consent(org, aws, billing, stranger, invite):
    theirs = aws("organizations", account=stranger)
    theirs.accept_handshake(HandshakeId=invite(stranger)["Id"])
    whole = org.enable_all_features()["Handshake"]["Id"]
    theirs.leave_organization()
    assert org.describe_handshake(HandshakeId=whole)["Handshake"]["State"] == "OPEN"


def test_the_request_for_all_features_ends_after_ninety_days(org, aws, billing, stranger, invite, clock):
    theirs = aws("organizations", account=stranger)
    theirs.accept_handshake(HandshakeId=invite(stranger)["Id"])
    whole = org.enable_all_features()["Handshake"]["Id"]
    clock.advance(days=90)
    assert org.describe_handshake(HandshakeId=whole)["Handshake"]["State"] == "EXPIRED"
    (part,) = theirs.list_handshakes_for_account(Filter={"ParentHandshakeId": whole})["Handshakes"]
    assert part["State"] in ("CANCELED", "EXPIRED")


def test_nobody_is_invited_while_all_features_are_being_enabled(org, billing, stranger, invite, refused):
    org.enable_all_features()
    with refused("HandshakeConstraintViolationException", reason="INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"):
        invite(stranger)
    with refused(
        "HandshakeConstraintViolationException", reason="ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    ):
        org.enable_all_features()


def test_all_features_are_enabled_once(org, root, refused):
    with refused("HandshakeConstraintViolationException", reason="ORGANIZATION_ALREADY_HAS_ALL_FEATURES"):
        org.enable_all_features()
