"""AWS::ApiGatewayV2::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html

Properties are the members of the operations, by the same names.
"""

from __future__ import annotations

from typing import Any, ClassVar

import orjson

from fogbank import protocols
from fogbank.apis.naming import execution_arn, resource_arn
from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.apigatewayv2.service import service

_SERVICE = "apigatewayv2"


class _Type(ResourceType):
    """`noun` is what the operations are called after, `plural` of the one that lists."""

    missing = frozenset({"NotFoundException"})
    noun: ClassVar[str]
    plural: ClassVar[str]

    def request(self, operation: str, properties: Properties) -> Properties:
        shape = protocols.load(_SERVICE).operations[operation].input_shape
        members = shape.members if shape is not None else {}
        return {
            name: _text(members[name].type, value)
            for name, value in properties.items()
            if name in members and value is not None
        }

    def address(self, identifier: str) -> Properties:
        return dict(zip(self.identifier, identifier.split("|"), strict=True))

    async def create(self, ctx: Context, properties: Properties) -> str:
        operation = f"Create{self.noun}"
        made = await self.call(ctx, operation, self.request(operation, properties), _SERVICE)
        return self.identifier_of({**properties, **made})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        address = self.address(identifier)
        found = await self.call(ctx, f"Get{self.noun}", address, _SERVICE)
        return {
            name: value
            for name, value in {**found, **address}.items()
            if value not in (None, {}, []) and name not in _OWN
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        operation = f"Update{self.noun}"
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        for name in before.keys() - after.keys():
            changed[name] = {} if isinstance(before[name], dict) else [] if isinstance(before[name], list) else ""
        request = self.request(operation, changed)
        if request:
            await self.call(ctx, operation, {**request, **self.address(identifier)}, _SERVICE)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, f"Delete{self.noun}", self.address(identifier), _SERVICE)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        operation = f"Get{self.plural}"
        found = await self.call(ctx, operation, {**self.request(operation, given), "MaxResults": "500"}, _SERVICE)
        return [self.identifier_of({**given, **each}) for each in found["Items"]]

    async def tag(self, ctx: Context, path: str, before: Properties, after: Properties) -> None:
        """Tags of these types are maps."""
        old, new = before.get("Tags") or {}, after.get("Tags") or {}
        arn = resource_arn(ctx, path)
        gone = [key for key in old if key not in new]
        if new != old and new:
            await self.call(ctx, "TagResource", {"ResourceArn": arn, "Tags": new}, _SERVICE)
        if gone:
            await self.call(ctx, "UntagResource", {"ResourceArn": arn, "TagKeys": gone}, _SERVICE)


# What answers have and properties do not.
_OWN = frozenset(
    {"ApiGatewayManaged", "CreatedDate", "DeploymentStatus", "LastDeploymentStatusMessage", "LastUpdatedDate"}
)


def _text(kind: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if kind == "string" and isinstance(value, dict | list) else value


@service.resource_type
class ApiType(_Type):
    """With a Body it is what an OpenAPI document says."""

    name = "AWS::ApiGatewayV2::Api"
    identifier = ("ApiId",)
    create_only = frozenset({"ProtocolType"})
    read_only = frozenset({"ApiEndpoint", "ApiId", "ExecuteApiArn"})
    write_only = frozenset(
        {
            "BasePath",
            "Body",
            "BodyS3Location",
            "CredentialsArn",
            "DisableSchemaValidation",
            "FailOnWarnings",
            "RouteKey",
            "Target",
        }
    )
    noun, plural = "Api", "Apis"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        return {
            **await super().read(ctx, identifier),
            "ExecuteApiArn": execution_arn(ctx.account, ctx.region, identifier),
        }

    async def create(self, ctx: Context, properties: Properties) -> str:
        body = properties.get("Body")
        if body is None:
            return await super().create(ctx, properties)
        made = await self.call(
            ctx, "ImportApi", {"Body": _text("string", body), "Basepath": properties.get("BasePath")}, _SERVICE
        )
        said = {name: value for name, value in properties.items() if name not in ("Body", "Tags")}
        await super().update(ctx, made["ApiId"], {}, said)
        await self.tag(ctx, f"/apis/{made['ApiId']}", {}, properties)
        return str(made["ApiId"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after.get("Body") is not None and after["Body"] != before.get("Body"):
            await self.call(ctx, "ReimportApi", {"ApiId": identifier, "Body": _text("string", after["Body"])}, _SERVICE)
        if before.get("CorsConfiguration") and not after.get("CorsConfiguration"):
            await self.call(ctx, "DeleteCorsConfiguration", {"ApiId": identifier}, _SERVICE)
            before = {name: value for name, value in before.items() if name != "CorsConfiguration"}
        await super().update(ctx, identifier, before, after)
        await self.tag(ctx, f"/apis/{identifier}", before, after)


@service.resource_type
class RouteType(_Type):
    name = "AWS::ApiGatewayV2::Route"
    identifier = ("ApiId", "RouteId")
    required = frozenset({"ApiId", "RouteKey"})
    create_only = frozenset({"ApiId"})
    read_only = frozenset({"RouteId"})
    noun, plural = "Route", "Routes"


@service.resource_type
class IntegrationType(_Type):
    name = "AWS::ApiGatewayV2::Integration"
    identifier = ("ApiId", "IntegrationId")
    required = frozenset({"ApiId", "IntegrationType"})
    create_only = frozenset({"ApiId"})
    read_only = frozenset({"IntegrationId"})
    noun, plural = "Integration", "Integrations"

    def request(self, operation: str, properties: Properties) -> Properties:
        """Templates write response parameters as lists of sources and destinations."""
        found = super().request(operation, properties)
        given = found.get("ResponseParameters")
        if given:
            found["ResponseParameters"] = {status: _pairs(each) for status, each in given.items()}
        return found


def _pairs(told: Any) -> dict[str, str]:
    listed = told.get("ResponseParameters") if isinstance(told, dict) else None
    return {each["Destination"]: each["Source"] for each in listed} if isinstance(listed, list) else told


@service.resource_type
class IntegrationResponseType(_Type):
    name = "AWS::ApiGatewayV2::IntegrationResponse"
    identifier = ("ApiId", "IntegrationId", "IntegrationResponseId")
    required = frozenset({"ApiId", "IntegrationId", "IntegrationResponseKey"})
    create_only = frozenset({"ApiId", "IntegrationId"})
    read_only = frozenset({"IntegrationResponseId"})
    noun, plural = "IntegrationResponse", "IntegrationResponses"


@service.resource_type
class RouteResponseType(_Type):
    name = "AWS::ApiGatewayV2::RouteResponse"
    identifier = ("ApiId", "RouteId", "RouteResponseId")
    required = frozenset({"ApiId", "RouteId", "RouteResponseKey"})
    create_only = frozenset({"ApiId", "RouteId"})
    read_only = frozenset({"RouteResponseId"})
    noun, plural = "RouteResponse", "RouteResponses"


@service.resource_type
class AuthorizerType(_Type):
    name = "AWS::ApiGatewayV2::Authorizer"
    identifier = ("AuthorizerId", "ApiId")
    required = frozenset({"ApiId", "AuthorizerType", "Name"})
    create_only = frozenset({"ApiId"})
    read_only = frozenset({"AuthorizerId"})
    noun, plural = "Authorizer", "Authorizers"

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.partition("|")[0]


@service.resource_type
class ModelType(_Type):
    name = "AWS::ApiGatewayV2::Model"
    identifier = ("ApiId", "ModelId")
    required = frozenset({"ApiId", "Name", "Schema"})
    create_only = frozenset({"ApiId"})
    read_only = frozenset({"ModelId"})
    noun, plural = "Model", "Models"


@service.resource_type
class DeploymentType(_Type):
    name = "AWS::ApiGatewayV2::Deployment"
    identifier = ("ApiId", "DeploymentId")
    required = frozenset({"ApiId"})
    create_only = frozenset({"ApiId"})
    read_only = frozenset({"DeploymentId"})
    write_only = frozenset({"StageName"})
    noun, plural = "Deployment", "Deployments"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: value for name, value in found.items() if name != "AutoDeployed"}


@service.resource_type
class StageType(_Type):
    name = "AWS::ApiGatewayV2::Stage"
    identifier = ("ApiId", "StageName")
    required = frozenset({"ApiId", "StageName"})
    create_only = frozenset({"ApiId", "StageName"})
    noun, plural = "Stage", "Stages"

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if before.get("AccessLogSettings") and not after.get("AccessLogSettings"):
            await self.call(ctx, "DeleteAccessLogSettings", self.address(identifier), _SERVICE)
            before = {name: value for name, value in before.items() if name != "AccessLogSettings"}
        await super().update(ctx, identifier, before, after)
        api, stage = identifier.split("|")
        await self.tag(ctx, f"/apis/{api}/stages/{stage}", before, after)


@service.resource_type
class DomainNameType(_Type):
    name = "AWS::ApiGatewayV2::DomainName"
    identifier = ("DomainName",)
    required = create_only = frozenset({"DomainName"})
    read_only = frozenset({"DomainNameArn", "RegionalDomainName", "RegionalHostedZoneId"})
    noun, plural = "DomainName", "DomainNames"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        configuration = found["DomainNameConfigurations"][0]
        found["RegionalDomainName"] = configuration["ApiGatewayDomainName"]
        found["RegionalHostedZoneId"] = configuration["HostedZoneId"]
        kept = ("CertificateArn", "EndpointType", "SecurityPolicy")
        found["DomainNameConfigurations"] = [{name: configuration[name] for name in kept}]
        found.pop("ApiMappingSelectionExpression")
        return found

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await super().update(ctx, identifier, before, after)
        await self.tag(ctx, f"/domainnames/{identifier}", before, after)


@service.resource_type
class ApiMappingType(_Type):
    name = "AWS::ApiGatewayV2::ApiMapping"
    identifier = ("ApiMappingId", "DomainName")
    required = frozenset({"ApiId", "DomainName", "Stage"})
    create_only = frozenset({"DomainName"})
    read_only = frozenset({"ApiMappingId"})
    noun, plural = "ApiMapping", "ApiMappings"

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.partition("|")[0]
