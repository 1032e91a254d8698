"""Billing transfers between two organizations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fogbank.testing.clients import fresh_account


def next_month(moment):
    day = datetime.fromtimestamp(moment, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=32)).replace(day=1)


@pytest.fixture
def source(aws):
    """The client of another organization's management account."""
    account = fresh_account()
    client = aws("organizations", account=account)
    client.create_organization()
    client.account = account
    return client


@pytest.fixture
def invite(org, source, clock):
    def invite(account=None, **params):
        given = {
            "Type": "BILLING",
            "Target": {"Id": account or source.account, "Type": "ACCOUNT"},
            "StartTimestamp": next_month(clock.now()),
            "SourceName": "customer",
            **params,
        }
        return org.invite_organization_to_transfer_responsibility(**given)["Handshake"]

    return invite


def the_transfer(client, direction):
    (transfer,) = getattr(client, f"list_{direction}_responsibility_transfers")(Type="BILLING")[
        "ResponsibilityTransfers"
    ]
    return transfer


def test_a_transfer_is_offered_and_accepted(org, aws, root, source, invite):
    handshake = invite()
    offered = the_transfer(org, "inbound")
    assert (offered["Status"], offered["Name"]) == ("REQUESTED", "customer")
    assert offered["ActiveHandshakeId"] == handshake["Id"]
    source.accept_handshake(HandshakeId=handshake["Id"])
    theirs = the_transfer(source, "outbound")
    assert theirs["Status"] == "ACCEPTED"
    assert theirs["Source"]["ManagementAccountId"] == source.account
    assert theirs["Target"]["ManagementAccountId"] == aws.account
    assert "/billing/outbound/" in theirs["Arn"]
    assert "/billing/inbound/" in the_transfer(org, "inbound")["Arn"]
    assert org.describe_responsibility_transfer(Id=theirs["Id"])["ResponsibilityTransfer"]["Status"] == "ACCEPTED"


@pytest.mark.parametrize(("end", "status"), [("decline", "DECLINED"), ("cancel", "CANCELED"), ("expire", "EXPIRED")])
def test_an_offer_ends_without_a_transfer(org, root, source, invite, clock, end, status):
    handshake = invite()["Id"]
    if end == "decline":
        source.decline_handshake(HandshakeId=handshake)
    elif end == "cancel":
        org.cancel_handshake(HandshakeId=handshake)
    else:
        clock.advance(days=15)
    assert the_transfer(org, "inbound")["Status"] == status


def test_a_transfer_is_renamed_and_ends_with_a_month(org, root, source, invite, refused, clock):
    source.accept_handshake(HandshakeId=invite()["Id"])
    id = the_transfer(org, "inbound")["Id"]
    renamed = org.update_responsibility_transfer(Id=id, Name="renamed")["ResponsibilityTransfer"]
    assert renamed["Name"] == "renamed"
    with refused("InvalidInputException", reason="END_DATE_NOT_END_OF_MONTH"):
        org.terminate_responsibility_transfer(Id=id, EndTimestamp=next_month(clock.now()) + timedelta(days=5))
    ended = source.terminate_responsibility_transfer(Id=id)["ResponsibilityTransfer"]
    assert ended["Status"] == "WITHDRAWN"
    assert ended["EndTimestamp"] < next_month(clock.now()) <= ended["EndTimestamp"] + timedelta(seconds=1)
    with refused("ResponsibilityTransferAlreadyInStatusException"):
        org.terminate_responsibility_transfer(Id=id)
    with refused("ConstraintViolationException", reason="TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED"):
        org.update_responsibility_transfer(Id=id, Name="again")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (timedelta(hours=1), "START_DATE_NOT_BEGINNING_OF_DAY"),
        (timedelta(days=1), "START_DATE_NOT_BEGINNING_OF_MONTH"),
    ],
)
def test_a_transfer_begins_with_a_month(root, invite, clock, refused, change, reason):
    with refused("InvalidInputException", reason=reason):
        invite(StartTimestamp=next_month(clock.now()) + change)


def test_a_transfer_begins_in_the_future(root, invite, clock, refused):
    with refused("InvalidInputException", reason="START_DATE_TOO_EARLY"):
        invite(StartTimestamp=datetime(2020, 1, 1, tzinfo=UTC))


def test_transfers_that_make_no_sense_are_refused(org, aws, root, source, invite, refused):
    with refused("HandshakeConstraintViolationException", reason="SOURCE_AND_TARGET_CANNOT_MATCH"):
        invite(aws.account)
    invite()
    with refused("HandshakeConstraintViolationException", reason="RESPONSIBILITY_TRANSFER_ALREADY_EXISTS"):
        invite()
    with refused("ResponsibilityTransferNotFoundException"):
        org.describe_responsibility_transfer(Id="rt-00000000")
    with refused("InvalidResponsibilityTransferTransitionException"):
        org.terminate_responsibility_transfer(Id=the_transfer(org, "inbound")["Id"])


def test_an_organization_with_a_transfer_cannot_be_deleted(org, root, invite, refused):
    invite()
    with refused("ConstraintViolationException", reason="ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS"):
        org.delete_organization()
