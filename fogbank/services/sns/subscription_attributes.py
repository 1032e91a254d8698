"""The attributes of a subscription: which there are, and what may be put into them. Pure functions over dicts of strings.

Source: API_SetSubscriptionAttributes and API_Subscribe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fogbank.services.sns import arns, delivery_policies, errors, filters
from fogbank.services.sns.topic_attributes import Attributes

_RAW_PROTOCOLS = frozenset({"sqs", "http", "https", "firehose"})
_HTTP = frozenset({"http", "https"})
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+$")
_SETTABLE = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    }
)


class Kind(NamedTuple):
    """What the rules depend on: the subscription's protocol, and whether its topic is FIFO and has an archive."""

    protocol: str
    fifo: bool
    archived: bool


class Replay(NamedTuple):
    """From when on, until when, in epoch seconds."""

    start: float
    end: float | None


def changed(current: Attributes, asked: Mapping[str, str], kind: Kind, prefix: str = "") -> Attributes:
    """The attributes after a request is applied; an empty value takes one away.

    `prefix` stands before what is wrong with a filter. Raises InvalidParameterException.
    """
    for name in asked:
        if name not in _SETTABLE:
            raise errors.unknown_attribute()
    result = {**current, **asked}
    result = {name: value for name, value in result.items() if value}
    if "RawMessageDelivery" in result:
        result["RawMessageDelivery"] = _raw(result["RawMessageDelivery"], kind.protocol)
    _check_filter(result, asked, prefix)
    if asked.get("RedrivePolicy"):
        _check_redrive(asked["RedrivePolicy"], kind.fifo)
    _check_delivery(result, asked)
    if asked.get("SubscriptionRoleArn") and not _ROLE.match(asked["SubscriptionRoleArn"]):
        raise errors.attribute("SubscriptionRoleArn", "must be the ARN of a role")
    if kind.protocol == "firehose" and "SubscriptionRoleArn" not in result:
        raise errors.attribute("SubscriptionRoleArn", "is required for Firehose subscriptions")
    if asked.get("ReplayPolicy"):
        _check_replay(asked["ReplayPolicy"], kind)
    return result


def _raw(value: str, protocol: str) -> str:
    if value.lower() not in ("true", "false"):
        raise errors.attribute("RawMessageDelivery", f"Invalid value [{value}]. Must be true or false.")
    if value.lower() == "true" and protocol not in _RAW_PROTOCOLS:
        raise errors.raw_not_supported(protocol)
    return value.lower()


def _check_filter(result: Attributes, asked: Mapping[str, str], prefix: str) -> None:
    scope = result.get("FilterPolicyScope", filters.ATTRIBUTES)
    if scope not in (filters.ATTRIBUTES, filters.BODY):
        raise errors.attribute(
            "FilterPolicyScope", f"Invalid value [{scope}]. Please use either MessageBody or MessageAttributes"
        )
    if ("FilterPolicy" in asked or "FilterPolicyScope" in asked) and "FilterPolicy" in result:
        filters.check(result["FilterPolicy"], scope, prefix)


def _check_redrive(text: str, fifo: bool) -> None:
    document = _object("RedrivePolicy", text)
    target = document.get("deadLetterTargetArn")
    place = arns.split(target) if isinstance(target, str) else None
    if place is None or place.service != "sqs":
        raise errors.attribute("RedrivePolicy", "deadLetterTargetArn is an invalid arn")
    if set(document) != {"deadLetterTargetArn"}:
        raise errors.attribute("RedrivePolicy", "deadLetterTargetArn is the only member that is allowed")
    if not fifo and place.resource.endswith(".fifo"):
        raise errors.attribute(
            "RedrivePolicy", "must use a standard queue as the dead-letter queue of a standard topic"
        )


def _check_delivery(result: Attributes, asked: Mapping[str, str]) -> None:
    text = result.get("DeliveryPolicy")
    if asked.get("DeliveryPolicy"):
        delivery_policies.check_subscription(asked["DeliveryPolicy"])
    if "DeliveryPolicy" in asked or "RawMessageDelivery" in asked:
        delivery_policies.check_content_type(text, result.get("RawMessageDelivery") == "true")


def _check_replay(text: str, kind: Kind) -> None:
    if not kind.fifo or not kind.archived:
        raise errors.attribute("ReplayPolicy", "Topic must have an ArchivePolicy")
    replay(text)


def replay(text: str) -> Replay:
    """What a ReplayPolicy says. Raises InvalidParameterException.

    https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html
    """
    document = _object("ReplayPolicy", text)
    if document.get("PointType") != "Timestamp":
        raise errors.attribute("ReplayPolicy", "PointType must be Timestamp")
    if not document.keys() <= {"PointType", "StartingPoint", "EndingPoint"}:
        raise errors.attribute("ReplayPolicy", "has an unknown member")
    start, end = _moment(document, "StartingPoint"), _moment(document, "EndingPoint")
    if start is None:
        raise errors.attribute("ReplayPolicy", "StartingPoint is required")
    if end is not None and end <= start:
        raise errors.attribute("ReplayPolicy", "EndingPoint must be later than StartingPoint")
    return Replay(start, end)


def _moment(document: dict[str, Any], name: str) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise errors.attribute("ReplayPolicy", f"{name} is not a valid timestamp") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.attribute(name, "failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise errors.attribute(name, "failed to parse JSON.")
    return document
