"""Routes, integrations, authorizers, models and responses of HTTP and WebSocket APIs."""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.apis.naming import Answer, Request
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.parts import Document, Kind, api_of, parts
from fogbank.services.apigatewayv2.service import operation

VERBS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ROUTE = re.compile(rf"({'|'.join(VERBS)}) (/.*)")
_SEGMENT = re.compile(r"[^{}]*|\{[\w.\-:]+\+?\}")
_AUTHORIZATION = ("NONE", "AWS_IAM", "CUSTOM", "JWT")
SUBTYPES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # subtype -> service, operation, the parameters that have to be mapped
    "EventBridge-PutEvents": ("events", "PutEvents", ("Detail", "DetailType", "Source")),
    "SQS-SendMessage": ("sqs", "SendMessage", ("QueueUrl", "MessageBody")),
    "SQS-ReceiveMessage": ("sqs", "ReceiveMessage", ("QueueUrl",)),
    "SQS-DeleteMessage": ("sqs", "DeleteMessage", ("QueueUrl", "ReceiptHandle")),
    "SQS-PurgeQueue": ("sqs", "PurgeQueue", ("QueueUrl",)),
    "AppConfig-GetConfiguration": (
        "appconfig",
        "GetConfiguration",
        ("Application", "Environment", "Configuration", "ClientId"),
    ),
    "Kinesis-PutRecord": ("kinesis", "PutRecord", ("StreamName", "Data", "PartitionKey")),
    "StepFunctions-StartExecution": ("stepfunctions", "StartExecution", ("StateMachineArn",)),
    "StepFunctions-StartSyncExecution": ("stepfunctions", "StartSyncExecution", ("StateMachineArn",)),
    "StepFunctions-StopExecution": ("stepfunctions", "StopExecution", ("ExecutionArn",)),
}
_LONGEST_HTTP, _LONGEST_WEBSOCKET, _SHORTEST = 30000, 29000, 50


def is_http(api: Document) -> bool:
    return bool(api["ProtocolType"] == "HTTP")


async def _siblings(ctx: Context, api: Document, kind: str) -> list[Document]:
    return [part.document for part in await parts.scan(ctx, api["ApiId"], kind)]


# -- routes


def check_route_key(api: Document, key: str) -> None:
    """Raises BadRequestException."""
    if not is_http(api) or key == "$default":
        return
    found = _ROUTE.fullmatch(key)
    if found is None or not all(_SEGMENT.fullmatch(part) for part in found[2].split("/")):
        raise errors.bad_request(
            "The provided route key is not formatted properly for HTTP protocol. "
            'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    if re.search(r"\+\}.", found[2]):
        raise errors.bad_request("The provided route key has a greedy path variable that is not at its end")


def _target(route: Document) -> str:
    return str(route.get("Target") or "").removeprefix("integrations/")


async def _check_route(ctx: Context, api: Document, route: Document) -> None:
    check_route_key(api, route["RouteKey"])
    route.setdefault("ApiKeyRequired", False)
    route.setdefault("AuthorizationType", "NONE")
    if any(
        each["RouteKey"] == route["RouteKey"] and each["RouteId"] != route["RouteId"]
        for each in await _siblings(ctx, api, "route")
    ):
        raise errors.conflict(f"Route with key {route['RouteKey']} already exists for this API")
    if route.get("Target"):
        if not route["Target"].startswith("integrations/"):
            raise errors.bad_request("Invalid target specified. It must be of the form integrations/<integration id>")
        if await parts.get(ctx, api["ApiId"], "integration", _target(route)) is None:
            raise errors.bad_request("Invalid Integration identifier specified")
    kind = route["AuthorizationType"]
    if kind not in _AUTHORIZATION or (kind == "JWT" and not is_http(api)):
        raise errors.bad_request(f"Unsupported authorization type {kind} for this protocol")
    if kind in ("JWT", "CUSTOM"):
        found = await parts.get(ctx, api["ApiId"], "authorizer", route.get("AuthorizerId") or "")
        if found is None:
            raise errors.bad_request("Invalid Authorizer identifier specified")
    else:
        route.pop("AuthorizerId", None)


ROUTES = Kind(
    "route",
    "route",
    "routes",
    "RouteId",
    (
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "ModelSelectionExpression",
        "OperationName",
        "RequestModels",
        "RequestParameters",
        "RouteKey",
        "RouteResponseSelectionExpression",
        "Target",
    ),
    _check_route,
)
ROUTES.declare()


@operation
async def delete_route_request_parameter(ctx: Context, request: Request) -> None:
    api = await api_of(ctx, request)
    route = dict(await ROUTES.find(ctx, request))
    known = dict(route.get("RequestParameters") or {})
    if known.pop(request["RequestParameterKey"], None) is None:
        raise errors.missing("Request Parameter")
    await ROUTES.put(ctx, api, request, {**route, "RequestParameters": known})


# -- integrations


async def _check_integration(ctx: Context, api: Document, integration: Document) -> None:
    kind, uri = integration.get("IntegrationType"), integration.get("IntegrationUri") or ""
    allowed = ("AWS_PROXY", "HTTP_PROXY") if is_http(api) else ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
    if kind not in allowed:
        raise errors.bad_request(
            f"{'HTTP' if is_http(api) else 'WebSocket'} APIs support integration types {', '.join(allowed)} only"
        )
    integration.setdefault("ConnectionType", "INTERNET")
    integration.setdefault("TimeoutInMillis", _LONGEST_HTTP if is_http(api) else _LONGEST_WEBSOCKET)
    longest = _LONGEST_HTTP if is_http(api) else _LONGEST_WEBSOCKET
    if not _SHORTEST <= integration["TimeoutInMillis"] <= longest:
        raise errors.bad_request(f"Timeout should be between {_SHORTEST} ms and {longest} ms")
    if is_http(api):
        _check_http_integration(integration, kind, uri)
    else:
        integration.setdefault("PassthroughBehavior", "WHEN_NO_MATCH")
        integration.setdefault("PayloadFormatVersion", "1.0")
        integration.setdefault("IntegrationResponseSelectionExpression", "${integration.response.statuscode}")
    if integration["ConnectionType"] == "VPC_LINK" and not integration.get("ConnectionId"):
        raise errors.bad_request("Connection ID is required for VPC_LINK integrations")


def _check_http_integration(integration: Document, kind: Any, uri: str) -> None:
    subtype = integration.get("IntegrationSubtype")
    integration.setdefault("PayloadFormatVersion", "1.0")
    if integration["PayloadFormatVersion"] not in ("1.0", "2.0"):
        raise errors.bad_request("PayloadFormatVersion must be 1.0 or 2.0")
    if subtype:
        if subtype not in SUBTYPES:
            raise errors.bad_request(f"Unsupported integration subtype {subtype}")
        lacking = [name for name in SUBTYPES[subtype][2] if name not in (integration.get("RequestParameters") or {})]
        if lacking:
            raise errors.bad_request(f"Missing required parameter(s) for {subtype}: {', '.join(lacking)}")
        if not integration.get("CredentialsArn"):
            raise errors.bad_request("Credentials are required for AWS service integrations")
    elif not uri:
        raise errors.bad_request("Integration URI is required")
    elif kind == "HTTP_PROXY":
        integration.setdefault("IntegrationMethod", "ANY")
        if integration["ConnectionType"] != "VPC_LINK" and not uri.startswith(("http://", "https://")):
            raise errors.bad_request("Invalid HTTP endpoint specified for URI")
    else:
        integration.setdefault("IntegrationMethod", "POST")


async def _refuse_used_integration(ctx: Context, api: Document, integration: Document) -> None:
    for route in await _siblings(ctx, api, "route"):
        if _target(route) == integration["IntegrationId"]:
            raise errors.conflict(f"Cannot delete Integration. Route with id {route['RouteId']} depends on it")


INTEGRATIONS = Kind(
    "integration",
    "integration",
    "integrations",
    "IntegrationId",
    (
        "ConnectionId",
        "ConnectionType",
        "ContentHandlingStrategy",
        "CredentialsArn",
        "Description",
        "IntegrationMethod",
        "IntegrationSubtype",
        "IntegrationType",
        "IntegrationUri",
        "PassthroughBehavior",
        "PayloadFormatVersion",
        "RequestParameters",
        "RequestTemplates",
        "ResponseParameters",
        "TemplateSelectionExpression",
        "TimeoutInMillis",
        "TlsConfig",
    ),
    _check_integration,
    _refuse_used_integration,
)
INTEGRATIONS.declare()


# -- responses, of WebSocket APIs


async def _check_websocket(ctx: Context, api: Document, document: Document) -> None:
    if is_http(api):
        raise errors.bad_request("Responses are only supported for WebSocket APIs")


INTEGRATION_RESPONSES = Kind(
    "integration-response",
    "integration_response",
    "integration_responses",
    "IntegrationResponseId",
    (
        "ContentHandlingStrategy",
        "IntegrationResponseKey",
        "ResponseParameters",
        "ResponseTemplates",
        "TemplateSelectionExpression",
    ),
    _check_websocket,
    of="IntegrationId",
)
INTEGRATION_RESPONSES.declare()

ROUTE_RESPONSES = Kind(
    "route-response",
    "route_response",
    "route_responses",
    "RouteResponseId",
    ("ModelSelectionExpression", "ResponseModels", "ResponseParameters", "RouteResponseKey"),
    _check_websocket,
    of="RouteId",
)
ROUTE_RESPONSES.declare()


# -- authorizers


async def _check_authorizer(ctx: Context, api: Document, authorizer: Document) -> None:
    if any(
        each["Name"] == authorizer["Name"] and each["AuthorizerId"] != authorizer["AuthorizerId"]
        for each in await _siblings(ctx, api, "authorizer")
    ):
        raise errors.bad_request(f"Authorizer with name {authorizer['Name']} already exists")
    if authorizer["AuthorizerType"] == "JWT":
        jwt = authorizer.get("JwtConfiguration") or {}
        if not is_http(api):
            raise errors.bad_request("JWT authorizers are only supported for HTTP APIs")
        if not jwt.get("Issuer") or not jwt.get("Audience"):
            raise errors.bad_request("JWT authorizers need an issuer and an audience")
        if not re.match(r"https?://", jwt["Issuer"]):
            raise errors.bad_request(
                f"Caught exception when connecting to {jwt['Issuer']}: Issuer must be an https URL"
            )
        if len(authorizer.get("IdentitySource") or []) != 1:
            raise errors.bad_request("Identity source is required for JWT authorizers")
        return
    if not authorizer.get("AuthorizerUri"):
        raise errors.bad_request("AuthorizerUri is required for REQUEST authorizers")
    if is_http(api):
        version = authorizer.get("AuthorizerPayloadFormatVersion")
        if version not in ("1.0", "2.0"):
            raise errors.bad_request("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
        authorizer.setdefault("EnableSimpleResponses", False)
        authorizer.setdefault("AuthorizerResultTtlInSeconds", 300 if authorizer.get("IdentitySource") else 0)
    if not 0 <= authorizer.get("AuthorizerResultTtlInSeconds", 0) <= 3600:
        raise errors.bad_request("AuthorizerResultTtlInSeconds must be between 0 and 3600")


async def _refuse_used_authorizer(ctx: Context, api: Document, authorizer: Document) -> None:
    for route in await _siblings(ctx, api, "route"):
        if route.get("AuthorizerId") == authorizer["AuthorizerId"]:
            raise errors.conflict(f"Cannot delete Authorizer. Route with id {route['RouteId']} depends on it")


AUTHORIZERS = Kind(
    "authorizer",
    "authorizer",
    "authorizers",
    "AuthorizerId",
    (
        "AuthorizerCredentialsArn",
        "AuthorizerPayloadFormatVersion",
        "AuthorizerResultTtlInSeconds",
        "AuthorizerType",
        "AuthorizerUri",
        "EnableSimpleResponses",
        "IdentitySource",
        "IdentityValidationExpression",
        "JwtConfiguration",
        "Name",
    ),
    _check_authorizer,
    _refuse_used_authorizer,
    length=6,
)
AUTHORIZERS.declare()


# -- models


async def _check_model(ctx: Context, api: Document, model: Document) -> None:
    try:
        orjson.loads(model.get("Schema") or "{}")
    except orjson.JSONDecodeError as error:
        raise errors.bad_request(f"Invalid model schema specified: {error}") from error
    if any(
        each["Name"] == model["Name"] and each["ModelId"] != model["ModelId"]
        for each in await _siblings(ctx, api, "model")
    ):
        raise errors.conflict(f"Model {model['Name']} already exists for this API")


MODELS = Kind(
    "model", "model", "models", "ModelId", ("ContentType", "Description", "Name", "Schema"), _check_model, length=6
)
MODELS.declare()


@operation
async def get_model_template(ctx: Context, request: Request) -> Answer:
    """The template that passes on everything."""
    await MODELS.get(ctx, request)
    return {"Value": "$input.json('$')"}
