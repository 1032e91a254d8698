"""Groups: making, changing, listing and deleting them.

groups   (name)   Group
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.resource_groups import errors, paging, queries
from fogbank.services.resource_groups.service import service

Request = dict[str, Any]

_RESERVED = ("aws", "resource-groups")


class Group(Record, frozen=True):
    """`query` is as requests have it. `criticality` is 0 where none was given."""

    name: str
    query: dict[str, str]
    description: str = ""
    criticality: int = 0
    owner: str = ""
    display_name: str = ""
    tags: dict[str, str] = {}

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, self.name)


groups = service.collection("groups", Group)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:resource-groups:{ctx.region}:{ctx.account}:group/{name}"


def name_of(request: Request) -> str:
    """The name of a request's group, which may be given by its ARN; empty where none is given."""
    given = str(request.get("Group") or request.get("GroupName") or request.get("Arn") or "")
    return given.partition(":group/")[2] if given.startswith("arn:") else given


async def find(ctx: Context, request: Request) -> Group:
    """Raises BadRequestException, NotFoundException."""
    name = name_of(request)
    if not name:
        raise errors.bad_request("Group or GroupName must be given.")
    group = await groups.get(ctx, name)
    if group is None:
        raise errors.group_not_found(name)
    return group


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, name_of(request) or "*")


async def _tags(ctx: Context, request: Request) -> Mapping[str, str]:
    return (await find(ctx, request)).tags


ON_GROUP: dict[str, Any] = {"resource": _resource, "tags": _tags}


@service.operation
async def create_group(ctx: Context, request: Request) -> Request:
    """API_CreateGroup."""
    name, query = request["Name"], request.get("ResourceQuery")
    if request.get("Configuration"):
        raise errors.no_configurations()
    if name.lower().startswith(_RESERVED):
        raise errors.bad_request("Group names can't start with AWS or resource-groups, in any case: they are reserved.")
    if query is None:
        raise errors.bad_request("A group needs a ResourceQuery or a Configuration.")
    queries.checked(query)
    if await groups.get(ctx, name) is not None:
        raise errors.group_exists(name)
    group = Group(name, query, tags=request.get("Tags") or {})
    group = _changed(group, request)
    groups.put(ctx, group, name)
    return {"Group": shown(ctx, group), "ResourceQuery": query, "Tags": group.tags}


def _changed(group: Group, request: Request) -> Group:
    fields = {
        "Description": "description",
        "Criticality": "criticality",
        "Owner": "owner",
        "DisplayName": "display_name",
    }
    changes = {field: request[member] for member, field in fields.items() if request.get(member) is not None}
    return msgspec.structs.replace(group, **changes)


def shown(ctx: Context, group: Group) -> Request:
    return {
        "GroupArn": group.arn(ctx),
        "Name": group.name,
        "Description": group.description or None,
        "Criticality": group.criticality or None,
        "Owner": group.owner or None,
        "DisplayName": group.display_name or None,
    }


@service.operation(**ON_GROUP)
async def get_group(ctx: Context, request: Request) -> Request:
    """API_GetGroup."""
    return {"Group": shown(ctx, await find(ctx, request))}


@service.operation(**ON_GROUP)
async def get_group_query(ctx: Context, request: Request) -> Request:
    """API_GetGroupQuery."""
    group = await find(ctx, request)
    return {"GroupQuery": {"GroupName": group.name, "ResourceQuery": group.query}}


@service.operation(**ON_GROUP)
async def get_group_configuration(ctx: Context, request: Request) -> Request:
    """Terraform asks this of every group. API_GetGroupConfiguration."""
    raise errors.without_configuration((await find(ctx, request)).name)


@service.operation(**ON_GROUP)
async def update_group(ctx: Context, request: Request) -> Request:
    """What is not given stays. API_UpdateGroup."""
    group = _changed(await find(ctx, request), request)
    groups.put(ctx, group, group.name)
    return {"Group": shown(ctx, group)}


@service.operation(**ON_GROUP)
async def update_group_query(ctx: Context, request: Request) -> Request:
    """API_UpdateGroupQuery."""
    queries.checked(request["ResourceQuery"])
    group = msgspec.structs.replace(await find(ctx, request), query=request["ResourceQuery"])
    groups.put(ctx, group, group.name)
    return {"GroupQuery": {"GroupName": group.name, "ResourceQuery": group.query}}


@service.operation(**ON_GROUP)
async def delete_group(ctx: Context, request: Request) -> Request:
    """The resources stay. API_DeleteGroup."""
    group = await find(ctx, request)
    groups.delete(ctx, group.name)
    return {"Group": shown(ctx, group)}


# -- listing


@service.operation
async def list_groups(ctx: Context, request: Request) -> Request:
    """API_ListGroups."""
    filters = request.get("Filters") or []
    found = [each for each in await groups.scan(ctx) if all(_fits(each, one) for one in filters)]
    page, token = paging.page(found, request, lambda group: group.name)
    identifiers = [_identifier(ctx, each) for each in page]
    return {"GroupIdentifiers": identifiers, "Groups": [shown(ctx, each) for each in page], "NextToken": token}


def _identifier(ctx: Context, group: Group) -> Request:
    told = shown(ctx, group)
    return {"GroupName": told.pop("Name"), **told}


def _fits(group: Group, wanted: Request) -> bool:
    name, values = wanted["Name"], wanted["Values"]
    if name == "resource-type":
        kinds = queries.checked(group.query)["ResourceTypeFilters"]
        return any(kind in values for kind in kinds)
    told = {"owner": group.owner, "display-name": group.display_name, "criticality": str(group.criticality)}
    return told.get(name, "") in values
