"""AWS::Logs::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.logs.service import service

_PROTECTION, _INDEXES = "DataProtectionPolicy", "FieldIndexPolicies"
_MISSING = frozenset({"ResourceNotFoundException"})


def _wire(properties: Properties, *names: str) -> dict[str, Any]:
    """Properties as the members that operations have for them: `LogGroupName` is `logGroupName`."""
    return {name[0].lower() + name[1:]: value for name, value in pick(properties, *names).items()}


def _gone(what: str) -> AWSError:
    return AWSError("ResourceNotFoundException", f"The specified {what} does not exist.")


@service.resource_type
class LogGroupType(ResourceType):
    """A group. Without a LogGroupName it gets one of its own."""

    name = "AWS::Logs::LogGroup"
    identifier = ("LogGroupName",)
    naming = Naming("LogGroupName", 512)
    create_only = frozenset({"LogGroupName"})
    read_only = frozenset({"Arn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties.get("LogGroupName") or f"log-group-{ctx.ids.hex(12)}")
        request = _wire(properties, "KmsKeyId", "LogGroupClass", "DeletionProtectionEnabled")
        await self.call(ctx, "CreateLogGroup", {**request, "logGroupName": name, "tags": tag_list(properties)})
        if properties.get("RetentionInDays"):
            days = int(properties["RetentionInDays"])
            await self.call(ctx, "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})
        await self._govern(ctx, name, {}, properties)
        return name

    async def _govern(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        """The policies of the group, which are JSON documents in a template."""
        about = {"logGroupIdentifier": name}
        if before.get(_PROTECTION) != after.get(_PROTECTION):
            await self._put_document(ctx, "DataProtectionPolicy", about, after.get(_PROTECTION))
        if before.get(_INDEXES) != after.get(_INDEXES):
            fields = [field for policy in after.get(_INDEXES) or [] for field in policy.get("Fields") or []]
            await self._put_document(ctx, "IndexPolicy", about, {"Fields": fields} if fields else None)

    async def _put_document(self, ctx: Context, kind: str, about: Properties, document: Properties | None) -> None:
        if document is None:
            await self.call(ctx, f"Delete{kind}", about)
        else:
            await self.call(ctx, f"Put{kind}", {**about, "policyDocument": orjson.dumps(document).decode()})

    async def _governed(self, ctx: Context, name: str) -> Properties:
        found: Properties = {}
        protection = await self.call(ctx, "GetDataProtectionPolicy", {"logGroupIdentifier": name})
        if protection.get("policyDocument"):
            found[_PROTECTION] = orjson.loads(protection["policyDocument"])
        request = {"logGroupIdentifiers": [name]}
        for policy in (await self.call(ctx, "DescribeIndexPolicies", request)).get("indexPolicies") or []:
            if policy["source"] == "LOG_GROUP":
                found[_INDEXES] = [orjson.loads(policy["policyDocument"])]
        return found

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeLogGroups", {"logGroupIdentifiers": [identifier]}))["logGroups"]
        if not found:
            raise _gone("log group")
        group = found[0]
        properties: Properties = {
            "LogGroupName": identifier,
            "Arn": group["arn"],
            "LogGroupClass": group["logGroupClass"],
            "DeletionProtectionEnabled": group["deletionProtectionEnabled"],
            "RetentionInDays": group["retentionInDays"],
            "KmsKeyId": group["kmsKeyId"],
        }
        tags = (await self.call(ctx, "ListTagsLogGroup", {"logGroupName": identifier}))["tags"]
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()] or None
        properties |= await self._governed(ctx, identifier)
        return {name: value for name, value in properties.items() if value is not None}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        name = {"logGroupName": identifier}
        await self._govern(ctx, identifier, before, after)
        if before.get("RetentionInDays") != after.get("RetentionInDays"):
            days = after.get("RetentionInDays")
            operation = "PutRetentionPolicy" if days else "DeleteRetentionPolicy"
            await self.call(ctx, operation, name | ({"retentionInDays": int(days)} if days else {}))
        if before.get("KmsKeyId") != after.get("KmsKeyId"):
            key = after.get("KmsKeyId")
            operation = "AssociateKmsKey" if key else "DisassociateKmsKey"
            await self.call(ctx, operation, name | ({"kmsKeyId": key} if key else {}))
        protected = bool(after.get("DeletionProtectionEnabled"))
        if protected != bool(before.get("DeletionProtectionEnabled")):
            request = {"logGroupIdentifier": identifier, "deletionProtectionEnabled": protected}
            await self.call(ctx, "PutLogGroupDeletionProtection", request)
        added, removed = tag_changes(before, after)
        if added:
            await self.call(ctx, "TagLogGroup", name | {"tags": added})
        if removed:
            await self.call(ctx, "UntagLogGroup", name | {"tags": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteLogGroup", {"logGroupName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        names: list[str] = []
        token = None
        while True:
            answer = await self.call(ctx, "DescribeLogGroups", {"nextToken": token})
            names += [group["logGroupName"] for group in answer["logGroups"]]
            token = answer.get("nextToken")
            if token is None:
                return names


@service.resource_type
class LogStreamType(ResourceType):
    """A stream. Without a LogStreamName it gets one of its own."""

    name = "AWS::Logs::LogStream"
    identifier = ("LogGroupName", "LogStreamName")
    naming = Naming("LogStreamName", 512)
    required = frozenset({"LogGroupName"})
    create_only = frozenset({"LogGroupName", "LogStreamName"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        group, name = properties["LogGroupName"], properties.get("LogStreamName") or f"log-stream-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateLogStream", {"logGroupName": group, "logStreamName": name})
        return f"{group}|{name}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        group, name = identifier.split("|", 1)
        request = {"logGroupName": group, "logStreamNamePrefix": name}
        found = (await self.call(ctx, "DescribeLogStreams", request))["logStreams"]
        if not any(stream["logStreamName"] == name for stream in found):
            raise _gone("log stream")
        return {"LogGroupName": group, "LogStreamName": name}

    async def delete(self, ctx: Context, identifier: str) -> None:
        group, name = identifier.split("|", 1)
        await self.call(ctx, "DeleteLogStream", {"logGroupName": group, "logStreamName": name})


class _FilterType(ResourceType):
    """A filter of a group: what it is put, found and deleted with."""

    identifier = ("LogGroupName", "FilterName")
    required = frozenset({"LogGroupName", "FilterPattern"})
    create_only = frozenset({"LogGroupName", "FilterName"})
    missing = _MISSING
    kind = ""

    async def _put(self, ctx: Context, properties: Properties, name: str) -> None:
        raise NotImplementedError

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties.get("FilterName") or f"filter-{ctx.ids.hex(12)}")
        await self._put(ctx, properties, name)
        return f"{properties['LogGroupName']}|{name}"

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, after, identifier.split("|", 1)[1])

    async def _found(self, ctx: Context, identifier: str) -> dict[str, Any]:
        group, name = identifier.split("|", 1)
        request = {"logGroupName": group, "filterNamePrefix": name}
        answer = await self.call(ctx, f"Describe{self.kind}s", request)
        for each in answer[self.kind[0].lower() + self.kind[1:] + "s"]:
            if each["filterName"] == name:
                return dict(each)
        raise _gone("filter")

    async def delete(self, ctx: Context, identifier: str) -> None:
        group, name = identifier.split("|", 1)
        await self.call(ctx, f"Delete{self.kind}", {"logGroupName": group, "filterName": name})


@service.resource_type
class MetricFilterType(_FilterType):
    name = "AWS::Logs::MetricFilter"
    naming = Naming("FilterName", 512)
    required = frozenset({"LogGroupName", "FilterPattern", "MetricTransformations"})
    kind = "MetricFilter"

    async def _put(self, ctx: Context, properties: Properties, name: str) -> None:
        request = _wire(properties, "LogGroupName", "FilterPattern", "ApplyOnTransformedLogs")
        transformations = [_transformation(each) for each in properties["MetricTransformations"]]
        await self.call(
            ctx, "PutMetricFilter", {**request, "filterName": name, "metricTransformations": transformations}
        )

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._found(ctx, identifier)
        return {
            "LogGroupName": found["logGroupName"],
            "FilterName": found["filterName"],
            "FilterPattern": found["filterPattern"],
            "MetricTransformations": [_transformation_of(each) for each in found["metricTransformations"]],
            "ApplyOnTransformedLogs": found["applyOnTransformedLogs"],
        }


def _transformation(given: Properties) -> dict[str, Any]:
    request = _wire(given, "MetricName", "MetricNamespace", "MetricValue", "Unit")
    if given.get("DefaultValue") is not None:
        request["defaultValue"] = float(given["DefaultValue"])
    if given.get("Dimensions"):
        request["dimensions"] = {each["Key"]: each["Value"] for each in given["Dimensions"]}
    return request


def _transformation_of(found: dict[str, Any]) -> Properties:
    properties = {name[0].upper() + name[1:]: value for name, value in found.items() if value is not None}
    if "Dimensions" in properties:
        properties["Dimensions"] = [{"Key": key, "Value": value} for key, value in properties["Dimensions"].items()]
    return properties


@service.resource_type
class SubscriptionFilterType(_FilterType):
    name = "AWS::Logs::SubscriptionFilter"
    naming = Naming("FilterName", 512)
    required = frozenset({"LogGroupName", "FilterPattern", "DestinationArn"})
    kind = "SubscriptionFilter"
    _properties = (
        "LogGroupName",
        "FilterPattern",
        "DestinationArn",
        "RoleArn",
        "Distribution",
        "ApplyOnTransformedLogs",
    )

    async def _put(self, ctx: Context, properties: Properties, name: str) -> None:
        await self.call(ctx, "PutSubscriptionFilter", {**_wire(properties, *self._properties), "filterName": name})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._found(ctx, identifier)
        read = {name: found.get(name[0].lower() + name[1:]) for name in ("FilterName", *self._properties)}
        return {name: value for name, value in read.items() if value is not None}


@service.resource_type
class ResourcePolicyType(ResourceType):
    name = "AWS::Logs::ResourcePolicy"
    identifier = ("PolicyName",)
    required = frozenset({"PolicyName", "PolicyDocument"})
    create_only = frozenset({"PolicyName"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "PutResourcePolicy", _wire(properties, "PolicyName", "PolicyDocument"))
        return str(properties["PolicyName"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for policy in (await self.call(ctx, "DescribeResourcePolicies", {}))["resourcePolicies"]:
            if policy["policyName"] == identifier:
                return {"PolicyName": identifier, "PolicyDocument": policy["policyDocument"]}
        raise _gone("resource policy")

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {"policyName": identifier})
