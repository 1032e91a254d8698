"""Alternate contacts: one each for billing, operations and security.

alternates   (type)    the contact as the API has it
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.account import errors
from fogbank.services.account.access import operation
from fogbank.services.account.service import service

Request = dict[str, Any]

_MEMBERS = ("Name", "Title", "EmailAddress", "PhoneNumber", "AlternateContactType")

_alternates = service.collection("alternates", dict[str, str], scope="account")


@operation
async def put_alternate_contact(ctx: Context, request: Request) -> Request:
    """Set a contact. API_PutAlternateContact."""
    _alternates.put(ctx, {member: request[member] for member in _MEMBERS}, request["AlternateContactType"])
    return {}


@operation
async def get_alternate_contact(ctx: Context, request: Request) -> Request:
    """A contact. Raises ResourceNotFoundException. API_GetAlternateContact."""
    return {"AlternateContact": await _find(ctx, request)}


@operation
async def delete_alternate_contact(ctx: Context, request: Request) -> Request:
    """Remove a contact. Raises ResourceNotFoundException. API_DeleteAlternateContact."""
    await _find(ctx, request)
    _alternates.delete(ctx, request["AlternateContactType"])
    return {}


async def _find(ctx: Context, request: Request) -> dict[str, str]:
    contact = await _alternates.get(ctx, request["AlternateContactType"])
    if contact is None:
        raise errors.no_alternate_contact()
    return contact
