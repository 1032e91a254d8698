"""RestApi, Resource, Method, Account, DomainName, BasePathMapping, ClientCertificate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from fogbank.apis.properties import patches
from fogbank.kernel import Context
from fogbank.kernel.bodies import whole
from fogbank.kernel.resource_types import Properties
from fogbank.services.apigateway.resource_types.base import RestType
from fogbank.services.apigateway.service import service

_BODY = "Body"


@service.resource_type
class RestApiType(RestType):
    """With a Body it is what an OpenAPI document says, and what the other properties say besides."""

    name = "AWS::ApiGateway::RestApi"
    identifier = ("RestApiId",)
    read_only = frozenset({"RestApiId", "RootResourceId"})
    write_only = frozenset({"Body", "BodyS3Location", "CloneFrom", "FailOnWarnings", "Mode", "Parameters"})
    make, get, change, drop, listing = "CreateRestApi", "GetRestApi", "UpdateRestApi", "DeleteRestApi", "GetRestApis"
    renamed = {"ApiKeySourceType": "apiKeySource"}
    places = {
        "Name": "/name",
        "Description": "/description",
        "ApiKeySourceType": "/apiKeySource",
        "BinaryMediaTypes": "/binaryMediaTypes",
        "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
        "MinimumCompressionSize": "/minimumCompressionSize",
    }

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        """A document that lies in a bucket is fetched."""
        place = after.get("BodyS3Location")
        if not place or (before and before.get("BodyS3Location") == place):
            yield after
            return
        asked = {"Bucket": place["Bucket"], "Key": place["Key"]}
        if place.get("Version"):
            asked["VersionId"] = place["Version"]

        async def fetch() -> dict[str, Any]:
            return await ctx.call("s3", "GetObject", asked, as_caller=True)

        found = await ctx.transact(fetch)
        text = await whole(found["Body"])
        yield {**after, _BODY: text.decode()}

    async def create(self, ctx: Context, properties: Properties) -> str:
        if properties.get(_BODY) is None:
            named = {"Name": ctx.ids.hex(12), **properties}
            return str((await self.call(ctx, self.make, self.request(self.make, named)))["id"])
        options: Properties = dict(properties.get("Parameters") or {})
        request = {"body": _document(properties[_BODY]), "parameters": options}
        types = (properties.get("EndpointConfiguration") or {}).get("Types")
        if types:
            options["endpointConfigurationTypes"] = ",".join(types)
        api = await _imported(ctx, request)
        said = {name: value for name, value in properties.items() if name in self.places}
        await super().update(ctx, api, {}, said)
        await self._policy(ctx, api, properties)
        await self.tag(ctx, f"/restapis/{api}", {}, properties)
        return api

    async def _policy(self, ctx: Context, api: str, properties: Properties) -> None:
        policy = properties.get("Policy")
        if policy:
            patch = {"op": "replace", "path": "/policy", "value": orjson.dumps(policy).decode()}
            await self.call(ctx, "UpdateRestApi", {"restApiId": api, "patchOperations": [patch]})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, self.get, {"restApiId": identifier})
        found = {**self.told(self.get, answer), "RestApiId": identifier}
        if "Policy" in found:
            found["Policy"] = orjson.loads(found["Policy"].replace('\\"', '"').replace("\\/", "/"))
        return {
            name: value
            for name, value in found.items()
            if name not in ("Id", "CreatedDate", "Version", "SecurityPolicy")
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after.get(_BODY) is not None and after[_BODY] != before.get(_BODY):
            mode = after.get("Mode") or "overwrite"
            await _put(ctx, identifier, mode, _document(after[_BODY]), after.get("Parameters") or {})
        await super().update(ctx, identifier, before, after)
        if after.get("Policy") != before.get("Policy"):
            await self._policy(ctx, identifier, after)
        await self.tag(ctx, f"/restapis/{identifier}", before, after)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["id"] for each in await self.listed(ctx, self.listing, "items")]


def _document(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


async def _imported(ctx: Context, request: Properties) -> str:
    made = await ctx.call("apigateway", "ImportRestApi", request, as_caller=True)
    return str(made["id"])


async def _put(ctx: Context, api: str, mode: str, body: bytes, parameters: Properties) -> None:
    request = {"restApiId": api, "mode": mode, "body": body, "parameters": parameters}
    await ctx.call("apigateway", "PutRestApi", request, as_caller=True)


@service.resource_type
class ResourceOfApiType(RestType):
    name = "AWS::ApiGateway::Resource"
    identifier = ("RestApiId", "ResourceId")
    required = create_only = frozenset({"ParentId", "PathPart", "RestApiId"})
    read_only = frozenset({"ResourceId"})
    make, get, change, drop, listing = (
        "CreateResource",
        "GetResource",
        "UpdateResource",
        "DeleteResource",
        "GetResources",
    )
    renamed = {"ResourceId": "resourceId"}

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, self.make, self.request(self.make, properties))
        return f"{properties['RestApiId']}|{made['id']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: found[name] for name in ("RestApiId", "ResourceId", "ParentId", "PathPart") if name in found}

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, self.listing, "items", restApiId=given["RestApiId"])
        return [f"{given['RestApiId']}|{each['id']}" for each in found]


@service.resource_type
class MethodType(RestType):
    """With its integration, and the responses of both. A change makes it anew, at once."""

    name = "AWS::ApiGateway::Method"
    identifier = ("RestApiId", "ResourceId", "HttpMethod")
    required = frozenset({"HttpMethod", "ResourceId", "RestApiId"})
    create_only = frozenset({"HttpMethod", "ResourceId", "RestApiId"})
    make, get, drop = "PutMethod", "GetMethod", "DeleteMethod"

    async def create(self, ctx: Context, properties: Properties) -> str:
        of = {
            "restApiId": properties["RestApiId"],
            "resourceId": properties["ResourceId"],
            "httpMethod": properties["HttpMethod"],
        }
        await self.call(ctx, "PutMethod", self.request("PutMethod", {"AuthorizationType": "NONE", **properties}))
        for response in properties.get("MethodResponses") or ():
            told = {
                name: value for name, value in self.request("PutMethodResponse", response).items() if name not in of
            }
            await self.call(ctx, "PutMethodResponse", {**told, **of})
        integration = properties.get("Integration")
        if integration and integration.get("Type"):
            told = {
                name: value for name, value in self.request("PutIntegration", integration).items() if name not in of
            }
            await self.call(ctx, "PutIntegration", {**told, **of})
            for response in integration.get("IntegrationResponses") or ():
                told = self.request("PutIntegrationResponse", response)
                await self.call(ctx, "PutIntegrationResponse", {**told, **of})
        return self.identifier_of(properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        address = self.address(identifier)
        answer = await self.call(ctx, "GetMethod", self.request("GetMethod", address))
        found = self.told("GetMethod", answer)
        found["MethodResponses"] = list((found.get("MethodResponses") or {}).values())
        integration = found.pop("MethodIntegration", None)
        if integration:
            integration["IntegrationHttpMethod"] = integration.pop("HttpMethod", None)
            integration["IntegrationResponses"] = list((integration.get("IntegrationResponses") or {}).values())
            found["Integration"] = {name: value for name, value in integration.items() if value not in (None, [], {})}
        return {**{name: value for name, value in found.items() if value != []}, **address}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.delete(ctx, identifier)
        await self.create(ctx, {**after, **self.address(identifier)})


@service.resource_type
class AccountType(RestType):
    """The account's settings: there is one of them, and what is deleted is only what a template says about it."""

    name = "AWS::ApiGateway::Account"
    identifier = ("Id",)
    read_only = frozenset({"Id"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.update(ctx, ctx.account, {}, properties)
        return ctx.account

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetAccount", {})
        role = found.get("cloudwatchRoleArn")
        return {"Id": identifier, **({"CloudWatchRoleArn": role} if role else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        operations = patches(before, after, {"CloudWatchRoleArn": "/cloudwatchRoleArn"})
        if operations:
            await self.call(ctx, "UpdateAccount", {"patchOperations": operations})

    async def delete(self, ctx: Context, identifier: str) -> None:
        """Nothing: other stacks may rely on the settings."""

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        return True

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [ctx.account]


@service.resource_type
class DomainNameType(RestType):
    name = "AWS::ApiGateway::DomainName"
    identifier = ("DomainName",)
    create_only = frozenset({"DomainName"})
    read_only = frozenset(
        {
            "DistributionDomainName",
            "DistributionHostedZoneId",
            "DomainNameArn",
            "RegionalDomainName",
            "RegionalHostedZoneId",
        }
    )
    make, get, change, drop, listing = (
        "CreateDomainName",
        "GetDomainName",
        "UpdateDomainName",
        "DeleteDomainName",
        "GetDomainNames",
    )
    places = {
        "CertificateArn": "/certificateArn",
        "RegionalCertificateArn": "/regionalCertificateArn",
        "SecurityPolicy": "/securityPolicy",
    }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await super().update(ctx, identifier, before, after)
        await self.tag(ctx, f"/domainnames/{identifier}", before, after)


@service.resource_type
class BasePathMappingType(RestType):
    name = "AWS::ApiGateway::BasePathMapping"
    identifier = ("DomainName", "BasePath")
    required = frozenset({"DomainName"})
    create_only = frozenset({"BasePath", "DomainName"})
    make, get, change = "CreateBasePathMapping", "GetBasePathMapping", "UpdateBasePathMapping"
    drop, listing = "DeleteBasePathMapping", "GetBasePathMappings"
    places = {"RestApiId": "/restapiId", "Stage": "/stage"}


@service.resource_type
class ClientCertificateType(RestType):
    name = "AWS::ApiGateway::ClientCertificate"
    identifier = ("ClientCertificateId",)
    read_only = frozenset({"ClientCertificateId"})
    make, get, change = "GenerateClientCertificate", "GetClientCertificate", "UpdateClientCertificate"
    drop, listing = "DeleteClientCertificate", "GetClientCertificates"
    places = {"Description": "/description"}

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await super().read(ctx, identifier)
        return {name: found[name] for name in ("ClientCertificateId", "Description", "Tags") if name in found}
