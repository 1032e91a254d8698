"""Addresses and domains that may send: how they come to be, how they are verified, and which of them stands for a sender.

An address is verified by the link in a mail, which is in the local mailbox. Most such addresses have nobody who reads their mail, so
the link is followed after a few seconds by itself. A domain is verified when its records are in its zone, as far as the DNS of this
server can tell (see `lookups.py`). What is under `.invalid`, which by RFC 2606 is no domain, is not verified by itself: it fails when
its time is over.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, mailbox
from fogbank.mail import addresses, problems
from fogbank.mail.lookups import Seen
from fogbank.mail.records import (
    ADDRESS,
    DOMAIN,
    FAILED,
    PENDING,
    SUCCESS,
    Dkim,
    Identity,
    MailFrom,
    VerificationTemplate,
    arn_of,
    change_identity,
    identities,
    office,
)

_LIMIT = 10_000
_LINK_SECONDS = 24 * 3600
_READING_SECONDS = 5.0
"""So long the owner of an address takes to read the mail and follow its link."""
_DOMAIN_SECONDS = 72 * 3600
_LONGEST_PAUSE = 900.0
_ATTEMPTS = 297
"""So many fit into three days."""
_NOWHERE = ".invalid"
LINK_PATH = "/_aws/ses/verify"
_SENDER = "no-reply-aws@amazon.com"
_MAIL = """Dear Amazon Web Services Customer,

We have received a request to authorize this email address for use with Amazon SES and Amazon Pinpoint in region {region}. \
If you requested this verification, please go to the following URL to confirm that you are authorized to use this email address:

{link}

Your request will not be processed unless you confirm the address using this URL. This link expires 24 hours after your \
original verification request.

If you did NOT request to verify this email address, do not click on the link.

Sincerely,

The Amazon Web Services Team."""


def kind_of(ctx: Context, name: str) -> str:
    """Raises what is said to a name that is neither an address nor a domain."""
    if "@" in name:
        try:
            if addresses.plain(name) != name:
                raise problems.invalid(ctx, f"Invalid email address<{name}>.")
        except addresses.BadAddress as error:
            raise problems.invalid(ctx, f"Invalid email address<{name}>. {error}") from error
        return ADDRESS
    if "." not in name or not addresses.is_domain(name):
        raise problems.invalid(ctx, f"Invalid domain name<{name}>.")
    return DOMAIN


async def find(ctx: Context, name: str) -> Identity:
    """Raises NotFound."""
    identity = await identities.get(ctx, name.lower() if "@" not in name else name)
    if identity is None:
        raise problems.no_identity(ctx, name)
    return identity


async def begin(ctx: Context, name: str, **fields: Any) -> Identity:
    """A new identity, or one that is verified anew, on its way to be verified."""
    kind = kind_of(ctx, name)
    name = name if kind == ADDRESS else name.lower()
    before = await identities.get(ctx, name)
    if before is None and await identities.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"Number of identities exceeds the limit of {_LIMIT}.")
    token = ctx.ids.hex(44) if kind == DOMAIN else ctx.ids.hex(32)
    made = before or Identity(name, kind, ctx.now(), token)
    if made.is_verified:
        return change_identity(ctx, made, **fields) if fields else made
    made = change_identity(ctx, made, status=PENDING, **fields)
    await _have_verified(ctx, made)
    return made


async def _have_verified(ctx: Context, identity: Identity) -> None:
    if identity.kind == DOMAIN:
        await look_soon(ctx, identity)
        return
    body = _MAIL.format(region=ctx.region, link=link_of(ctx, identity))
    subject = f"Amazon Web Services \u2013 Email Address Verification Request in region {ctx.region}"
    mailbox.post(office(ctx), "email", identity.name, body, subject, _SENDER, {"Identity": identity.name})
    await office(ctx).schedule("give_up_identity", {"name": identity.name}, delay=_LINK_SECONDS, key=identity.name)
    if not identity.name.endswith(_NOWHERE):
        payload = {"name": identity.name, "token": identity.token}
        await office(ctx).schedule("follow_link", payload, delay=_READING_SECONDS, key=identity.name)


async def have_verified_by(ctx: Context, name: str, template: VerificationTemplate) -> tuple[Identity, str]:
    """An address that is verified by a custom mail, and the link for that."""
    identity = await identities.get(ctx, name)
    if identity is None:
        identity = Identity(name, ADDRESS, ctx.now(), ctx.ids.hex(32))
    identity = change_identity(ctx, identity, status=PENDING, success_url=template.success_url)
    await office(ctx).schedule("give_up_identity", {"name": name}, delay=_LINK_SECONDS, key=name)
    return identity, link_of(ctx, identity)


def link_of(ctx: Context, identity: Identity) -> str:
    where = f"account={ctx.account}&region={ctx.region}&identity={identity.name.replace('+', '%2B')}"
    return f"{ctx.endpoint}{LINK_PATH}?{where}&token={identity.token}"


async def look_soon(ctx: Context, identity: Identity) -> None:
    """Have a domain looked at: itself, its keys, where bounces go to; again and again, for three days."""
    await office(ctx).schedule("look_at_domain", {"name": identity.name, "attempt": 0}, key=identity.name)
    if identity.kind == DOMAIN and not identity.is_verified:
        await office(ctx).schedule(
            "give_up_identity", {"name": identity.name}, delay=_DOMAIN_SECONDS, key=identity.name
        )


async def looked_at(ctx: Context, name: str, seen: Seen, attempt: int) -> None:
    """Keep what was seen in the DNS, and look again where something is not there yet."""
    identity = await identities.get(ctx, name)
    if identity is None:
        return
    if name.endswith(_NOWHERE):
        change_identity(ctx, identity, checked=ctx.now())
        return
    dkim, mail_from, now = identity.dkim, identity.mail_from, ctx.now()
    if dkim.status == PENDING:
        dkim = msgspec.structs.replace(dkim, status=_outcome(seen.keys, attempt), length=dkim.next_length)
    if mail_from is not None and mail_from.status == PENDING:
        mail_from = msgspec.structs.replace(mail_from, status=_outcome(seen.mail_from, attempt))
    is_verified = identity.is_verified or (identity.kind == DOMAIN and (seen.token or seen.keys))
    changed = change_identity(
        ctx,
        identity,
        status=SUCCESS if is_verified else identity.status,
        checked=now,
        verified=now if is_verified else identity.verified,
        dkim=dkim,
        mail_from=mail_from,
    )
    if is_verified and not identity.is_verified:
        await office(ctx).unschedule("give_up_identity", name)
    if _waits(changed):
        payload = {"name": name, "attempt": attempt + 1}
        await office(ctx).schedule("look_at_domain", payload, delay=min(2.0**attempt, _LONGEST_PAUSE), key=name)


def _outcome(seen: bool, attempt: int) -> str:
    return SUCCESS if seen else FAILED if attempt >= _ATTEMPTS else PENDING


def _waits(identity: Identity) -> bool:
    """Is there something that may still turn up in the DNS?"""
    parts = [identity.dkim.status, identity.mail_from.status if identity.mail_from is not None else ""]
    return identity.status != FAILED and PENDING in (*parts, identity.status if identity.kind == DOMAIN else "")


async def confirm(ctx: Context, name: str, token: str) -> Identity | None:
    """The link of the verification mail was followed. None when it is none of ours, or too old."""
    identity = await identities.get(ctx, name)
    if identity is None or identity.token != token or identity.status not in (PENDING, SUCCESS):
        return None
    await office(ctx).unschedule("give_up_identity", name)
    await office(ctx).unschedule("follow_link", name)
    return change_identity(ctx, identity, status=SUCCESS, checked=ctx.now(), verified=ctx.now())


async def give_up(ctx: Context, name: str) -> None:
    """It was not verified in time."""
    identity = await identities.get(ctx, name)
    if identity is not None and identity.status == PENDING:
        await office(ctx).unschedule("look_at_domain", name)
        dkim = identity.dkim
        if dkim.status == PENDING:
            dkim = msgspec.structs.replace(dkim, status=FAILED)
        change_identity(ctx, identity, status=FAILED, dkim=dkim)


async def remove(ctx: Context, identity: Identity) -> None:
    identities.delete(ctx, identity.name)
    await office(ctx).unschedule("give_up_identity", identity.name)
    await office(ctx).unschedule("look_at_domain", identity.name)
    await office(ctx).unschedule("follow_link", identity.name)


# -- attributes


def easy_dkim(ctx: Context, length: str = "RSA_2048_BIT") -> Dkim:
    """Keys that SES has: three tokens, whose records are to be published."""
    tokens = tuple(ctx.ids.hex(32) for _ in range(3))
    return Dkim(True, PENDING, tokens, next_length=length, length=length, generated=ctx.now())


def mail_from(ctx: Context, identity: Identity, domain: str, on_failure: str) -> MailFrom:
    """Raises what is said to a domain that is not below the identity's."""
    parent = addresses.domain_of(identity.name) if identity.kind == ADDRESS else identity.name
    if not domain.lower().endswith(f".{parent}"):
        raise problems.invalid(
            ctx, f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the identity <{parent}>."
        )
    return MailFrom(domain, PENDING, on_failure)


# -- which one stands for an address


async def sending_for(ctx: Context, address: str) -> Identity | None:
    """The verified identity that lets the address send: the address itself, its domain, or one above that."""
    for name in _candidates(address):
        found = await identities.get(ctx, name)
        if found is not None and found.is_verified:
            return found
    return None


def _candidates(address: str) -> list[str]:
    names = list(dict.fromkeys((address, addresses.base_of(address), addresses.base_of(address).lower())))
    labels = addresses.domain_of(address).split(".")
    return names + [".".join(labels[place:]) for place in range(len(labels) - 1)]


async def arn_for(ctx: Context, address: str) -> str:
    """The ARN that a request to send from the address is about."""
    found = await sending_for(ctx, address)
    return arn_of(ctx, "identity", address if found is None else found.name)
