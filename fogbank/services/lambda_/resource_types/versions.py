"""AWS::Lambda::Version and AWS::Lambda::Alias, with the environments that are provisioned for them."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.lambda_.resource_types.base import LambdaType, not_stabilised
from fogbank.services.lambda_.service import service

_PROVISIONED = "ProvisionedConcurrencyConfig"


class _Provisioning(LambdaType):
    """Its identifier is a qualified ARN of a function."""

    async def provide(self, ctx: Context, arn: str, wanted: Properties | None) -> None:
        request: Properties = _split(arn)
        if wanted is None:
            await self.call(ctx, "DeleteProvisionedConcurrencyConfig", request)
        else:
            await self.call(ctx, "PutProvisionedConcurrencyConfig", request | wanted)

    async def provided(self, ctx: Context, arn: str) -> dict[str, Any]:
        """How it stands with the environments; empty when none are wanted."""
        try:
            return await self.call(ctx, "GetProvisionedConcurrencyConfig", _split(arn))
        except AWSError as error:
            if error.code != "ProvisionedConcurrencyConfigNotFoundException":
                raise
            return {}

    async def wanted(self, ctx: Context, arn: str) -> Properties:
        found = await self.provided(ctx, arn)
        if not found:
            return {}
        count = found["RequestedProvisionedConcurrentExecutions"]
        return {_PROVISIONED: {"ProvisionedConcurrentExecutions": count}}

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self.provided(ctx, identifier)
        if found.get("Status") == "FAILED":
            raise not_stabilised(found.get("StatusReason") or "The environments could not be provisioned.")
        return found.get("Status", "READY") == "READY"


def _split(arn: str) -> dict[str, Any]:
    function, _, qualifier = arn.rpartition(":")
    return {"FunctionName": function, "Qualifier": qualifier}


@service.resource_type
class VersionType(_Provisioning):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html"""

    name = "AWS::Lambda::Version"
    identifier = ("FunctionArn",)
    required = frozenset({"FunctionName"})
    create_only = frozenset(
        {"FunctionName", "Description", "CodeSha256", "FunctionScalingConfig", _PROVISIONED, "RuntimePolicy"}
    )
    read_only = frozenset({"FunctionArn", "Version"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "FunctionName", "Description", "CodeSha256")
        before = await self._versions(ctx, properties["FunctionName"])
        made = await self.call(ctx, "PublishVersion", request)
        if made["Version"] in before:
            raise AWSError(
                "AlreadyExists",
                f"A version for this Lambda function exists ( {made['Version']} ). Modify the function to create a new version.",
            )
        arn = str(made["FunctionArn"])
        if properties.get(_PROVISIONED):
            await self.provide(ctx, arn, properties[_PROVISIONED])
        if properties.get("FunctionScalingConfig"):
            scaled = {**_split(arn), **pick(properties, "FunctionScalingConfig")}
            await self.call(ctx, "PutFunctionScalingConfig", scaled)
        if properties.get("RuntimePolicy"):
            await self.call(ctx, "PutRuntimeManagementConfig", {**_split(arn), **properties["RuntimePolicy"]})
        return arn

    async def _versions(self, ctx: Context, function: str) -> list[str]:
        found = await self.listed(ctx, "ListVersionsByFunction", "Versions", FunctionName=function)
        return [each["Version"] for each in found]

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self.call(ctx, "GetFunctionConfiguration", _split(identifier))
        if found["State"] == "Failed":
            raise not_stabilised(found.get("StateReason") or "The version failed.")
        return found["State"] != "Pending" and await super().is_ready(ctx, identifier)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetFunctionConfiguration", _split(identifier))
        properties = pick(found, "FunctionName", "Version", "CodeSha256", "FunctionArn")
        if found["Description"]:
            properties["Description"] = found["Description"]
        managed = await self.call(ctx, "GetRuntimeManagementConfig", _split(identifier))
        properties["RuntimePolicy"] = pick(managed, "UpdateRuntimeOn", "RuntimeVersionArn")
        return properties | await self.wanted(ctx, identifier)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteFunction", _split(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListVersionsByFunction", "Versions", FunctionName=given["FunctionName"])
        return [each["FunctionArn"] for each in found if each["Version"] != "$LATEST"]


@service.resource_type
class AliasType(_Provisioning):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html"""

    name = "AWS::Lambda::Alias"
    identifier = ("AliasArn",)
    required = frozenset({"FunctionName", "FunctionVersion", "Name"})
    create_only = frozenset({"FunctionName", "Name"})
    read_only = frozenset({"AliasArn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "FunctionName", "FunctionVersion", "Name", "Description")
        made = await self.call(ctx, "CreateAlias", request | _routing(properties))
        if properties.get(_PROVISIONED):
            await self.provide(ctx, made["AliasArn"], properties[_PROVISIONED])
        return str(made["AliasArn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {**_named(identifier), "FunctionVersion": after["FunctionVersion"]}
        request |= {"Description": after.get("Description", ""), **_routing(after)}
        await self.call(ctx, "UpdateAlias", request)
        if before.get(_PROVISIONED) != after.get(_PROVISIONED):
            await self.provide(ctx, identifier, after.get(_PROVISIONED))

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetAlias", _named(identifier))
        properties = pick(found, "AliasArn", "FunctionVersion", "Name")
        properties["FunctionName"] = identifier.split(":")[6]
        if found["Description"]:
            properties["Description"] = found["Description"]
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        if weights:
            listed = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
            properties["RoutingConfig"] = {"AdditionalVersionWeights": listed}
        return properties | await self.wanted(ctx, identifier)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteAlias", _named(identifier))

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListAliases", "Aliases", FunctionName=given["FunctionName"])
        return [each["AliasArn"] for each in found]


def _named(arn: str) -> dict[str, Any]:
    function, _, name = arn.rpartition(":")
    return {"FunctionName": function, "Name": name}


def _routing(properties: Properties) -> Properties:
    """The weights as a map, as the API wants them."""
    listed = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or []
    weights = {each["FunctionVersion"]: each["FunctionWeight"] for each in listed}
    return {"RoutingConfig": {"AdditionalVersionWeights": weights}}
