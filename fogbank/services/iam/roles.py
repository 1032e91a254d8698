"""Roles: who may take them on (trust), for how long, and what hangs on them."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.iam import boundaries, documents, errors, tags, trust, uses
from fogbank.services.iam.entities import by_name
from fogbank.services.iam.listing import page
from fogbank.services.iam.role import (
    SERVICE_LINKED_PATH,
    Role,
    find_modifiable,
    roles,
)
from fogbank.services.iam.service import service

Request = dict[str, Any]

_one: Final[Request] = {**roles.one, "keys": partial(boundaries.keys_of_present, roles)}


async def described(ctx: Context, role: Role) -> Request:
    """A Role of the API as lists show it."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": roles.arn(ctx, role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": documents.shown(await trust.shown(ctx, role.trust)),
        "Description": role.description,
        "MaxSessionDuration": role.max_duration,
    }


async def described_fully(ctx: Context, role: Role) -> Request:
    """A Role with what only GetRole shows."""
    return {
        **await described(ctx, role),
        **boundaries.shown(role.boundary),
        "Tags": tags.shown(role.tags) or None,
        "RoleLastUsed": await uses.of_role(ctx, roles.arn(ctx, role), role.created),
    }


@service.operation(**roles.new, keys=boundaries.condition_keys)
async def create_role(ctx: Context, request: Request) -> Request:
    """API_CreateRole. The answer leaves out the description and the duration, as AWS's does."""
    if request.get("Path", "/").startswith(SERVICE_LINKED_PATH):
        raise errors.reserved_path(request["Path"])
    role = Role(
        name=request["RoleName"],
        path=request.get("Path", "/"),
        id=await roles.new_id(ctx, request["RoleName"]),
        created=int(ctx.now()),
        trust=await trust.canonical(ctx, request["AssumeRolePolicyDocument"]),
        description=request.get("Description"),
        tags=tags.of_new(request, "role"),
    )
    role = replace(
        role,
        max_duration=request.get("MaxSessionDuration", role.max_duration),
        boundary=await boundaries.of_new(ctx, request, role.id),
    )
    roles.save(ctx, role)
    shown = await described_fully(ctx, role)
    return {"Role": {**shown, "Description": None, "MaxSessionDuration": None, "RoleLastUsed": None}}


@service.operation(**_one)
async def get_role(ctx: Context, request: Request) -> Request:
    """API_GetRole."""
    return {"Role": await described_fully(ctx, await roles.find(ctx, request["RoleName"]))}


@service.operation(**roles.some)
async def list_roles(ctx: Context, request: Request) -> Request:
    """API_ListRoles."""
    found, more = page(request, await roles.in_path(ctx, request.get("PathPrefix")), by_name)
    return {"Roles": [await described(ctx, role) for role in found], **more}


@service.operation(**_one)
async def update_role(ctx: Context, request: Request) -> Request:
    """Another description or duration; of service-linked roles only the description. API_UpdateRole."""
    find = roles.find if "MaxSessionDuration" not in request else find_modifiable
    role = await find(ctx, request["RoleName"])
    description = request.get("Description", role.description)
    duration = request.get("MaxSessionDuration", role.max_duration)
    roles.save(ctx, replace(role, description=description or None, max_duration=duration))
    return {}


@service.operation(**_one)
async def update_role_description(ctx: Context, request: Request) -> Request:
    """API_UpdateRoleDescription. The description of a service-linked role can be changed too."""
    role = replace(await roles.find(ctx, request["RoleName"]), description=request["Description"] or None)
    roles.save(ctx, role)
    return {"Role": await described(ctx, role)}


@service.operation(**_one)
async def update_assume_role_policy(ctx: Context, request: Request) -> Request:
    """API_UpdateAssumeRolePolicy."""
    role = await find_modifiable(ctx, request["RoleName"])
    roles.save(ctx, replace(role, trust=await trust.canonical(ctx, request["PolicyDocument"])))
    return {}


@service.operation(**_one)
async def delete_role(ctx: Context, request: Request) -> Request:
    """API_DeleteRole. Raises DeleteConflict while anything hangs on the role."""
    role = await find_modifiable(ctx, request["RoleName"])
    await roles.check_bare(ctx, role)
    remove(ctx, role)
    return {}


def remove(ctx: Context, role: Role) -> None:
    """Take a role away on which nothing hangs."""
    boundaries.forget(ctx, role.boundary, role.id)
    roles.remove(ctx, role)


# -- permissions boundaries


@service.operation(**roles.one, keys=boundaries.condition_keys)
async def put_role_permissions_boundary(ctx: Context, request: Request) -> Request:
    """API_PutRolePermissionsBoundary."""
    role = await find_modifiable(ctx, request["RoleName"])
    await boundaries.put(ctx, roles, role, request["PermissionsBoundary"])
    return {}


@service.operation(**_one)
async def delete_role_permissions_boundary(ctx: Context, request: Request) -> Request:
    """API_DeleteRolePermissionsBoundary."""
    boundaries.drop(ctx, roles, await find_modifiable(ctx, request["RoleName"]))
    return {}


tags.declare("role", "role", lambda ctx, request: roles.find(ctx, request["RoleName"]), roles.save, roles.resource)
