"""The operations on notifications that S3 had until 2014: their documents have one configuration of each kind.

On the wire both forms are the same, so HTTP clients of the older operations are answered by the present ones.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3.notification import notifications
from fogbank.services.s3.permissions import access
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

# a member of the older document, that of the present one, and the names of the destination in both
_KINDS = (
    ("QueueConfiguration", "QueueConfigurations", "Queue", "QueueArn"),
    ("TopicConfiguration", "TopicConfigurations", "Topic", "TopicArn"),
    ("CloudFunctionConfiguration", "LambdaFunctionConfigurations", "CloudFunction", "LambdaFunctionArn"),
)


@service.operation(action="s3:PutBucketNotification", **access.ON_BUCKET)
async def put_bucket_notification(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotification.html"""
    older = request["NotificationConfiguration"] or {}
    document = {new: [_present(older[old], *names)] for old, new, *names in _KINDS if older.get(old)}
    request["NotificationConfiguration"] = document
    return await notifications.put_bucket_notification_configuration(ctx, request) or {}


def _present(entry: Request, target: str, arn: str) -> Request:
    events = entry.get("Events") or [entry[name] for name in ("Event",) if name in entry]
    found = {"Id": entry.get("Id"), arn: entry.get(target), "Events": events}
    return {name: value for name, value in found.items() if value is not None}


@service.operation(action="s3:GetBucketNotification", **access.ON_BUCKET)
async def get_bucket_notification(ctx: Context, request: Request) -> Answer:
    """The first configuration of each kind."""
    document = await notifications.get_bucket_notification_configuration(ctx, request) or {}
    return {old: _older(document[new][0], *names) for old, new, *names in _KINDS if document.get(new)}


def _older(entry: Request, target: str, arn: str) -> Request:
    return {"Id": entry["Id"], target: entry[arn], "Events": entry["Events"], "Event": entry["Events"][0]}
