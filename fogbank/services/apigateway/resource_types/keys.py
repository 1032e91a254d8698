"""ApiKey, UsagePlan, UsagePlanKey."""

from __future__ import annotations

from typing import Any

from fogbank.apis.properties import patches
from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties
from fogbank.services.apigateway.resource_types.base import RestType
from fogbank.services.apigateway.service import service


@service.resource_type
class ApiKeyType(RestType):
    name = "AWS::ApiGateway::ApiKey"
    identifier = ("APIKeyId",)
    create_only = frozenset({"GenerateDistinctId", "Name", "Value"})
    read_only = frozenset({"APIKeyId"})
    write_only = frozenset({"GenerateDistinctId"})
    make, get, change, drop, listing = "CreateApiKey", "GetApiKey", "UpdateApiKey", "DeleteApiKey", "GetApiKeys"
    renamed = {"APIKeyId": "apiKey"}
    places = {"Description": "/description", "Enabled": "/enabled", "CustomerId": "/customerId"}

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, self.make, self.request(self.make, properties))
        return str(made["id"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, self.get, {"apiKey": identifier, "includeValue": True})
        found = self.told(self.get, answer)
        known = ("CustomerId", "Description", "Enabled", "Name", "Tags", "Value")
        return {"APIKeyId": identifier, **{name: found[name] for name in known if name in found}}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await super().update(ctx, identifier, before, after)
        await self.tag(ctx, f"/apikeys/{identifier}", before, after)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["id"] for each in await self.listed(ctx, self.listing, "items")]


@service.resource_type
class UsagePlanType(RestType):
    name = "AWS::ApiGateway::UsagePlan"
    identifier = ("Id",)
    read_only = frozenset({"Id"})
    make, get, change = "CreateUsagePlan", "GetUsagePlan", "UpdateUsagePlan"
    drop, listing = "DeleteUsagePlan", "GetUsagePlans"
    renamed = {"Id": "usagePlanId", "UsagePlanName": "name"}

    async def create(self, ctx: Context, properties: Properties) -> str:
        named = {"UsagePlanName": f"plan-{ctx.ids.hex(8)}", **properties}
        made = await self.call(ctx, self.make, self.request(self.make, named))
        return str(made["id"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: value for name, value in found.items() if name != "UsagePlanId"} | {"Id": identifier}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        operations = patches(before, after, {"UsagePlanName": "/name", "Description": "/description"})
        for name, places in (("Quota", ("Limit", "Offset", "Period")), ("Throttle", ("BurstLimit", "RateLimit"))):
            old, new = before.get(name), after.get(name)
            if old and not new:
                operations.append({"op": "remove", "path": f"/{name.lower()}"})
            elif new:
                paths = {each: f"/{name.lower()}/{each[:1].lower()}{each[1:]}" for each in places}
                operations += patches(old or {}, {**(old or {}), **new}, paths)
        operations += _stage_patches(before.get("ApiStages") or [], after.get("ApiStages") or [])
        if operations:
            await self.call(ctx, self.change, {"usagePlanId": identifier, "patchOperations": operations})
        await self.tag(ctx, f"/usageplans/{identifier}", before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        """Its stages leave first."""
        plan = await self.call(ctx, self.get, {"usagePlanId": identifier})
        gone = [
            {"op": "remove", "path": "/apiStages", "value": f"{each['apiId']}:{each['stage']}"}
            for each in plan["apiStages"]
        ]
        if gone:
            await self.call(ctx, self.change, {"usagePlanId": identifier, "patchOperations": gone})
        await self.call(ctx, self.drop, {"usagePlanId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["id"] for each in await self.listed(ctx, self.listing, "items")]


def _stage_patches(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, str]]:
    old = {f"{each['ApiId']}:{each['Stage']}" for each in before}
    new = {f"{each['ApiId']}:{each['Stage']}" for each in after}
    found = [{"op": "remove", "path": "/apiStages", "value": each} for each in sorted(old - new)]
    return found + [{"op": "add", "path": "/apiStages", "value": each} for each in sorted(new - old)]


@service.resource_type
class UsagePlanKeyType(RestType):
    """`<key>:<plan>`."""

    name = "AWS::ApiGateway::UsagePlanKey"
    identifier = ("Id",)
    required = create_only = frozenset({"KeyId", "KeyType", "UsagePlanId"})
    read_only = frozenset({"Id"})
    make, get, drop = "CreateUsagePlanKey", "GetUsagePlanKey", "DeleteUsagePlanKey"

    def address(self, identifier: str) -> Properties:
        key, _, plan = identifier.partition(":")
        return {"KeyId": key, "UsagePlanId": plan}

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, self.make, self.request(self.make, properties))
        return f"{properties['KeyId']}:{properties['UsagePlanId']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        address = self.address(identifier)
        found = await self.call(ctx, self.get, self.request(self.get, address))
        return {"Id": identifier, "KeyType": found["type"], **address}
