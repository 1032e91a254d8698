"""Groups: CreateGroup, DescribeGroup, UpdateGroup, DeleteGroup, ListGroups, GetGroupId."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.identitystore import attributes, memberships
from fogbank.services.identitystore.access import about
from fogbank.services.identitystore.entity import check_revision, groups
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import find

Request = dict[str, Any]


@service.operation(**about())
async def create_group(ctx: Context, request: Request) -> Request:
    """Errors: ValidationException, ConflictException. API_CreateGroup."""
    store = await find(ctx, request)
    given = attributes.of_new(request)
    attributes.check_group(ctx, given)
    return groups.revised(ctx, store, await groups.create(ctx, store, given))


@service.operation(**about("group"))
async def describe_group(ctx: Context, request: Request) -> Request:
    """API_DescribeGroup."""
    store = await find(ctx, request)
    return groups.described(ctx, store, await groups.find(ctx, store, request["GroupId"]))


@service.operation(**about("group"))
async def update_group(ctx: Context, request: Request) -> Request:
    """Errors: ValidationException, ConflictException. API_UpdateGroup."""
    store = await find(ctx, request)
    group = await groups.find(ctx, store, request["GroupId"])
    check_revision(ctx, group, request)
    given = attributes.changed(ctx, group.attributes, request, "CreateGroup")
    attributes.check_group(ctx, given)
    return groups.revised(ctx, store, await groups.update(ctx, store, group, given))


@service.operation(**about("group"))
async def delete_group(ctx: Context, request: Request) -> Request:
    """Delete a group and all of its memberships. API_DeleteGroup."""
    store = await find(ctx, request)
    group = await groups.find(ctx, store, request["GroupId"])
    check_revision(ctx, group, request)
    await memberships.dissolve(ctx, store, group)
    groups.delete(ctx, store, group)
    return {}


@service.operation(**about("group"))
async def list_groups(ctx: Context, request: Request) -> Request:
    """API_ListGroups."""
    store = await find(ctx, request)
    found, token = await groups.listed(ctx, store, request)
    return {"Groups": [groups.described(ctx, store, group) for group in found], "NextToken": token}


@service.operation(**about("group"))
async def get_group_id(ctx: Context, request: Request) -> Request:
    """The group with an external id or a display name. API_GetGroupId."""
    store = await find(ctx, request)
    return groups.identified(ctx, store, await groups.alternative(ctx, store, request))
