"""The five verbs. https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, pages
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudcontrol import errors, types
from fogbank.services.cloudcontrol.requests import begin
from fogbank.services.cloudcontrol.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 100


@service.operation
async def create_resource(ctx: Context, request: Request) -> Answer:
    """Begin to make a resource as DesiredState (JSON) says. API_CreateResource."""
    kind = types.find(ctx, request["TypeName"])
    properties = types.desired(kind, request["DesiredState"])
    return await begin(ctx, request, "CREATE", kind, after=properties)


@service.operation
async def update_resource(ctx: Context, request: Request) -> Answer:
    """Begin to change a resource by a JSON patch. API_UpdateResource."""
    kind, identifier = types.find(ctx, request["TypeName"]), request["Identifier"]
    if kind.is_fixed:
        raise errors.unsupported_action(kind.name, "UPDATE")
    before = await _read(ctx, kind, identifier)
    after = types.patched(before, request["PatchDocument"])
    refusal = types.not_updatable(kind, before, after)
    if refusal is not None:
        raise AWSError("NotUpdatableException", refusal.message)
    return await begin(ctx, request, "UPDATE", kind, identifier, before, after)


@service.operation
async def delete_resource(ctx: Context, request: Request) -> Answer:
    """Begin to delete a resource. API_DeleteResource."""
    kind, identifier = types.find(ctx, request["TypeName"]), request["Identifier"]
    await _read(ctx, kind, identifier)
    return await begin(ctx, request, "DELETE", kind, identifier)


@service.operation
async def get_resource(ctx: Context, request: Request) -> Answer:
    """The properties of a resource as they are now. API_GetResource."""
    kind, identifier = types.find(ctx, request["TypeName"]), request["Identifier"]
    return {"TypeName": kind.name, "ResourceDescription": _described(kind, await _read(ctx, kind, identifier))}


@service.operation
async def list_resources(ctx: Context, request: Request) -> Answer:
    """The resources of a type, as far as the caller may see them. API_ListResources."""
    kind = types.find(ctx, request["TypeName"])
    if type(kind).list is ResourceType.list:
        raise errors.unsupported_action(kind.name, "LIST")
    try:
        identifiers = sorted(await kind.list(ctx, types.given(request.get("ResourceModel"))))
    except AWSError as error:
        raise errors.from_handler(error) from None
    except KeyError as missing:
        raise errors.incomplete_model(kind.name, missing.args[0]) from None
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.invalid_request("Invalid NextToken"))
        identifiers = [each for each in identifiers if each > after]
    page, token = pages.page(identifiers, request.get("MaxResults", _PAGE), lambda each: each)
    found = [_described(kind, await _read(ctx, kind, each)) for each in page]
    return {"TypeName": kind.name, "ResourceDescriptions": found, "NextToken": token}


async def _read(ctx: Context, kind: ResourceType, identifier: str) -> Properties:
    try:
        return await kind.read(ctx, identifier)
    except AWSError as error:
        if kind.is_missing(error):
            raise errors.resource_not_found(kind.name, identifier) from None
        raise errors.from_handler(error) from None


def _described(kind: ResourceType, properties: Properties) -> Answer:
    return {"Identifier": kind.identifier_of(properties), "Properties": types.told(kind, properties)}
