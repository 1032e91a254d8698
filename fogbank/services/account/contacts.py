"""The primary contact of an account: its address, and a phone number that can be verified.

contacts   ()    Contact
"""

from __future__ import annotations

import hmac
from typing import Any, Literal

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.account import errors, passcodes
from fogbank.services.account.access import operation
from fogbank.services.account.service import service

Request = dict[str, Any]

PASSCODE_SECONDS = 10 * 60


class Contact(Record, frozen=True):
    """The contact as the API has it, and how far its phone number is verified. `sent` is when the passcode went out."""

    information: dict[str, str]
    verification: Literal["UNVERIFIED", "PENDING", "VERIFIED"] = "UNVERIFIED"
    passcode: str = ""
    sent: float = 0.0


_contacts = service.collection("contacts", Contact, scope="account")


async def _contact(ctx: Context) -> Contact:
    contact = await _contacts.get(ctx)
    if contact is None:
        raise errors.no_contact_information()
    return contact


@operation
async def get_contact_information(ctx: Context, request: Request) -> Request:
    """Raises ResourceNotFoundException until a contact was put. API_GetContactInformation."""
    contact = await _contact(ctx)
    return {"ContactInformation": contact.information, "VerificationStatus": contact.verification}


@operation
async def put_contact_information(ctx: Context, request: Request) -> Request:
    """Replace the contact. A new phone number is not verified. API_PutContactInformation."""
    information = request["ContactInformation"]
    before = await _contacts.get(ctx)
    if before is not None and before.information["PhoneNumber"] == information["PhoneNumber"]:
        _contacts.put(ctx, msgspec.structs.replace(before, information=information))
    else:
        _contacts.put(ctx, Contact(information))
    return {}


@operation
async def send_phone_number_verification(ctx: Context, request: Request) -> Request:
    """Send a passcode to the phone number. Raises ConflictException when it is verified. API_SendPhoneNumberVerification."""
    contact = await _contact(ctx)
    if contact.verification == "VERIFIED":
        raise errors.already_verified()
    passcode = passcodes.text(ctx, contact.information["PhoneNumber"])
    pending = msgspec.structs.replace(contact, verification="PENDING", passcode=passcode, sent=ctx.now())
    _contacts.put(ctx, pending)
    return {"Status": "PENDING"}


@operation
async def verify_phone_number(ctx: Context, request: Request) -> Request:
    """Take the passcode that was sent to the phone number. API_VerifyPhoneNumber."""
    contact = await _contact(ctx)
    if contact.verification == "VERIFIED":
        raise errors.already_verified()
    if contact.verification != "PENDING":
        raise errors.no_verification_pending()
    expired = ctx.now() > contact.sent + PASSCODE_SECONDS
    if expired or not hmac.compare_digest(contact.passcode, request["Otp"]):
        raise errors.wrong_passcode()
    _contacts.put(ctx, Contact(contact.information, "VERIFIED"))
    return {"Status": "VERIFIED"}
