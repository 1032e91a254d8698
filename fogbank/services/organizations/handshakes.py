"""Handshakes: accepting, declining, canceling, looking at them, and their end. What comes of an answer is said where they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fogbank.kernel import Context
from fogbank.services.organizations import errors, features, invitations, listing, transfers
from fogbank.services.organizations.calling import READERS, operation
from fogbank.services.organizations.handshake import (
    Handshake,
    State,
    arn,
    check_open,
    described,
    forget,
    handshakes,
    is_recipient,
    put,
    received_by,
    sent_by,
)
from fogbank.services.organizations.organization import Organization
from fogbank.services.organizations.service import service

Request = dict[str, Any]
Effect = Callable[[Context, Handshake], Awaitable[None]]

# What follows from an end, by action and state.
_EFFECTS: dict[tuple[str, str], Effect] = {
    ("INVITE", "ACCEPTED"): invitations.accepted,
    ("APPROVE_ALL_FEATURES", "ACCEPTED"): features.approved,
    ("ENABLE_ALL_FEATURES", "ACCEPTED"): features.finalized,
    ("ENABLE_ALL_FEATURES", "CANCELED"): features.given_up,
    ("ENABLE_ALL_FEATURES", "EXPIRED"): features.given_up,
    ("TRANSFER_RESPONSIBILITY", "ACCEPTED"): transfers.accepted,
    ("TRANSFER_RESPONSIBILITY", "DECLINED"): transfers.declined,
    ("TRANSFER_RESPONSIBILITY", "CANCELED"): transfers.canceled,
    ("TRANSFER_RESPONSIBILITY", "EXPIRED"): transfers.expired,
}


async def _resource(ctx: Context, request: Request) -> str:
    handshake = await handshakes.get(ctx, request["HandshakeId"])
    return f"arn:{ctx.partition}:organizations::*:handshake/*" if handshake is None else arn(ctx, handshake)


async def _find(ctx: Context, request: Request) -> tuple[Handshake, bool, bool]:
    """(the handshake, whether the caller sent it, whether it received it). To others it is not there."""
    handshake = await handshakes.get(ctx, request["HandshakeId"])
    if handshake is None:
        raise errors.handshake_not_found()
    sent = ctx.account == handshake.account
    received = await is_recipient(ctx, handshake, ctx.account)
    if not sent and not received:
        raise errors.handshake_not_found()
    return handshake, sent, received


async def _end(ctx: Context, handshake: Handshake, state: State) -> Request:
    effect = _EFFECTS.get((handshake.action, state))
    if effect is not None:
        await effect(ctx, handshake)
    return {"Handshake": described(ctx, await put(ctx, handshake, state))}


@service.operation(resource=_resource)
async def accept_handshake(ctx: Context, request: Request) -> Request:
    """API_AcceptHandshake. A request to enable all features is accepted by who sent it, when all members have."""
    handshake, sent, received = await _find(ctx, request)
    if not (sent if handshake.recipient is None else received):
        raise errors.access_denied()
    check_open(handshake, "ACCEPTED")
    return await _end(ctx, handshake, "ACCEPTED")


@service.operation(resource=_resource)
async def decline_handshake(ctx: Context, request: Request) -> Request:
    """API_DeclineHandshake, by the recipient."""
    handshake, _, received = await _find(ctx, request)
    if not received:
        raise errors.access_denied()
    check_open(handshake, "DECLINED")
    return await _end(ctx, handshake, "DECLINED")


@service.operation(resource=_resource)
async def cancel_handshake(ctx: Context, request: Request) -> Request:
    """API_CancelHandshake, by the sender."""
    handshake, sent, _ = await _find(ctx, request)
    if not sent:
        raise errors.access_denied()
    check_open(handshake, "CANCELED")
    return await _end(ctx, handshake, "CANCELED")


@service.operation(resource=_resource)
async def describe_handshake(ctx: Context, request: Request) -> Request:
    """API_DescribeHandshake, by sender or recipient."""
    handshake, _, _ = await _find(ctx, request)
    return {"Handshake": described(ctx, handshake)}


# -- listing


@service.operation
async def list_handshakes_for_account(ctx: Context, request: Request) -> Request:
    """Those that the caller's account received, by id. API_ListHandshakesForAccount."""
    return _listed(ctx, request, await received_by(ctx, ctx.account))


@operation(READERS)
async def list_handshakes_for_organization(ctx: Context, organization: Organization, request: Request) -> Request:
    """Those that the organization sent, by id. API_ListHandshakesForOrganization."""
    return _listed(ctx, request, await sent_by(ctx, organization.management))


def _listed(ctx: Context, request: Request, found: list[Handshake]) -> Request:
    wanted = request.get("Filter") or {}
    action, parent = wanted.get("ActionType"), wanted.get("ParentHandshakeId")
    fitting = [
        handshake for handshake in found if action in (None, handshake.action) and parent in (None, handshake.parent)
    ]
    shown, more = listing.page_of_all(request, fitting, lambda handshake: handshake.id)
    return {"Handshakes": [described(ctx, handshake) for handshake in shown], **more}


# -- the end of their time


@service.task
async def expire_handshake(ctx: Context, payload: dict[str, Any]) -> None:
    handshake = await handshakes.get(ctx, payload["id"])
    if handshake is not None and not handshake.is_over:
        await _end(ctx, handshake, "EXPIRED")


@service.task
async def forget_handshake(ctx: Context, payload: dict[str, Any]) -> None:
    handshake = await handshakes.get(ctx, payload["id"])
    if handshake is not None:
        forget(ctx, handshake)


async def withdraw_all(ctx: Context, organization: Organization) -> None:
    """Cancel what the organization has sent: it is about to be no more."""
    for handshake in await sent_by(ctx, organization.management):
        if not handshake.is_over:
            await _end(ctx, handshake, "CANCELED")
