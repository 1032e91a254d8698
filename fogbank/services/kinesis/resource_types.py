"""AWS::Kinesis::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Kinesis.html"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.kinesis.service import service
from fogbank.services.kinesis.settings import METRICS

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
        request |= pick(properties, "ShardCount", "StreamModeDetails", "MaxRecordSizeInKiB", "WarmThroughputMiBps")
        if "ShardCount" not in properties and "StreamModeDetails" not in properties:
            request["ShardCount"] = 1
        await self.call(ctx, "CreateStream", request)
        return str(name)

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        summary = await self._summary(ctx, identifier)
        if summary["StreamStatus"] != "ACTIVE":
            return False
        step = _step(summary, after)
        if step is not None:
            operation, params = step
            by = "StreamARN" if operation in _BY_ARN else "StreamName"
            await self.call(ctx, operation, {by: summary[by], **params})
        return step is None

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
            "MaxRecordSizeInKiB": summary["MaxRecordSizeInKiB"],
        }
        if metrics := summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]:
            properties["DesiredShardLevelMetrics"] = metrics
        if summary["StreamModeDetails"]["StreamMode"] == "PROVISIONED":
            properties["ShardCount"] = summary["OpenShardCount"]
        if summary["EncryptionType"] == "KMS":
            properties["StreamEncryption"] = {"EncryptionType": "KMS", "KeyId": summary["KeyId"]}
        tags = (await self.call(ctx, "ListTagsForStream", {"StreamName": identifier}))["Tags"]
        if tags:
            properties["Tags"] = tags
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """Tags; for the rest the stream has to be ACTIVE each time."""
        added, removed = tag_changes(before, after)
        if added:
            await self.call(ctx, "AddTagsToStream", {"StreamName": identifier, "Tags": added})
        if removed:
            await self.call(ctx, "RemoveTagsFromStream", {"StreamName": identifier, "TagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteStream", {"StreamName": identifier, "EnforceConsumerDeletion": True})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [*await self.listed(ctx, "ListStreams", "StreamNames")]


# these take no name of a stream
_BY_ARN = frozenset({"UpdateStreamMode", "UpdateMaxRecordSize", "UpdateStreamWarmThroughput"})
_RETENTION_HOURS = 24
_RECORD_KIB = 1024


def _step(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    """The next operation that leads from a stream to what is asked of it; None when it is that."""
    steps = (_mode, _shards, _retention, _encryption, _record_size, _monitoring, _warmth)
    return next((step for each in steps if (step := each(summary, wanted)) is not None), None)


def _mode(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    given = wanted.get("StreamModeDetails") or {"StreamMode": "PROVISIONED"}
    is_there = given["StreamMode"] == summary["StreamModeDetails"]["StreamMode"]
    return None if is_there else ("UpdateStreamMode", {"StreamModeDetails": given})


def _shards(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    count = wanted.get("ShardCount")
    if count is None or summary["StreamModeDetails"]["StreamMode"] != "PROVISIONED":
        return None
    scaled = {"TargetShardCount": int(count), "ScalingType": "UNIFORM_SCALING"}
    return None if int(count) == summary["OpenShardCount"] else ("UpdateShardCount", scaled)


def _retention(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    hours, there = int(wanted.get("RetentionPeriodHours") or _RETENTION_HOURS), summary["RetentionPeriodHours"]
    direction = "Increase" if hours > there else "Decrease"
    return None if hours == there else (f"{direction}StreamRetentionPeriod", {"RetentionPeriodHours": hours})


def _encryption(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    there = pick(summary, "EncryptionType", "KeyId") if summary["EncryptionType"] == "KMS" else None
    given = wanted.get("StreamEncryption")
    if given == there:
        return None
    return ("StartStreamEncryption", given) if given else ("StopStreamEncryption", there or {})


def _record_size(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    size = int(wanted.get("MaxRecordSizeInKiB") or _RECORD_KIB)
    return None if size == summary["MaxRecordSizeInKiB"] else ("UpdateMaxRecordSize", {"MaxRecordSizeInKiB": size})


def _monitoring(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    there = set(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"])
    asked = wanted.get("DesiredShardLevelMetrics") or ()
    given = set(METRICS) if "ALL" in asked else set(asked)
    if more := given - there:
        return "EnableEnhancedMonitoring", {"ShardLevelMetrics": sorted(more)}
    less = there - given
    return ("DisableEnhancedMonitoring", {"ShardLevelMetrics": sorted(less)}) if less else None


def _warmth(summary: dict[str, Any], wanted: Properties) -> tuple[str, Properties] | None:
    given = wanted.get("WarmThroughputMiBps")
    there = (summary.get("WarmThroughput") or {}).get("TargetMiBps")
    if given is None or int(given) == there:
        return None
    return "UpdateStreamWarmThroughput", {"WarmThroughputMiBps": int(given)}


@service.resource_type
class ResourcePolicyType(ResourceType):
    """The policy of a stream or a consumer."""

    name = "AWS::Kinesis::ResourcePolicy"
    identifier = ("ResourceArn",)
    required = frozenset({"ResourceArn", "ResourcePolicy"})
    create_only = frozenset({"ResourceArn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        arn, policy = properties["ResourceArn"], properties["ResourcePolicy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        await self.call(ctx, "PutResourcePolicy", {"ResourceARN": arn, "Policy": text})
        return str(arn)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "GetResourcePolicy", {"ResourceARN": identifier})
        return {"ResourceArn": identifier, "ResourcePolicy": json.loads(answer["Policy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {**after, "ResourceArn": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {"ResourceARN": identifier})


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
