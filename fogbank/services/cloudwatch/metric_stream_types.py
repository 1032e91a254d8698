"""AWS::CloudWatch::MetricStream."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.cloudwatch.service import service

_MEMBERS = (
    "FirehoseArn",
    "RoleArn",
    "OutputFormat",
    "IncludeFilters",
    "ExcludeFilters",
    "StatisticsConfigurations",
    "IncludeLinkedAccountsMetrics",
)


@service.resource_type
class MetricStreamType(ResourceType):
    """Without a name it gets one of its own."""

    name = "AWS::CloudWatch::MetricStream"
    identifier = ("Name",)
    naming = Naming("Name", 255)
    required = frozenset({"FirehoseArn", "RoleArn", "OutputFormat"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "CreationDate", "LastUpdateDate", "State"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"stream-{ctx.ids.hex(12)}"
        await self.call(ctx, "PutMetricStream", {"Name": name, **pick(properties, *_MEMBERS, "Tags")})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetMetricStream", {"Name": identifier})
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceARN": found["Arn"]}))["Tags"]
        properties = pick(found, "Name", "Arn", "State", *_MEMBERS)
        return {**properties, "Tags": tags} if tags else properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        made = await self.call(ctx, "PutMetricStream", {"Name": identifier, **pick(after, *_MEMBERS)})
        added, removed = tag_changes(before, after)
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceARN": made["Arn"], "TagKeys": removed})
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceARN": made["Arn"], "Tags": tags})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteMetricStream", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [entry["Name"] for entry in await self.listed(ctx, "ListMetricStreams", "Entries")]
