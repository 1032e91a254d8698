"""What becomes of mails, and who is told: destinations of configuration sets, topics of identities, and the sender.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context, mailbox, metrics
from fogbank.mail.records import ConfigurationSet, EventDestination, Identity, arn_of, office
from fogbank.protocols.timestamps import iso8601_milliseconds

# (type in documents, member with what is particular, detail type of EventBridge, metric)
_KINDS = {
    "SEND": ("Send", "send", "Email Sent"),
    "DELIVERY": ("Delivery", "delivery", "Email Delivered"),
    "BOUNCE": ("Bounce", "bounce", "Email Bounced"),
    "COMPLAINT": ("Complaint", "complaint", "Email Complaint Received"),
    "REJECT": ("Reject", "reject", "Email Rejected"),
    "OPEN": ("Open", "open", "Email Opened"),
    "CLICK": ("Click", "click", "Email Clicked"),
    "RENDERING_FAILURE": ("Rendering Failure", "failure", "Email Rendering Failed"),
    "DELIVERY_DELAY": ("DeliveryDelay", "deliveryDelay", "Email Delivery Delayed"),
    "SUBSCRIPTION": ("Subscription", "subscription", "Email Subscription"),
}
_NOTIFIED = {"BOUNCE": "Bounce", "COMPLAINT": "Complaint", "DELIVERY": "Delivery"}
_NAMESPACE = "AWS/SES"
_DAEMON = "MAILER-DAEMON@amazonses.com"


class Mail(NamedTuple):
    """A mail as events tell of it."""

    id: str
    sender: str
    identity: str
    recipients: list[str]
    headers: list[dict[str, str]]
    common: dict[str, Any]
    tags: dict[str, list[str]]
    at: float

    def document(self, account: str) -> dict[str, Any]:
        return {
            "timestamp": iso8601_milliseconds(self.at),
            "source": self.sender,
            "sourceArn": self.identity,
            "sendingAccountId": account,
            "messageId": self.id,
            "destination": self.recipients,
            "headersTruncated": False,
            "headers": self.headers,
            "commonHeaders": self.common,
            "tags": self.tags,
        }


class Event(NamedTuple):
    """`kind` is v2's name of its type, `about` what is particular to it."""

    kind: str
    about: dict[str, Any]


async def tell(
    ctx: Context, mail: Mail, event: Event, found: ConfigurationSet | None, identity: Identity | None, sender: str
) -> None:
    """Have everyone told who wants to know, each by a task. `sender` is who gets bounces as mails."""
    _measure(ctx, event)
    for destination in found.destinations if found is not None else ():
        if destination.enabled and event.kind in destination.events:
            await _publish(ctx, mail, event, found, destination)
    if event.kind in _NOTIFIED and identity is not None:
        await _notify(ctx, mail, event, identity, sender)


def _measure(ctx: Context, event: Event) -> None:
    name, _, _ = _KINDS[event.kind]
    metrics.note(ctx, _NAMESPACE, [(name.replace(" ", ""), 1, "Count", {})])


async def _publish(
    ctx: Context, mail: Mail, event: Event, found: ConfigurationSet | None, destination: EventDestination
) -> None:
    kind, member, detail_type = _KINDS[event.kind]
    detail = {"eventType": kind, "mail": mail.document(ctx.account), member: event.about}
    set_arn = arn_of(ctx, "configuration-set", "" if found is None else found.name)
    desk, targets = office(ctx), destination.targets
    if target := targets.get("SnsDestination"):
        message = {
            "TopicArn": target["TopicArn"],
            "Message": _dumped(detail),
            "Subject": "Amazon SES Email Event Notification",
        }
        await desk.schedule("tell_topic", {"request": message, "source": set_arn})
    if target := targets.get("KinesisFirehoseDestination"):
        payload = {
            "stream": target["DeliveryStreamArn"],
            "role": target["IamRoleArn"],
            "data": f"{_dumped(detail)}\n",
            "source": set_arn,
        }
        await desk.schedule("tell_stream", payload)
    if targets.get("EventBridgeDestination"):
        await desk.schedule("tell_bus", {"type": detail_type, "detail": detail, "source": set_arn})
    if target := targets.get("CloudWatchDestination"):
        dimensions = {
            each["DimensionName"]: _dimension(each, mail) for each in target.get("DimensionConfigurations") or ()
        }
        metrics.note(ctx, _NAMESPACE, [(kind.replace(" ", ""), 1, "Count", dimensions)])


def _dimension(given: dict[str, str], mail: Mail) -> str:
    """The value of a metric's dimension, of a tag or of a header of the mail."""
    name, default = given["DimensionName"], given["DefaultDimensionValue"]
    if given["DimensionValueSource"] == "MESSAGE_TAG":
        return (mail.tags.get(name) or [default])[0]
    if given["DimensionValueSource"] == "EMAIL_HEADER":
        found = (each["value"] for each in mail.headers if each["name"].lower() == name.lower())
        return next(found, default)
    return default


async def _notify(ctx: Context, mail: Mail, event: Event, identity: Identity, sender: str) -> None:
    """The topic that the identity has for it, or, for bounces and complaints, a mail to the sender."""
    kind = _NOTIFIED[event.kind]
    topic = identity.topics.get(kind)
    if topic:
        document = mail.document(ctx.account)
        del document["tags"]
        if kind not in identity.headers:
            for name in ("headersTruncated", "headers", "commonHeaders"):
                del document[name]
        message = _dumped({"notificationType": kind, kind.lower(): event.about, "mail": document})
        request = {"TopicArn": topic, "Message": message}
        await office(ctx).schedule("tell_topic", {"request": request, "source": mail.identity})
    if kind != "Delivery" and identity.forwarding and not topic:
        _forward(ctx, mail, event, sender)


def _forward(ctx: Context, mail: Mail, event: Event, sender: str) -> None:
    people = event.about.get("bouncedRecipients") or event.about.get("complainedRecipients") or []
    listed = "\n".join(each["emailAddress"] for each in people)
    if event.kind == "BOUNCE":
        subject = "Delivery Status Notification (Failure)"
        body = f"An error occurred while trying to deliver the mail to the following recipients:\n{listed}"
    else:
        subject = "Complaint"
        body = f"This is an email abuse report for an email message from amazonses.com to:\n{listed}"
    mailbox.post(office(ctx), "email", sender, body, subject, _DAEMON, {"MessageId": mail.id})


def _dumped(document: dict[str, Any]) -> str:
    return orjson.dumps(document).decode()
