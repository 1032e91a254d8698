"""Deliveries to people: mails, texts and push notifications, which end in the local mailbox."""

from __future__ import annotations

from fogbank.kernel import AWSError, mailbox
from fogbank.services.sns import metering, platforms, queues, sms, status_log
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.subscription import Subscription

SENDER = "no-reply@sns.amazonaws.com"
AWS_SENDER = f"Amazon Web Services Notifications <{SENDER}>"
_DEFAULT_NAME = "AWS Notifications"
_DEFAULT_SUBJECT = "AWS Notification Message"
_FOOTER = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:
{url}

Please do not reply directly to this email. If you have any questions or comments regarding this email, please contact us at \
https://aws.amazon.com/support"""


async def deliver_mail(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """`email` gets the text with a link to unsubscribe, `email-json` the notification."""
    if subscription.protocol == "email":
        body = text + _FOOTER.format(url=parcel.unsubscribe_url(subscription))
    else:
        body = await parcel.document(subscription, text)
    sender = f"{parcel.topic.attributes.get('DisplayName') or _DEFAULT_NAME} <{SENDER}>"
    subject = parcel.message.subject or _DEFAULT_SUBJECT
    mailbox.post(parcel.ctx, "email", subscription.endpoint, body, subject, sender, _about(parcel, subscription))
    metering.delivered(parcel)


async def deliver_text(parcel: Parcel, subscription: Subscription, text: str) -> None:
    """A text begins with the display name of its topic."""
    name = parcel.topic.attributes.get("DisplayName")
    body = f"{name}> {text}" if name else text
    try:
        await sms.send(parcel.ctx, subscription.endpoint, body, parcel.message, _about(parcel, subscription))
    except AWSError as error:
        await queues.given_up(parcel, subscription, text, Failed.of(error))
    else:
        metering.delivered(parcel)


async def deliver_push(parcel: Parcel, subscription: Subscription, text: str) -> None:
    try:
        await platforms.push(parcel.ctx, subscription.endpoint, parcel.message, _about(parcel, subscription))
    except AWSError as error:
        await queues.given_up(parcel, subscription, text, Failed.of(error))
    else:
        metering.delivered(parcel)
        await status_log.delivered(parcel, subscription)


def _about(parcel: Parcel, subscription: Subscription) -> dict[str, str]:
    return {
        "MessageId": parcel.message.id,
        "TopicArn": parcel.message.topic,
        "SubscriptionArn": parcel.arn(subscription),
    }
