"""ACME endpoints: create, describe, list, update, delete."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.acm import errors
from fogbank.services.acm import tags as labels
from fogbank.services.acm.acme.access import ON_ACME, page
from fogbank.services.acm.acme.records import (
    Endpoint,
    account_keys,
    accounts,
    base_url,
    bindings,
    domain_validations,
    endpoint_arn,
    endpoints,
    find_endpoint,
    nonces,
    orders,
)
from fogbank.services.acm.certificate import Token, tokens
from fogbank.services.acm.limits import TOKEN_SECONDS
from fogbank.services.acm.service import service

Request = dict[str, Any]

ALGORITHMS = ["RSA_2048", "EC_prime256v1", "EC_secp384r1"]


@service.operation(**ON_ACME)
async def create_acme_endpoint(ctx: Context, request: Request) -> Request:
    """Create an ACME server; it is active soon. API_CreateAcmeEndpoint."""
    token = request.get("IdempotencyToken")
    before = await tokens.get(ctx, f"acme {token}") if token else None
    if before is not None and before.until > ctx.now():
        return {"AcmeEndpointArn": endpoint_arn(ctx, before.id)}
    public = request["CertificateAuthority"].get("PublicCertificateAuthority")
    if public is None:
        raise errors.validation("An ACME endpoint needs a public certificate authority.")
    endpoint_id = ctx.ids.uuid()
    endpoint = Endpoint(
        endpoint_id,
        "CREATING",
        f"{base_url(ctx, endpoint_id)}/directory",
        request.get("Contact", "NOT_REQUIRED"),
        public.get("AllowedKeyAlgorithms") or ALGORITHMS,
        ctx.now(),
        ctx.now(),
        labels.added(ctx, {}, request.get("Tags") or []),
        labels.added(ctx, {}, request.get("CertificateTags") or []),
    )
    endpoints.put(ctx, endpoint, endpoint_id)
    await ctx.schedule("activate_acme_endpoint", {"id": endpoint_id})
    if token:
        tokens.put(ctx, Token(endpoint_id, ctx.now() + TOKEN_SECONDS), f"acme {token}")
        await ctx.schedule("forget_token", {"token": f"acme {token}"}, delay=TOKEN_SECONDS, key=f"acme {token}")
    return {"AcmeEndpointArn": endpoint_arn(ctx, endpoint_id)}


@service.task
async def activate_acme_endpoint(ctx: Context, payload: dict[str, Any]) -> None:
    endpoint = await endpoints.get(ctx, payload["id"])
    if endpoint is not None and endpoint.status == "CREATING":
        active = msgspec.structs.replace(endpoint, status="ACTIVE", updated=ctx.now())
        endpoints.put(ctx, active, endpoint.id)


@service.operation(**ON_ACME)
async def describe_acme_endpoint(ctx: Context, request: Request) -> Request:
    """All about an endpoint. API_DescribeAcmeEndpoint."""
    return {"AcmeEndpoint": _shown(ctx, await find_endpoint(ctx, request["AcmeEndpointArn"]))}


@service.operation(**ON_ACME)
async def list_acme_endpoints(ctx: Context, request: Request) -> Request:
    """The account's endpoints. API_ListAcmeEndpoints."""
    rows, token = page(await endpoints.scan(ctx), request, lambda endpoint: endpoint.id)
    return {"AcmeEndpoints": [_shown(ctx, endpoint) for endpoint in rows], "NextToken": token}


def _shown(ctx: Context, endpoint: Endpoint) -> Request:
    return {
        "AcmeEndpointArn": endpoint_arn(ctx, endpoint.id),
        "EndpointUrl": endpoint.url,
        "Status": endpoint.status,
        "AuthorizationBehavior": "PRE_APPROVED",
        "Contact": endpoint.contact,
        "CertificateAuthority": {"PublicCertificateAuthority": {"AllowedKeyAlgorithms": endpoint.algorithms}},
        "CertificateTags": [{"Key": key, "Value": value} for key, value in endpoint.certificate_tags.items()] or None,
        "CreatedAt": endpoint.created,
        "UpdatedAt": endpoint.updated,
    }


@service.operation(**ON_ACME)
async def update_acme_endpoint(ctx: Context, request: Request) -> None:
    """Change what an endpoint asks of its clients. API_UpdateAcmeEndpoint."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    changes: dict[str, Any] = {"updated": ctx.now(), "contact": request.get("Contact", endpoint.contact)}
    public = (request.get("CertificateAuthority") or {}).get("PublicCertificateAuthority")
    if public is not None:
        changes["algorithms"] = public.get("AllowedKeyAlgorithms") or ALGORITHMS
    endpoints.put(ctx, msgspec.structs.replace(endpoint, **changes), endpoint.id)


@service.operation(**ON_ACME)
async def delete_acme_endpoint(ctx: Context, request: Request) -> None:
    """Delete an endpoint with its bindings, validations and accounts; what it has issued stays. API_DeleteAcmeEndpoint."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    endpoints.delete(ctx, endpoint.id)
    collections: tuple[Any, ...] = (bindings, domain_validations, accounts, account_keys, orders, nonces)
    for collection in collections:
        for key, _ in await collection.items(ctx, (str,), endpoint.id):
            collection.delete(ctx, endpoint.id, *key)
