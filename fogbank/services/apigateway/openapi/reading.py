"""What an OpenAPI document says about a REST API, as documents of API Gateway. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis import openapi
from fogbank.apis.openapi import AUTH_TYPE, AUTHORIZER, INTEGRATION, VALIDATOR, Unreadable
from fogbank.services.apigateway import errors

Document = dict[str, Any]

_PLACES = {"path": "path", "query": "querystring", "header": "header"}


def document_of(data: bytes) -> Document:
    """Raises BadRequestException."""
    try:
        return openapi.document_of(data)
    except Unreadable as error:
        raise errors.bad_request(str(error)) from error


def path_prefix(document: Document, how: str) -> str:
    """What goes before all paths. `how` is `ignore`, `prepend` or `split` (all but the first part)."""
    base = openapi.base_path(document)
    if how == "prepend":
        return base
    if how == "split":
        return "/" + "/".join(base.strip("/").split("/")[1:]) if base.count("/") > 1 else ""
    return ""


def settings(document: Document) -> Document:
    """Of the API itself."""
    info = document.get("info") or {}
    found: Document = {"name": info.get("title") or "untitled"}
    if info.get("description"):
        found["description"] = info["description"]
    if info.get("version"):
        found["version"] = str(info["version"])
    extensions = {
        "x-amazon-apigateway-api-key-source": "apiKeySource",
        "x-amazon-apigateway-binary-media-types": "binaryMediaTypes",
        "x-amazon-apigateway-minimum-compression-size": "minimumCompressionSize",
    }
    found |= {member: document[name] for name, member in extensions.items() if document.get(name) is not None}
    if document.get("x-amazon-apigateway-policy"):
        found["policy"] = orjson.dumps(document["x-amazon-apigateway-policy"]).decode()
    servers = document.get("servers") or [{}]
    endpoint = document.get("x-amazon-apigateway-endpoint-configuration") or servers[0].get(
        "x-amazon-apigateway-endpoint-configuration"
    )
    if isinstance(endpoint, dict) and "disableExecuteApiEndpoint" in endpoint:
        found["disableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    return found


def models(document: Document, api_id: str) -> dict[str, str]:
    """Schemas by their names, which refer to each other as models do."""
    found = {}
    for name, schema in openapi.schemas(document).items():
        text = orjson.dumps(_referring(schema, api_id)).decode()
        found[name] = text
    return found


def _referring(schema: Any, api_id: str) -> Any:
    if isinstance(schema, list):
        return [_referring(each, api_id) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = openapi.model_name(schema)
    if name is not None:
        return {"$ref": f"https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"}
    return {key: _referring(each, api_id) for key, each in schema.items() if not key.startswith("x-")}


def validators(document: Document) -> dict[str, Document]:
    """By their names."""
    told = document.get("x-amazon-apigateway-request-validators") or {}
    return {
        name: {
            "name": name,
            "validateRequestBody": bool(each.get("validateRequestBody")),
            "validateRequestParameters": bool(each.get("validateRequestParameters")),
        }
        for name, each in told.items()
    }


def authorizers(document: Document) -> dict[str, Document]:
    """By the names of their security schemes."""
    found = {}
    for name, scheme in openapi.security_schemes(document).items():
        told = scheme.get(AUTHORIZER)
        if not told:
            continue
        kind = str(told.get("type", "token")).upper()
        made: Document = {"name": name, "type": kind, "authType": scheme.get(AUTH_TYPE, "custom")}
        if kind == "COGNITO_USER_POOLS":
            made["providerARNs"] = told.get("providerARNs") or []
            made["identitySource"] = f"method.request.header.{scheme.get('name', 'Authorization')}"
        else:
            made["authorizerUri"] = told.get("authorizerUri") or ""
            made["authorizerResultTtlInSeconds"] = int(told.get("authorizerResultTtlInSeconds", 300))
            usual = f"method.request.header.{scheme.get('name', 'Authorization')}" if kind == "TOKEN" else ""
            made["identitySource"] = told.get("identitySource") or usual
        for member in ("authorizerCredentials", "identityValidationExpression"):
            if told.get(member):
                made[member] = told[member]
        found[name] = {key: each for key, each in made.items() if each != ""}
    return found


def gateway_responses(document: Document) -> dict[str, Document]:
    found = {}
    for kind, told in (document.get("x-amazon-apigateway-gateway-responses") or {}).items():
        made: Document = {
            "responseType": kind,
            "responseParameters": told.get("responseParameters") or {},
            "responseTemplates": told.get("responseTemplates") or {},
            "defaultResponse": False,
        }
        if told.get("statusCode"):
            made["statusCode"] = str(told["statusCode"])
        found[kind] = made
    return found


# -- methods


def method(document: Document, verb: str, operation: Document, parameters: list[Document]) -> Document:
    """A method. What it names (`authorizer`, `validator`) is by name: whoever puts it knows the ids."""
    made: Document = {
        "httpMethod": verb,
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        **_authorization(document, operation),
    }
    if operation.get("operationId"):
        made["operationName"] = operation["operationId"]
    declared = {
        f"method.request.{_PLACES[each['in']]}.{each['name']}": bool(each.get("required"))
        for each in parameters
        if each.get("in") in _PLACES
    }
    if declared:
        made["requestParameters"] = declared
    bodies = _request_models(document, operation, parameters)
    if bodies:
        made["requestModels"] = bodies
    validator = operation.get(VALIDATOR, document.get(VALIDATOR))
    if validator:
        made["validator"] = validator
    responses = {
        str(status): _response(document, operation, str(status), openapi.referred(document, each))
        for status, each in (operation.get("responses") or {}).items()
        if str(status).isdecimal()
    }
    if responses:
        made["methodResponses"] = responses
    if operation.get(INTEGRATION):
        made["methodIntegration"] = integration(openapi.referred(document, operation[INTEGRATION]))
        _complete_responses(made)
    return made


def _complete_responses(made: Document) -> None:
    """What an integration response maps has to be declared by the method's."""
    for status, response in (made["methodIntegration"].get("integrationResponses") or {}).items():
        declared = made.setdefault("methodResponses", {}).setdefault(status, {"statusCode": status})
        for name in response.get("responseParameters") or {}:
            declared.setdefault("responseParameters", {}).setdefault(name, False)


def _authorization(document: Document, operation: Document) -> Document:
    schemes = openapi.security_schemes(document)
    found: Document = {}
    if operation.get("x-amazon-apigateway-auth"):
        found["authorizationType"] = str(operation["x-amazon-apigateway-auth"].get("type", "NONE")).upper()
    for asked in openapi.security_of(document, operation):
        for name, scopes in asked.items():
            scheme = schemes.get(name) or {}
            told = scheme.get(AUTHORIZER)
            if told:
                is_pool = str(told.get("type", "")).lower() == "cognito_user_pools"
                found |= {"authorizationType": "COGNITO_USER_POOLS" if is_pool else "CUSTOM", "authorizer": name}
                if scopes:
                    found["authorizationScopes"] = list(scopes)
            elif scheme.get(AUTH_TYPE) == "awsSigv4":
                found["authorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
                found["apiKeyRequired"] = True
    return found


def _request_models(document: Document, operation: Document, parameters: list[Document]) -> dict[str, str]:
    found = {}
    if openapi.is_version_3(document):
        body = openapi.referred(document, operation.get("requestBody") or {})
        for kind, each in (body.get("content") or {}).items():
            name = openapi.model_name(each.get("schema"))
            if name:
                found[kind] = name
        return found
    for each in parameters:
        name = openapi.model_name(each.get("schema")) if each.get("in") == "body" else None
        if name:
            for kind in operation.get("consumes") or document.get("consumes") or ["application/json"]:
                found[kind] = name
    return found


def _response(document: Document, operation: Document, status: str, told: Document) -> Document:
    made: Document = {"statusCode": status}
    headers = {f"method.response.header.{name}": False for name in told.get("headers") or {}}
    if headers:
        made["responseParameters"] = headers
    named: dict[str, str] = {}
    if openapi.is_version_3(document):
        for kind, each in (told.get("content") or {}).items():
            name = openapi.model_name(each.get("schema"))
            named |= {kind: name} if name else {}
    else:
        name = openapi.model_name(told.get("schema"))
        if name:
            named = dict.fromkeys(operation.get("produces") or document.get("produces") or ["application/json"], name)
    if named:
        made["responseModels"] = named
    return made


_INTEGRATION_MEMBERS = (
    "uri",
    "httpMethod",
    "credentials",
    "connectionType",
    "connectionId",
    "contentHandling",
    "requestParameters",
    "requestTemplates",
    "tlsConfig",
    "cacheNamespace",
    "integrationTarget",
)


def integration(told: Document) -> Document:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html"""
    made: Document = {
        "type": str(told.get("type", "")).upper(),
        **{name: told[name] for name in _INTEGRATION_MEMBERS if told.get(name) is not None},
        "passthroughBehavior": str(told.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        "timeoutInMillis": int(told.get("timeoutInMillis") or 29000),
        "cacheKeyParameters": told.get("cacheKeyParameters") or [],
    }
    if "requestParameters" not in made:
        made["requestParameters"] = {}
    responses = {}
    for pattern, each in (told.get("responses") or {}).items():
        status = str(each.get("statusCode", "200"))
        response: Document = {"statusCode": status}
        if pattern != "default":
            response["selectionPattern"] = pattern
        for member in ("responseParameters", "responseTemplates", "contentHandling"):
            if each.get(member):
                response[member] = each[member]
        responses[status] = response
    if responses:
        made["integrationResponses"] = responses
    return made
