"""The metrics of topics, `AWS/SNS`: what was published, and what became of the notifications.

https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from __future__ import annotations

from fogbank.kernel import Context, metrics
from fogbank.services.sns import message_attributes
from fogbank.services.sns.message import Message
from fogbank.services.sns.parcel import Parcel

NAMESPACE = "AWS/SNS"
_COUNT = "Count"


def published(ctx: Context, topic: str, message: Message) -> None:
    """`ctx` is in the scope of the topic of that name."""
    size = len(message.body.encode()) + message_attributes.size(message.attributes)
    of_topic = {"TopicName": topic}
    metrics.note(
        ctx, NAMESPACE, [("NumberOfMessagesPublished", 1, _COUNT, of_topic), ("PublishSize", size, "Bytes", of_topic)]
    )


def delivered(parcel: Parcel) -> None:
    all_delivered([parcel])


def all_delivered(parcels: list[Parcel]) -> None:
    """Of one topic; with what came out of the archive counted once more by itself."""
    _tally(parcels, "NumberOfNotificationsDelivered")
    _tally([parcel for parcel in parcels if parcel.replayed], "NumberOfReplayedNotificationsDelivered")


def _tally(parcels: list[Parcel], name: str) -> None:
    """One for each of them."""
    if parcels:
        count = len(parcels)
        told = (name, metrics.Statistics(count, count, 1, 1), _COUNT, {"TopicName": parcels[0].topic.name})
        metrics.note(parcels[0].ctx, NAMESPACE, [told])


def texted(ctx: Context, delivered: bool) -> None:
    """A text that no topic is behind."""
    name = "NumberOfNotificationsDelivered" if delivered else "NumberOfNotificationsFailed"
    metrics.note(ctx, NAMESPACE, [(name, 1, _COUNT, {"PhoneNumber": "PhoneNumberDirect"})])


def failed(parcel: Parcel) -> None:
    """Nothing more is tried."""
    _count(parcel, "NumberOfNotificationsFailed", *["NumberOfReplayedNotificationsFailed"] * parcel.replayed)


def redriven(parcel: Parcel, succeeded: bool) -> None:
    """The dead-letter queue has taken a notification, or not."""
    _count(parcel, "NumberOfNotificationsRedrivenToDlq" if succeeded else "NumberOfNotificationsFailedToRedriveToDlq")


def filtered_out(parcel: Parcel, reason: str) -> None:
    """For all reasons together, and for the one."""
    _count(parcel, "NumberOfNotificationsFilteredOut", f"NumberOfNotificationsFilteredOut-{reason}")


def _count(parcel: Parcel, *names: str) -> None:
    of_topic = {"TopicName": parcel.topic.name}
    metrics.note(parcel.ctx, NAMESPACE, [(name, 1, _COUNT, of_topic) for name in names])
