"""AWS::EventSchemas::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EventSchemas.html"""

from __future__ import annotations

import orjson

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, tag_changes, tag_list
from fogbank.services.schemas.service import service

_MISSING = frozenset({"NotFoundException"})


def _given(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if properties.get(name) is not None}


class _Type(ResourceType):
    """What the types of the Schema Registry have in common: tags of an ARN, and lists by page."""

    missing = _MISSING

    def _shown_tags(self, found: Properties) -> Properties:
        tags = found.get("Tags") or {}
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}

    async def _change_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        added, removed = tag_changes(before, after)
        if added:
            await self.call(ctx, "TagResource", {"ResourceArn": arn, "Tags": added})
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceArn": arn, "TagKeys": removed})


@service.resource_type
class RegistryType(_Type):
    """A registry."""

    name = "AWS::EventSchemas::Registry"
    identifier = ("RegistryArn",)
    create_only = frozenset({"RegistryName"})
    read_only = frozenset({"RegistryArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("RegistryName") or f"registry-{ctx.ids.hex(12)}"
        given = {"RegistryName": name, "Description": properties.get("Description"), "Tags": tag_list(properties)}
        return str((await self.call(ctx, "CreateRegistry", given))["RegistryArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeRegistry", {"RegistryName": _name(identifier)})
        return {**_given(found, "RegistryName", "RegistryArn", "Description"), **self._shown_tags(found)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        change = {"RegistryName": _name(identifier), "Description": after.get("Description")}
        await self.call(ctx, "UpdateRegistry", change)
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteRegistry", {"RegistryName": _name(identifier)})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["RegistryArn"] for each in await self.listed(ctx, "ListRegistries", "Registries", Scope="LOCAL")]


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


@service.resource_type
class RegistryPolicyType(_Type):
    """The policy of a registry."""

    name = "AWS::EventSchemas::RegistryPolicy"
    identifier = ("Id",)
    required = frozenset({"Policy", "RegistryName"})
    create_only = frozenset({"RegistryName"})
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties["RegistryName"])
        await self._put(ctx, name, properties)
        return name

    async def _put(self, ctx: Context, name: str, properties: Properties) -> None:
        policy = properties["Policy"]
        text = orjson.dumps(policy).decode() if isinstance(policy, dict) else policy
        given = {"RegistryName": name, "Policy": text, "RevisionId": properties.get("RevisionId")}
        await self.call(ctx, "PutResourcePolicy", given)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetResourcePolicy", {"RegistryName": identifier})
        policy = orjson.loads(found["Policy"])
        return {"Id": identifier, "RegistryName": identifier, "Policy": policy, "RevisionId": found["RevisionId"]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {"RegistryName": identifier})


@service.resource_type
class SchemaType(_Type):
    """A schema. A change of its content is a new version."""

    name = "AWS::EventSchemas::Schema"
    identifier = ("SchemaArn",)
    required = frozenset({"Content", "RegistryName", "Type"})
    create_only = frozenset({"RegistryName", "SchemaName"})
    read_only = frozenset({"LastModified", "SchemaArn", "SchemaVersion", "VersionCreatedDate"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("SchemaName") or f"schema-{ctx.ids.hex(12)}"
        given = _given(properties, "RegistryName", "Type", "Content", "Description")
        made = await self.call(ctx, "CreateSchema", {**given, "SchemaName": name, "Tags": tag_list(properties)})
        return str(made["SchemaArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeSchema", _place(identifier))
        shown = _given(found, "SchemaArn", "SchemaName", "SchemaVersion", "Type", "Content", "Description")
        return {**shown, "RegistryName": _place(identifier)["RegistryName"], **self._shown_tags(found)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        given = _given(after, "Type", "Content", "Description")
        await self.call(ctx, "UpdateSchema", {**_place(identifier), **given})
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteSchema", _place(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        registries = await self.listed(ctx, "ListRegistries", "Registries", Scope="LOCAL")
        wanted = given.get("RegistryName")
        names = [each["RegistryName"] for each in registries if wanted in (None, each["RegistryName"])]
        found = [await self.listed(ctx, "ListSchemas", "Schemas", RegistryName=name) for name in names]
        return [each["SchemaArn"] for schemas in found for each in schemas]


def _place(arn: str) -> Properties:
    _, registry, name = arn.split("/", 2)
    return {"RegistryName": registry, "SchemaName": name}


@service.resource_type
class DiscovererType(_Type):
    """A discoverer."""

    name = "AWS::EventSchemas::Discoverer"
    identifier = ("DiscovererArn",)
    required = frozenset({"SourceArn"})
    create_only = frozenset({"SourceArn"})
    read_only = frozenset({"DiscovererArn", "DiscovererId", "State"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = _given(properties, "SourceArn", "Description", "CrossAccount")
        made = await self.call(ctx, "CreateDiscoverer", {**given, "Tags": tag_list(properties)})
        return str(made["DiscovererArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeDiscoverer", {"DiscovererId": _name(identifier)})
        names = ("DiscovererArn", "DiscovererId", "SourceArn", "Description", "CrossAccount", "State")
        return {**_given(found, *names), **self._shown_tags(found)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        change = _given(after, "Description", "CrossAccount")
        await self.call(ctx, "UpdateDiscoverer", {"DiscovererId": _name(identifier), **change})
        await self._change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDiscoverer", {"DiscovererId": _name(identifier)})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["DiscovererArn"] for each in await self.listed(ctx, "ListDiscoverers", "Discoverers")]
