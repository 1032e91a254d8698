"""AWS::SSM::Parameter. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick
from fogbank.services.ssm.service import service

_SETTINGS = ("AllowedPattern", "DataType", "Description", "Policies", "Tier")
_ON = {"ResourceType": "Parameter"}


@service.resource_type
class ParameterType(ResourceType):
    """A parameter of type String or StringList: a template makes no SecureString. Without a Name it gets one of its own."""

    name = "AWS::SSM::Parameter"
    identifier = ("Name",)
    naming = Naming("Name", 1011)
    required = frozenset({"Type", "Value"})
    create_only = frozenset({"Name"})
    write_only = frozenset({"AllowedPattern", "Description", "Policies", "Tags", "Tier"})
    missing = frozenset({"ParameterNotFound"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        if properties["Type"] not in ("String", "StringList"):
            raise AWSError("ValidationException", f"{properties['Type']} is not a valid type of a parameter here.")
        name = properties.get("Name") or f"CFN-Parameter-{ctx.ids.hex(12)}"
        tags = [{"Key": key, "Value": value} for key, value in (properties.get("Tags") or {}).items()]
        request = {"Name": name, **pick(properties, "Type", "Value", *_SETTINGS), "Tags": tags or None}
        await self.call(ctx, "PutParameter", request)
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetParameter", {"Name": identifier})
        return pick(found["Parameter"], "Name", "Type", "Value", "DataType")

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if any(before.get(name) != after.get(name) for name in ("Type", "Value", *_SETTINGS)):
            request = {"Name": identifier, "Overwrite": True, **pick(after, "Type", "Value", *_SETTINGS)}
            await self.call(ctx, "PutParameter", request)
        old, new = before.get("Tags") or {}, after.get("Tags") or {}
        on = {**_ON, "ResourceId": identifier}
        if gone := [key for key in old if key not in new]:
            await self.call(ctx, "RemoveTagsFromResource", {**on, "TagKeys": gone})
        if added := [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]:
            await self.call(ctx, "AddTagsToResource", {**on, "Tags": added})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteParameter", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [parameter["Name"] for parameter in await self.listed(ctx, "DescribeParameters", "Parameters")]
