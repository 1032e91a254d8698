"""Topics: CreateTopic, DeleteTopic, ListTopics, GetTopicAttributes, SetTopicAttributes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.sns import archive, arns, data_protection, delivery_policies, errors, limits, paging, tags
from fogbank.services.sns.fifo import sequences
from fogbank.services.sns.service import service
from fogbank.services.sns.subscription import forget_all, subscriptions
from fogbank.services.sns.topic import (
    ON_TOPIC,
    Counts,
    Topic,
    arn,
    counts,
    find,
    modify,
    policy_of,
    quick,
    scope_of,
    topics,
)
from fogbank.services.sns.topic_attributes import Attributes, changed, check_name, of_new

Request = dict[str, Any]


# -- creating and deleting


def _own_topic(ctx: Context, request: Request) -> str:
    return arn(ctx, request["Name"])


_CREATE = with_members(
    "sns:CreateTopic", {"Tags": "sns:TagResource", "DataProtectionPolicy": "sns:PutDataProtectionPolicy"}
)


@service.operation(resource=_own_topic, action=_CREATE)
async def create_topic(ctx: Context, request: Request) -> Request:
    """Create a topic, or find the one that has this name and these attributes. API_CreateTopic."""
    name, asked = request["Name"], request.get("Attributes") or {}
    fifo, attributes = of_new(asked)
    check_name(name, fifo)
    labels = tags.checked({}, request.get("Tags") or [])
    existing = await topics.get(ctx, name)
    if existing is None:
        await _create(ctx, name, fifo, attributes, labels, request.get("DataProtectionPolicy"))
    else:
        _compare(existing, fifo, asked, request.get("Tags"), labels)
    return {"TopicArn": arn(ctx, name)}


async def _create(
    ctx: Context, name: str, fifo: bool, attributes: Attributes, labels: dict[str, str], protection: str | None
) -> None:
    if await topics.count(ctx, limit=limits.TOPICS) >= limits.TOPICS:
        raise errors.too_many_topics()
    if protection:
        data_protection.check(protection)
        await data_protection.check_destinations(ctx, protection)
    since = ctx.now() if "ArchivePolicy" in attributes else 0.0
    topic = Topic(
        name, ctx.ids.hex(16), tags=labels, created=ctx.now(), fifo=fifo, data_protection=protection or None,
        archived_since=since, **quick(attributes),
    )  # fmt: skip
    topics.put(ctx, topic, name)


def _compare(existing: Topic, fifo: bool, asked: Attributes, given: Any, labels: dict[str, str]) -> None:
    """Refuse to create a topic that is there and differs in what is asked for; what is not asked for may be anything."""
    others = {name: value for name, value in asked.items() if name != "FifoTopic"}
    if fifo != existing.fifo or changed(existing.attributes, others, fifo) != existing.attributes:
        raise errors.topic_differs("Attributes")
    if given is not None and labels != existing.tags:
        raise errors.topic_differs("Tags")


@service.operation(**ON_TOPIC)
async def delete_topic(ctx: Context, request: Request) -> Request:
    """Delete a topic and its subscriptions; one that is not there is deleted already. API_DeleteTopic."""
    place = arns.topic(request["TopicArn"], ctx.region)
    scope = scope_of(ctx, place.account)
    topic = await topics.get(scope, place.resource)
    if topic is None:
        return {}
    if topic.archive_days:
        raise errors.topic_is_archived()
    await forget_all(scope, topic.name)
    topics.delete(scope, topic.name)
    counts.delete(scope, topic.name)
    sequences.delete(scope, topic.id)
    return {}


@service.operation(resource=lambda ctx, request: arn(ctx, "*"))
async def list_topics(ctx: Context, request: Request) -> Request:
    """The account's topics in this region, a hundred at a time. API_ListTopics."""
    rows = await topics.scan(ctx, after=paging.after(request), limit=limits.PAGE + 1)
    found, token = pages.page(rows, limits.PAGE, lambda topic: topic.name)
    return {"Topics": [{"TopicArn": arn(ctx, topic.name)} for topic in found], "NextToken": token}


# -- attributes


@service.operation(**ON_TOPIC)
async def get_topic_attributes(ctx: Context, request: Request) -> Request:
    """Everything about a topic. API_GetTopicAttributes."""
    scope, topic = await find(ctx, request["TopicArn"])
    numbers = await counts.get(scope, topic.name) or Counts()
    return {"Attributes": _shown(scope, topic, numbers)}


def _shown(ctx: Context, topic: Topic, numbers: Counts) -> Attributes:
    effective = delivery_policies.effective_for_topic(topic.attributes.get("DeliveryPolicy"))
    shown = {
        "TopicArn": arn(ctx, topic.name),
        "Owner": ctx.account,
        "Policy": policy_of(ctx, topic),
        "DisplayName": "",
        "SubscriptionsConfirmed": str(numbers.confirmed),
        "SubscriptionsPending": str(numbers.pending),
        "SubscriptionsDeleted": str(numbers.deleted),
        "EffectiveDeliveryPolicy": json.dumps(effective, separators=(",", ":")),
    }
    if topic.fifo:
        shown |= {"FifoTopic": "true", "ContentBasedDeduplication": "false", "FifoThroughputScope": "Topic"}
    if topic.archive_days:
        shown["BeginningArchiveTime"] = _beginning(topic, ctx.now())
    return shown | topic.attributes


def _beginning(topic: Topic, now: float) -> str:
    """The earliest moment from which messages can be replayed."""
    moment = max(topic.archived_since, now - topic.archive_days * 86_400)
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@service.operation(**ON_TOPIC)
async def set_topic_attributes(ctx: Context, request: Request) -> Request:
    """Change an attribute. It counts at once. API_SetTopicAttributes."""
    scope, topic = await find(ctx, request["TopicArn"])
    name, value = request["AttributeName"], request.get("AttributeValue") or ""
    attributes = changed(topic.attributes, {name: value}, topic.fifo)
    since = topic.archived_since
    if name == "ArchivePolicy":
        since = 0.0 if "ArchivePolicy" not in attributes else since or ctx.now()
    after_ = modify(scope, topic, archived_since=since, **quick(attributes))
    if name == "ArchivePolicy":
        await archive.policy_changed(scope, after_)
    if name == "MaximumMessageSize":
        await _check_large(scope, after_)
    return {}


async def _check_large(ctx: Context, topic: Topic) -> None:
    """Large messages are for topics with few subscriptions, of those protocols that take them."""
    if topic.maximum_size <= limits.MESSAGE_BYTES:
        return
    most = limits.SUBSCRIPTIONS_OF_LARGE_TOPIC
    found = await subscriptions.scan(ctx, topic.name, limit=most + 1)
    if len(found) > most or any(each.protocol not in limits.LARGE_PROTOCOLS for each in found):
        reason = f"a topic with more than {limits.MESSAGE_BYTES} must have {most} or fewer subscriptions, all of them "
        raise errors.attribute("MaximumMessageSize", reason + "Amazon SQS, Amazon Data Firehose or Lambda.")
