"""AWS::ResourceGroups::Group. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-resourcegroups-group.html"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes, tag_list
from fogbank.services.resource_groups.service import service


@service.resource_type
class GroupType(ResourceType):
    """Without a ResourceQuery it is of the stack that has it, which only CloudFormation knows: here it has to be given."""

    name = "AWS::ResourceGroups::Group"
    identifier = ("Name",)
    required = frozenset({"Name", "ResourceQuery"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn"})
    missing = frozenset({"NotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "Name", "Description") | {
            "ResourceQuery": _query(properties),
            "Tags": tag_list(properties),
        }
        made = await self.call(ctx, "CreateGroup", request)
        return str(made["Group"]["Name"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        group = (await self.call(ctx, "GetGroup", {"GroupName": identifier}))["Group"]
        query = (await self.call(ctx, "GetGroupQuery", {"GroupName": identifier}))["GroupQuery"]["ResourceQuery"]
        tags = (await self.call(ctx, "GetTags", {"Arn": group["GroupArn"]}))["Tags"]
        return {
            **pick(group, "Name", "Description"),
            "Arn": group["GroupArn"],
            "ResourceQuery": {"Type": query["Type"], "Query": orjson.loads(query["Query"])},
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        on = {"GroupName": identifier}
        if before.get("Description") != after.get("Description"):
            await self.call(ctx, "UpdateGroup", {**on, "Description": after.get("Description") or ""})
        if before["ResourceQuery"] != after["ResourceQuery"]:
            await self.call(ctx, "UpdateGroupQuery", {**on, "ResourceQuery": _query(after)})
        added, gone = tag_changes(before, after)
        arn = (await self.call(ctx, "GetGroup", on))["Group"]["GroupArn"]
        if gone:
            await self.call(ctx, "Untag", {"Arn": arn, "Keys": gone})
        if added:
            await self.call(ctx, "Tag", {"Arn": arn, "Tags": added})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteGroup", {"GroupName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["GroupName"] for each in await self.listed(ctx, "ListGroups", "GroupIdentifiers")]


def _query(properties: Properties) -> dict[str, Any]:
    """As requests have it: the query is a text there."""
    given = properties["ResourceQuery"]
    return {"Type": given["Type"], "Query": orjson.dumps(given.get("Query") or {}).decode()}
