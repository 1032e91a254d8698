"""AWS::Lambda::CodeSigningConfig and AWS::Lambda::CapacityProvider."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, pick, tag_list
from fogbank.services.lambda_.resource_types.base import LambdaType, listed_tags, not_stabilised
from fogbank.services.lambda_.service import service

_SIGNING = ("AllowedPublishers", "CodeSigningPolicies", "Description")
_FIXED = ("VpcConfig", "PermissionsConfig", "InstanceRequirements", "KmsKeyArn")
_CHANGED = ("CapacityProviderScalingConfig", "PropagateTags", "TelemetryConfig")


@service.resource_type
class CodeSigningConfigType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-codesigningconfig.html"""

    name = "AWS::Lambda::CodeSigningConfig"
    identifier = ("CodeSigningConfigArn",)
    required = frozenset({"AllowedPublishers"})
    read_only = frozenset({"CodeSigningConfigArn", "CodeSigningConfigId"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {**pick(properties, *_SIGNING), "Tags": tag_list(properties)}
        made = await self.call(ctx, "CreateCodeSigningConfig", request)
        return str(made["CodeSigningConfig"]["CodeSigningConfigArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetCodeSigningConfig", {"CodeSigningConfigArn": identifier}))[
            "CodeSigningConfig"
        ]
        properties = pick(found, "CodeSigningConfigArn", "CodeSigningConfigId", *_SIGNING)
        tags = (await self.call(ctx, "ListTags", {"Resource": identifier}))["Tags"]
        return properties | ({"Tags": listed_tags(tags)} if tags else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {"CodeSigningConfigArn": identifier, "AllowedPublishers": after["AllowedPublishers"]}
        request["CodeSigningPolicies"] = after.get("CodeSigningPolicies") or {"UntrustedArtifactOnDeployment": "Warn"}
        request["Description"] = after.get("Description", "")
        await self.call(ctx, "UpdateCodeSigningConfig", request)
        await self.tag(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteCodeSigningConfig", {"CodeSigningConfigArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListCodeSigningConfigs", "CodeSigningConfigs")
        return [each["CodeSigningConfigArn"] for each in found]


@service.resource_type
class CapacityProviderType(LambdaType):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-capacityprovider.html"""

    name = "AWS::Lambda::CapacityProvider"
    identifier = ("CapacityProviderName",)
    naming = Naming("CapacityProviderName", 140)
    required = frozenset({"PermissionsConfig", "VpcConfig"})
    create_only = frozenset({"CapacityProviderName", *_FIXED})
    read_only = frozenset({"Arn", "State"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("CapacityProviderName") or f"capacity-{ctx.ids.hex(12)}"
        request = {**pick(properties, *_FIXED, *_CHANGED), "CapacityProviderName": name, "Tags": tag_list(properties)}
        await self.call(ctx, "CreateCapacityProvider", request)
        return str(name)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        state = (await self.read(ctx, identifier))["State"]
        if state == "Failed":
            raise not_stabilised("The capacity provider failed.")
        return bool(state == "Active")

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "GetCapacityProvider", {"CapacityProviderName": identifier})
        found = answer["CapacityProvider"]
        properties = {"CapacityProviderName": identifier, "Arn": found["CapacityProviderArn"], "State": found["State"]}
        properties |= pick(found, *_FIXED, *_CHANGED)
        tags = (await self.call(ctx, "ListTags", {"Resource": found["CapacityProviderArn"]}))["Tags"]
        return properties | ({"Tags": listed_tags(tags)} if tags else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changed = {name: after.get(name, {}) for name in _CHANGED if before.get(name) != after.get(name)}
        if changed:
            await self.call(ctx, "UpdateCapacityProvider", {"CapacityProviderName": identifier, **changed})
        await self.tag(ctx, before["Arn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteCapacityProvider", {"CapacityProviderName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListCapacityProviders", "CapacityProviders")
        return [each["CapacityProviderArn"].rpartition(":")[2] for each in found]
