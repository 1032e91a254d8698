"""AWS::Logs::Delivery and its two ends: logs of other services, on their way to groups, buckets and streams.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-delivery.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, pick, tag_list
from fogbank.services.logs.account_types import LogsType, lowered, raised
from fogbank.services.logs.service import service

_POLICY = "DeliveryDestinationPolicy"


@service.resource_type
class DeliverySourceType(LogsType):
    name = "AWS::Logs::DeliverySource"
    identifier = ("Name",)
    required = frozenset({"Name"})
    create_only = frozenset({"LogType", "Name", "ResourceArn"})
    read_only = frozenset({"Arn", "ResourceArns", "Service"})
    write_only = frozenset({"ResourceArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = lowered(pick(properties, "Name", "ResourceArn", "LogType"))
        await self.call(ctx, "PutDeliverySource", {**request, "tags": tag_list(properties)})
        return str(properties["Name"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetDeliverySource", {"name": identifier}))["deliverySource"]
        properties: Properties = raised(pick(found, "name", "arn", "resourceArns", "service", "logType"))
        return properties | await self.tags_of(ctx, found["arn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.tag(ctx, before["Arn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDeliverySource", {"name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["name"] for each in await self.listed(ctx, "DescribeDeliverySources", "deliverySources")]


@service.resource_type
class DeliveryDestinationType(LogsType):
    name = "AWS::Logs::DeliveryDestination"
    identifier = ("Name",)
    required = frozenset({"Name"})
    create_only = frozenset({"DestinationResourceArn", "DeliveryDestinationType", "Name", "OutputFormat"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = lowered(pick(properties, "Name", "OutputFormat", "DeliveryDestinationType"))
        target = properties.get("DestinationResourceArn")
        request["deliveryDestinationConfiguration"] = {"destinationResourceArn": target} if target else None
        await self.call(ctx, "PutDeliveryDestination", {**request, "tags": tag_list(properties)})
        await self._guard(ctx, properties["Name"], None, properties.get(_POLICY))
        return str(properties["Name"])

    async def _guard(self, ctx: Context, name: str, before: Any, after: Any) -> None:
        about = {"deliveryDestinationName": name}
        if after is None and before is not None:
            await self.call(ctx, "DeleteDeliveryDestinationPolicy", about)
        elif after != before:
            await self.call(ctx, "PutDeliveryDestinationPolicy", {**about, "deliveryDestinationPolicy": _text(after)})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetDeliveryDestination", {"name": identifier}))["deliveryDestination"]
        properties: Properties = raised(pick(found, "name", "arn", "outputFormat", "deliveryDestinationType"))
        target = (found.get("deliveryDestinationConfiguration") or {}).get("destinationResourceArn")
        if target:
            properties["DestinationResourceArn"] = target
        return properties | await self._policy(ctx, identifier) | await self.tags_of(ctx, found["arn"])

    async def _policy(self, ctx: Context, name: str) -> Properties:
        try:
            found = await self.call(ctx, "GetDeliveryDestinationPolicy", {"deliveryDestinationName": name})
        except AWSError as error:
            if not self.is_missing(error):
                raise
            return {}
        text = (found.get("policy") or {}).get("deliveryDestinationPolicy")
        return {_POLICY: {"DeliveryDestinationName": name, _POLICY: text}} if text else {}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._guard(ctx, identifier, before.get(_POLICY), after.get(_POLICY))
        await self.tag(ctx, before["Arn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDeliveryDestination", {"name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "DescribeDeliveryDestinations", "deliveryDestinations")
        return [each["name"] for each in found]


def _text(policy: Any) -> str:
    """A policy as JSON; it stands in an object that names the destination, or for itself."""
    if isinstance(policy, dict) and _POLICY in policy:
        policy = policy[_POLICY]
    return policy if isinstance(policy, str) else orjson.dumps(policy).decode()


@service.resource_type
class DeliveryType(LogsType):
    name = "AWS::Logs::Delivery"
    identifier = ("DeliveryId",)
    required = frozenset({"DeliveryDestinationArn", "DeliverySourceName"})
    create_only = frozenset({"DeliveryDestinationArn", "DeliverySourceName"})
    read_only = frozenset({"Arn", "DeliveryDestinationType", "DeliveryId"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = lowered(pick(properties, "DeliverySourceName", "DeliveryDestinationArn")) | _configuration(properties)
        made = await self.call(ctx, "CreateDelivery", {**request, "tags": tag_list(properties)})
        return str(made["delivery"]["id"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetDelivery", {"id": identifier}))["delivery"]
        shown = ("arn", "deliverySourceName", "deliveryDestinationArn", "deliveryDestinationType", "fieldDelimiter")
        properties: Properties = raised(pick(found, *shown, "recordFields")) | {"DeliveryId": identifier}
        bucket = found.get("s3DeliveryConfiguration") or {}
        if bucket.get("suffixPath"):
            properties["S3SuffixPath"] = bucket["suffixPath"]
        if bucket.get("enableHiveCompatiblePath") is not None:
            properties["S3EnableHiveCompatiblePath"] = bucket["enableHiveCompatiblePath"]
        return properties | await self.tags_of(ctx, found["arn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if _configuration(before) != _configuration(after):
            await self.call(ctx, "UpdateDeliveryConfiguration", {"id": identifier, **_configuration(after)})
        await self.tag(ctx, before["Arn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDelivery", {"id": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["id"] for each in await self.listed(ctx, "DescribeDeliveries", "deliveries")]


def _configuration(properties: Properties) -> dict[str, Any]:
    request: dict[str, Any] = lowered(pick(properties, "RecordFields", "FieldDelimiter"))
    bucket = {
        "suffixPath": properties.get("S3SuffixPath"),
        "enableHiveCompatiblePath": properties.get("S3EnableHiveCompatiblePath"),
    }
    given = {name: value for name, value in bucket.items() if value is not None}
    return request | ({"s3DeliveryConfiguration": given} if given else {})
