"""HTTP and WebSocket APIs themselves. https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""

from __future__ import annotations

from typing import Any

from fogbank.apis.addresses import Address, addresses
from fogbank.apis.domains import is_mapped
from fogbank.apis.naming import Answer, Request, endpoint, short_id
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.definitions import INTEGRATIONS, ROUTES, is_http
from fogbank.services.apigatewayv2.deployments import deploy_by_itself, make_stage
from fogbank.services.apigatewayv2.parts import Document, Part, api_of, apis, given, paged, parts, snapshots, stages
from fogbank.services.apigatewayv2.service import operation

_MEMBERS = (
    "ApiKeySelectionExpression",
    "CorsConfiguration",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "IpAddressType",
    "Name",
    "RouteSelectionExpression",
    "Version",
)
_HTTP_SELECTIONS = ("$request.method $request.path", "${request.method} ${request.path}")


def shown(ctx: Context, api: Document) -> Answer:
    """With where it answers, which depends on who asks."""
    return {**api, "ApiEndpoint": endpoint(ctx, api["ApiId"], None if is_http(api) else "ws")}


def check_cors(cors: dict[str, Any] | None) -> None:
    if not cors:
        return
    if cors.get("AllowCredentials") and "*" in (cors.get("AllowOrigins") or []):
        raise errors.bad_request("Can not use wildcard AllowOrigins when AllowCredentials is true")
    for origin in cors.get("AllowOrigins") or []:
        if origin != "*" and "://" not in origin:
            raise errors.bad_request(
                f"Invalid format for origin {origin}. Origin should be *, or begin with http:// or https://"
            )


def _check(api: Document) -> None:
    """Raises BadRequestException."""
    if not api["Name"].strip():
        raise errors.bad_request("API name must not be empty")
    check_cors(api.get("CorsConfiguration"))
    if is_http(api):
        if api["RouteSelectionExpression"] not in _HTTP_SELECTIONS:
            raise errors.bad_request(f"HTTP APIs support only the route selection expression {_HTTP_SELECTIONS[1]}")
    elif api.get("CorsConfiguration"):
        raise errors.bad_request("CORS is only supported for HTTP APIs")


@operation
async def create_api(ctx: Context, request: Request) -> Answer:
    """With a Target, everything is made that it takes to use it."""
    api = make(ctx, request)
    if request.get("Target"):
        if not is_http(api):
            raise errors.bad_request("Quick create is only supported for HTTP APIs")
        await _quickly(ctx, api, request)
    elif request.get("RouteKey"):
        raise errors.bad_request("RouteKey can only be set together with Target")
    return shown(ctx, api)


def make(ctx: Context, request: Request) -> Document:
    protocol = request["ProtocolType"]
    if protocol == "WEBSOCKET" and not request.get("RouteSelectionExpression"):
        raise errors.bad_request("RouteSelectionExpression is a required parameter for WebSocket APIs")
    api: Document = {
        "ApiId": short_id(ctx, 10),
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "CreatedDate": ctx.now(),
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "ProtocolType": protocol,
        "RouteSelectionExpression": _HTTP_SELECTIONS[0],
        "Tags": request.get("Tags") or {},
        **given(request, _MEMBERS),
    }
    _check(api)
    apis.put(ctx, Part(api), api["ApiId"])
    addresses.put(ctx, Address(ctx.account, ctx.region, protocol), api["ApiId"])
    return api


async def _quickly(ctx: Context, api: Document, request: Request) -> None:
    target = request["Target"]
    of = {"ApiId": api["ApiId"]}
    is_url = target.startswith(("http://", "https://"))
    integration = await INTEGRATIONS.create(
        ctx,
        {
            **of,
            "IntegrationType": "HTTP_PROXY" if is_url else "AWS_PROXY",
            "IntegrationUri": target,
            "IntegrationMethod": "ANY" if is_url else "POST",
            "PayloadFormatVersion": "1.0" if is_url else "2.0",
            "CredentialsArn": request.get("CredentialsArn"),
        },
    )
    parts.put(
        ctx, Part({**integration, "ApiGatewayManaged": True}), api["ApiId"], "integration", integration["IntegrationId"]
    )
    key = request.get("RouteKey") or "$default"
    route = await ROUTES.create(ctx, {**of, "RouteKey": key, "Target": f"integrations/{integration['IntegrationId']}"})
    parts.put(ctx, Part({**route, "ApiGatewayManaged": True}), api["ApiId"], "route", route["RouteId"])
    stage = await make_stage(ctx, api, {"StageName": "$default", "AutoDeploy": True})
    stages.put(ctx, Part({**stage, "ApiGatewayManaged": True}), api["ApiId"], "$default")


@operation
async def get_api(ctx: Context, request: Request) -> Answer:
    return shown(ctx, await api_of(ctx, request))


@operation
async def get_apis(ctx: Context, request: Request) -> Answer:
    return paged([shown(ctx, part.document) for part in await apis.scan(ctx)], request, "ApiId")


@operation
async def update_api(ctx: Context, request: Request) -> Answer:
    api = {**await api_of(ctx, request), **given(request, _MEMBERS)}
    _check(api)
    apis.put(ctx, Part(api), api["ApiId"])
    await _update_target(ctx, api, request)
    await deploy_by_itself(ctx, api)
    return shown(ctx, api)


async def _update_target(ctx: Context, api: Document, request: Request) -> None:
    """What quick create has made follows."""
    changes = {"IntegrationUri": request.get("Target"), "CredentialsArn": request.get("CredentialsArn")}
    for part in await parts.scan(ctx, api["ApiId"], "integration"):
        if part.document.get("ApiGatewayManaged") and any(changes.values()):
            changed = {**part.document, **{name: value for name, value in changes.items() if value}}
            parts.put(ctx, Part(changed), api["ApiId"], "integration", changed["IntegrationId"])


@operation
async def delete_api(ctx: Context, request: Request) -> None:
    api = await api_of(ctx, request)
    if await is_mapped(ctx, api["ApiId"]):
        raise errors.bad_request("Please remove all API mappings related to your domains before deleting your API.")
    await empty(ctx, api["ApiId"])
    for part in await stages.scan(ctx, api["ApiId"]):
        stages.delete(ctx, api["ApiId"], part.document["StageName"])
    for (identifier,), _ in await snapshots.items(ctx, (str,), api["ApiId"]):
        snapshots.delete(ctx, api["ApiId"], identifier)
    apis.delete(ctx, api["ApiId"])
    addresses.delete(ctx, api["ApiId"])


async def empty(ctx: Context, api_id: str) -> None:
    """Take out everything but stages and deployments that are shown."""
    for kind, key in (
        ("route", "RouteId"),
        ("integration", "IntegrationId"),
        ("authorizer", "AuthorizerId"),
        ("model", "ModelId"),
        ("deployment", "DeploymentId"),
    ):
        for part in await parts.scan(ctx, api_id, kind):
            parts.delete(ctx, api_id, kind, part.document[key])
            for responses in ("route-response", "integration-response"):
                for (identifier,), _ in await parts.items(ctx, (str,), api_id, responses, part.document[key]):
                    parts.delete(ctx, api_id, responses, part.document[key], identifier)


@operation
async def delete_cors_configuration(ctx: Context, request: Request) -> None:
    api = {name: value for name, value in (await api_of(ctx, request)).items() if name != "CorsConfiguration"}
    apis.put(ctx, Part(api), api["ApiId"])
    await deploy_by_itself(ctx, api)
