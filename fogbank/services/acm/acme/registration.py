"""What clients do with their accounts: register, look, change, deactivate, change keys. RFC 8555, section 7.3."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.certificates.authority import vault
from fogbank.http import Response
from fogbank.kernel import Context
from fogbank.services.acm.acme import jws, problems
from fogbank.services.acm.acme.records import Account, account_keys, accounts, bindings
from fogbank.services.acm.acme.server import Call, answer, handles, registered

replace = msgspec.structs.replace


@handles("new-account")
async def new_account(ctx: Context, call: Call) -> Response:
    """Register a key, or find the account that has it."""
    wanted = call.payload if isinstance(call.payload, dict) else {}
    if call.account is not None:
        return _shown(call, call.account, 200)
    if wanted.get("onlyReturnExisting"):
        raise problems.no_account()
    contacts = _contacts(wanted)
    if call.endpoint.contact == "REQUIRED" and not contacts:
        raise problems.contact_required()
    binding = await _bound(ctx, call, wanted.get("externalAccountBinding"))
    account = Account(
        ctx.ids.uuid(), binding, orjson.dumps(call.jwk).decode(), jws.thumbprint(call.jwk), contacts, ctx.now()
    )
    _put(ctx, call, account)
    return _shown(call, account, 201)


def _contacts(wanted: dict[str, Any]) -> list[str]:
    contacts = wanted.get("contact") or []
    if not isinstance(contacts, list) or not all(isinstance(contact, str) for contact in contacts):
        raise problems.Problem("invalidContact", "The contacts are a list of URLs.")
    return contacts


async def _bound(ctx: Context, call: Call, given: Any) -> str:
    """The id of the binding whose MAC key has signed the account's key. RFC 8555, section 7.3.4."""
    if given is None:
        raise problems.binding_required()
    try:
        inner = jws.parse(orjson.dumps(given))
        key = orjson.loads(inner.payload)
    except ValueError as error:
        raise problems.malformed(str(error)) from error
    binding = await bindings.get(ctx, call.endpoint.id, str(inner.header.get("kid")))
    if binding is None or binding.revoked is not None or (binding.expires or ctx.now() + 1) <= ctx.now():
        raise problems.unauthorized("There is no such external account binding, or it is over.")
    secret = await vault.unseal(ctx, binding.sealed_key, binding.id)
    if not jws.is_keyed_with(inner, secret) or key != call.jwk or inner.header.get("url") != call.signed.header["url"]:
        raise problems.unauthorized("The external account binding is not valid.")
    bindings.put(ctx, replace(binding, used=ctx.now()), call.endpoint.id, binding.id)
    return binding.id


def _put(ctx: Context, call: Call, account: Account) -> None:
    accounts.put(ctx, account, call.endpoint.id, account.id)
    account_keys.put(ctx, account.id, call.endpoint.id, account.thumbprint)


def _shown(call: Call, account: Account, status: int) -> Response:
    url = f"{call.base}/account/{account.id}"
    document = {"status": account.status.lower(), "contact": account.contacts, "orders": f"{call.base}/orders"}
    return answer(document, status, ("location", url))


@handles("account")
async def account(ctx: Context, call: Call) -> Response:
    """Look at the own account, change its contacts, or deactivate it."""
    own = registered(call)
    if call.rest != [own.id]:
        raise problems.unauthorized("This is another account.")
    wanted = call.payload if isinstance(call.payload, dict) else {}
    if "contact" in wanted:
        own = replace(own, contacts=_contacts(wanted))
    if wanted.get("status") == "deactivated":
        own = replace(own, status="DEACTIVATED")
    accounts.put(ctx, own, call.endpoint.id, own.id)
    return _shown(call, own, 200)


@handles("key-change")
async def key_change(ctx: Context, call: Call) -> Response:
    """Give the account another key, which has to sign as well. RFC 8555, section 7.3.5."""
    own = registered(call)
    try:
        inner = jws.parse(orjson.dumps(call.payload))
        wanted, jwk = orjson.loads(inner.payload), inner.header["jwk"]
        if not jws.is_signed_by(inner, jwk):
            raise problems.unauthorized("The signature of the new key is not valid.")
        thumbprint = jws.thumbprint(jwk)
    except (ValueError, KeyError) as error:
        raise problems.malformed(str(error)) from error
    url = f"{call.base}/account/{own.id}"
    if wanted != {"account": url, "oldKey": orjson.loads(own.key)}:
        raise problems.malformed("The inner request is about another account or key.")
    if await account_keys.get(ctx, call.endpoint.id, thumbprint) is not None:
        raise problems.Problem("malformed", "Another account has this key.", 409)
    account_keys.delete(ctx, call.endpoint.id, own.thumbprint)
    own = replace(own, key=orjson.dumps(jwk).decode(), thumbprint=thumbprint)
    _put(ctx, call, own)
    return _shown(call, own, 200)
