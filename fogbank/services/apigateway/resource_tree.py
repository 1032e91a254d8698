"""Resources: the paths of an API. https://docs.aws.amazon.com/apigateway/latest/api/API_Resource.html"""

from __future__ import annotations

import re

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import RESOURCE, Kind, api_of, documents, paged, parts
from fogbank.services.apigateway.patches import Document, value
from fogbank.services.apigateway.service import operation

_PART = re.compile(r"[\w.\-:]+|\{[\w.\-:]+\+?\}|[\w.\-:]*\{[\w.\-:]+\}[\w.\-:]*")
_MOST = 300


async def _check_moved(ctx: Context, api_id: str, before: Document, after: Document) -> None:
    """A resource that was renamed, or put elsewhere: all under it have new paths."""
    if "parentId" not in before:
        raise errors.bad_request("Cannot update the root resource")
    found = {each["id"]: each for each in await documents(ctx, api_id, RESOURCE)}
    parent = found.get(after["parentId"])
    if parent is None:
        raise errors.no_resource()
    siblings = [each for each in found.values() if each["id"] != after["id"]]
    after["path"] = _checked_path(parent, after["pathPart"], siblings)
    for each in found.values():
        if each["path"].startswith(before["path"] + "/"):
            moved = {**each, "path": after["path"] + each["path"][len(before["path"]) :]}
            RESOURCES.put(ctx, api_id, moved)


RESOURCES = Kind(
    RESOURCE,
    "resource",
    "resources",
    "resourceId",
    "id",
    "Invalid Resource identifier specified",
    (value("/pathPart"), value("/parentId")),
    _check_moved,
)
RESOURCES.declare("update")


def _checked_path(parent: Document, part: str, others: list[Document]) -> str:
    """The path of a new resource. Raises BadRequestException, ConflictException."""
    if not _PART.fullmatch(part):
        raise errors.bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end."
        )
    if parent["path"].endswith("+}"):
        raise errors.bad_request("Cannot create a child of a resource with a greedy path variable.")
    siblings = [each for each in others if each.get("parentId") == parent["id"]]
    if any(each["pathPart"] == part for each in siblings):
        raise errors.conflict(f"Another resource with the same parent already has this name: {part}")
    if part.startswith("{"):
        rival = next((each for each in siblings if each["pathPart"].startswith("{")), None)
        if rival is not None:
            raise errors.bad_request(
                f"A sibling ({rival['pathPart']}) of this resource already has a variable path part -- only one is allowed"
            )
    return f"{parent['path'].rstrip('/')}/{part}"


@operation
async def create_resource(ctx: Context, request: Request) -> Answer:
    api_id = (await api_of(ctx, request))["id"]
    found = await documents(ctx, api_id, RESOURCE)
    parent = next((each for each in found if each["id"] == request["parentId"]), None)
    if parent is None:
        raise errors.no_resource()
    if len(found) >= _MOST:
        raise errors.limit_exceeded(f"The limit of {_MOST} resources per API is reached")
    path = _checked_path(parent, request["pathPart"], found)
    made = {"id": short_id(ctx), "parentId": parent["id"], "pathPart": request["pathPart"], "path": path}
    return RESOURCES.put(ctx, api_id, made)


def shown(resource: Document, request: Request) -> Answer:
    """Methods are told in full where they are asked for by `embed`."""
    methods = resource.get("resourceMethods")
    if not methods:
        return {name: value for name, value in resource.items() if name != "resourceMethods"}
    if "methods" in (request.get("embed") or ()):
        return resource
    return {**resource, "resourceMethods": {name: {} for name in methods}}


@operation
async def get_resource(ctx: Context, request: Request) -> Answer:
    return shown(await RESOURCES.get(ctx, request), request)


@operation
async def get_resources(ctx: Context, request: Request) -> Answer:
    await api_of(ctx, request)
    page = paged(await documents(ctx, request["restApiId"], RESOURCE), request)
    return {**page, "items": [shown(each, request) for each in page["items"]]}


@operation
async def delete_resource(ctx: Context, request: Request) -> None:
    """With everything under it."""
    resource = await RESOURCES.get(ctx, request)
    if "parentId" not in resource:
        raise errors.bad_request("Cannot delete root resource.")
    for each in await documents(ctx, request["restApiId"], RESOURCE):
        if each["id"] == resource["id"] or each["path"].startswith(resource["path"] + "/"):
            parts.delete(ctx, request["restApiId"], RESOURCE, each["id"])
