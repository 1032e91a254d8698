"""One-time passcodes. AWS sends them by mail or by phone; here they are written to the server's log, for whoever runs the server."""

from __future__ import annotations

import logging
import secrets

from fogbank.kernel import Context

log = logging.getLogger("fogbank.account")


def send(ctx: Context, receiver: str) -> str:
    """A new passcode of six digits, on its way to a mail address or phone number."""
    passcode = f"{secrets.randbelow(10**6):06d}"
    account = ctx.account
    ctx.after_commit(lambda: log.warning("account %s: the one-time passcode for %s is %s", account, receiver, passcode))
    return passcode
