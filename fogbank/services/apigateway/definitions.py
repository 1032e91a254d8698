"""Models, request validators, authorizers and gateway responses of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.gateway_responses import DEFAULTS, default_response
from fogbank.services.apigateway.parts import (
    AUTHORIZER,
    MODEL,
    RESOURCE,
    RESPONSE,
    VALIDATOR,
    Kind,
    api_of,
    documents,
    given,
    parts,
)
from fogbank.services.apigateway.patches import Document, Rule, boolean, entry, listed, patched, value, whole
from fogbank.services.apigateway.service import operation

_NAME = re.compile(r"[a-zA-Z0-9]+")
_TTL, _LONGEST_TTL = 300, 3600


async def _methods(ctx: Context, api_id: str) -> list[tuple[str, Document]]:
    """(path, method) of all methods."""
    found = await documents(ctx, api_id, RESOURCE)
    return [(each["path"], method) for each in found for method in each.get("resourceMethods", {}).values()]


# -- models


async def _refuse_used_model(ctx: Context, api_id: str, model: Document) -> None:
    for path, method in await _methods(ctx, api_id):
        if model["name"] in (method.get("requestModels") or {}).values():
            raise errors.conflict(
                f"Cannot delete model '{model['name']}', is referenced in method request: {path}/{method['httpMethod']}"
            )
        for response in (method.get("methodResponses") or {}).values():
            if model["name"] in (response.get("responseModels") or {}).values():
                raise errors.conflict(
                    f"Cannot delete model '{model['name']}', is referenced in method response: {path}/{method['httpMethod']}"
                )


async def _check_model(ctx: Context, api_id: str, before: Document, after: Document) -> None:
    check_schema(after["schema"])


MODELS = Kind(
    MODEL,
    "model",
    "models",
    "modelName",
    "name",
    "Invalid model name specified: {}",
    (value("/description"), value("/schema")),
    _check_model,
    _refuse_used_model,
)
MODELS.declare("get", "all", "update", "delete")


def check_schema(schema: str) -> None:
    try:
        document = orjson.loads(schema or "{}")
    except orjson.JSONDecodeError as error:
        raise errors.bad_request(f"Invalid model schema specified: {error}") from error
    if not isinstance(document, dict):
        raise errors.bad_request("Invalid model schema specified: it must be a JSON object")


@operation
async def create_model(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    name = request["name"]
    if not _NAME.fullmatch(name):
        raise errors.bad_request("Model name must be alphanumeric: " + name)
    if await parts.get(ctx, api["id"], MODEL, name) is not None:
        raise errors.conflict("Model name already exists for this REST API")
    if not request.get("schema"):
        raise errors.bad_request("Model schema must have at least 1 property or array items defined")
    check_schema(request["schema"])
    return MODELS.put(
        ctx,
        api["id"],
        {
            "id": short_id(ctx),
            "name": name,
            **given(request, "description", "schema"),
            "contentType": request["contentType"],
        },
    )


@operation
async def get_model_template(ctx: Context, request: Request) -> Answer:
    """A mapping template that goes through all of the model's properties."""
    model = await MODELS.get(ctx, request)
    schema = orjson.loads(model["schema"])
    body = _template(schema, "$inputRoot")
    return {"value": f"#set($inputRoot = $input.path('$'))\n{body}"}


def _template(schema: Any, place: str, depth: int = 0) -> str:
    pad = "  " * (depth + 1)
    if schema.get("type") == "array":
        inner = _template(schema.get("items") or {}, "$elem", depth + 1)
        told = "##TODO: Update this foreach loop to reference array from input json"
        loop = f"#foreach($elem in {place})\n{pad}{inner}#if($foreach.hasNext),#end\n#end"
        return f"[\n{told}\n{loop}\n{'  ' * depth}]"
    properties = schema.get("properties")
    if not properties:
        return (
            f'"{place}"'
            if schema.get("type") == "string"
            else "{ }"
            if schema.get("type", "object") == "object"
            else place
        )
    told = ",\n".join(
        f'{pad}"{name}" : {_template(each, f"{place}.{name}", depth + 1)}' for name, each in properties.items()
    )
    return f"{{\n{told}\n{'  ' * depth}}}"


# -- request validators


async def _refuse_used_validator(ctx: Context, api_id: str, validator: Document) -> None:
    for path, method in await _methods(ctx, api_id):
        if method.get("requestValidatorId") == validator["id"]:
            raise errors.conflict(
                f"Cannot delete request validator '{validator['id']}', is referenced in method: {path}/{method['httpMethod']}"
            )


VALIDATORS = Kind(
    VALIDATOR,
    "request_validator",
    "request_validators",
    "requestValidatorId",
    "id",
    "Invalid Request Validator identifier specified",
    (value("/name"), value("/validateRequestBody", boolean), value("/validateRequestParameters", boolean)),
    busy=_refuse_used_validator,
)
VALIDATORS.declare()


@operation
async def create_request_validator(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    made = {
        "id": short_id(ctx),
        **given(request, "name"),
        "validateRequestBody": bool(request.get("validateRequestBody")),
        "validateRequestParameters": bool(request.get("validateRequestParameters")),
    }
    return VALIDATORS.put(ctx, api["id"], made)


# -- authorizers


async def _refuse_used_authorizer(ctx: Context, api_id: str, authorizer: Document) -> None:
    for path, method in await _methods(ctx, api_id):
        if method.get("authorizerId") == authorizer["id"]:
            raise errors.conflict(
                f"Cannot delete authorizer '{authorizer['id']}', is referenced in method: {path}/{method['httpMethod']}"
            )


async def _check_authorizer(ctx: Context, api_id: str, before: Document, after: Document) -> None:
    check_authorizer(after)


def check_authorizer(document: Document) -> None:
    """Raises BadRequestException."""
    kind = document["type"]
    if kind == "COGNITO_USER_POOLS":
        if not document.get("providerARNs"):
            raise errors.bad_request("Provider ARNs are required for authorizers of type COGNITO_USER_POOLS")
        if not all(":cognito-idp:" in arn for arn in document["providerARNs"]):
            raise errors.bad_request("Invalid Cognito provider ARN")
    elif not document.get("authorizerUri"):
        raise errors.bad_request("Authorizer URI is required for authorizers of type " + kind)
    elif not re.match(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/", document["authorizerUri"]):
        raise errors.bad_request(
            "Invalid Authorizer URI: "
            + document["authorizerUri"]
            + ". Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
        )
    ttl = document.get("authorizerResultTtlInSeconds", 0)
    if not 0 <= ttl <= _LONGEST_TTL:
        raise errors.bad_request("Authorizer result TTL must be between 0 and 3600 seconds")
    if kind == "REQUEST" and ttl and not document.get("identitySource"):
        raise errors.bad_request("Identity source is required for REQUEST authorizers with caching enabled")
    if kind == "TOKEN" and not document.get("identitySource"):
        raise errors.bad_request("Identity source is required for TOKEN authorizers")


AUTHORIZERS = Kind(
    AUTHORIZER,
    "authorizer",
    "authorizers",
    "authorizerId",
    "id",
    "Invalid Authorizer identifier specified",
    (
        value("/name"),
        value("/type"),
        value("/authType", ops="replace remove"),
        value("/authorizerUri"),
        value("/authorizerCredentials", ops="replace remove"),
        value("/authorizerResultTtlInSeconds", whole),
        value("/identitySource", ops="replace remove"),
        value("/identityValidationExpression", ops="replace remove"),
        listed("/providerARNs"),
    ),
    _check_authorizer,
    _refuse_used_authorizer,
)
AUTHORIZERS.declare()


@operation
async def create_authorizer(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    kind = request["type"]
    made: Document = {
        "id": short_id(ctx),
        **given(request, "name", "type", "providerARNs", "authorizerUri", "authorizerCredentials", "identitySource"),
        **given(request, "identityValidationExpression"),
        "authType": request.get("authType") or ("cognito_user_pools" if kind == "COGNITO_USER_POOLS" else "custom"),
    }
    ttl = request.get("authorizerResultTtlInSeconds")
    if kind != "COGNITO_USER_POOLS" or ttl is not None:
        made["authorizerResultTtlInSeconds"] = _TTL if ttl is None else ttl
    check_authorizer(made)
    if any(each["name"] == made["name"] for each in await documents(ctx, api["id"], AUTHORIZER)):
        raise errors.conflict(
            "Authorizer name must be unique. Authorizer " + made["name"] + " already exists in this RestApi."
        )
    return AUTHORIZERS.put(ctx, api["id"], made)


# -- gateway responses


RESPONSES = Kind(RESPONSE, "gateway_response", "gateway_responses", "responseType", "responseType", "")
_RESPONSE_RULES: tuple[Rule, ...] = (
    value("/statusCode", ops="replace remove add"),
    entry("/responseParameters/{}"),
    entry("/responseTemplates/{}"),
)


async def _response(ctx: Context, request: Request) -> Document:
    api = await api_of(ctx, request)
    if request["responseType"] not in DEFAULTS:
        raise errors.bad_request("Invalid Response Type specified in the request")
    found = await parts.get(ctx, api["id"], RESPONSE, request["responseType"])
    return default_response(request["responseType"]) if found is None else found.document


@operation
async def get_gateway_response(ctx: Context, request: Request) -> Answer:
    return await _response(ctx, request)


@operation
async def get_gateway_responses(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    own = {each["responseType"]: each for each in await documents(ctx, api["id"], RESPONSE)}
    return {"items": [own.get(name) or default_response(name) for name in sorted(DEFAULTS)]}


@operation
async def put_gateway_response(ctx: Context, request: Request) -> Answer:
    usual = await _response(ctx, request)
    made: Document = {
        "responseType": request["responseType"],
        "responseParameters": request.get("responseParameters") or {},
        "responseTemplates": request.get("responseTemplates") or usual["responseTemplates"],
        "defaultResponse": False,
    }
    status = request.get("statusCode") or DEFAULTS[request["responseType"]][0]
    return RESPONSES.put(ctx, request["restApiId"], {**made, **({"statusCode": status} if status else {})})


@operation
async def update_gateway_response(ctx: Context, request: Request) -> Answer:
    changed = patched(await _response(ctx, request), request.get("patchOperations"), _RESPONSE_RULES)
    return RESPONSES.put(ctx, request["restApiId"], {**changed, "defaultResponse": False})


@operation
async def delete_gateway_response(ctx: Context, request: Request) -> None:
    if (await _response(ctx, request))["defaultResponse"]:
        raise errors.not_found("Gateway response type not defined on api")
    parts.delete(ctx, request["restApiId"], RESPONSE, request["responseType"])
