"""External account bindings: create, describe, list, credentials, revoke, delete."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import msgspec

from fogbank.certificates.authority import vault
from fogbank.kernel import Context
from fogbank.services.acm import tags as labels
from fogbank.services.acm.acme.access import ON_ACME, page
from fogbank.services.acm.acme.records import (
    Binding,
    binding_arn,
    bindings,
    endpoint_arn,
    find_binding,
    find_endpoint,
)
from fogbank.services.acm.service import service

Request = dict[str, Any]

_KEY_BYTES = 32
_UNITS = {"MINUTES": 60, "HOURS": 3_600, "DAYS": 86_400}


@service.operation(**ON_ACME)
async def create_acme_external_account_binding(ctx: Context, request: Request) -> Request:
    """Create credentials with which a client may register. API_CreateAcmeExternalAccountBinding."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    await ctx.pass_role(request["RoleArn"])
    binding_id, now = ctx.ids.uuid(), ctx.now()
    expiration = request.get("Expiration")
    expires = None if expiration is None else now + expiration["Value"] * _UNITS[expiration["Type"]]
    sealed = await vault.seal(ctx, secrets.token_bytes(_KEY_BYTES), binding_id)
    tags = labels.added(ctx, {}, request.get("Tags") or [])
    binding = Binding(binding_id, request["RoleArn"], sealed, now, now, expires, tags=tags)
    bindings.put(ctx, binding, endpoint.id, binding_id)
    return {"ExternalAccountBinding": _shown(ctx, endpoint.id, binding)}


@service.operation(**ON_ACME)
async def describe_acme_external_account_binding(ctx: Context, request: Request) -> Request:
    """All about a binding but its key. API_DescribeAcmeExternalAccountBinding."""
    endpoint_id, binding = await find_binding(ctx, request["AcmeExternalAccountBindingArn"])
    return {"ExternalAccountBinding": _shown(ctx, endpoint_id, binding)}


@service.operation(**ON_ACME)
async def list_acme_external_account_bindings(ctx: Context, request: Request) -> Request:
    """The bindings of an endpoint. API_ListAcmeExternalAccountBindings."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    rows, token = page(await bindings.scan(ctx, endpoint.id), request, lambda binding: binding.id)
    return {"ExternalAccountBindings": [_shown(ctx, endpoint.id, one) for one in rows], "NextToken": token}


def _shown(ctx: Context, endpoint_id: str, binding: Binding) -> Request:
    return {
        "AcmeExternalAccountBindingArn": binding_arn(ctx, endpoint_id, binding.id),
        "AcmeEndpointArn": endpoint_arn(ctx, endpoint_id),
        "RoleArn": binding.role,
        "ExpiresAt": binding.expires,
        "RevokedAt": binding.revoked,
        "LastUsedAt": binding.used,
        "CreatedAt": binding.created,
        "UpdatedAt": binding.updated,
    }


@service.operation(**ON_ACME)
async def get_acme_external_account_binding_credentials(ctx: Context, request: Request) -> Request:
    """The key id and the MAC key of a binding. API_GetAcmeExternalAccountBindingCredentials."""
    _, binding = await find_binding(ctx, request["AcmeExternalAccountBindingArn"])
    key = await vault.unseal(ctx, binding.sealed_key, binding.id)
    return {"KeyId": binding.id, "MacKey": base64.urlsafe_b64encode(key).decode().rstrip("=")}


@service.operation(**ON_ACME)
async def revoke_acme_external_account_binding(ctx: Context, request: Request) -> None:
    """No client can register with the binding any more. API_RevokeAcmeExternalAccountBinding."""
    endpoint_id, binding = await find_binding(ctx, request["AcmeExternalAccountBindingArn"])
    if binding.revoked is None:
        revoked = msgspec.structs.replace(binding, revoked=ctx.now(), updated=ctx.now())
        bindings.put(ctx, revoked, endpoint_id, binding.id)


@service.operation(**ON_ACME)
async def delete_acme_external_account_binding(ctx: Context, request: Request) -> None:
    """Delete a binding; accounts that were registered with it stay. API_DeleteAcmeExternalAccountBinding."""
    endpoint_id, binding = await find_binding(ctx, request["AcmeExternalAccountBindingArn"])
    bindings.delete(ctx, endpoint_id, binding.id)
