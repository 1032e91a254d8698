"""What has functions called: AWS::Lambda::Url, AWS::Lambda::EventInvokeConfig, AWS::Lambda::EventSourceMapping."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, pick, tag_list
from fogbank.services.lambda_.resource_types.base import LambdaType, listed_tags
from fogbank.services.lambda_.service import service

_URL = ("AuthType", "Cors", "InvokeMode")
_ASYNC = ("DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
# Of mappings: what can be changed, and what it is when a template no longer says it.
_READING: dict[str, Any] = {
    "BatchSize": None,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {},
    "DocumentDBEventSourceConfig": None,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "KmsKeyArn": "",
    "LoggingConfig": None,
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "MetricsConfig": {},
    "ParallelizationFactor": 1,
    "ProvisionedPollerConfig": {},
    "ScalingConfig": {},
    "SourceAccessConfigurations": None,
    "TumblingWindowInSeconds": 0,
}
_SOURCE = (
    "AmazonManagedKafkaEventSourceConfig",
    "EventSourceArn",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
)
_WIRE = {"KmsKeyArn": "KMSKeyArn"}


@service.resource_type
class UrlType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html"""

    name = "AWS::Lambda::Url"
    identifier = ("FunctionArn",)
    required = frozenset({"AuthType", "TargetFunctionArn"})
    create_only = frozenset({"Qualifier", "TargetFunctionArn"})
    read_only = frozenset({"FunctionArn", "FunctionUrl"})
    write_only = frozenset({"Qualifier", "TargetFunctionArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {"FunctionName": properties["TargetFunctionArn"], **pick(properties, "Qualifier", *_URL)}
        return str((await self.call(ctx, "CreateFunctionUrlConfig", request))["FunctionArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetFunctionUrlConfig", {"FunctionName": identifier})
        return pick(found, "FunctionArn", "FunctionUrl", *_URL)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {"FunctionName": identifier, "AuthType": after["AuthType"], "Cors": after.get("Cors") or {}}
        request["InvokeMode"] = after.get("InvokeMode", "BUFFERED")
        await self.call(ctx, "UpdateFunctionUrlConfig", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteFunctionUrlConfig", {"FunctionName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        target = given["TargetFunctionArn"]
        found = await self.listed(ctx, "ListFunctionUrlConfigs", "FunctionUrlConfigs", FunctionName=target)
        return [each["FunctionArn"] for each in found]


@service.resource_type
class EventInvokeConfigType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html"""

    name = "AWS::Lambda::EventInvokeConfig"
    identifier = ("FunctionName", "Qualifier")
    required = frozenset({"FunctionName", "Qualifier"})
    create_only = frozenset({"FunctionName", "Qualifier"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "FunctionName", "Qualifier", *_ASYNC)
        await self.call(ctx, "PutFunctionEventInvokeConfig", request)
        return self.identifier_of(properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetFunctionEventInvokeConfig", _qualified(identifier))
        targets = {name: target for name, target in found["DestinationConfig"].items() if target}
        properties = pick(found, "MaximumEventAgeInSeconds", "MaximumRetryAttempts") | _qualified(identifier)
        return properties | ({"DestinationConfig": targets} if targets else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {**_qualified(identifier), **pick(after, *_ASYNC)}
        await self.call(ctx, "PutFunctionEventInvokeConfig", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteFunctionEventInvokeConfig", _qualified(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        function = given["FunctionName"]
        operation = "ListFunctionEventInvokeConfigs"
        found = await self.listed(ctx, operation, "FunctionEventInvokeConfigs", FunctionName=function)
        return [f"{function}|{each['FunctionArn'].rpartition(':')[2]}" for each in found]


def _qualified(identifier: str) -> dict[str, str]:
    function, _, qualifier = identifier.rpartition("|")
    return {"FunctionName": function, "Qualifier": qualifier}


@service.resource_type
class EventSourceMappingType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html"""

    name = "AWS::Lambda::EventSourceMapping"
    identifier = ("Id",)
    required = frozenset({"FunctionName"})
    create_only = frozenset({*_SOURCE} - {"Queues", "Topics"})
    read_only = frozenset({"EventSourceMappingArn", "Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = _wire(pick(properties, "FunctionName", "Enabled", *_SOURCE, *_READING))
        request["Tags"] = tag_list(properties)
        return str((await self.call(ctx, "CreateEventSourceMapping", request))["UUID"])

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self.call(ctx, "GetEventSourceMapping", {"UUID": identifier})
        return found["State"] in ("Enabled", "Disabled")

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetEventSourceMapping", {"UUID": identifier})
        properties = {name: found[_WIRE.get(name, name)] for name in _READING if found.get(_WIRE.get(name, name))}
        properties |= pick(found, "EventSourceMappingArn", *_SOURCE)
        properties |= {"Id": identifier, "FunctionName": found["FunctionArn"]}
        properties["Enabled"] = found["State"] in ("Creating", "Enabling", "Enabled", "Updating")
        tags = await self.call(ctx, "ListTags", {"Resource": found["EventSourceMappingArn"]})
        if tags["Tags"]:
            properties["Tags"] = listed_tags(tags["Tags"])
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changed = {
            name: after.get(name, usual)
            for name, usual in {**_READING, "FunctionName": None, "Enabled": True}.items()
            if before.get(name) != after.get(name)
        }
        await self.call(ctx, "UpdateEventSourceMapping", {"UUID": identifier, **_wire(changed)})
        arn = f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:event-source-mapping:{identifier}"
        await self.tag(ctx, arn, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteEventSourceMapping", {"UUID": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListEventSourceMappings", "EventSourceMappings")
        return [each["UUID"] for each in found]


def _wire(properties: Properties) -> dict[str, Any]:
    return {_WIRE.get(name, name): value for name, value in properties.items()}
