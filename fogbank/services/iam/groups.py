"""Groups and who is in them. Memberships lie under both ids, so that either side is listed at once."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import errors, ids, limits
from fogbank.services.iam.entities import Kind, by_name
from fogbank.services.iam.listing import page
from fogbank.services.iam.service import definitions, service
from fogbank.services.iam.users import User, described, users

Request = dict[str, Any]


class Group(Record, frozen=True):
    """created: epoch seconds."""

    name: str
    path: str
    id: str
    created: int


groups = Kind("group", "GroupName", ids.GROUP, Group, ("GroupsPerAccount", limits.GROUPS_PER_ACCOUNT))

# (user id, group id) and (group id, user id)
_memberships = definitions("memberships", bytes)
_members = definitions("members", bytes)


async def groups_of(ctx: Context, user_id: str) -> list[Group]:
    """The groups of a user, by name."""
    rows = await _memberships.items(ctx, (str,), user_id)
    found = [await groups.identified(ctx, str(key[0])) for key, _ in rows]
    return sorted((group for group in found if group is not None), key=by_name)


async def members_of(ctx: Context, group: Group) -> list[User]:
    """The users of a group, by name."""
    rows = await _members.items(ctx, (str,), group.id)
    found = [await users.identified(ctx, str(key[0])) for key, _ in rows]
    return sorted((user for user in found if user is not None), key=by_name)


async def _has_members(ctx: Context, group_id: str) -> bool:
    return await _members.count(ctx, group_id, limit=1) > 0


async def _is_member(ctx: Context, user_id: str) -> bool:
    return await _memberships.count(ctx, user_id, limit=1) > 0


# in both cases the same words: https://github.com/hashicorp/terraform/issues/29147, https://github.com/mozilla-services/userplex/issues/17
groups.belongings.append(("remove users from group", _has_members))
users.belongings.append(("remove users from group", _is_member))


def group_described(ctx: Context, group: Group) -> Request:
    """A Group of the API."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": groups.arn(ctx, group),
        "CreateDate": group.created,
    }


@service.operation(**groups.new)
async def create_group(ctx: Context, request: Request) -> Request:
    """API_CreateGroup."""
    name = request["GroupName"]
    group = Group(name, request.get("Path", "/"), await groups.new_id(ctx, name), int(ctx.now()))
    groups.save(ctx, group)
    return {"Group": group_described(ctx, group)}


@service.operation(**groups.one)
async def get_group(ctx: Context, request: Request) -> Request:
    """A group and its users, which come in pages. API_GetGroup."""
    group = await groups.find(ctx, request["GroupName"])
    found, more = page(request, await members_of(ctx, group), by_name)
    return {"Group": group_described(ctx, group), "Users": [described(ctx, user) for user in found], **more}


@service.operation(**groups.some)
async def list_groups(ctx: Context, request: Request) -> Request:
    """API_ListGroups."""
    found, more = page(request, await groups.in_path(ctx, request.get("PathPrefix")), by_name)
    return {"Groups": [group_described(ctx, group) for group in found], **more}


@service.operation(**users.one)
async def list_groups_for_user(ctx: Context, request: Request) -> Request:
    """API_ListGroupsForUser."""
    user = await users.find(ctx, request["UserName"])
    found, more = page(request, await groups_of(ctx, user.id), by_name)
    return {"Groups": [group_described(ctx, group) for group in found], **more}


@service.operation(resource=groups.renamed_resources)
async def update_group(ctx: Context, request: Request) -> Request:
    """Another name or path. API_UpdateGroup."""
    group = await groups.find(ctx, request["GroupName"])
    renamed = replace(group, name=request.get("NewGroupName", group.name), path=request.get("NewPath", group.path))
    await groups.rename(ctx, group, renamed)
    return {}


@service.operation(**groups.one)
async def delete_group(ctx: Context, request: Request) -> Request:
    """API_DeleteGroup. Raises DeleteConflict while it has users or policies."""
    group = await groups.find(ctx, request["GroupName"])
    await groups.check_bare(ctx, group)
    groups.remove(ctx, group)
    return {}


@service.operation(**groups.one)
async def add_user_to_group(ctx: Context, request: Request) -> Request:
    """API_AddUserToGroup. Who is in already stays in."""
    group = await groups.find(ctx, request["GroupName"])
    user = await users.find(ctx, request["UserName"])
    others = [each for each in await groups_of(ctx, user.id) if each.id != group.id]
    if len(others) >= limits.GROUPS_PER_USER:
        raise errors.quota_exceeded("GroupsPerUser", limits.GROUPS_PER_USER)
    _memberships.put(ctx, b"", user.id, group.id)
    _members.put(ctx, b"", group.id, user.id)
    return {}


@service.operation(**groups.one)
async def remove_user_from_group(ctx: Context, request: Request) -> Request:
    """API_RemoveUserFromGroup. Who is not in stays out."""
    group = await groups.find(ctx, request["GroupName"])
    user = await users.find(ctx, request["UserName"])
    _memberships.delete(ctx, user.id, group.id)
    _members.delete(ctx, group.id, user.id)
    return {}
