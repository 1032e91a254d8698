"""Accounts of an organization: describing, listing, moving, closing, removing them. How they are created is in `creation`."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.organizations import errors, features, limits, listing, people, tree
from fogbank.services.organizations.calling import MANAGEMENT, MEMBERS, READERS, operation
from fogbank.services.organizations.joining import Member, check_may_leave, find_member, leave, members
from fogbank.services.organizations.organization import Organization, arn_of, organization_of
from fogbank.services.organizations.service import service
from fogbank.services.organizations.tree import ACCOUNT, ROOT, UNIT

Request = dict[str, Any]


async def _account(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["AccountId"])


async def _parent(ctx: Context, organization: Organization, request: Request) -> str:
    return arn_of(ctx, organization, request["ParentId"])


async def _account_and_parents(ctx: Context, organization: Organization, request: Request) -> tuple[str, ...]:
    ids = (request["AccountId"], request["SourceParentId"], request["DestinationParentId"])
    return tuple(arn_of(ctx, organization, id) for id in ids)


# -- describing


async def described(ctx: Context, organization: Organization, member: Member) -> Request:
    """An Account of the API."""
    profile = await people.profile(ctx, member.id)
    return {
        "Id": member.id,
        "Arn": arn_of(ctx, organization, member.id),
        "Email": profile.email,
        "Name": profile.name,
        "Status": member.state,
        "State": member.state,
        "Paths": [await tree.path(ctx, organization, member.id)],
        "JoinedMethod": member.method,
        "JoinedTimestamp": member.joined,
    }


@operation(READERS, _account)
async def describe_account(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_DescribeAccount."""
    member = await find_member(ctx, request["AccountId"])
    return {"Account": await described(ctx, organization, member)}


@operation(READERS)
async def list_accounts(ctx: Context, organization: Organization, request: Request) -> Request:
    """All accounts, by id. API_ListAccounts."""
    start = listing.after(request)
    found = await members.scan(ctx, after=(start,) if start else None, limit=listing.size(request) + 1)
    shown, more = listing.page(request, found, lambda member: member.id)
    return {"Accounts": [await described(ctx, organization, member) for member in shown], **more}


@operation(READERS, _parent)
async def list_accounts_for_parent(ctx: Context, organization: Organization, request: Request) -> Request:
    """The accounts directly below a parent, by id. API_ListAccountsForParent."""
    parent = await tree.find_parent(ctx, request["ParentId"])
    ids = await tree.below(ctx, parent.id, ACCOUNT, listing.after(request), listing.size(request) + 1)
    shown, more = listing.page(request, ids, str)
    accounts = [await described(ctx, organization, await find_member(ctx, id)) for id in shown]
    return {"Accounts": accounts, **more}


# -- moving


@operation(MANAGEMENT, _account_and_parents)
async def move_account(ctx: Context, organization: Organization, request: Request) -> None:
    """API_MoveAccount. What is attached to the account itself stays attached."""
    account = await tree.find(ctx, request["AccountId"], errors.account_not_found, ACCOUNT)
    source = await tree.find(ctx, request["SourceParentId"], errors.source_parent_not_found, ROOT, UNIT)
    target = await tree.find(ctx, request["DestinationParentId"], errors.destination_parent_not_found, ROOT, UNIT)
    if account.parent != source.id:
        raise errors.source_parent_not_found()
    if account.parent == target.id:
        raise errors.duplicate_account()
    tree.move(ctx, account, target.id)


# -- removing


@operation(MANAGEMENT, _account)
async def remove_account_from_organization(ctx: Context, organization: Organization, request: Request) -> None:
    """API_RemoveAccountFromOrganization."""
    await _leave(ctx, organization, request["AccountId"])


@operation(MEMBERS)
async def leave_organization(ctx: Context, organization: Organization, request: Request) -> None:
    """The caller's account leaves. API_LeaveOrganization."""
    await _leave(ctx, organization, ctx.principal.account)


async def _leave(ctx: Context, organization: Organization, account: str) -> None:
    if account == organization.management:
        raise errors.management_account_stays()
    await check_may_leave(ctx, account)
    await leave(ctx, account)
    await features.account_left(ctx, organization, account)


# -- closing


@operation(MANAGEMENT, _account)
async def close_account(ctx: Context, organization: Organization, request: Request) -> None:
    """Begin to close a member. API_CloseAccount. It is suspended for 90 days, and gone then."""
    member = await find_member(ctx, request["AccountId"])
    if member.id == organization.management:
        raise errors.management_account_stays_open()
    if not organization.has_all_features:
        raise errors.needs_all_features()
    if member.state == "SUSPENDED":
        raise errors.already_closed()
    if member.state == "PENDING_CLOSURE":
        raise errors.closing_already()
    await _check_closing_quota(ctx)
    members.put(ctx, msgspec.structs.replace(member, state="PENDING_CLOSURE", closed=ctx.now()), member.id)
    await ctx.schedule("suspend", {"account": member.id}, delay=limits.CLOSING_SECONDS, key=member.id)


async def _check_closing_quota(ctx: Context) -> None:
    everyone = await members.scan(ctx)
    since = ctx.now() - limits.CLOSING_DAYS * limits.DAY
    closed = sum(1 for member in everyone if member.closed is not None and member.closed > since)
    allowed = min(max(limits.CLOSED_IN_PERIOD, len(everyone) // 5), limits.CLOSED_IN_PERIOD_AT_MOST)
    if closed >= allowed:
        raise errors.too_many_closed()


@service.task
async def suspend(ctx: Context, payload: dict[str, Any]) -> None:
    """The account is closed; it could be opened again for 90 days, after which it is gone."""
    member = await members.get(ctx, payload["account"])
    if member is not None and member.state == "PENDING_CLOSURE":
        members.put(ctx, msgspec.structs.replace(member, state="SUSPENDED"), member.id)
        await people.profiles(ctx).set_state(ctx.at(account=member.id), "SUSPENDED")
        await ctx.schedule("dissolve", payload, delay=limits.DAYS_CLOSED * limits.DAY, key=member.id)


@service.task
async def dissolve(ctx: Context, payload: dict[str, Any]) -> None:
    """A closed account is gone for good."""
    member = await members.get(ctx, payload["account"])
    organization = await organization_of(ctx, ctx.account)
    if member is not None and member.state == "SUSPENDED" and organization is not None:
        await leave(ctx, member.id)
        await people.profiles(ctx).set_state(ctx.at(account=member.id), "CLOSED")
