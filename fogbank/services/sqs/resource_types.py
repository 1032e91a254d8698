"""AWS::SQS::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, tag_changes, tag_list
from fogbank.services.sqs import errors
from fogbank.services.sqs.service import service

_MISSING = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_NUMBERS = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
_SWITCHES = ("ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled")
_DOCUMENTS = ("RedriveAllowPolicy", "RedrivePolicy")
_TEXTS = ("DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId")
# what a queue has again when its template says it no more
_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
_ATTRIBUTES = (*_NUMBERS, *_SWITCHES, *_DOCUMENTS, *_TEXTS)


@service.resource_type
class QueueType(ResourceType):
    """A queue. Without a QueueName it gets one of its own."""

    name = "AWS::SQS::Queue"
    identifier = ("QueueUrl",)
    naming = Naming("QueueName", 80, suffix=("FifoQueue", ".fifo"))
    create_only = frozenset({"FifoQueue", "QueueName"})
    read_only = frozenset({"Arn", "QueueUrl"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("QueueName") or ctx.ids.hex(20) + (".fifo" if properties.get("FifoQueue") else "")
        attributes = {name: _text(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None}
        if attributes.get("FifoQueue") == "false":
            del attributes["FifoQueue"]  # SQS takes nothing but true
        made = await self.call(
            ctx, "CreateQueue", {"QueueName": name, "Attributes": attributes, "tags": tag_list(properties)}
        )
        return str(made["QueueUrl"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetQueueAttributes", {"QueueUrl": identifier, "AttributeNames": ["All"]})
        attributes = found["Attributes"]
        properties: Properties = {"QueueUrl": identifier, "Arn": attributes["QueueArn"]}
        properties["QueueName"] = attributes["QueueArn"].rpartition(":")[2]
        properties.update({name: _value(name, attributes[name]) for name in _ATTRIBUTES if name in attributes})
        tags = (await self.call(ctx, "ListQueueTags", {"QueueUrl": identifier})).get("Tags")
        if tags:
            properties["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changed = [name for name in _ATTRIBUTES if before.get(name) != after.get(name)]
        if changed:
            attributes = {name: _text(after.get(name, _DEFAULTS.get(name, ""))) for name in changed}
            await self.call(ctx, "SetQueueAttributes", {"QueueUrl": identifier, "Attributes": attributes})
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagQueue", {"QueueUrl": identifier, "Tags": tags})
        if removed:
            await self.call(ctx, "UntagQueue", {"QueueUrl": identifier, "TagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteQueue", {"QueueUrl": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found: list[str] = []
        token: str | None = None
        while True:
            page = await self.call(ctx, "ListQueues", {"MaxResults": 1000, "NextToken": token})
            found += page.get("QueueUrls") or []
            token = page.get("NextToken")
            if token is None:
                return found


@service.resource_type
class QueueInlinePolicyType(ResourceType):
    """The policy of one queue."""

    name = "AWS::SQS::QueueInlinePolicy"
    identifier = ("Queue",)
    required = frozenset({"PolicyDocument", "Queue"})
    create_only = frozenset({"Queue"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.put(ctx, [properties["Queue"]], properties["PolicyDocument"])
        return str(properties["Queue"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        return {"Queue": identifier, "PolicyDocument": await self.policy(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.put(ctx, [identifier], after["PolicyDocument"])

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.put(ctx, [identifier], "")

    async def put(self, ctx: Context, queues: Iterable[str], policy: Any) -> None:
        for url in queues:
            await self.call(ctx, "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": _text(policy)}})

    async def policy(self, ctx: Context, url: str) -> Any:
        """Raises QueueDoesNotExist when there is none."""
        found = await self.call(ctx, "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["Policy"]})
        text = (found.get("Attributes") or {}).get("Policy")
        if not text:
            raise errors.queue_does_not_exist()
        return orjson.loads(text)


_queue_policies = service.collection("queue_policies", list[str])  # (id) URLs of the queues that it is the policy of


@service.resource_type
class QueuePolicyType(QueueInlinePolicyType):
    """One policy for several queues. Which ones is kept under its id, since no operation of SQS knows."""

    name = "AWS::SQS::QueuePolicy"
    identifier = ("Id",)
    required = frozenset({"PolicyDocument", "Queues"})
    create_only = frozenset()
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        identifier = ctx.ids.hex(24)
        await self._keep(ctx, identifier, properties)
        return identifier

    async def _keep(self, ctx: Context, identifier: str, properties: Properties) -> None:
        await self.put(ctx, properties["Queues"], properties["PolicyDocument"])
        _queue_policies.put(ctx, properties["Queues"], identifier)

    async def _queues(self, ctx: Context, identifier: str) -> list[str]:
        queues = await _queue_policies.get(ctx, identifier)
        if queues is None:
            raise errors.queue_does_not_exist()
        return queues

    async def read(self, ctx: Context, identifier: str) -> Properties:
        queues = await self._queues(ctx, identifier)
        return {"Id": identifier, "Queues": queues, "PolicyDocument": await self.policy(ctx, queues[0])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.put(ctx, [url for url in before["Queues"] if url not in after["Queues"]], "")
        await self._keep(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        for url in await self._queues(ctx, identifier):
            try:
                await self.put(ctx, [url], "")
            except AWSError as error:
                if not self.is_missing(error):
                    raise
        _queue_policies.delete(ctx, identifier)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, dict) else str(value)


def _value(name: str, text: str) -> Any:
    if name in _NUMBERS:
        return int(text)
    if name in _SWITCHES:
        return text == "true"
    return orjson.loads(text) if name in _DOCUMENTS else text
