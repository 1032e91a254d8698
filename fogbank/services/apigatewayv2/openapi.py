"""HTTP APIs from OpenAPI documents (version 3), and such documents from HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis import openapi
from fogbank.apis.naming import Answer, Request
from fogbank.apis.openapi import ANY, AUTHORIZER, INTEGRATION, Unreadable
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.apis import check_cors, empty, make, shown
from fogbank.services.apigatewayv2.definitions import AUTHORIZERS, INTEGRATIONS, ROUTES, SUBTYPES, is_http
from fogbank.services.apigatewayv2.deployments import deploy_by_itself, freeze
from fogbank.services.apigatewayv2.parts import Document, Part, api_of, apis, snapshots, stages
from fogbank.services.apigatewayv2.service import operation

CORS = "x-amazon-apigateway-cors"
_MEMBERS = {
    "connectionId": "ConnectionId",
    "connectionType": "ConnectionType",
    "credentials": "CredentialsArn",
    "httpMethod": "IntegrationMethod",
    "payloadFormatVersion": "PayloadFormatVersion",
    "requestParameters": "RequestParameters",
    "timeoutInMillis": "TimeoutInMillis",
    "uri": "IntegrationUri",
    "tlsConfig": "TlsConfig",
}


def _read(body: str) -> Document:
    try:
        document = openapi.document_of(body.encode())
    except Unreadable as error:
        raise errors.bad_request(str(error)) from error
    if not openapi.is_version_3(document):
        raise errors.bad_request("HTTP APIs can only be imported from OpenAPI 3.0 documents")
    return document


def _settings(document: Document) -> Document:
    info = document.get("info") or {}
    found: Document = {"Name": str(info.get("title") or "untitled")}
    for name, member in (("description", "Description"), ("version", "Version")):
        if info.get(name):
            found[member] = str(info[name])
    cors = document.get(CORS)
    if cors:
        found["CorsConfiguration"] = {name[:1].upper() + name[1:]: value for name, value in cors.items()}
        check_cors(found["CorsConfiguration"])
    return found


@operation
async def import_api(ctx: Context, request: Request) -> Answer:
    document = _read(request["Body"])
    api = make(ctx, {"ProtocolType": "HTTP", **_settings(document)})
    await fill(ctx, api, document, request.get("Basepath") or "ignore")
    return shown(ctx, api)


@operation
async def reimport_api(ctx: Context, request: Request) -> Answer:
    """What was there before goes."""
    api = await api_of(ctx, request)
    if not is_http(api):
        raise errors.bad_request("Only HTTP APIs can be imported")
    document = _read(request["Body"])
    changed = {**{name: value for name, value in api.items() if name != "CorsConfiguration"}, **_settings(document)}
    apis.put(ctx, Part(changed), api["ApiId"])
    await empty(ctx, api["ApiId"])
    await fill(ctx, changed, document, request.get("Basepath") or "ignore")
    await deploy_by_itself(ctx, changed)
    return shown(ctx, changed)


async def fill(ctx: Context, api: Document, document: Document, basepath: str) -> None:
    """Routes, integrations and authorizers. Raises BadRequestException."""
    of = {"ApiId": api["ApiId"]}
    base = openapi.base_path(document)
    prefix = (
        base
        if basepath == "prepend"
        else "/" + base.strip("/").partition("/")[2]
        if basepath == "split" and "/" in base[1:]
        else ""
    )
    try:
        authorizers = {
            name: await AUTHORIZERS.create(ctx, {**of, **told}) for name, told in _authorizers(document).items()
        }
        known: dict[bytes, str] = {}
        for path, verb, told, _ in openapi.operations(document):
            route: Document = {
                **of,
                "RouteKey": _route_key(prefix + path, verb),
                **_authorization(document, told, authorizers),
            }
            if told.get("operationId"):
                route["OperationName"] = told["operationId"]
            if told.get(INTEGRATION):
                integration = _integration(openapi.referred(document, told[INTEGRATION]))
                key = orjson.dumps(integration)
                if key not in known:
                    known[key] = (await INTEGRATIONS.create(ctx, {**of, **integration}))["IntegrationId"]
                route["Target"] = f"integrations/{known[key]}"
            await ROUTES.create(ctx, route)
    except Unreadable as error:
        raise errors.bad_request(str(error)) from error


def _route_key(path: str, verb: str) -> str:
    return "$default" if path.strip("/") == "$default" else f"{verb} {path}"


def _integration(told: Document) -> Document:
    made: Document = {"IntegrationType": str(told.get("type", "")).upper()}
    made |= {member: told[name] for name, member in _MEMBERS.items() if told.get(name) is not None}
    if told.get("subtype"):
        made["IntegrationSubtype"] = told["subtype"]
    if told.get("responseParameters"):
        made["ResponseParameters"] = told["responseParameters"]
    return made


def _authorizers(document: Document) -> dict[str, Document]:
    found = {}
    for name, scheme in openapi.security_schemes(document).items():
        told = scheme.get(AUTHORIZER)
        if not told:
            continue
        kind = str(told.get("type", "")).upper()
        sources = told.get("identitySource") or "$request.header.Authorization"
        listed = [each.strip() for each in sources.split(",")] if isinstance(sources, str) else sources
        made: Document = {"Name": name, "AuthorizerType": kind, "IdentitySource": listed}
        if kind == "JWT":
            jwt = told.get("jwtConfiguration") or {}
            made["JwtConfiguration"] = {"Issuer": jwt.get("issuer"), "Audience": jwt.get("audience")}
        else:
            made["AuthorizerUri"] = told.get("authorizerUri")
            made["AuthorizerPayloadFormatVersion"] = str(told.get("authorizerPayloadFormatVersion", "1.0"))
            made["EnableSimpleResponses"] = bool(told.get("enableSimpleResponses"))
            made["AuthorizerCredentialsArn"] = told.get("authorizerCredentials")
            if told.get("authorizerResultTtlInSeconds") is not None:
                made["AuthorizerResultTtlInSeconds"] = int(told["authorizerResultTtlInSeconds"])
        found[name] = made
    return found


def _authorization(document: Document, told: Document, authorizers: dict[str, Document]) -> Document:
    for asked in openapi.security_of(document, told):
        for name, scopes in asked.items():
            if name in authorizers:
                kind = authorizers[name]["AuthorizerType"]
                found: Document = {"AuthorizationType": "JWT" if kind == "JWT" else "CUSTOM"}
                found["AuthorizerId"] = authorizers[name]["AuthorizerId"]
                return {**found, **({"AuthorizationScopes": list(scopes)} if scopes else {})}
    if (told.get("x-amazon-apigateway-auth") or {}).get("type", "").upper() == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    return {}


# -- the other way


@operation
async def export_api(ctx: Context, request: Request) -> Answer:
    """Of a stage, or as it is now."""
    api = await api_of(ctx, request)
    if request["Specification"] != "OAS30":
        raise errors.bad_request("Specification must be OAS30")
    if request["OutputType"] not in ("JSON", "YAML"):
        raise errors.bad_request("OutputType must be JSON or YAML")
    snapshot = await freeze(ctx, api)
    if request.get("StageName"):
        stage = await stages.get(ctx, api["ApiId"], request["StageName"])
        found = (
            None if stage is None else await snapshots.get(ctx, api["ApiId"], stage.document.get("DeploymentId") or "")
        )
        if found is None:
            raise errors.missing("Stage")
        snapshot = found
    document: Document = {
        "openapi": "3.0.1",
        "info": {"title": api["Name"], "version": api.get("Version") or "1.0"},
        "paths": {},
    }
    extended = request.get("IncludeExtensions") is not False
    for route in snapshot.routes:
        verb, _, path = route["RouteKey"].partition(" ")
        name = ANY if verb in ("ANY", "$default") else verb.lower()
        document["paths"].setdefault(path or "/$default", {})[name] = _operation(route, snapshot.integrations, extended)
    if extended and api.get("CorsConfiguration"):
        document[CORS] = {name[:1].lower() + name[1:]: value for name, value in api["CorsConfiguration"].items()}
    return {"body": _written(document, request["OutputType"])}


def _operation(route: Document, integrations: list[Document], extended: bool) -> Document:
    found: dict[str, Any] = {"responses": {"default": {"description": f"Default response for {route['RouteKey']}"}}}
    wanted = str(route.get("Target") or "").removeprefix("integrations/")
    integration = next((each for each in integrations if each["IntegrationId"] == wanted), None)
    if extended and integration is not None:
        told = {name: integration[member] for name, member in _MEMBERS.items() if integration.get(member) is not None}
        told["type"] = integration["IntegrationType"].lower()
        if integration.get("IntegrationSubtype") in SUBTYPES:
            told["subtype"] = integration["IntegrationSubtype"]
        found[INTEGRATION] = told
    return found


def _written(document: Document, kind: str) -> bytes:
    if kind == "JSON":
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False)
    return text.encode()
