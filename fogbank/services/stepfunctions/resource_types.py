"""AWS::StepFunctions::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_StepFunctions.html"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from fogbank.kernel import Context, bodies
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, tag_changes
from fogbank.services.stepfunctions.service import service

_MISSING = frozenset({"ActivityDoesNotExist", "ResourceNotFound", "StateMachineDoesNotExist"})
_SUBSTITUTION = re.compile(r"\$\{([^}]+)\}")
_CHANGEABLE = (
    *("Definition", "DefinitionString", "DefinitionS3Location", "DefinitionSubstitutions"),
    *("EncryptionConfiguration", "LoggingConfiguration", "RoleArn", "TracingConfiguration"),
)
_SOURCES = ("DefinitionString", "Definition", "DefinitionS3Location")


def _lower(value: Any) -> Any:
    """Properties as the API has them: names begin with a small letter."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower(item) for name, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _upper(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _upper(item) for name, item in value.items() if item is not None}
    return [_upper(item) for item in value] if isinstance(value, list) else value


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


class _Type(ResourceType):
    """What the types of Step Functions have in common."""

    missing = _MISSING
    next_page = ("nextToken", "nextToken")

    async def tags(self, ctx: Context, arn: str) -> Properties:
        found = (await self.call(ctx, "ListTagsForResource", {"resourceArn": arn}))["tags"]
        return {"Tags": _upper(found)} if found else {}

    async def change_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        added, removed = tag_changes(before, after)
        if added:
            tags = [{"key": key, "value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})


@service.resource_type
class StateMachineType(_Type):
    """A state machine. Its definition is a text, a document, or an object in S3, in which substitutions take place."""

    name = "AWS::StepFunctions::StateMachine"
    identifier = ("Arn",)
    naming = Naming("StateMachineName", 80)
    required = frozenset({"RoleArn"})
    create_only = frozenset({"StateMachineName", "StateMachineType"})
    read_only = frozenset({"Arn", "Name", "StateMachineRevisionId"})
    write_only = frozenset({"Definition", "DefinitionS3Location", "DefinitionSubstitutions"})

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        """Fetches the definition out of its bucket."""
        place = after.get("DefinitionS3Location")
        if place is None:
            yield after
            return
        request = {"Bucket": place["Bucket"], "Key": place["Key"]}
        if place.get("Version"):
            request["VersionId"] = place["Version"]
        found = await ctx.transact(self.call, ctx, "GetObject", request, "s3")
        text = (await bodies.whole(found["Body"])).decode()
        yield {**after, "DefinitionString": _json(text)}

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("StateMachineName") or f"StateMachine-{ctx.ids.hex(12)}"
        request = {
            "name": name,
            "type": properties.get("StateMachineType"),
            "tags": _lower(properties.get("Tags")),
            **_request(properties),
        }
        return str((await self.call(ctx, "CreateStateMachine", request))["stateMachineArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeStateMachine", {"stateMachineArn": identifier})
        properties: Properties = {
            "Arn": identifier,
            "Name": found["name"],
            "StateMachineName": found["name"],
            "StateMachineRevisionId": found.get("revisionId") or "INITIAL",
            "StateMachineType": found["type"],
            "DefinitionString": found["definition"],
            "RoleArn": found["roleArn"],
        }
        for name in ("EncryptionConfiguration", "LoggingConfiguration", "TracingConfiguration"):
            properties[name] = _upper(found[name[0].lower() + name[1:]])
        return {**properties, **await self.tags(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if any(before.get(name) != after.get(name) for name in _CHANGEABLE):
            request = {
                "loggingConfiguration": {"level": "OFF"},
                "tracingConfiguration": {"enabled": False},
                **_request(after),
                "stateMachineArn": identifier,
            }
            await self.call(ctx, "UpdateStateMachine", request)
        await self.change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "DeleteStateMachine", {"stateMachineArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["stateMachineArn"] for each in await self.listed(ctx, "ListStateMachines", "stateMachines")]


def _json(text: str) -> str:
    """A definition in a bucket may be YAML."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        import yaml

        return orjson.dumps(yaml.safe_load(text)).decode()
    return text


def _request(properties: Properties) -> Properties:
    """What both creating and updating give."""
    names = ("EncryptionConfiguration", "LoggingConfiguration", "RoleArn", "TracingConfiguration")
    given = {name: properties[name] for name in names if properties.get(name) is not None}
    text = properties.get("DefinitionString")
    if text is None:
        text = orjson.dumps(properties.get("Definition") or {}).decode()
    return {**_lower(given), "definition": _substituted(text, properties.get("DefinitionSubstitutions") or {})}


def _substituted(text: str, values: dict[str, Any]) -> str:
    """The definition with `${name}` replaced; what has no value stays."""
    return _SUBSTITUTION.sub(lambda found: str(values.get(found[1], found[0])), text) if values else text


@service.resource_type
class StateMachineVersionType(_Type):
    """A version: what the state machine is when it is published."""

    name = "AWS::StepFunctions::StateMachineVersion"
    identifier = ("Arn",)
    required = frozenset({"StateMachineArn"})
    create_only = frozenset({"Description", "StateMachineArn", "StateMachineRevisionId"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            "stateMachineArn": properties["StateMachineArn"],
            "revisionId": properties.get("StateMachineRevisionId"),
            "description": properties.get("Description"),
        }
        return str((await self.call(ctx, "PublishStateMachineVersion", request))["stateMachineVersionArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeStateMachine", {"stateMachineArn": identifier})
        properties = {"Arn": identifier, "StateMachineArn": identifier.rpartition(":")[0]}
        properties["StateMachineRevisionId"] = found.get("revisionId") or "INITIAL"
        return properties | ({"Description": found["description"]} if found.get("description") else {})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteStateMachineVersion", {"stateMachineVersionArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        arn = given["StateMachineArn"]
        found = await self.listed(ctx, "ListStateMachineVersions", "stateMachineVersions", stateMachineArn=arn)
        return [each["stateMachineVersionArn"] for each in found]


@service.resource_type
class StateMachineAliasType(_Type):
    """An alias. A deployment preference leads it to its version at once."""

    name = "AWS::StepFunctions::StateMachineAlias"
    identifier = ("Arn",)
    naming = Naming("Name", 80)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn"})
    write_only = frozenset({"DeploymentPreference"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            "name": properties.get("Name") or f"alias-{ctx.ids.hex(12)}",
            "description": properties.get("Description"),
            "routingConfiguration": _routing(properties),
        }
        return str((await self.call(ctx, "CreateStateMachineAlias", request))["stateMachineAliasArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeStateMachineAlias", {"stateMachineAliasArn": identifier})
        properties = {"Arn": identifier, "Name": found["name"]}
        properties["RoutingConfiguration"] = _upper(found["routingConfiguration"])
        return properties | ({"Description": found["description"]} if found.get("description") else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {
            "stateMachineAliasArn": identifier,
            "description": after.get("Description", ""),
            "routingConfiguration": _routing(after),
        }
        await self.call(ctx, "UpdateStateMachineAlias", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteStateMachineAlias", {"stateMachineAliasArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found: list[str] = []
        for machine in await self.listed(ctx, "ListStateMachines", "stateMachines"):
            arn = machine["stateMachineArn"]
            rows = await self.listed(ctx, "ListStateMachineAliases", "stateMachineAliases", stateMachineArn=arn)
            found += [each["stateMachineAliasArn"] for each in rows]
        return found


def _routing(properties: Properties) -> Any:
    preference = properties.get("DeploymentPreference")
    if preference is not None:
        return [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
    return _lower(properties.get("RoutingConfiguration"))


@service.resource_type
class ActivityType(_Type):
    """An activity."""

    name = "AWS::StepFunctions::Activity"
    identifier = ("Arn",)
    naming = Naming("Name", 80)
    create_only = frozenset({"EncryptionConfiguration", "Name"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            "name": properties.get("Name") or f"activity-{ctx.ids.hex(12)}",
            "tags": _lower(properties.get("Tags")),
            "encryptionConfiguration": _lower(properties.get("EncryptionConfiguration")),
        }
        return str((await self.call(ctx, "CreateActivity", request))["activityArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeActivity", {"activityArn": identifier})
        encryption = _upper(found["encryptionConfiguration"])
        properties = {"Arn": identifier, "Name": _name(identifier), "EncryptionConfiguration": encryption}
        return {**properties, **await self.tags(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "DeleteActivity", {"activityArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["activityArn"] for each in await self.listed(ctx, "ListActivities", "activities")]
