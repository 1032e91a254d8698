"""The Topic record, where topics are kept, and how an operation finds the topic that its request names.

topics   (name)   Topic
counts   (name)   Counts
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.sns import arns, errors, limits
from fogbank.services.sns.service import service
from fogbank.services.sns.topic_attributes import Attributes, default_policy

Request = dict[str, Any]


class Topic(Record, frozen=True):
    """A topic.

    id               which topic of that name it is
    attributes       those that were set, as the API has them; the fields after `archived_since` are the same for quick use
    created          epoch seconds
    data_protection  the data protection policy (JSON)
    archived_since   when the archive began, epoch seconds
    feedback         is anything about the status of deliveries to be logged?
    """

    name: str
    id: str
    attributes: Attributes
    tags: dict[str, str]
    created: float
    fifo: bool
    data_protection: str | None
    archived_since: float
    content_based: bool
    deduplicated_by_group: bool
    maximum_size: int
    signature: str
    key: str | None
    archive_days: int
    feedback: bool


class Counts(Record, frozen=True):
    """How many subscriptions a topic has, and had."""

    confirmed: int = 0
    pending: int = 0
    deleted: int = 0
    filters: int = 0


topics = service.collection("topics", Topic, cached=True)
counts = service.collection("counts", Counts)


def quick(attributes: Attributes) -> dict[str, Any]:
    """The fields of a Topic that follow from its attributes."""
    archive = attributes.get("ArchivePolicy")
    return {
        "attributes": attributes,
        "content_based": attributes.get("ContentBasedDeduplication") == "true",
        "deduplicated_by_group": attributes.get("FifoThroughputScope") == "MessageGroup",
        "maximum_size": int(attributes.get("MaximumMessageSize", limits.MESSAGE_BYTES)),
        "signature": attributes.get("SignatureVersion", "1"),
        "key": attributes.get("KmsMasterKeyId"),
        "archive_days": int(json.loads(archive)["MessageRetentionPeriod"]) if archive else 0,
        "feedback": any("FeedbackRoleArn" in name for name in attributes),
    }


# -- names


def arn(ctx: Context, name: str) -> str:
    """The ARN of a topic in the context's scope."""
    return f"arn:{ctx.partition}:sns:{ctx.region}:{ctx.account}:{name}"


def scope_of(ctx: Context, account: str) -> Context:
    return ctx if account == ctx.account else ctx.at(account=account)


# -- finding


async def find(ctx: Context, text: str, parameter: str = "TopicArn") -> tuple[Context, Topic]:
    """The topic of an ARN, and the context of its account. Raises InvalidParameterException, NotFoundException."""
    place = arns.topic(text, ctx.region, parameter)
    scope = scope_of(ctx, place.account)
    topic = await topics.get(scope, place.resource)
    if topic is None:
        raise errors.not_found("Topic")
    return scope, topic


def modify(ctx: Context, topic: Topic, **changes: Any) -> Topic:
    """Write the topic with those fields changed."""
    topic = msgspec.structs.replace(topic, **changes)
    topics.put(ctx, topic, topic.name)
    return topic


async def count(ctx: Context, name: str, **changes: int) -> Counts:
    """Change the numbers of a topic by so much."""
    before = await counts.get(ctx, name) or Counts()
    after = msgspec.structs.replace(before, **{what: getattr(before, what) + by for what, by in changes.items()})
    counts.put(ctx, after, name)
    return after


# -- what the decision needs to know of a request


def policy_of(ctx: Context, topic: Topic) -> str:
    """The topic's policy; the one that AWS begins with when none was set."""
    return topic.attributes.get("Policy") or default_policy(arn(ctx, topic.name), ctx.account)


def _place(ctx: Context, request: Request) -> arns.Arn:
    text = request.get("TopicArn") or request.get("TargetArn") or request.get("ResourceArn") or ""
    return arns.topic(text, ctx.region, "ResourceArn" if "ResourceArn" in request else "TopicArn")


def named_arn(ctx: Context, request: Request) -> str:
    return str(_place(ctx, request))


async def named_owner(ctx: Context, request: Request) -> str | None:
    return _place(ctx, request).account


async def named_policy(ctx: Context, request: Request) -> str | None:
    """The policy that was set. The one of AWS only speaks of the topic's own account, which needs no policy's leave, and of services
    that say whom they work for (`aws:SourceOwner`: alarms do).
    """
    place = _place(ctx, request)
    scope = scope_of(ctx, place.account)
    topic = await topics.get(scope, place.resource)
    if topic is not None and ctx.principal.kind == "service":
        return policy_of(scope, topic)
    return None if topic is None else topic.attributes.get("Policy")


async def named_tags(ctx: Context, request: Request) -> dict[str, str]:
    place = _place(ctx, request)
    topic = await topics.get(scope_of(ctx, place.account), place.resource)
    return {} if topic is None else topic.tags


ON_TOPIC: dict[str, Any] = {
    "resource": named_arn,
    "owner": named_owner,
    "policy": named_policy,
    "tags": named_tags,
}
"""Options of operations on one topic, whose policy can open them to other accounts."""
