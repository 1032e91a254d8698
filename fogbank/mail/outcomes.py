"""What becomes of a mail at each of its recipients: nothing leaves for the world, so all of them get it, but for those of the mailbox
simulator and those on the suppression list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.mail import addresses
from fogbank.mail.events import Event
from fogbank.mail.records import ConfigurationSet, settings_of, suppressed
from fogbank.protocols.timestamps import iso8601_milliseconds

_MTA = "dns; mta.amazonses.com"
_ON_LIST = (
    "Amazon SES did not send the message to this address because it is on the suppression list for your account. "
    "For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at "
    "https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html"
)
_SUPPRESSED = "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address."


class Outcome(NamedTuple):
    """`delivered` is in the mailbox."""

    recipient: str
    delivered: bool
    events: list[Event]


async def of(ctx: Context, found: ConfigurationSet | None, recipient: str, message_id: str) -> Outcome:
    if await _is_suppressed(ctx, found, recipient):
        return Outcome(
            recipient, False, [_bounce(ctx, recipient, "OnAccountSuppressionList", "5.1.1", _ON_LIST, message_id)]
        )
    kind = addresses.simulated(recipient)
    if kind == "bounce":
        code = "smtp; 550 5.1.1 user unknown"
        return Outcome(recipient, False, [_bounce(ctx, recipient, "General", "5.1.1", code, message_id)])
    if kind == "suppressionlist":
        return Outcome(recipient, False, [_bounce(ctx, recipient, "Suppressed", "5.1.1", _SUPPRESSED, message_id)])
    events = [_delivery(ctx, recipient)]
    if kind == "complaint":
        events.append(_complaint(ctx, recipient, message_id))
    return Outcome(recipient, True, events)


async def _is_suppressed(ctx: Context, found: ConfigurationSet | None, recipient: str) -> bool:
    """Is the address on the list, for a reason for which it is looked at?"""
    entry = await suppressed.get(ctx, recipient.lower())
    if entry is None:
        return False
    of_set = (found.options.get("SuppressionOptions") or {}).get("SuppressedReasons") if found is not None else None
    reasons = (await settings_of(ctx)).suppressed_reasons if of_set is None else of_set
    return entry.reason in reasons


def _bounce(ctx: Context, recipient: str, subtype: str, status: str, code: str, message_id: str) -> Event:
    about: dict[str, Any] = {
        "feedbackId": _feedback_id(ctx, message_id),
        "bounceType": "Permanent",
        "bounceSubType": subtype,
        "bouncedRecipients": [
            {"emailAddress": recipient, "action": "failed", "status": status, "diagnosticCode": code}
        ],
        "timestamp": iso8601_milliseconds(ctx.now()),
        "reportingMTA": _MTA,
    }
    return Event("BOUNCE", about)


def _delivery(ctx: Context, recipient: str) -> Event:
    about = {
        "timestamp": iso8601_milliseconds(ctx.now()),
        "processingTimeMillis": 0,
        "recipients": [recipient],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
        "remoteMtaIp": "127.0.0.1",
    }
    return Event("DELIVERY", about)


def _complaint(ctx: Context, recipient: str, message_id: str) -> Event:
    now = iso8601_milliseconds(ctx.now())
    about = {
        "complainedRecipients": [{"emailAddress": recipient}],
        "timestamp": now,
        "feedbackId": _feedback_id(ctx, message_id),
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": now,
    }
    return Event("COMPLAINT", about)


def _feedback_id(ctx: Context, message_id: str) -> str:
    return f"{message_id.partition('-')[0]}-{ctx.ids.uuid()}-000000"
