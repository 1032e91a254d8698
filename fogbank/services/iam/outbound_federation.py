"""Outbound identity federation: whether STS gives out web identity tokens for the account's principals, and under which issuer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.iam import errors
from fogbank.services.iam.service import service

Request = dict[str, Any]


class Federation(Record, frozen=True):
    """issuer: the URL of the account's issuer, which it keeps for ever; enabled: whether tokens are given out."""

    issuer: str
    enabled: bool = True


_federation = service.collection("outbound_federation", Federation, scope="account")


async def issuer(ctx: Context) -> str | None:
    """The account's issuer, while it gives out tokens."""
    found = await _federation.get(ctx)
    return found.issuer if found is not None and found.enabled else None


@service.operation
async def enable_outbound_web_identity_federation(ctx: Context, request: Request) -> Request:
    """API_EnableOutboundWebIdentityFederation."""
    found = await _federation.get(ctx)
    if found is not None and found.enabled:
        raise errors.federation_enabled()
    issuer = f"https://{ctx.ids.uuid()}.tokens.sts.global.api.aws" if found is None else found.issuer
    _federation.put(ctx, Federation(issuer))
    return {"IssuerIdentifier": issuer}


@service.operation
async def disable_outbound_web_identity_federation(ctx: Context, request: Request) -> Request:
    """API_DisableOutboundWebIdentityFederation."""
    found = await _federation.get(ctx)
    if found is None or not found.enabled:
        raise errors.federation_disabled()
    _federation.put(ctx, Federation(found.issuer, enabled=False))
    return {}


@service.operation
async def get_outbound_web_identity_federation_info(ctx: Context, request: Request) -> Request:
    """API_GetOutboundWebIdentityFederationInfo."""
    found = await _federation.get(ctx)
    if found is None or not found.enabled:
        raise errors.federation_disabled()
    return {"IssuerIdentifier": found.issuer, "JwtVendingEnabled": True}
