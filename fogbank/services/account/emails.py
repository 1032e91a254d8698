"""The primary email address of an organization's member, and how it is changed.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html

updates    ()    the last request for a change
"""

from __future__ import annotations

import hmac
from typing import Any, Literal

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.account import errors, passcodes
from fogbank.services.account.access import for_members, operation
from fogbank.services.account.profiles import profiles
from fogbank.services.account.service import service

Request = dict[str, Any]

PASSCODE_SECONDS = 24 * 3600


class Update(Record, frozen=True):
    """A change of the address to `email`. `updated` is epoch seconds."""

    email: str
    passcode: str
    status: Literal["PENDING", "ACCEPTED", "COMPLETED", "FAILED"]
    updated: float


_updates = service.collection("email-updates", Update, scope="account")


@for_members
async def get_primary_email(ctx: Context, request: Request) -> Request:
    """The address of a member. API_GetPrimaryEmail."""
    return {"PrimaryEmail": (await profiles.get(ctx)).email}


@for_members
async def start_primary_email_update(ctx: Context, request: Request) -> Request:
    """Send a passcode to a new address. Raises ConflictException for one that an account has. API_StartPrimaryEmailUpdate."""
    email = request["PrimaryEmail"]
    if await profiles.owner(ctx, email) is not None:
        raise errors.email_in_use()
    _updates.put(ctx, Update(email, passcodes.mail(ctx, email), "PENDING", ctx.now()))
    return {"Status": "PENDING"}


@for_members
async def accept_primary_email_update(ctx: Context, request: Request) -> Request:
    """Change the address, given the passcode that was sent to it. API_AcceptPrimaryEmailUpdate."""
    update = await _updates.get(ctx)
    if update is None or update.status != "PENDING" or update.email != request["PrimaryEmail"]:
        raise errors.no_update_request()
    expired = ctx.now() > update.updated + PASSCODE_SECONDS
    if expired or not hmac.compare_digest(update.passcode, request["Otp"]):
        raise errors.wrong_passcode()
    if await profiles.owner(ctx, update.email) is not None:
        raise errors.email_in_use()
    await profiles.put(ctx, msgspec.structs.replace(await profiles.get(ctx), email=update.email))
    _updates.put(ctx, msgspec.structs.replace(update, status="COMPLETED", updated=ctx.now()))
    return {"Status": "ACCEPTED"}


@operation
async def get_primary_email_update_status(ctx: Context, request: Request) -> Request:
    """How far the last change of the address is. API_GetPrimaryEmailUpdateStatus."""
    update = await _updates.get(ctx)
    if update is None:
        raise errors.no_update_request()
    return {"Status": update.status, "UpdatedAt": update.updated}
