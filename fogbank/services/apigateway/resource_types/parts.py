"""Model, RequestValidator, Authorizer, GatewayResponse, DocumentationPart, DocumentationVersion."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties
from fogbank.services.apigateway.resource_types.base import RestType
from fogbank.services.apigateway.service import service


class _Numbered(RestType):
    """A part whose id the service gives it: `RequestValidatorId` in its identifier is `id` in answers."""

    def identifier_of(self, properties: Properties) -> str:
        return "|".join(
            str(properties["RestApiId"] if name == "RestApiId" else properties["Id"]) for name in self.identifier
        )

    def ref(self, identifier: str, properties: Properties) -> str:
        return str(self.address(identifier)[next(name for name in self.identifier if name != "RestApiId")])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        found.pop("Id", None)
        return found


@service.resource_type
class ModelType(RestType):
    name = "AWS::ApiGateway::Model"
    identifier = ("RestApiId", "Name")
    required = frozenset({"RestApiId"})
    create_only = frozenset({"ContentType", "Name", "RestApiId"})
    make, get, change, drop, listing = "CreateModel", "GetModel", "UpdateModel", "DeleteModel", "GetModels"
    places = {"Description": "/description", "Schema": "/schema"}

    def address(self, identifier: str) -> Properties:
        api, name = identifier.split("|")
        return {"RestApiId": api, "ModelName": name}

    async def create(self, ctx: Context, properties: Properties) -> str:
        named = {"Name": f"m{ctx.ids.hex(12)}", "ContentType": "application/json", "Schema": "{}", **properties}
        return await super().create(ctx, named)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: value for name, value in found.items() if name not in ("Id", "ModelName")}


@service.resource_type
class RequestValidatorType(_Numbered):
    name = "AWS::ApiGateway::RequestValidator"
    identifier = ("RestApiId", "RequestValidatorId")
    required = frozenset({"RestApiId"})
    create_only = frozenset({"Name", "RestApiId"})
    read_only = frozenset({"RequestValidatorId"})
    make, get, change = "CreateRequestValidator", "GetRequestValidator", "UpdateRequestValidator"
    drop, listing = "DeleteRequestValidator", "GetRequestValidators"
    places = {"ValidateRequestBody": "/validateRequestBody", "ValidateRequestParameters": "/validateRequestParameters"}


@service.resource_type
class AuthorizerType(_Numbered):
    name = "AWS::ApiGateway::Authorizer"
    identifier = ("RestApiId", "AuthorizerId")
    required = frozenset({"Name", "RestApiId", "Type"})
    create_only = frozenset({"RestApiId"})
    read_only = frozenset({"AuthorizerId"})
    make, get, change, drop, listing = (
        "CreateAuthorizer",
        "GetAuthorizer",
        "UpdateAuthorizer",
        "DeleteAuthorizer",
        "GetAuthorizers",
    )
    places = {
        "Name": "/name",
        "Type": "/type",
        "AuthType": "/authType",
        "AuthorizerUri": "/authorizerUri",
        "AuthorizerCredentials": "/authorizerCredentials",
        "AuthorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
        "IdentitySource": "/identitySource",
        "IdentityValidationExpression": "/identityValidationExpression",
    }


@service.resource_type
class GatewayResponseType(RestType):
    name = "AWS::ApiGateway::GatewayResponse"
    identifier = ("Id",)
    required = frozenset({"ResponseType", "RestApiId"})
    create_only = frozenset({"ResponseType", "RestApiId"})
    read_only = frozenset({"Id"})
    make, get, drop = "PutGatewayResponse", "GetGatewayResponse", "DeleteGatewayResponse"

    def address(self, identifier: str) -> Properties:
        api, _, kind = identifier.partition(":")
        return {"RestApiId": api, "ResponseType": kind}

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, self.make, self.request(self.make, properties))
        return f"{properties['RestApiId']}:{properties['ResponseType']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        if found.pop("DefaultResponse", False):
            from fogbank.services.apigateway import errors

            raise errors.not_found("Gateway response type not defined on api")
        return {**found, "Id": identifier}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {**after, **self.address(identifier)})


@service.resource_type
class DocumentationPartType(_Numbered):
    name = "AWS::ApiGateway::DocumentationPart"
    identifier = ("DocumentationPartId", "RestApiId")
    required = frozenset({"Location", "Properties", "RestApiId"})
    create_only = frozenset({"Location", "RestApiId"})
    read_only = frozenset({"DocumentationPartId"})
    make, get, change = "CreateDocumentationPart", "GetDocumentationPart", "UpdateDocumentationPart"
    drop, listing = "DeleteDocumentationPart", "GetDocumentationParts"
    places = {"Properties": "/properties"}


@service.resource_type
class DocumentationVersionType(RestType):
    name = "AWS::ApiGateway::DocumentationVersion"
    identifier = ("DocumentationVersion", "RestApiId")
    required = create_only = frozenset({"DocumentationVersion", "RestApiId"})
    make, get, change = "CreateDocumentationVersion", "GetDocumentationVersion", "UpdateDocumentationVersion"
    drop, listing = "DeleteDocumentationVersion", "GetDocumentationVersions"
    renamed = {"DocumentationVersion": "documentationVersion"}
    places = {"Description": "/description"}

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.partition("|")[0]

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, self.make, self.request(self.make, properties))
        return f"{properties['DocumentationVersion']}|{properties['RestApiId']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: found[name] for name in ("Description", *self.identifier) if name in found}
