"""Groups of users.

groups       (pool, name)                    Group
members      (pool, name, folded username)   when the user was put there
memberships  (pool, folded username, name)   the same
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.kernel.pages import page, position
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.pool import ON_POOL, Pool, Request, find
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User, existing, shown, users

_PAGE = 60
_LOWEST = 1 << 31


class Group(Record, frozen=True):
    pool: str
    name: str
    description: str
    role: str
    precedence: int | None
    created: float
    modified: float


groups = service.collection("groups", Group)
members = service.collection("members", float)
memberships = service.collection("memberships", float)


async def of_user(ctx: Context, pool: Pool, user: User) -> list[Group]:
    """The groups of a user, those that take precedence first."""
    names = await memberships.items(ctx, (str,), pool.id, pool.folded(user.name))
    found = [await groups.get(ctx, pool.id, str(key[0])) for key, _ in names]
    there = [group for group in found if group is not None]
    return sorted(there, key=lambda group: _LOWEST if group.precedence is None else group.precedence)


async def leave_all(ctx: Context, pool: Pool, user: User) -> None:
    """A user goes."""
    folded = pool.folded(user.name)
    for key, _ in await memberships.items(ctx, (str,), pool.id, folded):
        _part(ctx, pool, str(key[0]), folded)


def _part(ctx: Context, pool: Pool, group: str, folded: str) -> None:
    members.delete(ctx, pool.id, group, folded)
    memberships.delete(ctx, pool.id, folded, group)


async def _found(ctx: Context, pool: Pool, request: Request) -> Group:
    group = await groups.get(ctx, pool.id, request["GroupName"])
    if group is None:
        raise errors.no_such_group()
    return group


def _shown(group: Group) -> dict[str, Any]:
    return {
        "GroupName": group.name,
        "UserPoolId": group.pool,
        "Description": group.description or None,
        "RoleArn": group.role or None,
        "Precedence": group.precedence,
        "CreationDate": group.created,
        "LastModifiedDate": group.modified,
    }


# -- groups


@service.operation(**ON_POOL)
async def create_group(ctx: Context, request: Request) -> Request:
    """API_CreateGroup. Errors: GroupExistsException, ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    name, now = request["GroupName"], ctx.now()
    if await groups.get(ctx, pool.id, name) is not None:
        raise errors.group_exists()
    description, role = request.get("Description", ""), request.get("RoleArn", "")
    made = Group(pool.id, name, description, role, request.get("Precedence"), now, now)
    groups.put(ctx, made, pool.id, name)
    return {"Group": _shown(made)}


@service.operation(**ON_POOL)
async def get_group(ctx: Context, request: Request) -> Request:
    """API_GetGroup. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    return {"Group": _shown(await _found(ctx, pool, request))}


@service.operation(**ON_POOL)
async def update_group(ctx: Context, request: Request) -> Request:
    """API_UpdateGroup. What the request does not say stays. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    found = await _found(ctx, pool, request)
    changed = replace(
        found,
        description=request.get("Description", found.description),
        role=request.get("RoleArn", found.role),
        precedence=request.get("Precedence", found.precedence),
        modified=ctx.now(),
    )
    groups.put(ctx, changed, pool.id, found.name)
    return {"Group": _shown(changed)}


@service.operation(**ON_POOL)
async def delete_group(ctx: Context, request: Request) -> None:
    """API_DeleteGroup. Its members stay as users. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    found = await _found(ctx, pool, request)
    for key, _ in await members.items(ctx, (str,), pool.id, found.name):
        _part(ctx, pool, found.name, str(key[0]))
    groups.delete(ctx, pool.id, found.name)


@service.operation(**ON_POOL)
async def list_groups(ctx: Context, request: Request) -> Request:
    """API_ListGroups. Errors: InvalidParameterException (a token that is none), ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    after, limit = _place(request)
    rows = await groups.scan(ctx, pool.id, after=after, limit=limit + 1)
    listed, following = page(rows, limit, lambda group: group.name)
    return {"Groups": [_shown(group) for group in listed], "NextToken": following}


def _place(request: Request) -> tuple[tuple[str] | None, int]:
    """(where a page begins, how long it is)."""
    token, limit = request.get("NextToken"), request.get("Limit")
    after = (position(token, errors.bad_token("NextToken")),) if token else None
    return after, _PAGE if limit is None else max(limit, 1)


# -- members


@service.operation(**ON_POOL)
async def admin_add_user_to_group(ctx: Context, request: Request) -> None:
    """API_AdminAddUserToGroup. Errors: UserNotFoundException, ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    group = await _found(ctx, pool, request)
    members.put(ctx, ctx.now(), pool.id, group.name, pool.folded(user.name))
    memberships.put(ctx, ctx.now(), pool.id, pool.folded(user.name), group.name)


@service.operation(**ON_POOL)
async def admin_remove_user_from_group(ctx: Context, request: Request) -> None:
    """API_AdminRemoveUserFromGroup. Errors: UserNotFoundException, ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    _part(ctx, pool, (await _found(ctx, pool, request)).name, pool.folded(user.name))


@service.operation(**ON_POOL)
async def admin_list_groups_for_user(ctx: Context, request: Request) -> Request:
    """API_AdminListGroupsForUser. Errors: UserNotFoundException, InvalidParameterException (a token that is none)."""
    pool = await find(ctx, request["UserPoolId"])
    user = await existing(ctx, pool, request["Username"])
    after, limit = _place(request)
    rows = await memberships.items(ctx, (str,), pool.id, pool.folded(user.name), after=after, limit=limit + 1)
    names, following = page([str(key[0]) for key, _ in rows], limit, str)
    found = [await groups.get(ctx, pool.id, name) for name in names]
    return {"Groups": [_shown(group) for group in found if group is not None], "NextToken": following}


@service.operation(**ON_POOL)
async def list_users_in_group(ctx: Context, request: Request) -> Request:
    """API_ListUsersInGroup. Errors: ResourceNotFoundException, InvalidParameterException (a token that is none)."""
    pool = await find(ctx, request["UserPoolId"])
    group = await _found(ctx, pool, request)
    after, limit = _place(request)
    rows = await members.items(ctx, (str,), pool.id, group.name, after=after, limit=limit + 1)
    names, following = page([str(key[0]) for key, _ in rows], limit, str)
    found = [await users.get(ctx, pool.id, name) for name in names]
    return {"Users": [shown(user) for user in found if user is not None], "NextToken": following}
