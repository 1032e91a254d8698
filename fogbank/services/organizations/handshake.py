"""The Handshake record: an offer from one account to another, which is open until somebody answers it or its time is over.

Both sides have to find it, so it lies in no account:

handshakes   (id)           Handshake; global
inbox        (party, id)    Letter: handshakes by their recipient, an account or an email address in lower case; global
outbox       (account, id)  Letter: handshakes by the management account that sent them; global
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.organizations import errors, limits, people
from fogbank.services.organizations.organization import Organization
from fogbank.services.organizations.service import service

Request = dict[str, Any]
Action = Literal["INVITE", "ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES", "TRANSFER_RESPONSIBILITY"]
State = Literal["REQUESTED", "OPEN", "CANCELED", "ACCEPTED", "DECLINED", "EXPIRED"]

OVER: Final = frozenset({"CANCELED", "ACCEPTED", "DECLINED", "EXPIRED"})


class Party(Record, frozen=True):
    """Somebody who takes part, as the API has it."""

    id: str
    type: Literal["ACCOUNT", "ORGANIZATION", "EMAIL"]

    @property
    def key(self) -> str:
        """As which it is found in the inbox."""
        return self.id.lower()


class Handshake(Record, frozen=True):
    """A handshake.

    account       the management account that sent it: it goes when that account is forgotten
    organization  the id of the sender's organization
    recipient     None when the sender itself has the last word
    resources     as the API has them
    requested, expires   epoch seconds
    parent        the id of the handshake that it is a part of
    tags          for what comes of it
    subject       the id of the transfer that it is about
    """

    id: str
    account: str
    organization: str
    action: Action
    state: State
    recipient: Party | None
    resources: list[Request]
    requested: float
    expires: float
    parent: str = ""
    tags: dict[str, str] = {}
    subject: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in OVER


class Letter(Record, frozen=True):
    """`account` is the sender: the row goes when that account is forgotten."""

    account: str


handshakes = service.collection("handshakes", Handshake, scope="global")
inbox = service.collection("inbox", Letter, scope="global")
outbox = service.collection("outbox", Letter, scope="global")


# -- making and changing


async def send(
    ctx: Context,
    organization: Organization,
    action: Action,
    recipient: Party | None,
    resources: list[Request],
    days: int = limits.INVITATION_DAYS,
    state: State = "OPEN",
    **more: Any,
) -> Handshake:
    """A new handshake from the organization. Raises DuplicateHandshakeException, HandshakeConstraintViolationException."""
    await _check_new(ctx, organization, action, recipient)
    now = ctx.now()
    handshake = Handshake(
        f"h-{ctx.ids.hex(10)}",
        organization.management,
        organization.id,
        action,
        state,
        recipient,
        resources,
        now,
        now + days * limits.DAY,
        **more,
    )
    letter = Letter(organization.management)
    handshakes.put(ctx, handshake, handshake.id)
    outbox.put(ctx, letter, organization.management, handshake.id)
    if recipient is not None:
        inbox.put(ctx, letter, recipient.key, handshake.id)
    await ctx.schedule("expire_handshake", {"id": handshake.id}, at=handshake.expires, key=handshake.id)
    return handshake


async def _check_new(ctx: Context, organization: Organization, action: Action, recipient: Party | None) -> None:
    sent = await sent_by(ctx, organization.management)
    for handshake in sent:
        if handshake.action == action and handshake.recipient == recipient and not handshake.is_over:
            raise errors.duplicate_handshake()
    today = sum(1 for handshake in sent if handshake.requested > ctx.now() - limits.DAY and not handshake.parent)
    if today >= limits.HANDSHAKES_PER_DAY:
        raise errors.too_many_handshakes()


async def put(ctx: Context, handshake: Handshake, state: State) -> Handshake:
    """Bring a handshake into a state. One that is over is kept for 30 days."""
    changed = msgspec.structs.replace(handshake, state=state)
    handshakes.put(ctx, changed, changed.id)
    if changed.is_over:
        home = ctx.at(account=handshake.account)
        await home.unschedule("expire_handshake", handshake.id)
        delay = limits.HANDSHAKE_KEPT_DAYS * limits.DAY
        await home.schedule("forget_handshake", {"id": handshake.id}, delay=delay, key=handshake.id)
    return changed


def check_open(handshake: Handshake, wanted: State) -> None:
    """Raises HandshakeAlreadyInStateException, InvalidHandshakeTransitionException."""
    if handshake.state == wanted:
        raise errors.handshake_already_in_state()
    if handshake.is_over:
        raise errors.invalid_transition()


def forget(ctx: Context, handshake: Handshake) -> None:
    handshakes.delete(ctx, handshake.id)
    outbox.delete(ctx, handshake.account, handshake.id)
    if handshake.recipient is not None:
        inbox.delete(ctx, handshake.recipient.key, handshake.id)


# -- finding


async def sent_by(ctx: Context, management: str) -> list[Handshake]:
    """All handshakes that an organization sent, by id."""
    return await _read(ctx, [str(key[0]) for key, _ in await outbox.items(ctx, (str,), management)])


async def received_by(ctx: Context, account: str) -> list[Handshake]:
    """All handshakes that were sent to an account, by its number or its email address, by id."""
    email = (await people.profile(ctx, account)).email.lower()
    ids = [str(key[0]) for party in (account, email) for key, _ in await inbox.items(ctx, (str,), party)]
    return await _read(ctx, sorted(ids))


async def _read(ctx: Context, ids: list[str]) -> list[Handshake]:
    found = [await handshakes.get(ctx, id) for id in ids]
    return [handshake for handshake in found if handshake is not None]


async def is_recipient(ctx: Context, handshake: Handshake, account: str) -> bool:
    party = handshake.recipient
    if party is None:
        return False
    return party.id == account or party.key == (await people.profile(ctx, account)).email.lower()


async def count_open_invitations(ctx: Context, organization: Organization) -> int:
    sent = await sent_by(ctx, organization.management)
    return sum(1 for handshake in sent if handshake.action == "INVITE" and not handshake.is_over)


# -- answers


def arn(ctx: Context, handshake: Handshake) -> str:
    path = f"{handshake.organization}/{handshake.action.lower()}/{handshake.id}"
    return f"arn:{ctx.partition}:organizations::{handshake.account}:handshake/{path}"


def described(ctx: Context, handshake: Handshake) -> Request:
    """A Handshake of the API."""
    parties = [{"Id": handshake.organization, "Type": "ORGANIZATION"}]
    if handshake.recipient is not None:
        parties.append({"Id": handshake.recipient.id, "Type": handshake.recipient.type})
    return {
        "Id": handshake.id,
        "Arn": arn(ctx, handshake),
        "Parties": parties,
        "State": handshake.state,
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires,
        "Action": handshake.action,
        "Resources": handshake.resources,
    }


async def sender(ctx: Context, organization: Organization) -> Request:
    """The resource of a handshake that says who sent it."""
    profile = await people.profile(ctx, organization.management)
    details = {
        "MASTER_EMAIL": profile.email,
        "MASTER_NAME": profile.name,
        "ORGANIZATION_FEATURE_SET": organization.features,
    }
    inner = [{"Type": kind, "Value": value} for kind, value in details.items()]
    return {"Type": "ORGANIZATION", "Value": organization.id, "Resources": inner}
