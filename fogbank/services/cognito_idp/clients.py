"""App clients: creating, describing, updating, listing and deleting them."""

from __future__ import annotations

import secrets
from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.kernel.pages import page, position
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.client import Client, clients, of_pool, secret_of, vault
from fogbank.services.cognito_idp.pool import ON_POOL, Home, Pool, Request, find, homes
from fogbank.services.cognito_idp.service import service

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SETTINGS = (
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AnalyticsConfiguration",
    "AuthSessionValidity",
    "CallbackURLs",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "WriteAttributes",
)
_DEFAULTS: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": False,
    "AuthSessionValidity": 3,
    "EnablePropagateAdditionalUserContextData": False,
    "EnableTokenRevocation": True,
    "RefreshTokenValidity": 30,
}
# seconds between which tokens may be valid
_SPANS = {"AccessToken": (300, 86400), "IdToken": (300, 86400), "RefreshToken": (3600, 315360000)}
_PAGE = 60


def _settled(pool: Pool, request: Request) -> dict[str, Any]:
    """What a request does not say is as by default. Raises InvalidParameterException."""
    settings = _DEFAULTS | {name: request[name] for name in _SETTINGS if name in request}
    if not settings["RefreshTokenValidity"]:
        settings["RefreshTokenValidity"] = _DEFAULTS["RefreshTokenValidity"]
    _check_flows(settings)
    if (settings.get("RefreshTokenRotation") or {}).get("Feature") == "ENABLED":
        raise not_implemented("cognito-idp", "RefreshTokenRotation")
    known = {attribute["Name"] for attribute in pool.schema}
    for member, kind in (("ReadAttributes", "read"), ("WriteAttributes", "write")):
        if not known.issuperset(settings.get(member) or ()):
            raise errors.unknown_attributes(kind)
    return settings


def _check_flows(settings: dict[str, Any]) -> None:
    flows = settings.get("ExplicitAuthFlows") or []
    modern = [flow for flow in flows if flow.startswith("ALLOW_")]
    if modern and len(modern) != len(flows):
        raise errors.mixed_auth_flows()


def _check_validity(client: Client) -> None:
    for token, (least, most) in _SPANS.items():
        if not least <= client.seconds(token) <= most:
            raise errors.token_validity(token)


@service.operation(**ON_POOL)
async def create_user_pool_client(ctx: Context, request: Request) -> Request:
    """API_CreateUserPoolClient. Errors: ResourceNotFoundException, InvalidParameterException."""
    pool = await find(ctx, request["UserPoolId"])
    identifier = "".join(secrets.choice(_LETTERS) for _ in range(26))
    secret = request.get("ClientSecret") or ""
    if request.get("GenerateSecret") and not secret:
        secret = "".join(secrets.choice(_LETTERS) for _ in range(51))
    sealed = await vault.seal(ctx, secret.encode(), identifier) if secret else b""
    settings, now = _settled(pool, request), ctx.now()
    made = Client(identifier, pool.id, request["ClientName"], settings, sealed, now, now)
    _check_validity(made)
    clients.put(ctx, made, pool.id, identifier)
    homes.put(ctx, Home(ctx.account, ctx.region, pool.id), "client", identifier)
    return {"UserPoolClient": await _shown(ctx, made)}


async def _shown(ctx: Context, client: Client) -> Request:
    return client.settings | {
        "UserPoolId": client.pool,
        "ClientName": client.name,
        "ClientId": client.id,
        "ClientSecret": await secret_of(ctx, client) if client.secret else None,
        "CreationDate": client.created,
        "LastModifiedDate": client.modified,
    }


@service.operation(**ON_POOL)
async def describe_user_pool_client(ctx: Context, request: Request) -> Request:
    """API_DescribeUserPoolClient. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    return {"UserPoolClient": await _shown(ctx, await of_pool(ctx, pool.id, request["ClientId"]))}


@service.operation(**ON_POOL)
async def update_user_pool_client(ctx: Context, request: Request) -> Request:
    """API_UpdateUserPoolClient. What a request does not say is set back to its default. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    found = await of_pool(ctx, pool.id, request["ClientId"])
    name = request.get("ClientName") or found.name
    changed = replace(found, name=name, settings=_settled(pool, request), modified=ctx.now())
    _check_validity(changed)
    clients.put(ctx, changed, pool.id, found.id)
    return {"UserPoolClient": await _shown(ctx, changed)}


@service.operation(**ON_POOL)
async def list_user_pool_clients(ctx: Context, request: Request) -> Request:
    """API_ListUserPoolClients. Errors: ResourceNotFoundException, InvalidParameterException (a token that is none)."""
    pool = await find(ctx, request["UserPoolId"])
    token, limit = request.get("NextToken"), request.get("MaxResults") or _PAGE
    after = (position(token, errors.bad_token("NextToken")),) if token else None
    rows = await clients.scan(ctx, pool.id, after=after, limit=limit + 1)
    shown, following = page(rows, limit, lambda found: found.id)
    return {
        "UserPoolClients": [{"ClientId": found.id, "UserPoolId": pool.id, "ClientName": found.name} for found in shown],
        "NextToken": following,
    }


@service.operation(**ON_POOL)
async def delete_user_pool_client(ctx: Context, request: Request) -> None:
    """API_DeleteUserPoolClient. Errors: ResourceNotFoundException."""
    pool = await find(ctx, request["UserPoolId"])
    found = await of_pool(ctx, pool.id, request["ClientId"])
    clients.delete(ctx, pool.id, found.id)
    homes.delete(ctx, "client", found.id)
