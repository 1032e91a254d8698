"""AWS::Logs::* of what belongs to the account, and of what is set for groups from outside of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.logs.service import service


class LogsType(ResourceType):
    missing = frozenset({"ResourceNotFoundException"})
    next_page = ("nextToken", "nextToken")

    async def tags_of(self, ctx: Context, arn: str) -> Properties:
        tags = (await self.call(ctx, "ListTagsForResource", {"resourceArn": arn}))["tags"]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}

    async def tag(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})

    def gone(self) -> AWSError:
        return AWSError("ResourceNotFoundException", "The specified resource does not exist.")


def lowered(value: Any) -> Any:
    """Properties, however deep, as the members that operations have for them: `LogGroupName` is `logGroupName`."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: lowered(each) for name, each in value.items() if each is not None}
    return [lowered(each) for each in value] if isinstance(value, list) else value


def raised(value: Any) -> Any:
    """The other way round."""
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: raised(each) for name, each in value.items() if each is not None}
    return [raised(each) for each in value] if isinstance(value, list) else value


@service.resource_type
class DestinationType(LogsType):
    name = "AWS::Logs::Destination"
    identifier = ("DestinationName",)
    required = frozenset({"DestinationName", "RoleArn", "TargetArn"})
    create_only = frozenset({"DestinationName"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, {}, properties)
        return str(properties["DestinationName"])

    async def _put(self, ctx: Context, before: Properties, after: Properties) -> None:
        request = lowered(pick(after, "DestinationName", "RoleArn", "TargetArn"))
        tags = None if before else tag_list(after)
        arn = (await self.call(ctx, "PutDestination", {**request, "tags": tags}))["destination"]["arn"]
        if after.get("DestinationPolicy") and before.get("DestinationPolicy") != after["DestinationPolicy"]:
            policy = {"destinationName": after["DestinationName"], "accessPolicy": after["DestinationPolicy"]}
            await self.call(ctx, "PutDestinationPolicy", policy)
        if before:
            await self.tag(ctx, arn, before, after)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.listed(ctx, "DescribeDestinations", "destinations", DestinationNamePrefix=identifier)
        for each in found:
            if each["destinationName"] == identifier:
                properties: Properties = raised(pick(each, "destinationName", "roleArn", "targetArn", "arn"))
                policy = {"DestinationPolicy": each["accessPolicy"]} if each.get("accessPolicy") else {}
                return properties | policy | await self.tags_of(ctx, each["arn"])
        raise self.gone()

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDestination", {"destinationName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["destinationName"] for each in await self.listed(ctx, "DescribeDestinations", "destinations")]


@service.resource_type
class QueryDefinitionType(LogsType):
    name = "AWS::Logs::QueryDefinition"
    identifier = ("QueryDefinitionId",)
    required = frozenset({"Name", "QueryString"})
    read_only = frozenset({"QueryDefinitionId"})
    _properties = ("Name", "QueryString", "LogGroupNames", "QueryLanguage", "Parameters")

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "PutQueryDefinition", lowered(pick(properties, *self._properties)))
        return str(made["queryDefinitionId"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for each in await self.listed(ctx, "DescribeQueryDefinitions", "queryDefinitions"):
            if each["queryDefinitionId"] == identifier:
                found = raised(each)
                return {name: found[name] for name in ("QueryDefinitionId", *self._properties) if found.get(name)}
        raise self.gone()

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = lowered(pick(after, *self._properties))
        await self.call(ctx, "PutQueryDefinition", {**request, "queryDefinitionId": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteQueryDefinition", {"queryDefinitionId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "DescribeQueryDefinitions", "queryDefinitions")
        return [each["queryDefinitionId"] for each in found]


@service.resource_type
class AccountPolicyType(LogsType):
    name = "AWS::Logs::AccountPolicy"
    identifier = ("AccountId", "PolicyType", "PolicyName")
    required = frozenset({"PolicyDocument", "PolicyName", "PolicyType"})
    create_only = frozenset({"PolicyName", "PolicyType"})
    read_only = frozenset({"AccountId"})
    _properties = ("PolicyName", "PolicyType", "PolicyDocument", "Scope", "SelectionCriteria")

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "PutAccountPolicy", lowered(pick(properties, *self._properties)))
        return f"{ctx.account}|{properties['PolicyType']}|{properties['PolicyName']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        _, kind, name = identifier.split("|", 2)
        request = {"policyType": kind, "policyName": name}
        found = (await self.call(ctx, "DescribeAccountPolicies", request))["accountPolicies"]
        if not found:
            raise self.gone()
        policy = raised(found[0])
        return {name: policy[name] for name in ("AccountId", *self._properties) if policy.get(name)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        _, kind, name = identifier.split("|", 2)
        await self.call(ctx, "DeleteAccountPolicy", {"policyType": kind, "policyName": name})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        kind = given["PolicyType"]
        found = (await self.call(ctx, "DescribeAccountPolicies", {"policyType": kind}))["accountPolicies"]
        return [f"{ctx.account}|{kind}|{each['policyName']}" for each in found]


@service.resource_type
class TransformerType(LogsType):
    name = "AWS::Logs::Transformer"
    identifier = ("LogGroupIdentifier",)
    required = frozenset({"LogGroupIdentifier", "TransformerConfig"})
    create_only = frozenset({"LogGroupIdentifier"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "PutTransformer", lowered(pick(properties, "LogGroupIdentifier", "TransformerConfig")))
        return str(properties["LogGroupIdentifier"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetTransformer", {"logGroupIdentifier": identifier})
        if not found.get("transformerConfig"):
            raise self.gone()
        return {"LogGroupIdentifier": identifier, "TransformerConfig": raised(found["transformerConfig"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTransformer", {"logGroupIdentifier": identifier})


@service.resource_type
class LogAnomalyDetectorType(LogsType):
    name = "AWS::Logs::LogAnomalyDetector"
    identifier = ("AnomalyDetectorArn",)
    naming = Naming("DetectorName", 256)
    required = frozenset({"LogGroupArnList"})
    create_only = frozenset({"DetectorName", "KmsKeyId", "LogGroupArnList"})
    read_only = frozenset({"AnomalyDetectorArn", "AnomalyDetectorStatus", "CreationTimeStamp", "LastModifiedTimeStamp"})
    write_only = frozenset({"AccountId"})
    _changed = ("EvaluationFrequency", "FilterPattern", "AnomalyVisibilityTime")

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = pick(properties, "DetectorName", "KmsKeyId", "LogGroupArnList", *self._changed)
        return str((await self.call(ctx, "CreateLogAnomalyDetector", lowered(given)))["anomalyDetectorArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found: Properties = raised(await self.call(ctx, "GetLogAnomalyDetector", {"anomalyDetectorArn": identifier}))
        return {**found, "AnomalyDetectorArn": identifier}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = lowered(pick(after, *self._changed))
        await self.call(ctx, "UpdateLogAnomalyDetector", {**request, "anomalyDetectorArn": identifier, "enabled": True})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteLogAnomalyDetector", {"anomalyDetectorArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListLogAnomalyDetectors", "anomalyDetectors")
        return [each["anomalyDetectorArn"] for each in found]


@service.resource_type
class ScheduledQueryType(LogsType):
    name = "AWS::Logs::ScheduledQuery"
    identifier = ("ScheduledQueryArn",)
    required = frozenset({"Name", "QueryLanguage", "QueryString", "ScheduleExpression", "ExecutionRoleArn"})
    create_only = frozenset({"Name"})
    read_only = frozenset(
        {"ScheduledQueryArn", "CreationTime", "LastUpdatedTime", "LastTriggeredTime", "LastExecutionStatus"}
    )
    _properties = (
        "Description", "QueryLanguage", "QueryString", "LogGroupIdentifiers", "ScheduleExpression", "Timezone", "StartTimeOffset",
        "EndTimeOffset", "DestinationConfiguration", "ScheduleStartTime", "ScheduleEndTime", "ExecutionRoleArn", "State",
    )  # fmt: skip

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = lowered(pick(properties, "Name", *self._properties))
        made = await self.call(ctx, "CreateScheduledQuery", {**request, "tags": tag_list(properties)})
        return str(made["scheduledQueryArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = raised(await self.call(ctx, "GetScheduledQuery", {"identifier": identifier}))
        return {
            **{name: value for name, value in found.items() if name != "ScheduleType"},
            **await self.tags_of(ctx, identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = lowered(pick(after, *self._properties))
        await self.call(ctx, "UpdateScheduledQuery", {**request, "identifier": identifier})
        await self.tag(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteScheduledQuery", {"identifier": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [
            each["scheduledQueryArn"] for each in await self.listed(ctx, "ListScheduledQueries", "scheduledQueries")
        ]
