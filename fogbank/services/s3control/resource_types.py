"""AWS::S3ObjectLambda::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3ObjectLambda.html"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.s3control.service import service

_CONFIGURATION = "ObjectLambdaConfiguration"


class _OfAccount(ResourceType):
    async def control(self, ctx: Context, verb: str, what: str = "", **params: Any) -> dict[str, Any]:
        """Call an operation by what stands around `AccessPoint` in its name: ("Get", "Policy")."""
        params["AccountId"] = ctx.account
        return await self.call(ctx, f"{verb}AccessPoint{what}ForObjectLambda", params)

    async def names(self, ctx: Context) -> list[str]:
        member = "ObjectLambdaAccessPointList"
        found = await self.listed(ctx, "ListAccessPointsForObjectLambda", member, AccountId=ctx.account)
        return [each["Name"] for each in found]


@service.resource_type
class ObjectLambdaType(_OfAccount):
    """An Object Lambda Access Point. Without a Name it gets one of its own."""

    name = "AWS::S3ObjectLambda::AccessPoint"
    identifier = ("Name",)
    required = frozenset({_CONFIGURATION})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Alias", "Arn", "CreationDate", "PolicyStatus", "PublicAccessBlockConfiguration"})
    missing = frozenset({"NoSuchAccessPoint"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"olap-{ctx.ids.hex(20)}"
        await self.control(ctx, "Create", Name=name, Configuration=properties[_CONFIGURATION])
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        about = await self.control(ctx, "Get", Name=identifier)
        configured = await self.control(ctx, "Get", "Configuration", Name=identifier)
        return {
            "Name": identifier,
            "Arn": f"arn:{ctx.partition}:s3-object-lambda:{ctx.region}:{ctx.account}:accesspoint/{identifier}",
            "Alias": about["Alias"],
            "CreationDate": datetime.fromtimestamp(about["CreationDate"], UTC).isoformat(),
            "PublicAccessBlockConfiguration": about["PublicAccessBlockConfiguration"],
            _CONFIGURATION: configured["Configuration"],
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.control(ctx, "Put", "Configuration", Name=identifier, Configuration=after[_CONFIGURATION])

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "Delete", Name=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return await self.names(ctx)


@service.resource_type
class ObjectLambdaPolicyType(_OfAccount):
    name = "AWS::S3ObjectLambda::AccessPointPolicy"
    identifier = ("ObjectLambdaAccessPoint",)
    required = frozenset({"ObjectLambdaAccessPoint", "PolicyDocument"})
    create_only = frozenset({"ObjectLambdaAccessPoint"})
    missing = frozenset({"NoSuchAccessPoint", "NoSuchAccessPointPolicy"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, properties)
        return str(properties["ObjectLambdaAccessPoint"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "Get", "Policy", Name=identifier)
        return {"ObjectLambdaAccessPoint": identifier, "PolicyDocument": orjson.loads(found["Policy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "Get", "Policy", Name=identifier)
        await self.control(ctx, "Delete", "Policy", Name=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [name for name in await self.names(ctx) if await self._has_policy(ctx, name)]

    async def _has_policy(self, ctx: Context, name: str) -> bool:
        try:
            await self.control(ctx, "Get", "Policy", Name=name)
        except AWSError as error:
            if self.is_missing(error):
                return False
            raise
        return True

    async def _put(self, ctx: Context, properties: Properties) -> None:
        document = properties["PolicyDocument"]
        text = document if isinstance(document, str) else orjson.dumps(document).decode()
        await self.control(ctx, "Put", "Policy", Name=properties["ObjectLambdaAccessPoint"], Policy=text)
