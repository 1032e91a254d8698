"""AWS::Lambda::LayerVersion.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-layerversion.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, pick
from fogbank.services.lambda_.package import code
from fogbank.services.lambda_.resource_types.base import LambdaType
from fogbank.services.lambda_.service import service

_DESCRIBED = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")


@service.resource_type
class LayerVersionType(LambdaType):
    name = "AWS::Lambda::LayerVersion"
    identifier = ("LayerVersionArn",)
    naming = Naming("LayerName", 140)
    required = frozenset({"Content"})
    create_only = frozenset({"Content", "LayerName", *_DESCRIBED})
    read_only = frozenset({"LayerVersionArn"})
    write_only = frozenset({"Content"})

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        """Fetches the package."""
        async with code.received(ctx.at(service=service), after["Content"]) as received:
            yield {**after, "Content": {code.RECEIVED: received}}

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "Content", *_DESCRIBED)
        request["LayerName"] = properties.get("LayerName") or f"layer-{ctx.ids.hex(12)}"
        made = await self.call(ctx, "PublishLayerVersion", request)
        return str(made["LayerVersionArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetLayerVersionByArn", {"Arn": identifier})
        properties = {name: found[name] for name in _DESCRIBED if found.get(name)}
        return {**properties, "LayerVersionArn": identifier, "LayerName": identifier.split(":")[6]}

    async def delete(self, ctx: Context, identifier: str) -> None:
        layer, _, number = identifier.rpartition(":")
        await self.call(ctx, "DeleteLayerVersion", {"LayerName": layer, "VersionNumber": int(number)})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListLayerVersions", "LayerVersions", **pick(given, "LayerName"))
        return [each["LayerVersionArn"] for each in found]
