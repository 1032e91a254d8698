"""Integrations: what is behind a method. https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html"""

from __future__ import annotations

import re

from fogbank.apis.naming import Answer, Request
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.methods import Held, held, response_of
from fogbank.services.apigateway.parts import given
from fogbank.services.apigateway.patches import Document, boolean, entry, listed, member, one_of, patched, value, whole
from fogbank.services.apigateway.service import operation

TYPES = ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")
_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_CONVERSIONS = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
_AWS_URI = re.compile(r"arn:[\w-]+:apigateway:[a-z0-9-]+:[\w.-]+:(?:path|action)/.+", re.S)
_SHORTEST, _LONGEST, _USUAL = 50, 29000, 29000
_LONGEST_REGIONAL = 300_000

_RULES = (
    value("/uri"),
    value("/httpMethod"),
    value("/credentials", ops="replace remove add"),
    value("/type", one_of(*TYPES)),
    value("/passthroughBehavior", one_of(*_PASSTHROUGH)),
    value("/contentHandling", one_of(*_CONVERSIONS, ""), "replace remove add"),
    value("/timeoutInMillis", whole),
    value("/connectionType", one_of("INTERNET", "VPC_LINK")),
    value("/connectionId", ops="replace remove"),
    value("/cacheNamespace"),
    value("/integrationTarget", ops="replace remove"),
    value("/responseTransferMode", one_of("BUFFERED", "STREAM")),
    listed("/cacheKeyParameters"),
    member("/cacheKeyParameters/{}"),
    entry("/requestParameters/{}"),
    entry("/requestTemplates/{}"),
    value("/tlsConfig/insecureSkipVerification", boolean),
)
_RESPONSE_RULES = (
    value("/selectionPattern", ops="replace remove add"),
    value("/contentHandling", one_of(*_CONVERSIONS, ""), "replace remove add"),
    entry("/responseParameters/{}"),
    entry("/responseTemplates/{}"),
)


def check(integration: Document) -> None:
    """Raises BadRequestException."""
    kind, uri = integration["type"], integration.get("uri")
    if kind in ("AWS", "AWS_PROXY"):
        if not integration.get("httpMethod"):
            raise errors.bad_request("Enumeration value for HttpMethod must be non-empty")
        if not uri or not _AWS_URI.fullmatch(uri):
            raise errors.bad_request(
                "Invalid ARN specified in the request"
                if uri and uri.startswith("arn:")
                else "AWS ARN for integration must contain path or action"
            )
        if kind == "AWS_PROXY" and ":lambda:path/" not in uri and ":firehose:" not in uri:
            raise errors.bad_request(
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
            )
    if kind in ("HTTP", "HTTP_PROXY"):
        if not integration.get("httpMethod"):
            raise errors.bad_request("Enumeration value for HttpMethod must be non-empty")
        if not uri or not re.match(r"https?://|\$\{stageVariables\.", uri):
            raise errors.bad_request("Invalid HTTP endpoint specified for URI")
    timeout = integration["timeoutInMillis"]
    if not _SHORTEST <= timeout <= _LONGEST_REGIONAL:
        raise errors.bad_request(f"Timeout should be between {_SHORTEST} ms and {_LONGEST} ms")


@operation
async def put_integration(ctx: Context, request: Request) -> Answer:
    """Put one in the place of what there is; its responses go."""
    found = await held(ctx, request)
    integration: Document = {
        "type": request["type"],
        **given(request, "uri", "connectionId", "credentials", "contentHandling", "tlsConfig", "integrationTarget"),
        "requestParameters": request.get("requestParameters") or {},
        **given(request, "requestTemplates"),
        "passthroughBehavior": request.get("passthroughBehavior") or "WHEN_NO_MATCH",
        "timeoutInMillis": request.get("timeoutInMillis") or _USUAL,
        "cacheNamespace": request.get("cacheNamespace") or request["resourceId"],
        "cacheKeyParameters": request.get("cacheKeyParameters") or [],
    }
    if request.get("integrationHttpMethod"):
        integration["httpMethod"] = request["integrationHttpMethod"]
    if request["type"] in ("HTTP", "HTTP_PROXY") or request.get("connectionType"):
        integration["connectionType"] = request.get("connectionType") or "INTERNET"
    if request["type"] in ("AWS_PROXY", "HTTP_PROXY"):
        integration["responseTransferMode"] = request.get("responseTransferMode") or "BUFFERED"
    check(integration)
    _refuse_private(integration)
    found.method["methodIntegration"] = integration
    found.save(ctx)
    return integration


def _refuse_private(integration: Document) -> None:
    """There is no network here that a VPC link could lead into."""
    if integration.get("connectionType") == "VPC_LINK" and not integration.get("connectionId"):
        raise errors.bad_request("VPC link ID is required for connection type VPC_LINK")


def integration_of(found: Held) -> Document:
    integration: Document | None = found.method.get("methodIntegration")
    if integration is None:
        raise errors.no_integration()
    return integration


@operation
async def get_integration(ctx: Context, request: Request) -> Answer:
    return integration_of(await held(ctx, request))


@operation
async def update_integration(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    integration = patched(integration_of(found), request.get("patchOperations"), _RULES)
    if not integration.get("contentHandling"):
        integration.pop("contentHandling", None)
    check(integration)
    found.method["methodIntegration"] = integration
    found.save(ctx)
    return integration


@operation
async def delete_integration(ctx: Context, request: Request) -> None:
    found = await held(ctx, request)
    integration_of(found)
    del found.method["methodIntegration"]
    found.save(ctx)


# -- what becomes of its responses


@operation
async def put_integration_response(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    integration = integration_of(found)
    status = request["statusCode"]
    if status not in found.method.get("methodResponses", {}):
        raise errors.no_response()
    made: Document = {
        "statusCode": status,
        **given(request, "selectionPattern", "responseParameters", "responseTemplates", "contentHandling"),
    }
    _check_response(found, made)
    integration.setdefault("integrationResponses", {})[status] = made
    found.save(ctx)
    return made


def _check_response(found: Held, response: Document) -> None:
    """Headers that are mapped have to be ones that the method declares."""
    declared = response_of(found, response["statusCode"]).get("responseParameters") or {}
    for name in response.get("responseParameters") or {}:
        if name not in declared:
            raise errors.bad_request(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )


def _integration_response(found: Held, status: str) -> Document:
    response: Document | None = integration_of(found).get("integrationResponses", {}).get(status)
    if response is None:
        raise errors.no_response()
    return response


@operation
async def get_integration_response(ctx: Context, request: Request) -> Answer:
    return _integration_response(await held(ctx, request), request["statusCode"])


@operation
async def update_integration_response(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    before = _integration_response(found, request["statusCode"])
    changed = patched(before, request.get("patchOperations"), _RESPONSE_RULES)
    if not changed.get("contentHandling"):
        changed.pop("contentHandling", None)
    _check_response(found, changed)
    integration_of(found)["integrationResponses"][changed["statusCode"]] = changed
    found.save(ctx)
    return changed


@operation
async def delete_integration_response(ctx: Context, request: Request) -> None:
    found = await held(ctx, request)
    _integration_response(found, request["statusCode"])
    del integration_of(found)["integrationResponses"][request["statusCode"]]
    found.save(ctx)
