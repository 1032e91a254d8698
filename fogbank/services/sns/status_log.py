"""Delivery status logging: what became of each delivery, in CloudWatch Logs, as the topic's feedback attributes ask for it.

https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html. Without the service `logs` nothing is written.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.sns.envelope import timestamp
from fogbank.services.sns.parcel import Failed, Parcel
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import Subscription

_PREFIXES = {
    "application": "Application",
    "firehose": "Firehose",
    "http": "HTTP",
    "https": "HTTP",
    "lambda": "Lambda",
    "sqs": "SQS",
}
_LOGS = "logs"


async def delivered(parcel: Parcel, subscription: Subscription) -> None:
    if not parcel.topic.feedback:
        return
    prefix = _PREFIXES.get(subscription.protocol, "")
    attributes = parcel.topic.attributes
    role = attributes.get(f"{prefix}SuccessFeedbackRoleArn")
    rate = int(attributes.get(f"{prefix}SuccessFeedbackSampleRate", "0"))
    if role and parcel.ctx.ids.random.randrange(100) < rate:
        await _write(parcel, subscription, role, "SUCCESS", {"statusCode": 200})


async def failed(parcel: Parcel, subscription: Subscription, failure: Failed) -> None:
    role = parcel.topic.attributes.get(f"{_PREFIXES.get(subscription.protocol, '')}FailureFeedbackRoleArn")
    if role:
        answer = {"statusCode": int(failure.code) if failure.code.isdigit() else 400}
        answer["providerResponse"] = str(failure)  # type: ignore[assignment]
        await _write(parcel, subscription, role, "FAILURE", answer)


async def _write(parcel: Parcel, subscription: Subscription, role: str, status: str, answer: dict[str, Any]) -> None:
    ctx, message = parcel.ctx, parcel.message
    if _LOGS not in ctx.app.services.names:
        return
    entry = {
        "notification": {"messageId": message.id, "topicArn": message.topic, "timestamp": timestamp(message.at)},
        "delivery": {
            "deliveryId": ctx.ids.uuid(),
            "destination": subscription.endpoint,
            "dwellTimeMs": int((ctx.now() - message.at) * 1000),
            **answer,
        },
        "status": status,
    }
    group = f"sns/{ctx.region}/{ctx.account}/{parcel.topic.name}" + ("/Failure" if status == "FAILURE" else "")
    await ctx.schedule("write_status", {"group": group, "role": role, "entry": json.dumps(entry), "at": ctx.now()})


@service.task
async def write_status(ctx: Context, payload: dict[str, Any]) -> None:
    """Write one entry, as the role that the topic names; a role that may not writes nothing."""
    group, stream = payload["group"], "deliveries"
    names = {"logGroupName": group, "logStreamName": stream}
    event = {"timestamp": int(payload["at"] * 1000), "message": payload["entry"]}
    for operation, request in (
        ("CreateLogGroup", {"logGroupName": group}),
        ("CreateLogStream", names),
        ("PutLogEvents", {**names, "logEvents": [event]}),
    ):
        with suppress(AWSError):  # they are there already, or the role may not
            await ctx.call(_LOGS, operation, request, role=payload["role"])
