"""Users: CreateUser, DescribeUser, UpdateUser, DeleteUser, ListUsers, GetUserId."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.identitystore import attributes, memberships
from fogbank.services.identitystore.access import about
from fogbank.services.identitystore.entity import Entity, check_revision, users
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, find

Request = dict[str, Any]


@service.operation(**about())
async def create_user(ctx: Context, request: Request) -> Request:
    """Errors: ValidationException, ConflictException. API_CreateUser."""
    store = await find(ctx, request)
    given = attributes.of_new(request)
    attributes.check_user(ctx, given)
    return users.revised(ctx, store, await users.create(ctx, store, given))


@service.operation(**about("user"))
async def describe_user(ctx: Context, request: Request) -> Request:
    """API_DescribeUser."""
    store = await find(ctx, request)
    return _described(ctx, store, await users.find(ctx, store, request["UserId"]), request)


def _described(ctx: Context, store: Store, user: Entity, request: Request) -> Request:
    """A user with those of its extensions that the request asks for."""
    wanted = request.get("Extensions", ())
    extensions = {name: value for name, value in user.attributes.get("Extensions", {}).items() if name in wanted}
    shown = users.described(ctx, store, user)
    return {**shown, "UserStatus": "ENABLED", "Extensions": extensions or None}


@service.operation(**about("user"))
async def update_user(ctx: Context, request: Request) -> Request:
    """Errors: ValidationException, ConflictException. API_UpdateUser."""
    store = await find(ctx, request)
    user = await users.find(ctx, store, request["UserId"])
    check_revision(ctx, user, request)
    given = attributes.changed(ctx, user.attributes, request, "CreateUser")
    attributes.check_user(ctx, given)
    return users.revised(ctx, store, await users.update(ctx, store, user, given))


@service.operation(**about("user"))
async def delete_user(ctx: Context, request: Request) -> Request:
    """Delete a user, and take it out of its groups. API_DeleteUser."""
    store = await find(ctx, request)
    user = await users.find(ctx, store, request["UserId"])
    check_revision(ctx, user, request)
    await memberships.leave_all(ctx, store, user)
    users.delete(ctx, store, user)
    return {}


@service.operation(**about("user"))
async def list_users(ctx: Context, request: Request) -> Request:
    """API_ListUsers."""
    store = await find(ctx, request)
    found, token = await users.listed(ctx, store, request)
    return {"Users": [_described(ctx, store, user, request) for user in found], "NextToken": token}


@service.operation(**about("user"))
async def get_user_id(ctx: Context, request: Request) -> Request:
    """The user with an external id, a user name or an email address. API_GetUserId."""
    store = await find(ctx, request)
    return users.identified(ctx, store, await users.alternative(ctx, store, request))
