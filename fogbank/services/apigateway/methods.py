"""Methods of resources, and what they answer. https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html"""

from __future__ import annotations

import copy
from typing import NamedTuple

from fogbank.apis.naming import Answer, Request
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import AUTHORIZER, MODEL, VALIDATOR, given, parts
from fogbank.services.apigateway.patches import Document, boolean, entry, listed, one_of, patched, value
from fogbank.services.apigateway.resource_tree import RESOURCES
from fogbank.services.apigateway.service import operation

VERBS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "ANY")
AUTHORIZATION = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
WITH_AUTHORIZER = ("CUSTOM", "COGNITO_USER_POOLS")

_RULES = (
    value("/authorizationType", one_of(*AUTHORIZATION)),
    value("/authorizerId", ops="replace add remove"),
    listed("/authorizationScopes"),
    value("/apiKeyRequired", boolean),
    value("/operationName", ops="replace remove add"),
    value("/requestValidatorId", ops="replace remove add"),
    entry("/requestParameters/{}", boolean),
    entry("/requestModels/{}"),
)
_RESPONSE_RULES = (entry("/responseParameters/{}", boolean), entry("/responseModels/{}"))


class Held(NamedTuple):
    """A method, and the resource that it lies in; both are copies that may be changed."""

    api_id: str
    resource: Document
    method: Document

    def save(self, ctx: Context) -> None:
        self.resource.setdefault("resourceMethods", {})[self.method["httpMethod"]] = self.method
        RESOURCES.put(ctx, self.api_id, self.resource)


async def resource_of(ctx: Context, request: Request) -> Document:
    """A copy of the resource. Raises NotFoundException."""
    return copy.deepcopy(await RESOURCES.get(ctx, request))


async def held(ctx: Context, request: Request) -> Held:
    """Raises NotFoundException."""
    resource = await resource_of(ctx, request)
    method = resource.get("resourceMethods", {}).get(request["httpMethod"])
    if method is None:
        raise errors.no_method()
    return Held(request["restApiId"], resource, method)


@operation
async def put_method(ctx: Context, request: Request) -> Answer:
    resource = await resource_of(ctx, request)
    verb = request["httpMethod"]
    if verb not in VERBS:
        raise errors.bad_request("Invalid HttpMethod specified. Valid options are " + ",".join(VERBS))
    if verb in resource.get("resourceMethods", {}):
        raise errors.conflict("Method already exists for this resource")
    method: Document = {
        "httpMethod": verb,
        "authorizationType": request["authorizationType"],
        "apiKeyRequired": bool(request.get("apiKeyRequired")),
        **given(request, "operationName", "authorizationScopes", "requestParameters", "requestModels"),
        **given(request, "requestValidatorId", "authorizerId"),
    }
    await check(ctx, request["restApiId"], method)
    Held(request["restApiId"], resource, method).save(ctx)
    return method


async def check(ctx: Context, api_id: str, method: Document) -> None:
    """Raises BadRequestException where it names what is not there. An authorizer that is not used is forgotten."""
    kind = method["authorizationType"]
    if kind not in AUTHORIZATION:
        raise errors.bad_request("Invalid authorization type specified. Valid options are " + ", ".join(AUTHORIZATION))
    if kind not in WITH_AUTHORIZER:
        method.pop("authorizerId", None)
    elif await parts.get(ctx, api_id, AUTHORIZER, method.get("authorizerId") or "") is None:
        raise errors.bad_request(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
        )
    validator = method.get("requestValidatorId")
    if validator and await parts.get(ctx, api_id, VALIDATOR, validator) is None:
        raise errors.bad_request("Invalid Request Validator identifier specified")
    for name in (method.get("requestModels") or {}).values():
        if await parts.get(ctx, api_id, MODEL, name) is None:
            raise errors.bad_request(f"Invalid model identifier specified: {name}")
    for name in method.get("requestParameters") or {}:
        if not name.startswith(
            (
                "method.request.path.",
                "method.request.querystring.",
                "method.request.header.",
                "method.request.multivaluequerystring.",
                "method.request.multivalueheader.",
            )
        ):
            raise errors.bad_request(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )


@operation
async def get_method(ctx: Context, request: Request) -> Answer:
    return (await held(ctx, request)).method


@operation
async def update_method(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    method = patched(found.method, request.get("patchOperations"), _RULES)
    await check(ctx, found.api_id, method)
    found._replace(method=method).save(ctx)
    return method


@operation
async def delete_method(ctx: Context, request: Request) -> None:
    found = await held(ctx, request)
    del found.resource["resourceMethods"][found.method["httpMethod"]]
    RESOURCES.put(ctx, found.api_id, found.resource)


# -- what a method answers


@operation
async def put_method_response(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    responses = found.method.setdefault("methodResponses", {})
    if request["statusCode"] in responses:
        raise errors.conflict("Response already exists for this resource")
    made = {"statusCode": request["statusCode"], **given(request, "responseParameters", "responseModels")}
    await _check_response(ctx, found.api_id, made)
    responses[made["statusCode"]] = made
    found.save(ctx)
    return made


async def _check_response(ctx: Context, api_id: str, response: Document) -> None:
    for name in (response.get("responseModels") or {}).values():
        if await parts.get(ctx, api_id, MODEL, name) is None:
            raise errors.bad_request(f"Invalid model identifier specified: {name}")
    for name in response.get("responseParameters") or {}:
        if not name.startswith("method.response.header."):
            raise errors.bad_request(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )


def response_of(found: Held, status: str) -> Document:
    response: Document | None = found.method.get("methodResponses", {}).get(status)
    if response is None:
        raise errors.no_response()
    return response


@operation
async def get_method_response(ctx: Context, request: Request) -> Answer:
    return response_of(await held(ctx, request), request["statusCode"])


@operation
async def update_method_response(ctx: Context, request: Request) -> Answer:
    found = await held(ctx, request)
    changed = patched(response_of(found, request["statusCode"]), request.get("patchOperations"), _RESPONSE_RULES)
    await _check_response(ctx, found.api_id, changed)
    found.method["methodResponses"][changed["statusCode"]] = changed
    found.save(ctx)
    return changed


@operation
async def delete_method_response(ctx: Context, request: Request) -> None:
    found = await held(ctx, request)
    response_of(found, request["statusCode"])
    del found.method["methodResponses"][request["statusCode"]]
    found.save(ctx)
