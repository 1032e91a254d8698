"""REST APIs themselves. https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis.addresses import Address, addresses
from fogbank.apis.naming import Answer, Request, execution_arn, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import (
    MODEL,
    RESOURCE,
    Part,
    api_of,
    apis,
    given,
    paged,
    parts,
    snapshots,
    stages,
)
from fogbank.services.apigateway.patches import (
    Document,
    Rule,
    boolean,
    listed,
    member,
    one_of,
    patched,
    value,
    whole,
)
from fogbank.services.apigateway.service import operation

ENDPOINTS = ("EDGE", "REGIONAL", "PRIVATE")
_MOST_COMPRESSED = 10485760
_EMPTY_SCHEMA = (
    '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}'
)
_ERROR_SCHEMA = (
    '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n'
    '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}'
)


def check_policy(text: str) -> str:
    """A resource policy as it is kept. Raises BadRequestException."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise errors.bad_request(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        ) from None
    return orjson.dumps(document).decode()


def _policy(text: str) -> str | None:
    """No policy, where the text is empty: so Terraform takes one away."""
    return check_policy(text) if text else None


def resolved_policy(text: str, account: str, region: str, api_id: str) -> str:
    """Resources may be `execute-api:/stage/GET/path`, which stand for those of this API."""
    document = orjson.loads(text)
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        for name in ("Resource", "NotResource"):
            if name in statement:
                listed = statement[name] if isinstance(statement[name], list) else [statement[name]]
                statement[name] = [_full(each, account, region, api_id) for each in listed]
    return orjson.dumps(document).decode()


def _full(resource: str, account: str, region: str, api_id: str) -> str:
    if not resource.startswith("execute-api:"):
        return resource
    return execution_arn(account, region, api_id, resource.removeprefix("execute-api:").lstrip("/") or "*")


def _compression(value: str) -> int | None:
    if value in ("", "null"):
        return None
    size = whole(value)
    return checked_compression(size)


def checked_compression(size: int | None) -> int | None:
    if size is not None and not 0 <= size <= _MOST_COMPRESSED:
        raise errors.bad_request("Invalid minimum compression size, must be between 0 and 10485760")
    return size


RULES: tuple[Rule, ...] = (
    value("/name"),
    value("/description", ops="replace remove"),
    value("/version"),
    value("/apiKeySource", one_of("HEADER", "AUTHORIZER")),
    value("/disableExecuteApiEndpoint", boolean),
    value("/minimumCompressionSize", _compression, "add replace remove"),
    value("/policy", _policy, "replace remove"),
    value("/securityPolicy"),
    value("/endpointAccessMode"),
    member("/binaryMediaTypes/{}"),
    member("/endpointConfiguration/types/{}"),
    value("/endpointConfiguration/ipAddressType", one_of("ipv4", "dualstack")),
    listed("/endpointConfiguration/vpcEndpointIds"),
)


def shown(document: Document) -> Answer:
    """Policies are told with their quotes escaped, as AWS does."""
    if document.get("policy"):
        return {**document, "policy": document["policy"].replace("/", "\\/").replace('"', '\\"')}
    return document


def _endpoint_configuration(asked: dict[str, Any] | None) -> Document:
    asked = asked or {}
    types = asked.get("types") or ["EDGE"]
    if len(types) != 1:
        raise errors.bad_request("Cannot create an api with multiple Endpoint Types.")
    if asked.get("vpcEndpointIds") and types != ["PRIVATE"]:
        raise errors.bad_request("Only the PRIVATE endpoint type supports VPC endpoints")
    default = "dualstack" if types == ["PRIVATE"] else "ipv4"
    return {"types": types, "ipAddressType": asked.get("ipAddressType") or default, **given(asked, "vpcEndpointIds")}


@operation
async def create_rest_api(ctx: Context, request: Request) -> Answer:
    document = make(ctx, request)
    if request.get("cloneFrom"):
        await _clone(ctx, request["cloneFrom"], document)
    else:
        put_defaults(ctx, document)
    return shown(document)


def make(ctx: Context, request: Request) -> Document:
    """A new API with nothing in it. Raises BadRequestException."""
    if not request["name"].strip():
        raise errors.bad_request("API Name cannot be blank")
    document: Document = {
        "id": short_id(ctx, 10),
        "name": request["name"],
        "createdDate": int(ctx.now()),
        "apiKeySource": request.get("apiKeySource") or "HEADER",
        "endpointConfiguration": _endpoint_configuration(request.get("endpointConfiguration")),
        "disableExecuteApiEndpoint": bool(request.get("disableExecuteApiEndpoint")),
        "tags": request.get("tags") or {},
        "rootResourceId": short_id(ctx, 10),
        "securityPolicy": request.get("securityPolicy") or "TLS_1_0",
        **given(request, "description", "version", "binaryMediaTypes"),
    }
    if request.get("minimumCompressionSize") is not None:
        document["minimumCompressionSize"] = checked_compression(request["minimumCompressionSize"])
    if request.get("policy"):
        document["policy"] = check_policy(request["policy"])
    apis.put(ctx, Part(document), document["id"])
    addresses.put(ctx, Address(ctx.account, ctx.region, "REST"), document["id"])
    return document


def put_defaults(ctx: Context, document: Document) -> None:
    """What a new API has: the root, and two models."""
    api_id, root = document["id"], {"id": document["rootResourceId"], "path": "/"}
    parts.put(ctx, Part(root), api_id, RESOURCE, root["id"])
    for name, schema, about in (
        ("Empty", _EMPTY_SCHEMA, "This is a default empty schema model"),
        ("Error", _ERROR_SCHEMA, "This is a default error schema model"),
    ):
        model = {"id": short_id(ctx), "name": name, "description": about, "schema": schema}
        parts.put(ctx, Part({**model, "contentType": "application/json"}), api_id, MODEL, name)


async def _clone(ctx: Context, source: str, document: Document) -> None:
    original = await apis.get(ctx, source)
    if original is None:
        raise errors.no_api(ctx.account, source)
    for (kind, identifier), part in await parts.items(ctx, (str, str), source):
        if kind in ("deployment", "doc-version"):
            continue
        copied = dict(part.document)
        if kind == RESOURCE and identifier == original.document["rootResourceId"]:
            identifier = copied["id"] = document["rootResourceId"]
        if copied.get("parentId") == original.document["rootResourceId"]:
            copied["parentId"] = document["rootResourceId"]
        parts.put(ctx, Part(copied), document["id"], kind, identifier)


@operation
async def get_rest_api(ctx: Context, request: Request) -> Answer:
    return shown(await api_of(ctx, request))


@operation
async def get_rest_apis(ctx: Context, request: Request) -> Answer:
    page = paged([part.document for part in await apis.scan(ctx)], request)
    return {**page, "items": [shown(each) for each in page["items"]]}


@operation
async def update_rest_api(ctx: Context, request: Request) -> Answer:
    document = patched(await api_of(ctx, request), request.get("patchOperations"), RULES)
    if not document["name"].strip():
        raise errors.bad_request("API Name cannot be blank")
    if not set(document["endpointConfiguration"]["types"]) <= set(ENDPOINTS):
        raise errors.bad_request("Invalid endpoint type. Must be one of: [EDGE, REGIONAL, PRIVATE]")
    if document.get("minimumCompressionSize") is None:
        document.pop("minimumCompressionSize", None)
    apis.put(ctx, Part(document), document["id"])
    return shown(document)


@operation
async def delete_rest_api(ctx: Context, request: Request) -> None:
    """With everything in it. Refused while a custom domain name is mapped to it."""
    from fogbank.apis.domains import is_mapped

    document = await api_of(ctx, request)
    if await is_mapped(ctx, document["id"]):
        raise errors.bad_request(
            "Please remove all base path mappings related to your domains before deleting your API."
        )
    await empty(ctx, document["id"])
    for name in [part.document["stageName"] for part in await stages.scan(ctx, document["id"])]:
        stages.delete(ctx, document["id"], name)
    for key, _ in await snapshots.items(ctx, (str,), document["id"]):
        snapshots.delete(ctx, document["id"], *key)
    apis.delete(ctx, document["id"])
    addresses.delete(ctx, document["id"])


async def empty(ctx: Context, api_id: str, *kinds: str) -> None:
    """Take out everything, or what is of these kinds."""
    for kind, identifier in [key for key, _ in await parts.items(ctx, (str, str), api_id)]:
        if not kinds or kind in kinds:
            parts.delete(ctx, api_id, kind, identifier)
