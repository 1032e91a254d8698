"""`fogbank mail`: what would have left."""

from __future__ import annotations

import json

import pytest

from fogbank.testing import Clients

ACCOUNT = "111122223333"


@pytest.fixture
def sent(fogbank, served):
    """Two messages, and no others."""
    fogbank("mail", "--clear")
    sns = Clients(f"http://127.0.0.1:{served.port}", ACCOUNT)("sns")
    for number, body in (("+15550000001", "first"), ("+15550000002", "second")):
        sns.publish(PhoneNumber=number, Message=body)


def test_messages_are_shown_the_last_one_last(fogbank, sent):
    lines = fogbank("mail").stdout.splitlines()
    assert lines[0].endswith(" sms to +15550000001") and lines[1:3] == ["  From: NOTICE", "  first"]
    assert lines[-1] == "  second"


def test_some_of_them_can_be_asked_for(fogbank, sent):
    assert "first" not in fogbank("mail", "-n", "1").stdout
    assert "second" not in fogbank("mail", "--to", "+15550000001").stdout
    assert fogbank("mail", "--kind", "email").stdout == "The mailbox is empty.\n"
    (shown,) = json.loads(fogbank("mail", "--json", "-n", "1").stdout)
    assert (shown["account"], shown["body"], shown["service"]) == (ACCOUNT, "second", "sns")


def test_the_mailbox_can_be_emptied(fogbank, sent):
    assert fogbank("mail", "--clear").returncode == 0
    assert fogbank("mail").stdout == "The mailbox is empty.\n"
