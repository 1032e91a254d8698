"""AWS::S3::StorageLens and its groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-storagelens.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.s3.service import service
from fogbank.services.s3.templates.access_types import ControlType

_CONFIGURATION, _ARN = "StorageLensConfiguration", "StorageLensArn"


@service.resource_type
class StorageLensType(ControlType):
    """A configuration of Storage Lens, which has its id inside."""

    name = "AWS::S3::StorageLens"
    identifier = (_CONFIGURATION,)
    required = frozenset({_CONFIGURATION})
    missing = frozenset({"NoSuchConfiguration"})

    def identifier_of(self, properties: Properties) -> str:
        return str(properties[_CONFIGURATION]["Id"])

    async def create(self, ctx: Context, properties: Properties) -> str:
        identifier = self.identifier_of(properties)
        await self._put(ctx, identifier, properties, Tags=properties.get("Tags"))
        return identifier

    async def _put(self, ctx: Context, identifier: str, properties: Properties, **members: Properties | None) -> None:
        document = {name: value for name, value in properties[_CONFIGURATION].items() if name != _ARN}
        about = {"ConfigId": identifier, _CONFIGURATION: document, **members}
        await self.control(ctx, "PutStorageLensConfiguration", **about)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetStorageLensConfiguration", ConfigId=identifier)
        tags = (await self.control(ctx, "GetStorageLensConfigurationTagging", ConfigId=identifier))["Tags"]
        return {_CONFIGURATION: found[_CONFIGURATION], **({"Tags": tags} if tags else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, after)
        if after.get("Tags"):
            await self.control(ctx, "PutStorageLensConfigurationTagging", ConfigId=identifier, Tags=after["Tags"])
        elif before.get("Tags"):
            await self.control(ctx, "DeleteStorageLensConfigurationTagging", ConfigId=identifier)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "DeleteStorageLensConfiguration", ConfigId=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.all_pages(ctx, "ListStorageLensConfigurations", "StorageLensConfigurationList")
        return [each["Id"] for each in found]


@service.resource_type
class StorageLensGroupType(ControlType):
    name = "AWS::S3::StorageLensGroup"
    identifier = ("Name",)
    required = frozenset({"Filter", "Name"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"StorageLensGroupArn"})
    missing = frozenset({"NoSuchConfiguration"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        group = pick(properties, "Name", "Filter")
        await self.control(ctx, "CreateStorageLensGroup", StorageLensGroup=group, Tags=properties.get("Tags"))
        return str(properties["Name"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.control(ctx, "GetStorageLensGroup", Name=identifier))["StorageLensGroup"]
        return found | await self.tags_of(ctx, found["StorageLensGroupArn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        group = pick(after, "Name", "Filter")
        await self.control(ctx, "UpdateStorageLensGroup", Name=identifier, StorageLensGroup=group)
        found = (await self.control(ctx, "GetStorageLensGroup", Name=identifier))["StorageLensGroup"]
        await self.change_tags(ctx, found["StorageLensGroupArn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "DeleteStorageLensGroup", Name=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in await self.all_pages(ctx, "ListStorageLensGroups", "StorageLensGroupList")]
