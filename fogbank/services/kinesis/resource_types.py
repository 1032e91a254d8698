"""AWS::Kinesis::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Kinesis.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.kinesis.service import service

_MISSING = frozenset({"ResourceNotFoundException"})


@service.resource_type
class StreamType(ResourceType):
    """A stream. Without a Name it gets one of its own."""

    name = "AWS::Kinesis::Stream"
    identifier = ("Name",)
    naming = Naming("Name", 128)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"stream-{ctx.ids.hex(12)}"
        request = {"StreamName": name, "Tags": tag_list(properties)}
        request |= pick(properties, "ShardCount", "StreamModeDetails", "MaxRecordSizeInKiB")
        if "ShardCount" not in properties and "StreamModeDetails" not in properties:
            request["ShardCount"] = 1
        await self.call(ctx, "CreateStream", request)
        return str(name)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return (await self._summary(ctx, identifier))["StreamStatus"] == "ACTIVE"

    async def _summary(self, ctx: Context, identifier: str) -> dict[str, Any]:
        answer = await self.call(ctx, "DescribeStreamSummary", {"StreamName": identifier})
        summary: dict[str, Any] = answer["StreamDescriptionSummary"]
        return summary

    async def read(self, ctx: Context, identifier: str) -> Properties:
        summary = await self._summary(ctx, identifier)
        properties: Properties = {
            "Name": identifier,
            "Arn": summary["StreamARN"],
            "RetentionPeriodHours": summary["RetentionPeriodHours"],
            "StreamModeDetails": summary["StreamModeDetails"],
        }
        if summary["StreamModeDetails"]["StreamMode"] == "PROVISIONED":
            properties["ShardCount"] = summary["OpenShardCount"]
        if summary["EncryptionType"] == "KMS":
            properties["StreamEncryption"] = {"EncryptionType": "KMS", "KeyId": summary["KeyId"]}
        tags = (await self.call(ctx, "ListTagsForStream", {"StreamName": identifier}))["Tags"]
        if tags:
            properties["Tags"] = tags
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        mode, count = after.get("StreamModeDetails"), after.get("ShardCount")
        if mode is not None and mode != before.get("StreamModeDetails"):
            await self.call(ctx, "UpdateStreamMode", {"StreamARN": before["Arn"], "StreamModeDetails": mode})
        elif count is not None and count != before.get("ShardCount"):
            await self.call(
                ctx,
                "UpdateShardCount",
                {"StreamName": identifier, "TargetShardCount": count, "ScalingType": "UNIFORM_SCALING"},
            )
        added, removed = tag_changes(before, after)
        if added:
            await self.call(ctx, "AddTagsToStream", {"StreamName": identifier, "Tags": added})
        if removed:
            await self.call(ctx, "RemoveTagsFromStream", {"StreamName": identifier, "TagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteStream", {"StreamName": identifier, "EnforceConsumerDeletion": True})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        names: list[str] = []
        token = None
        while True:
            answer = await self.call(ctx, "ListStreams", {"NextToken": token})
            names += answer["StreamNames"]
            token = answer.get("NextToken")
            if token is None:
                return names


@service.resource_type
class StreamConsumerType(ResourceType):
    """A consumer with enhanced fan-out."""

    name = "AWS::Kinesis::StreamConsumer"
    identifier = ("ConsumerARN",)
    required = frozenset({"ConsumerName", "StreamARN"})
    create_only = frozenset({"ConsumerName", "StreamARN"})
    read_only = frozenset({"ConsumerARN", "ConsumerCreationTimestamp", "ConsumerStatus"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "ConsumerName", "StreamARN") | {"Tags": tag_list(properties)}
        answer = await self.call(ctx, "RegisterStreamConsumer", request)
        return str(answer["Consumer"]["ConsumerARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "DescribeStreamConsumer", {"ConsumerARN": identifier})
        description = answer["ConsumerDescription"]
        return pick(description, "ConsumerARN", "ConsumerName", "ConsumerStatus", "StreamARN") | {
            "ConsumerCreationTimestamp": str(int(description["ConsumerCreationTimestamp"]))
        }

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return (await self.read(ctx, identifier))["ConsumerStatus"] == "ACTIVE"

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeregisterStreamConsumer", {"ConsumerARN": identifier})
