"""One-time passcodes. AWS sends them by mail or by text; here they come to the local mailbox (`fogbank mail`)."""

from __future__ import annotations

import secrets

from fogbank.kernel import Context, mailbox

_SENDER = "Amazon Web Services <no-reply@verify.signin.aws>"
_SUBJECT = "Your AWS verification code"


def mail(ctx: Context, address: str) -> str:
    """A new passcode of six digits, on its way to a mail address."""
    passcode = _new()
    mailbox.post(ctx, "email", address, _text(passcode), _SUBJECT, _SENDER)
    return passcode


def text(ctx: Context, number: str) -> str:
    """A new passcode of six digits, on its way to a phone number."""
    passcode = _new()
    mailbox.post(ctx, "sms", number, _text(passcode))
    return passcode


def _new() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def _text(passcode: str) -> str:
    return f"Your AWS verification code is {passcode}"
