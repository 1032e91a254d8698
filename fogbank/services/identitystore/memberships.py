"""Memberships: who is in which group.

memberships    (store, id)            Membership
members        (store, group, user)   the membership's id
groups_of      (store, user, group)   the membership's id
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.kernel.collection import Collection
from fogbank.services.identitystore import errors, limits
from fogbank.services.identitystore.access import about
from fogbank.services.identitystore.entity import Entity, groups, position, users
from fogbank.services.identitystore.service import service
from fogbank.services.identitystore.store import Store, arn_in, find, plain

Request = dict[str, Any]


class Membership(Record, frozen=True):
    """A user (its id) in a group (its id). `created` is epoch seconds, `created_by` the ARN of a caller."""

    id: str
    group: str
    user: str
    created: float
    created_by: str


memberships = service.collection("memberships", Membership)
_members: Collection[str] = service.collection("members", str)
_groups_of: Collection[str] = service.collection("groups_of", str)


@service.operation(**about("group", "user"))
async def create_group_membership(ctx: Context, request: Request) -> Request:
    """Errors: ResourceNotFoundException, ConflictException. API_CreateGroupMembership."""
    store = await find(ctx, request)
    group = await groups.find(ctx, store, request["GroupId"])
    user = await users.find(ctx, store, _member(ctx, request))
    if await _members.get(ctx, store.id, group.id, user.id) is not None:
        raise errors.membership_exists(ctx)
    identifier = f"{store.id.removeprefix('d-')}-{ctx.ids.uuid()}"
    membership = Membership(identifier, group.id, user.id, ctx.now(), ctx.principal.arn)
    memberships.put(ctx, membership, store.id, identifier)
    _members.put(ctx, identifier, store.id, group.id, user.id)
    _groups_of.put(ctx, identifier, store.id, user.id, group.id)
    return _identified(ctx, store, identifier)


def _member(ctx: Context, request: Request) -> str:
    """The user that a request means. The member is a union of which users are the only kind."""
    if "UserId" not in request["MemberId"]:
        raise errors.invalid(ctx, "MemberId must have a UserId.")
    return request["MemberId"]["UserId"]


def _identified(ctx: Context, store: Store, identifier: str) -> Request:
    return {
        "IdentityStoreId": store.id,
        "MembershipId": identifier,
        "MembershipArn": arn_in(ctx, "membership", identifier),
    }


@service.operation(**about("membership"))
async def describe_group_membership(ctx: Context, request: Request) -> Request:
    """API_DescribeGroupMembership."""
    store = await find(ctx, request)
    return _described(ctx, store, await _find(ctx, store, request))


async def _find(ctx: Context, store: Store, request: Request) -> Membership:
    identifier = plain(request["MembershipId"])
    membership = await memberships.get(ctx, store.id, identifier)
    if membership is None:
        raise errors.not_found(ctx, "GROUP_MEMBERSHIP", identifier)
    return membership


def _described(ctx: Context, store: Store, membership: Membership) -> Request:
    return {
        **_identified(ctx, store, membership.id),
        "GroupId": membership.group,
        "MemberId": {"UserId": membership.user},
        "CreatedAt": membership.created,
        "UpdatedAt": membership.created,
        "CreatedBy": membership.created_by,
        "UpdatedBy": membership.created_by,
    }


@service.operation(**about("group", "membership", "user"))
async def get_group_membership_id(ctx: Context, request: Request) -> Request:
    """API_GetGroupMembershipId."""
    store = await find(ctx, request)
    group, user = plain(request["GroupId"]), plain(_member(ctx, request))
    identifier = await _members.get(ctx, store.id, group, user)
    if identifier is None:
        raise errors.not_found(ctx, "GROUP_MEMBERSHIP")
    return _identified(ctx, store, identifier)


@service.operation(**about("membership"))
async def delete_group_membership(ctx: Context, request: Request) -> Request:
    """API_DeleteGroupMembership."""
    store = await find(ctx, request)
    _remove(ctx, store, await _find(ctx, store, request))
    return {}


def _remove(ctx: Context, store: Store, membership: Membership) -> None:
    memberships.delete(ctx, store.id, membership.id)
    _members.delete(ctx, store.id, membership.group, membership.user)
    _groups_of.delete(ctx, store.id, membership.user, membership.group)


@service.operation(**about("group"))
async def list_group_memberships(ctx: Context, request: Request) -> Request:
    """Who is in a group. API_ListGroupMemberships."""
    store = await find(ctx, request)
    group = await groups.find(ctx, store, request["GroupId"])
    return await _listed(ctx, store, request, _members, group)


@service.operation(**about("user"))
async def list_group_memberships_for_member(ctx: Context, request: Request) -> Request:
    """In which groups a user is. API_ListGroupMembershipsForMember."""
    store = await find(ctx, request)
    user = await users.find(ctx, store, _member(ctx, request))
    return await _listed(ctx, store, request, _groups_of, user)


async def _listed(ctx: Context, store: Store, request: Request, index: Collection[str], entity: Entity) -> Request:
    limit = request.get("MaxResults", limits.PAGE)
    after = position(ctx, request)
    rows = await index.items(ctx, (str,), store.id, entity.id, after=after, limit=limit + 1)
    shown, token = pages.page(rows, limit, lambda row: str(row[0][0]))
    found = [await memberships.get(ctx, store.id, identifier) for _, identifier in shown]
    described = [_described(ctx, store, membership) for membership in found if membership is not None]
    return {"GroupMemberships": described, "NextToken": token}


@service.operation(**about("group", "user"))
async def is_member_in_groups(ctx: Context, request: Request) -> Request:
    """API_IsMemberInGroups. Raises ResourceNotFoundException for the user and for each of the groups."""
    store = await find(ctx, request)
    user = await users.find(ctx, store, _member(ctx, request))
    results = []
    for identifier in request["GroupIds"]:
        group = await groups.find(ctx, store, identifier)
        exists = await _members.get(ctx, store.id, group.id, user.id) is not None
        results.append({"GroupId": group.id, "MemberId": {"UserId": user.id}, "MembershipExists": exists})
    return {"Results": results}


# -- when users and groups go


async def leave_all(ctx: Context, store: Store, user: Entity) -> None:
    """Take a user out of its groups."""
    await _remove_all(ctx, store, _groups_of, user.id)


async def dissolve(ctx: Context, store: Store, group: Entity) -> None:
    """Take everybody out of a group."""
    await _remove_all(ctx, store, _members, group.id)


async def _remove_all(ctx: Context, store: Store, index: Collection[str], entity: str) -> None:
    for identifier in await index.scan(ctx, store.id, entity):
        membership = await memberships.get(ctx, store.id, identifier)
        if membership is not None:
            _remove(ctx, store, membership)


async def groups_of(ctx: Context, store: str, user: str) -> list[str]:
    """The ids of the groups that a user is in."""
    return [str(key[0]) for key, _ in await _groups_of.items(ctx, (str,), store, user)]


def all_rows() -> tuple[Collection[Any], ...]:
    return (memberships, _members, _groups_of)
