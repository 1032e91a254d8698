"""AWS::CloudWatch::AnomalyDetector, AlarmMuteRule, InsightRule."""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick
from fogbank.services.cloudwatch.resource_types import retag
from fogbank.services.cloudwatch.service import service

_MISSING = frozenset({"ResourceNotFoundException"})


@service.resource_type
class AlarmMuteRuleType(ResourceType):
    """A mute rule. Without a Name it gets one of its own."""

    name = "AWS::CloudWatch::AlarmMuteRule"
    identifier = ("Arn",)
    naming = Naming("Name", 255)
    required = frozenset({"Rule"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "LastUpdatedTimestamp", "MuteType", "Status"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties.get("Name") or f"mute-{ctx.ids.hex(12)}")
        await self._put(ctx, name, properties, properties.get("Tags"))
        return str((await self.call(ctx, "GetAlarmMuteRule", {"AlarmMuteRuleName": name}))["AlarmMuteRuleArn"])

    async def _put(self, ctx: Context, name: str, properties: Properties, tags: Any) -> None:
        request = pick(properties, "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate")
        await self.call(ctx, "PutAlarmMuteRule", {**request, "Name": name, "Tags": tags})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetAlarmMuteRule", {"AlarmMuteRuleName": _last(identifier, ":")})
        shown = pick(found, "Name", "Description", "Rule", "MuteTargets", "Status", "MuteType")
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": identifier}))["Tags"]
        return {"Arn": identifier, **shown, **({"Tags": tags} if tags else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, _last(identifier, ":"), after, None)
        await retag(self, ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "DeleteAlarmMuteRule", {"AlarmMuteRuleName": _last(identifier, ":")})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListAlarmMuteRules", "AlarmMuteRuleSummaries")
        return [each["AlarmMuteRuleArn"] for each in found]


def _last(text: str, mark: str) -> str:
    return text.rpartition(mark)[2]


@service.resource_type
class InsightRuleType(ResourceType):
    """A rule of Contributor Insights."""

    name = "AWS::CloudWatch::InsightRule"
    identifier = ("Arn",)
    required = frozenset({"RuleBody", "RuleName", "RuleState"})
    create_only = frozenset({"RuleName"})
    read_only = frozenset({"Arn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, properties, properties.get("Tags"))
        return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:insight-rule/{properties['RuleName']}"

    async def _put(self, ctx: Context, properties: Properties, tags: Any) -> None:
        body = properties["RuleBody"]
        request = {
            "RuleName": properties["RuleName"],
            "RuleState": properties["RuleState"],
            "RuleDefinition": body if isinstance(body, str) else json.dumps(body),
            "ApplyOnTransformedLogs": properties.get("ApplyOnTransformedLogs"),
            "Tags": tags,
        }
        await self.call(ctx, "PutInsightRule", request)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        name = _last(identifier, ":insight-rule/")
        every = await self.listed(ctx, "DescribeInsightRules", "InsightRules")
        found = next((rule for rule in every if rule["Name"] == name), None)
        if found is None:
            raise AWSError("ResourceNotFoundException", f"The rule {name} does not exist.")
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": identifier}))["Tags"]
        return {
            "Arn": identifier,
            "RuleName": name,
            "RuleState": found["State"],
            "RuleBody": found["Definition"],
            "ApplyOnTransformedLogs": found["ApplyOnTransformedLogs"],
            **({"Tags": tags} if tags else {}),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, {**after, "RuleName": _last(identifier, ":insight-rule/")}, None)
        await retag(self, ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "DeleteInsightRules", {"RuleNames": [_last(identifier, ":insight-rule/")]})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        prefix = f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:insight-rule/"
        return [prefix + rule["Name"] for rule in await self.listed(ctx, "DescribeInsightRules", "InsightRules")]


@service.resource_type
class AnomalyDetectorType(ResourceType):
    """An anomaly detector. Templates spell its configuration in their own way."""

    name = "AWS::CloudWatch::AnomalyDetector"
    identifier = ("Id",)
    create_only = frozenset(
        {"Namespace", "MetricName", "Stat", "Dimensions", "SingleMetricAnomalyDetector", "MetricMathAnomalyDetector"}
    )
    read_only = frozenset({"Id"})
    missing = _MISSING
    _of = ("Namespace", "MetricName", "Stat", "Dimensions", "SingleMetricAnomalyDetector", "MetricMathAnomalyDetector")

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, *self._of, "MetricCharacteristics")
        configuration = properties.get("Configuration") or {}
        given = {"MetricTimezone": configuration.get("MetricTimeZone")} | pick(configuration, "ExcludedTimeRanges")
        request["Configuration"] = {name: value for name, value in given.items() if value is not None}
        return str((await self.call(ctx, "PutAnomalyDetector", request))["AnomalyDetectorId"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        request: Any = {"AnomalyDetectorIds": [identifier]}
        found = (await self.call(ctx, "DescribeAnomalyDetectors", request))["AnomalyDetectors"]
        if not found:
            raise AWSError("ResourceNotFoundException", f"The anomaly detector {identifier} does not exist.")
        shown = pick(found[0], *self._of, "MetricCharacteristics")
        configuration = found[0].get("Configuration") or {}
        given = pick(configuration, "ExcludedTimeRanges")
        if configuration.get("MetricTimezone"):
            given["MetricTimeZone"] = configuration["MetricTimezone"]
        return {"Id": identifier, **shown, **({"Configuration": given} if given else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteAnomalyDetector", {"AnomalyDetectorId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        kinds = ["SINGLE_METRIC", "METRIC_MATH"]
        found = await self.listed(ctx, "DescribeAnomalyDetectors", "AnomalyDetectors", AnomalyDetectorTypes=kinds)
        return [each["AnomalyDetectorId"] for each in found]
