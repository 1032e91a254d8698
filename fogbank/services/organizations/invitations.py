"""Invitations: InviteAccountToOrganization, and what follows when one is accepted."""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import errors, features, people, tags
from fogbank.services.organizations.calling import MANAGEMENT, operation
from fogbank.services.organizations.creation import check_number
from fogbank.services.organizations.handshake import Handshake, Party, described, send, sender
from fogbank.services.organizations.joining import check_may_leave, join, leave
from fogbank.services.organizations.organization import Organization, arn_of, organization_of

Request = dict[str, Any]

_ACCOUNT = re.compile(r"\d{12}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


async def _invited(ctx: Context, organization: Organization, request: Request) -> str:
    target = request["Target"]
    return arn_of(ctx, organization, target["Id"] if target["Type"] == "ACCOUNT" else "*")


def party(target: Request) -> Party:
    """An account or email address to which a handshake can be sent. Raises InvalidInputException."""
    kind, id = target["Type"], target["Id"]
    if kind == "ORGANIZATION":
        raise errors.wrong_party_type()
    if kind == "ACCOUNT" and _ACCOUNT.fullmatch(id) is None:
        raise errors.invalid_party()
    if kind == "EMAIL" and _EMAIL.fullmatch(id) is None:
        raise errors.invalid_email()
    return Party(id, kind)


async def account_of(ctx: Context, recipient: Party) -> str | None:
    """The account behind a party, if there is one yet."""
    if recipient.type == "ACCOUNT":
        return recipient.id
    return await people.profiles(ctx).owner(ctx, recipient.id)


@operation(MANAGEMENT, _invited)
async def invite_account_to_organization(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_InviteAccountToOrganization. The invitation is good for 15 days."""
    recipient = party(request["Target"])
    labels = tags.checked({}, request)
    account = await account_of(ctx, recipient)
    if account is not None and await organization_of(ctx, account) == organization:
        raise errors.invited_is_member()
    if await features.under_way(ctx, organization) is not None:
        raise errors.no_invitations_now()
    await check_number(ctx, organization)
    resources = [await sender(ctx, organization), {"Type": recipient.type, "Value": recipient.id}]
    if "Notes" in request:
        resources.append({"Type": "NOTES", "Value": request["Notes"]})
    handshake = await send(ctx, organization, "INVITE", recipient, resources, tags=labels)
    return {"Handshake": described(ctx, handshake)}


async def accepted(ctx: Context, handshake: Handshake) -> None:
    """The caller's account joins, and leaves the organization that it was in. Raises MasterCannotLeaveOrganizationException."""
    account = ctx.account
    before = await organization_of(ctx, account)
    if before is not None and before.id == handshake.organization:
        raise errors.invited_is_member()
    if before is not None:
        await _move_out(ctx, before, account)
    organization = await organization_of(ctx, handshake.account)
    if organization is None or organization.id != handshake.organization:
        raise errors.handshake_not_found()
    scope = ctx.at(account=organization.management)
    await join(scope, organization, account, "INVITED")
    tags.keep(scope, handshake.tags, account)


async def _move_out(ctx: Context, organization: Organization, account: str) -> None:
    if account == organization.management:
        raise errors.management_account_stays()
    scope = ctx.at(account=organization.management)
    await check_may_leave(scope, account)
    await leave(scope, account)
    await features.account_left(scope, organization, account)
