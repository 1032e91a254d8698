"""Delivery status logging: what became of each delivery, in CloudWatch Logs, for whom a topic's or an application's feedback attributes,
or the account's SMS settings, ask for it. A group has what succeeded, another one what failed.

https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html, sns-msg-status.html and sms_stats_cloudwatch.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.sns.message import Message
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
_DIRECT_TEXTS = "DirectPublishToPhoneNumber"
_SUCCESS, _FAILURE = "SUCCESS", "FAILURE"


# -- deliveries to the subscribers of a topic


async def delivered(parcel: Parcel, subscription: Subscription, response: str = "", attempts: int = 1) -> None:
    """`response` is what the endpoint said."""
    if not parcel.topic.feedback:
        return
    prefix = _PREFIXES.get(subscription.protocol, "")
    role = _role(parcel.ctx, parcel.topic.attributes, prefix, _SUCCESS)
    if role:
        delivery = {"providerResponse": response, "attempts": attempts, "statusCode": 200}
        await _of_topic(parcel, subscription, role, _SUCCESS, delivery)


async def failed(parcel: Parcel, subscription: Subscription, failure: Failed, attempts: int = 1) -> None:
    if not parcel.topic.feedback:
        return
    prefix = _PREFIXES.get(subscription.protocol, "")
    role = _role(parcel.ctx, parcel.topic.attributes, prefix, _FAILURE)
    if role:
        status = int(failure.code) if failure.code.isdigit() else 400
        delivery = {
            "providerResponse": _refusal(subscription, failure),
            "attempts": attempts,
            "statusCode": status,
        }
        await _of_topic(parcel, subscription, role, _FAILURE, delivery)


def _refusal(subscription: Subscription, failure: Failed) -> str:
    if subscription.protocol in ("http", "https"):
        return failure.reason
    told = {"ErrorCode": failure.code, "ErrorMessage": failure.reason}
    if subscription.protocol == "sqs":
        told["sqsRequestId"] = "Unrecoverable"
    return _compact(told)


async def _of_topic(
    parcel: Parcel, subscription: Subscription, role: str, status: str, delivery: dict[str, Any]
) -> None:
    message = parcel.message
    notification = {
        "messageMD5Sum": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "messageId": message.id,
        "topicArn": message.topic,
    }
    delivery = {"destination": subscription.told_endpoint, **delivery}
    await _write(parcel.ctx, parcel.topic.name, role, status, message, notification, delivery)


# -- pushes and texts


async def pushed(
    ctx: Context, application: str, settings: Mapping[str, str], message: Message, endpoint: str, token: str
) -> None:
    """A push of an application (`app/GCM/name`), which has those attributes, to a device."""
    role = _role(ctx, settings, "", _SUCCESS)
    if role:
        delivery = {"destination": endpoint, "token": token, "attempts": 1, "statusCode": 200}
        await _write(ctx, application, role, _SUCCESS, message, {"messageId": message.id}, delivery)


async def push_failed(
    ctx: Context, application: str, settings: Mapping[str, str], message: Message, endpoint: str, reason: str
) -> None:
    role = _role(ctx, settings, "", _FAILURE)
    if role:
        delivery = {"destination": endpoint, "providerResponse": reason, "attempts": 0, "statusCode": 400}
        await _write(ctx, application, role, _FAILURE, message, {"messageId": message.id}, delivery)


async def texted(ctx: Context, settings: Mapping[str, str], message: Message, number: str, kind: str) -> None:
    """A text was sent, in an account with those SMS settings."""
    role, rate = settings.get("DeliveryStatusIAMRole"), settings.get("DeliveryStatusSuccessSamplingRate", "0")
    if role and _is_sampled(ctx, rate):
        response = "Message has been accepted by phone carrier"
        await _of_text(ctx, role, _SUCCESS, message, number, kind, response)


async def text_failed(
    ctx: Context, settings: Mapping[str, str], message: Message, number: str, kind: str, reason: str
) -> None:
    role = settings.get("DeliveryStatusIAMRole")
    if role:
        await _of_text(ctx, role, _FAILURE, message, number, kind, reason)


async def _of_text(
    ctx: Context, role: str, status: str, message: Message, number: str, kind: str, response: str
) -> None:
    delivery = {"destination": number, "priceInUSD": 0.0, "smsType": kind, "providerResponse": response}
    topic = message.topic.rpartition(":")[2]
    await _write(ctx, topic or _DIRECT_TEXTS, role, status, message, {"messageId": message.id}, delivery)


# -- writing


def _role(ctx: Context, settings: Mapping[str, str], prefix: str, status: str) -> str | None:
    """As whom to write; None where nothing is to be written. Of what succeeds, only a sample is."""
    if status == _FAILURE:
        return settings.get(f"{prefix}FailureFeedbackRoleArn")
    role = settings.get(f"{prefix}SuccessFeedbackRoleArn")
    return role if role and _is_sampled(ctx, settings.get(f"{prefix}SuccessFeedbackSampleRate", "0")) else None


def _is_sampled(ctx: Context, percent: str) -> bool:
    return ctx.ids.random.randrange(100) < int(percent or 0)


async def _write(
    ctx: Context,
    source: str,
    role: str,
    status: str,
    message: Message,
    notification: dict[str, Any],
    delivery: dict[str, Any],
) -> None:
    """`source` names the group: the topic, the application, ..."""
    at = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    entry = {
        "notification": {**notification, "timestamp": at},
        "delivery": {"deliveryId": ctx.ids.uuid(), **delivery, "dwellTimeMs": int((ctx.now() - message.at) * 1000)},
        "status": status,
    }
    group = f"sns/{ctx.region}/{ctx.account}/{source}" + ("/Failure" if status == _FAILURE else "")
    await ctx.schedule("write_status", {"group": group, "role": role, "entry": _compact(entry), "at": ctx.now()})


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


@service.task
async def write_status(ctx: Context, payload: dict[str, Any]) -> None:
    """Write one entry, as the role that is named for it; a role that may not writes nothing."""
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
