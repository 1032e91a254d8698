"""AWS::SES::ReceiptFilter and AWS::SES::DedicatedIpPool."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.ses.service import service

_V2 = "sesv2"


@service.resource_type
class ReceiptFilterType(ResourceType):
    """A filter cannot be changed: another one takes its place."""

    name = "AWS::SES::ReceiptFilter"
    identifier = ("Id",)
    required = frozenset({"Filter"})
    create_only = frozenset({"Filter"})
    read_only = frozenset({"Id"})
    missing = frozenset({"NotFound"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties["Filter"].get("Name") or f"filter-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateReceiptFilter", {"Filter": {**properties["Filter"], "Name": name}})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for each in (await self.call(ctx, "ListReceiptFilters", {}))["Filters"]:
            if each["Name"] == identifier:
                return {"Id": identifier, "Filter": each}
        raise AWSError("NotFound", f"Filter {identifier} does not exist.")

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteReceiptFilter", {"FilterName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in (await self.call(ctx, "ListReceiptFilters", {}))["Filters"]]


@service.resource_type
class DedicatedIpPoolType(ResourceType):
    """Without a name it gets one of its own."""

    name = "AWS::SES::DedicatedIpPool"
    identifier = ("PoolName",)
    naming = Naming("PoolName", 64, lower=True)
    create_only = frozenset({"PoolName"})
    missing = frozenset({"NotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("PoolName") or f"pool-{ctx.ids.hex(12)}"
        await self.call(
            ctx, "CreateDedicatedIpPool", {"PoolName": name, **pick(properties, "ScalingMode", "Tags")}, _V2
        )
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetDedicatedIpPool", {"PoolName": identifier}, _V2)
        tags = await self.call(ctx, "ListTagsForResource", {"ResourceArn": self._arn(ctx, identifier)}, _V2)
        properties: Properties = found["DedicatedIpPool"]
        return {**properties, "Tags": tags["Tags"]} if tags["Tags"] else properties

    def _arn(self, ctx: Context, name: str) -> str:
        return f"arn:{ctx.partition}:ses:{ctx.region}:{ctx.account}:dedicated-ip-pool/{name}"

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after.get("ScalingMode") != before.get("ScalingMode"):
            request = {"PoolName": identifier, "ScalingMode": after.get("ScalingMode") or "STANDARD"}
            await self.call(ctx, "PutDedicatedIpPoolScalingAttributes", request, _V2)
        added, removed = tag_changes(before, after)
        if removed:
            request = {"ResourceArn": self._arn(ctx, identifier), "TagKeys": removed}
            await self.call(ctx, "UntagResource", request, _V2)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceArn": self._arn(ctx, identifier), "Tags": tags}, _V2)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDedicatedIpPool", {"PoolName": identifier}, _V2)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [*(await self.call(ctx, "ListDedicatedIpPools", {}, _V2))["DedicatedIpPools"]]
