"""Users. What belongs to one (keys, devices, certificates ...) lies under its unique id, in the modules of those things."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import boundaries, errors, ids, limits, tags
from fogbank.services.iam.entities import Kind, by_name
from fogbank.services.iam.listing import page
from fogbank.services.iam.service import service

Request = dict[str, Any]


class User(Record, frozen=True):
    """created: epoch seconds; boundary: a managed policy's ARN or empty; tags: as they were last spelled."""

    name: str
    path: str
    id: str
    created: int
    boundary: str = ""
    tags: dict[str, str] = {}


users = Kind("user", "UserName", ids.USER, User, ("UsersPerAccount", limits.USERS_PER_ACCOUNT))


def described(ctx: Context, user: User) -> Request:
    """A User of the API, as lists show it."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": users.arn(ctx, user),
        "CreateDate": user.created,
    }


def described_fully(ctx: Context, user: User) -> Request:
    """A User with what only GetUser and CreateUser show."""
    return {**described(ctx, user), **boundaries.shown(user.boundary), "Tags": tags.shown(user.tags) or None}


@service.operation(**users.new, keys=boundaries.condition_keys)
async def create_user(ctx: Context, request: Request) -> Request:
    """API_CreateUser."""
    given = tags.of_new(request, "user")
    user = User(
        name=request["UserName"],
        path=request.get("Path", "/"),
        id=await users.new_id(ctx, request["UserName"]),
        created=int(ctx.now()),
        tags=given,
    )
    user = replace(user, boundary=await boundaries.of_new(ctx, request, user.id))
    users.save(ctx, user)
    return {"User": described_fully(ctx, user)}


async def caller_or_named(ctx: Context, request: Request) -> User | None:
    """The user that a request is about: the one it names, else the one who calls; None when that is the root.

    Raises ValidationError when a role's session calls without a name, and NoSuchEntity.
    """
    if "UserName" in request:
        return await users.find(ctx, request["UserName"])
    if ctx.principal.kind == "root":
        return None
    if ctx.principal.kind != "user":
        raise errors.user_name_required()
    return await users.find(ctx, ctx.principal.name)


async def resource_of_caller_or_named(ctx: Context, request: Request) -> str:
    """The ARN that such a request acts on."""
    if "UserName" in request:
        return await users.resource(ctx, request)
    return ctx.principal.policy_arn


@service.operation(resource=resource_of_caller_or_named)
async def get_user(ctx: Context, request: Request) -> Request:
    """A user, by default the one who calls. API_GetUser."""
    user = await caller_or_named(ctx, request)
    return {"User": _root(ctx) if user is None else described_fully(ctx, user)}


def _root(ctx: Context) -> Request:
    """What the root gets to see of itself: its id is the account, it has no path and no name."""
    return {"UserId": ctx.account, "Arn": f"arn:{ctx.partition}:iam::{ctx.account}:root", "CreateDate": 0}


@service.operation(**users.some)
async def list_users(ctx: Context, request: Request) -> Request:
    """API_ListUsers."""
    found, more = page(request, await users.in_path(ctx, request.get("PathPrefix")), by_name)
    return {"Users": [described(ctx, user) for user in found], **more}


@service.operation(resource=users.renamed_resources, tags=users.tags)
async def update_user(ctx: Context, request: Request) -> Request:
    """Another name or path. API_UpdateUser."""
    user = await users.find(ctx, request["UserName"])
    renamed = replace(user, name=request.get("NewUserName", user.name), path=request.get("NewPath", user.path))
    await users.rename(ctx, user, renamed)
    return {}


@service.operation(**users.one)
async def delete_user(ctx: Context, request: Request) -> Request:
    """API_DeleteUser. Raises DeleteConflict while anything belongs to the user."""
    user = await users.find(ctx, request["UserName"])
    await users.check_bare(ctx, user)
    boundaries.forget(ctx, user.boundary, user.id)
    users.remove(ctx, user)
    return {}


# -- permissions boundaries


@service.operation(**users.one, keys=boundaries.condition_keys)
async def put_user_permissions_boundary(ctx: Context, request: Request) -> Request:
    """API_PutUserPermissionsBoundary."""
    user = await users.find(ctx, request["UserName"])
    await boundaries.put(ctx, users, user, request["PermissionsBoundary"])
    return {}


@service.operation(**users.one, keys=partial(boundaries.keys_of_present, users))
async def delete_user_permissions_boundary(ctx: Context, request: Request) -> Request:
    """API_DeleteUserPermissionsBoundary."""
    boundaries.drop(ctx, users, await users.find(ctx, request["UserName"]))
    return {}


tags.declare("user", "user", lambda ctx, request: users.find(ctx, request["UserName"]), users.save, users.resource)
