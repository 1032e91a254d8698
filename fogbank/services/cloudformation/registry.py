"""The registry of types, as far as it is true here: the resource types of Fogbank, which are AWS's own and public. There are no others.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/registry.html
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from fogbank.kernel import Context, pages, resource_schemas
from fogbank.kernel.resource_types import ResourceType, service_of
from fogbank.services.cloudformation import errors, types
from fogbank.services.cloudformation.records import Answer, Request
from fogbank.services.cloudformation.service import service

_PAGE = 100
_RESOURCE = "RESOURCE"


@service.operation(transaction=False)
async def list_types(ctx: Context, request: Request) -> Answer:
    """What is private, which is asked for unless one says otherwise, is nothing. API_ListTypes."""
    is_public = request.get("Visibility") == "PUBLIC"
    prefix = (request.get("Filters") or {}).get("TypeNamePrefix", "")
    rows = [each for each in await _all(ctx, prefix) if _is_wanted(each, request)] if is_public else []
    if request.get("NextToken"):
        after = pages.position(request["NextToken"], errors.registry("Invalid NextToken"))
        rows = [each for each in rows if each.name > after]
    shown, token = pages.page(rows, request.get("MaxResults") or _PAGE, lambda each: each.name)
    return {"TypeSummaries": [_summary(ctx, each) for each in shown], "NextToken": token}


async def _all(ctx: Context, prefix: str) -> list[ResourceType]:
    """In the order of their names; custom resources are no type of the registry. Services that cannot have such names are left out."""
    found: dict[str, ResourceType] = {}
    only = service_of(f"{prefix}X") if prefix.count("::") == 2 else ""
    for name in [only] if only else ctx.app.services.names:
        owner = ctx.app.services.get(name)
        found |= owner.resource_types if owner is not None else {}
        await asyncio.sleep(0)  # the first time, each service has to be loaded
    found.pop(types.CUSTOM, None)
    return [found[name] for name in sorted(found)]


def _is_wanted(kind: ResourceType, request: Request) -> bool:
    filters = request.get("Filters") or {}
    return (
        request.get("Type", _RESOURCE) == _RESOURCE
        and request.get("DeprecatedStatus", "LIVE") == "LIVE"
        and request.get("ProvisioningType", _provisioning(kind)) == _provisioning(kind)
        and filters.get("Category", "AWS_TYPES") == "AWS_TYPES"
        and not filters.get("PublisherId")
        and kind.name.startswith(filters.get("TypeNamePrefix", ""))
    )


def _provisioning(kind: ResourceType) -> str:
    return "IMMUTABLE" if kind.is_fixed else "FULLY_MUTABLE"


def _summary(ctx: Context, kind: ResourceType) -> Answer:
    return {"Type": _RESOURCE, "TypeName": kind.name, "TypeArn": _arn(ctx, kind), "Description": _description(kind)}


def _arn(ctx: Context, kind: ResourceType) -> str:
    return f"arn:{ctx.partition}:cloudformation:{ctx.region}::type/resource/{kind.name.replace('::', '-')}"


def _description(kind: ResourceType) -> str:
    known = resource_schemas.schema(kind.name) or {}
    return str(known.get("description") or f"Resource Type definition for {kind.name}")[:1024]


@service.operation
async def describe_type(ctx: Context, request: Request) -> Answer:
    """API_DescribeType."""
    name = request.get("TypeName") or ""
    if request.get("Arn"):
        name = request["Arn"].rpartition("/")[2].replace("-", "::")
    elif not name or not request.get("Type"):
        raise errors.registry("Either the ARN, or the type and the name of the type have to be given.")
    kind = types.lookup(ctx, name) if request.get("Type", _RESOURCE) == _RESOURCE else None
    if kind is None or kind.name != name:
        raise errors.no_type(name)
    return {
        "Arn": _arn(ctx, kind),
        "Type": _RESOURCE,
        "TypeName": kind.name,
        "Description": _description(kind),
        "Schema": orjson.dumps(schema(kind)).decode(),
        "ProvisioningType": _provisioning(kind),
        "DeprecatedStatus": "LIVE",
        "Visibility": "PUBLIC",
    }


def schema(kind: ResourceType) -> dict[str, Any]:
    """The schema of a type: the properties as AWS has them, and what Fogbank's handlers do with them."""
    known = resource_schemas.schema(kind.name) or {}
    declared = {*kind.identifier, *kind.required, *kind.read_only, *kind.create_only, *kind.write_only}
    found = {
        "typeName": kind.name,
        "description": _description(kind),
        "properties": {**{name: {} for name in sorted(declared)}, **known.get("properties", {})},
        "definitions": known.get("definitions"),
        "required": sorted(kind.required),
        "primaryIdentifier": _paths(kind.identifier),
        "readOnlyProperties": _paths(sorted(kind.read_only)),
        "createOnlyProperties": _paths(sorted(kind.create_only)),
        "writeOnlyProperties": _paths(sorted(kind.write_only)),
        "tagging": known.get("tagging"),
        "additionalProperties": False,
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _paths(names: Any) -> list[str]:
    return [f"/properties/{name}" for name in names]
