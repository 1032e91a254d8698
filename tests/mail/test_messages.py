"""Mails, without a server: what odd ones do not break, and what nobody can put into them."""

import email

import pytest

from fogbank.mail import addresses, messages, tracking

PLACE = ("ada@example.com", {"To": ["bob@example.net"]})


def test_nothing_that_is_given_begins_a_header_of_its_own():
    attachment = {"RawContent": b"x", "FileName": "a\r\nBcc: e@example.org", "ContentType": "te xt/x\r\nBcc: e"}
    made = messages.made(
        "Ada\r\nBcc: e@example.org <ada@example.com>",
        {"To": ["Bob\nBcc: e@example.org <bob@example.net>"]},
        ["re@example.com\u2028Bcc: e@example.org"],
        "Hello\r\nBcc: e@example.org",
        "text",
        None,
        [("X-Mine", "1\r\nBcc: e@example.org")],
        [attachment],
    )
    assert not any("Bcc" in part for part in email.message_from_bytes(made.as_bytes()).walk())


@pytest.mark.parametrize(
    "headers", [[("X: 1\r\nBcc", "e@example.org")], [("Sender", "a@b.com"), ("Sender", "c@d.com")]]
)
def test_headers_that_cannot_be_are_refused(headers):
    with pytest.raises(ValueError):
        messages.made(*PLACE, [], "Hello", "text", None, headers)


def test_an_attachment_is_as_it_is_described():
    given = {"RawContent": b"a=b", "FileName": "a.txt", "ContentDescription": "Mine"}
    made = messages.made(*PLACE, [], "s", "t", None, (), [{**given, "ContentTransferEncoding": "QUOTED_PRINTABLE"}])
    part = email.message_from_bytes(made.as_bytes()).get_payload()[1]
    found = part.get_content_type(), part["Content-Description"], part["Content-Transfer-Encoding"]
    assert (*found, part.get_payload(decode=True)) == ("text/plain", "Mine", "quoted-printable", b"a=b")


def test_what_cannot_be_decoded_stays_as_it_is():
    assert addresses.decoded("=?nope?q?abc?=") == "=?nope?q?abc?="
    assert addresses.decoded("=?utf-8?q?Gr=C3=BC=C3=9Fe?=") == "Grüße"


@pytest.mark.parametrize("text", ["a@b.com\r\nBcc: c@d.com", "(" * 50_000 + "@b.com"])
def test_odd_addresses_are_refused(text):
    with pytest.raises(addresses.BadAddress):
        addresses.plain(text)


@pytest.mark.parametrize("charset", ["nope", "us-ascii"])
def test_links_are_tracked_whatever_the_charset(charset):
    mail = f"Content-Type: text/html; charset={charset}\r\n\r\n<a href='http://x.com'>é</a>".encode()
    found = messages.bodies(tracking.tracked(mail, "http://here?id=1", frozenset({"CLICK"})))[1]
    assert "http://here?id=1&amp;link=http%3A%2F%2Fx.com" in found


def test_many_unfinished_links_are_passed_over_at_once():
    mail = b"Content-Type: text/html\r\n\r\n" + b"<a " * 100_000
    assert messages.bodies(tracking.tracked(mail, "http://here", frozenset({"CLICK"})))[1].count("<a") == 100_000
