"""What CloudFormation and Cloud Control see of SNS."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.sns import errors
from fogbank.services.sns.service import service
from fogbank.services.sns.topic_attributes import default_policy

_MISSING = frozenset({"NotFoundException", "ResourceNotFoundException", "NotFound"})
_SWITCHES = ("ContentBasedDeduplication", "FifoTopic")
_DOCUMENTS = ("ArchivePolicy", "DeliveryPolicy")
_TEXTS = ("DisplayName", "FifoThroughputScope", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
_ATTRIBUTES = (*_SWITCHES, *_DOCUMENTS, *_TEXTS)
_SUBSCRIPTION_DOCUMENTS = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy")
_SUBSCRIPTION_ATTRIBUTES = (
    *_SUBSCRIPTION_DOCUMENTS,
    "FilterPolicyScope",
    "RawMessageDelivery",
    "SubscriptionRoleArn",
)
_ARN_WANTED = {"ReturnSubscriptionArn": True}
_PROTOCOLS = {
    "application": "Application",
    "firehose": "Firehose",
    "http/s": "HTTP",
    "http": "HTTP",
    "https": "HTTP",
    "lambda": "Lambda",
    "sqs": "SQS",
}
_FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def _read(name: str, text: str) -> Any:
    if name in _SWITCHES or name == "RawMessageDelivery":
        return text == "true"
    return orjson.loads(text) if name in (*_DOCUMENTS, *_SUBSCRIPTION_DOCUMENTS) else text


def _attributes(properties: Properties) -> dict[str, str]:
    """The topic's attributes that its properties say."""
    found = {name: _text(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None}
    for logging in properties.get("DeliveryStatusLogging") or []:
        prefix = _PROTOCOLS[logging["Protocol"].lower()]
        found.update({f"{prefix}{name}": _text(logging[name]) for name in _FEEDBACK if logging.get(name) is not None})
    if found.get("FifoTopic") == "false":
        del found["FifoTopic"]
    return found


@service.resource_type
class TopicType(ResourceType):
    """A topic, with those subscriptions that are written into it. Without a TopicName it gets one of its own."""

    name = "AWS::SNS::Topic"
    identifier = ("TopicArn",)
    naming = Naming("TopicName", 256, suffix=("FifoTopic", ".fifo"))
    create_only = frozenset({"FifoTopic", "TopicName"})
    read_only = frozenset({"TopicArn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("TopicName") or ctx.ids.hex(20) + (".fifo" if properties.get("FifoTopic") else "")
        request = {
            "Name": name,
            "Attributes": _attributes(properties),
            "Tags": properties.get("Tags"),
            "DataProtectionPolicy": _text(properties["DataProtectionPolicy"])
            if properties.get("DataProtectionPolicy")
            else None,
        }
        arn = str((await self.call(ctx, "CreateTopic", request))["TopicArn"])
        for subscription in properties.get("Subscription") or []:
            await self.call(ctx, "Subscribe", {"TopicArn": arn, **pick(subscription, "Protocol", "Endpoint")})
        return arn

    async def read(self, ctx: Context, identifier: str) -> Properties:
        attributes = (await self.call(ctx, "GetTopicAttributes", {"TopicArn": identifier}))["Attributes"]
        found: Properties = {"TopicArn": identifier, "TopicName": identifier.rpartition(":")[2]}
        found |= {name: _read(name, attributes[name]) for name in _ATTRIBUTES if attributes.get(name)}
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceArn": identifier}))["Tags"]
        if tags:
            found["Tags"] = tags
        policy = (await self.call(ctx, "GetDataProtectionPolicy", {"ResourceArn": identifier})).get(
            "DataProtectionPolicy"
        )
        if policy:
            found["DataProtectionPolicy"] = orjson.loads(policy)
        subscriptions = await self._subscriptions(ctx, identifier)
        return found | ({"Subscription": subscriptions} if subscriptions else {})

    async def _subscriptions(self, ctx: Context, arn: str) -> list[Properties]:
        answer = await self.call(ctx, "ListSubscriptionsByTopic", {"TopicArn": arn})
        return [pick(each, "Protocol", "Endpoint") for each in answer["Subscriptions"]]

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = _attributes(before), _attributes(after)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                request = {"TopicArn": identifier, "AttributeName": name, "AttributeValue": new.get(name, "")}
                await self.call(ctx, "SetTopicAttributes", request)
        await self._update_subscriptions(ctx, identifier, before, after)
        if before.get("DataProtectionPolicy") != after.get("DataProtectionPolicy"):
            policy = after.get("DataProtectionPolicy")
            request = {"ResourceArn": identifier, "DataProtectionPolicy": _text(policy) if policy else ""}
            await self.call(ctx, "PutDataProtectionPolicy", request)
        tags, removed = tag_changes(before, after)
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagResource", {"ResourceArn": identifier, "Tags": listed})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceArn": identifier, "TagKeys": removed})

    async def _update_subscriptions(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        old, new = (
            [pick(each, "Protocol", "Endpoint") for each in properties.get("Subscription") or []]
            for properties in (before, after)
        )
        for added in new:
            if added not in old:
                await self.call(ctx, "Subscribe", {"TopicArn": arn, **added})
        listed = await self.call(ctx, "ListSubscriptionsByTopic", {"TopicArn": arn})
        for each in listed["Subscriptions"]:
            wanted = pick(each, "Protocol", "Endpoint")
            if wanted in old and wanted not in new and each["SubscriptionArn"].startswith("arn:"):
                await self.call(ctx, "Unsubscribe", {"SubscriptionArn": each["SubscriptionArn"]})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "GetTopicAttributes", {"TopicArn": identifier})  # it has to be there
        await self.call(ctx, "DeleteTopic", {"TopicArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["TopicArn"] for each in await self.listed(ctx, "ListTopics", "Topics")]


@service.resource_type
class SubscriptionType(ResourceType):
    name = "AWS::SNS::Subscription"
    identifier = ("Arn",)
    required = frozenset({"Protocol", "TopicArn"})
    create_only = frozenset({"Endpoint", "Protocol", "TopicArn"})
    read_only = frozenset({"Arn"})
    write_only = frozenset({"Region"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {name: _text(properties[name]) for name in _SUBSCRIPTION_ATTRIBUTES if properties.get(name) is not None}
        request = {**pick(properties, "TopicArn", "Protocol", "Endpoint"), "Attributes": given}
        answer = await self.call(self._where(ctx, properties["TopicArn"]), "Subscribe", request | _ARN_WANTED)
        return str(answer["SubscriptionArn"])

    def _where(self, ctx: Context, arn: str) -> Context:
        """The region of the topic, which may be another one."""
        region = arn.split(":")[3]
        return ctx if region == ctx.region else ctx.at(region=region)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(
            self._where(ctx, identifier), "GetSubscriptionAttributes", {"SubscriptionArn": identifier}
        )
        attributes = answer["Attributes"]
        found: Properties = {"Arn": identifier, **pick(attributes, "TopicArn", "Protocol", "Endpoint")}
        return found | {
            name: _read(name, attributes[name]) for name in _SUBSCRIPTION_ATTRIBUTES if attributes.get(name)
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        where = self._where(ctx, identifier)
        # what a filter looks at has to be known before the filter
        for name in sorted(_SUBSCRIPTION_ATTRIBUTES, key=lambda name: name != "FilterPolicyScope"):
            if before.get(name) != after.get(name):
                value = "" if after.get(name) is None else _text(after[name])
                request = {"SubscriptionArn": identifier, "AttributeName": name, "AttributeValue": value}
                await self.call(where, "SetSubscriptionAttributes", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        where = self._where(ctx, identifier)
        await self.call(where, "GetSubscriptionAttributes", {"SubscriptionArn": identifier})  # it has to be there
        await self.call(where, "Unsubscribe", {"SubscriptionArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListSubscriptions", "Subscriptions")
        arns = [each["SubscriptionArn"] for each in found]
        return [arn for arn in arns if arn.startswith("arn:")]


def _own_policy(topic: str) -> str:
    """The policy that AWS gives a topic."""
    return default_policy(topic, topic.split(":")[4])


class _Policy(ResourceType):
    """A policy document on topics."""

    required = frozenset({"PolicyDocument"})
    missing = _MISSING

    async def _put(self, ctx: Context, topics: list[str], document: Any) -> None:
        for topic in topics:
            request = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": _text(document)}
            await self.call(ctx, "SetTopicAttributes", request)

    async def _take(self, ctx: Context, topics: list[str]) -> None:
        """Put AWS's own policy in its place again."""
        for topic in topics:
            try:
                await self._put(ctx, [topic], orjson.loads(_own_policy(topic)))
            except AWSError as error:
                if not self.is_missing(error):
                    raise


@service.resource_type
class TopicInlinePolicyType(_Policy):
    """The policy of one topic."""

    name = "AWS::SNS::TopicInlinePolicy"
    identifier = ("TopicArn",)
    required = frozenset({"PolicyDocument", "TopicArn"})
    create_only = frozenset({"TopicArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, [properties["TopicArn"]], properties["PolicyDocument"])
        return str(properties["TopicArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        attributes = (await self.call(ctx, "GetTopicAttributes", {"TopicArn": identifier}))["Attributes"]
        if attributes["Policy"] == _own_policy(identifier):
            raise errors.not_found("TopicInlinePolicy")
        return {"TopicArn": identifier, "PolicyDocument": orjson.loads(attributes["Policy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, [identifier], after["PolicyDocument"])

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "GetTopicAttributes", {"TopicArn": identifier})  # it has to be there
        await self._take(ctx, [identifier])


_topic_policies = service.collection("topic_policies", list[str])


@service.resource_type
class TopicPolicyType(_Policy):
    """One policy for several topics. Which ones is kept under its id, since no operation of SNS knows."""

    name = "AWS::SNS::TopicPolicy"
    identifier = ("Id",)
    required = frozenset({"PolicyDocument", "Topics"})
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        identifier = ctx.ids.hex(24)
        await self._keep(ctx, identifier, properties)
        return identifier

    async def _keep(self, ctx: Context, identifier: str, properties: Properties) -> None:
        await self._put(ctx, properties["Topics"], properties["PolicyDocument"])
        _topic_policies.put(ctx, properties["Topics"], identifier)

    async def _topics(self, ctx: Context, identifier: str) -> list[str]:
        topics = await _topic_policies.get(ctx, identifier)
        if topics is None:
            raise errors.not_found("TopicPolicy")
        return topics

    async def read(self, ctx: Context, identifier: str) -> Properties:
        topics = await self._topics(ctx, identifier)
        attributes = (await self.call(ctx, "GetTopicAttributes", {"TopicArn": topics[0]}))["Attributes"]
        return {"Id": identifier, "Topics": topics, "PolicyDocument": orjson.loads(attributes["Policy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._take(ctx, [topic for topic in before["Topics"] if topic not in after["Topics"]])
        await self._keep(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self._take(ctx, await self._topics(ctx, identifier))
        _topic_policies.delete(ctx, identifier)
