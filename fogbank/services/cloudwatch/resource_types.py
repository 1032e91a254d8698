"""AWS::CloudWatch::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html"""

from __future__ import annotations

import json

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.cloudwatch.service import service

_NUMBERS: dict[str, type] = {"Threshold": float, "Period": int, "EvaluationPeriods": int, "DatapointsToAlarm": int}


class _AlarmType(ResourceType):
    """An alarm of either kind. Without an AlarmName it gets one of its own."""

    identifier = ("AlarmName",)
    create_only = frozenset({"AlarmName"})
    read_only = frozenset({"Arn"})
    missing = frozenset({"ResourceNotFound"})
    kind = ""
    properties: tuple[str, ...] = (
        "ActionConfiguration",
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "InsufficientDataActions",
        "OKActions",
    )

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties.get("AlarmName") or f"alarm-{ctx.ids.hex(12)}")
        await self._put(ctx, name, properties, properties.get("Tags"))
        return name

    async def _put(self, ctx: Context, name: str, properties: Properties, tags: list[dict[str, str]] | None) -> None:
        request = pick(properties, *self.properties)
        request = {key: _NUMBERS[key](value) if key in _NUMBERS else value for key, value in request.items()}
        await self.call(ctx, f"Put{self.kind}", {**request, "AlarmName": name, "Tags": tags})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        request = {"AlarmNames": [identifier], "AlarmTypes": [self.kind]}
        found = (await self.call(ctx, "DescribeAlarms", request))[f"{self.kind}s"]
        if not found:
            raise AWSError("ResourceNotFound", f"Could not find alarm {identifier}")
        alarm = found[0]
        properties = {"AlarmName": identifier, "Arn": alarm["AlarmArn"], **pick(alarm, *self.properties)}
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": alarm["AlarmArn"]}))["Tags"]
        return properties | ({"Tags": tags} if tags else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, after, None)
        arn = before.get("Arn") or (await self.read(ctx, identifier))["Arn"]
        await retag(self, ctx, arn, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteAlarms", {"AlarmNames": [identifier]})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        alarms = await self.listed(ctx, "DescribeAlarms", f"{self.kind}s", AlarmTypes=[self.kind])
        return [alarm["AlarmName"] for alarm in alarms]


@service.resource_type
class AlarmType(_AlarmType):
    name = "AWS::CloudWatch::Alarm"
    naming = Naming("AlarmName", 255)
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    kind = "MetricAlarm"
    properties = (
        *_AlarmType.properties,
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationPeriods",
        "EvaluationWindow",
        "ExtendedStatistic",
        "MetricName",
        "Metrics",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "ThresholdMetricId",
        "TreatMissingData",
        "Unit",
        "WarmUpConfiguration",
    )


@service.resource_type
class CompositeAlarmType(_AlarmType):
    name = "AWS::CloudWatch::CompositeAlarm"
    naming = Naming("AlarmName", 255)
    required = frozenset({"AlarmRule"})
    kind = "CompositeAlarm"
    properties = (
        *_AlarmType.properties,
        "ActionsSuppressor",
        "ActionsSuppressorExtensionPeriod",
        "ActionsSuppressorWaitPeriod",
        "AlarmRule",
    )


@service.resource_type
class DashboardType(ResourceType):
    """A dashboard. Without a DashboardName it gets one of its own."""

    name = "AWS::CloudWatch::Dashboard"
    identifier = ("DashboardName",)
    naming = Naming("DashboardName", 255)
    required = frozenset({"DashboardBody"})
    create_only = frozenset({"DashboardName"})
    missing = frozenset({"DashboardNotFoundError"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties.get("DashboardName") or f"dashboard-{ctx.ids.hex(12)}")
        body = properties["DashboardBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        request = {"DashboardName": name, "DashboardBody": text, "Tags": properties.get("Tags")}
        await self.call(ctx, "PutDashboard", request)
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetDashboard", {"DashboardName": identifier})
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": found["DashboardArn"]}))["Tags"]
        return pick(found, "DashboardName", "DashboardBody") | ({"Tags": tags} if tags else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {**after, "DashboardName": identifier, "Tags": None})
        found = await self.call(ctx, "GetDashboard", {"DashboardName": identifier})
        await retag(self, ctx, found["DashboardArn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDashboards", {"DashboardNames": [identifier]})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [entry["DashboardName"] for entry in (await self.call(ctx, "ListDashboards", {}))["DashboardEntries"]]


async def retag(kind: ResourceType, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
    added, removed = tag_changes(before, after)
    if added:
        tags = [{"Key": key, "Value": value} for key, value in added.items()]
        await kind.call(ctx, "TagResource", {"ResourceARN": arn, "Tags": tags})
    if removed:
        await kind.call(ctx, "UntagResource", {"ResourceARN": arn, "TagKeys": removed})
