"""Documentation of an API: its parts, and versions of all of them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-documenting-api.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import (
    DOC_PART,
    DOC_VERSION,
    Kind,
    Part,
    api_of,
    documents,
    given,
    paged,
    parts,
    stages,
)
from fogbank.services.apigateway.patches import Document, value
from fogbank.services.apigateway.service import operation

_WITH_PATH = frozenset(
    {
        "RESOURCE",
        "METHOD",
        "PATH_PARAMETER",
        "QUERY_PARAMETER",
        "REQUEST_HEADER",
        "REQUEST_BODY",
        "RESPONSE",
        "RESPONSE_HEADER",
        "RESPONSE_BODY",
    }
)
_WITH_METHOD = _WITH_PATH - {"RESOURCE"}
_WITH_STATUS = frozenset({"RESPONSE", "RESPONSE_HEADER", "RESPONSE_BODY"})


async def _check_part(ctx: Context, api_id: str, before: Document, after: Document) -> None:
    _check_properties(after["properties"])


def _check_properties(properties: str) -> None:
    try:
        orjson.loads(properties)
    except orjson.JSONDecodeError:
        raise errors.bad_request("Documentation part properties must be a valid JSON object") from None


PARTS = Kind(
    DOC_PART,
    "documentation_part",
    "documentation_parts",
    "documentationPartId",
    "id",
    "Invalid Documentation part identifier specified",
    (value("/properties"),),
    _check_part,
)
PARTS.declare("get", "update", "delete")


async def _refuse_shown(ctx: Context, api_id: str, version: Document) -> None:
    for part in await stages.scan(ctx, api_id):
        if part.document.get("documentationVersion") == version["version"]:
            raise errors.conflict("Documentation version is in use by a stage")


VERSIONS = Kind(
    DOC_VERSION,
    "documentation_version",
    "documentation_versions",
    "documentationVersion",
    "version",
    "Invalid Documentation version specified",
    (value("/description", ops="replace remove"),),
    busy=_refuse_shown,
)
VERSIONS.declare("get", "all", "update", "delete")


def location(asked: Document) -> Document:
    """Where a part belongs, with what is not said. What a type has no use for is refused."""
    kind = asked["type"]
    found: Document = {"type": kind}
    for name, types, usual in (
        ("path", _WITH_PATH, "/"),
        ("method", _WITH_METHOD, "*"),
        ("statusCode", _WITH_STATUS, "*"),
    ):
        if kind in types:
            found[name] = asked.get(name) or usual
        elif asked.get(name):
            raise errors.bad_request(f"Documentation parts of type {kind} have no {name}")
    if asked.get("name"):
        found["name"] = asked["name"]
    return found


@operation
async def create_documentation_part(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    _check_properties(request["properties"])
    place = location(request["location"])
    if any(each["location"] == place for each in await documents(ctx, api["id"], DOC_PART)):
        raise errors.conflict("Documentation part already exists for the specified location: " + _text(place))
    return PARTS.put(ctx, api["id"], {"id": short_id(ctx), "location": place, "properties": request["properties"]})


def _text(place: Document) -> str:
    return ", ".join(f"{name} '{each}'" for name, each in place.items())


@operation
async def get_documentation_parts(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    found = await documents(ctx, api["id"], DOC_PART)
    if request.get("type"):
        found = [each for each in found if each["location"]["type"] == request["type"]]
    if request.get("nameQuery"):
        found = [each for each in found if request["nameQuery"] in each["location"].get("name", "")]
    if request.get("path"):
        found = [each for each in found if each["location"].get("path") == request["path"]]
    return paged(found, request)


@operation
async def create_documentation_version(ctx: Context, request: Request) -> Answer:
    """Of the parts as they are."""
    api = await api_of(ctx, request)
    version = request["documentationVersion"]
    if await parts.get(ctx, api["id"], DOC_VERSION, version) is not None:
        raise errors.conflict("Version already exists")
    made = {"version": version, "createdDate": int(ctx.now()), **given(request, "description")}
    VERSIONS.put(ctx, api["id"], made)
    if request.get("stageName"):
        found = await stages.get(ctx, api["id"], request["stageName"])
        if found is None:
            raise errors.not_found("Invalid stage identifier specified")
        stages.put(ctx, Part({**found.document, "documentationVersion": version}), api["id"], request["stageName"])
    return made


@operation(transaction=False)
async def import_documentation_parts(ctx: Context, request: Request) -> Answer:
    """From the extension `x-amazon-apigateway-documentation` of an OpenAPI document."""
    body = request["body"]
    data = await body.read() if isinstance(body, Payload) else body
    return await ctx.transact(_import, ctx, request, data)


async def _import(ctx: Context, request: Request, data: bytes) -> Answer:
    from fogbank.services.apigateway.openapi.reading import document_of

    api = await api_of(ctx, request)
    if request.get("mode") == "overwrite":
        for each in await documents(ctx, api["id"], DOC_PART):
            parts.delete(ctx, api["id"], DOC_PART, each["id"])
    return {"ids": await put_all(ctx, api["id"], document_of(data)), "warnings": []}


async def put_all(ctx: Context, api_id: str, document: dict[str, Any]) -> list[str]:
    """The ids of the parts that a document has."""
    told = (document.get("x-amazon-apigateway-documentation") or {}).get("documentationParts") or []
    known = {_text(each["location"]): each["id"] for each in await documents(ctx, api_id, DOC_PART)}
    made = []
    for each in told:
        place = location(each["location"])
        identifier = known.get(_text(place)) or short_id(ctx)
        properties = (
            each["properties"] if isinstance(each["properties"], str) else orjson.dumps(each["properties"]).decode()
        )
        PARTS.put(ctx, api_id, {"id": identifier, "location": place, "properties": properties})
        made.append(identifier)
    return made
