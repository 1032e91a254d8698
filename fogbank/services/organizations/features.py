"""From consolidated billing to all features: EnableAllFeatures, what the members approve, and how it is finalized.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org_support-all-features.html. Every invited member gets a handshake
APPROVE_ALL_FEATURES. When all have accepted, the one that was sent to the organization itself (ENABLE_ALL_FEATURES) is open, and the
management account may accept it.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import attaching, errors, limits, tree
from fogbank.services.organizations.calling import MANAGEMENT, operation
from fogbank.services.organizations.handshake import (
    Handshake,
    Party,
    described,
    handshakes,
    put,
    send,
    sender,
    sent_by,
)
from fogbank.services.organizations.joining import members
from fogbank.services.organizations.organization import Organization, change, organization_of

Request = dict[str, Any]


async def under_way(ctx: Context, organization: Organization) -> Handshake | None:
    """The request to enable all features that is not answered yet."""
    for handshake in await sent_by(ctx, organization.management):
        if handshake.action == "ENABLE_ALL_FEATURES" and not handshake.is_over:
            return handshake
    return None


@operation(MANAGEMENT)
async def enable_all_features(ctx: Context, organization: Organization, request: Request) -> Request:
    """API_EnableAllFeatures. Invitations that are open are canceled, and none can be sent until it is done."""
    if organization.has_all_features:
        raise errors.has_all_features()
    if await under_way(ctx, organization) is not None:
        raise errors.enabling_all_features()
    for handshake in await sent_by(ctx, organization.management):
        if handshake.action == "INVITE" and not handshake.is_over:
            await put(ctx, handshake, "CANCELED")
    resources = [{"Type": "ORGANIZATION", "Value": organization.id}]
    days = limits.FEATURES_DAYS
    whole = await send(ctx, organization, "ENABLE_ALL_FEATURES", None, resources, days=days, state="REQUESTED")
    await _ask_members(ctx, organization, whole)
    return {"Handshake": described(ctx, await _settled(ctx, whole))}


async def _ask_members(ctx: Context, organization: Organization, whole: Handshake) -> None:
    for member in await members.scan(ctx):
        if member.method == "INVITED" and member.id != organization.management:
            about = [await sender(ctx, organization), {"Type": "PARENT_HANDSHAKE", "Value": whole.id}]
            party = Party(member.id, "ACCOUNT")
            days = limits.FEATURES_DAYS
            await send(ctx, organization, "APPROVE_ALL_FEATURES", party, about, days=days, parent=whole.id)


async def _settled(ctx: Context, whole: Handshake, but: str = "") -> Handshake:
    """Open the request when every member (but one that is just answering) has approved."""
    parts = [each for each in await sent_by(ctx, whole.account) if each.parent == whole.id and each.id != but]
    if all(part.state in ("ACCEPTED", "CANCELED") for part in parts):
        return await put(ctx, whole, "OPEN")
    return whole


# -- what follows from answers


async def approved(ctx: Context, handshake: Handshake) -> None:
    """A member accepts."""
    whole = await handshakes.get(ctx, handshake.parent)
    if whole is None or whole.is_over:
        raise errors.invalid_transition()
    await _settled(ctx, whole, but=handshake.id)


async def finalized(ctx: Context, handshake: Handshake) -> None:
    """The management account accepts: policies are available, and everything has the ones to begin with."""
    if handshake.state != "OPEN":
        raise errors.invalid_transition()
    organization = await organization_of(ctx, handshake.account)
    if organization is None:
        raise errors.not_in_use()
    organization = change(ctx, organization, features="ALL")
    for node in await tree.nodes.scan(ctx):
        attaching.begin(ctx, organization, node.id)


async def given_up(ctx: Context, handshake: Handshake) -> None:
    """The request was canceled or nobody answered in time: its parts are canceled with it."""
    for part in await sent_by(ctx, handshake.account):
        if part.parent == handshake.id and not part.is_over:
            await put(ctx, part, "CANCELED")


async def account_left(ctx: Context, organization: Organization, account: str) -> None:
    """An account that left need not approve any more. `ctx` is in the organization's scope."""
    whole = await under_way(ctx, organization)
    if whole is None:
        return
    for part in await sent_by(ctx, organization.management):
        left = part.recipient is not None and part.recipient.id == account
        if part.parent == whole.id and left and not part.is_over:
            await put(ctx, part, "CANCELED")
    await _settled(ctx, whole)
