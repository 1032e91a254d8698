"""Tokens for the registry's protocol: who holds one is who asked for it, for twelve hours.

A token is sealed, and holds all that there is to know: nothing is kept of it. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode

import msgspec

from fogbank.identity.principals import Principal
from fogbank.kernel import Context
from fogbank.kernel.vault import Vault
from fogbank.services.ecr import limits
from fogbank.services.ecr.records import Answer, Request
from fogbank.services.ecr.service import service

USER = "AWS"
_vault = Vault("ecr-tokens")
_NAME = "token"


class Token(msgspec.Struct):
    """`account` and `region` are the registry that it was asked for; `until` is epoch seconds."""

    principal: Principal
    account: str
    region: str
    until: float


@service.operation
async def get_authorization_token(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html"""
    accounts = request.get("registryIds") or [ctx.account]
    return {"authorizationData": [await _token(ctx, account) for account in accounts]}


async def _token(ctx: Context, account: str) -> Answer:
    until = float(int(ctx.now() + limits.TOKEN_SECONDS))
    token = msgspec.msgpack.encode(Token(ctx.principal, account, ctx.region, until))
    password = urlsafe_b64encode(await _vault.seal(ctx, token, _NAME)).decode()
    host = ctx.endpoint.partition("://")[2]
    endpoint = ctx.endpoint
    if host.partition(":")[0].endswith(".amazonaws.com"):
        endpoint = f"https://{account}.dkr.ecr.{ctx.region}.amazonaws.com"
    return {
        "authorizationToken": b64encode(f"{USER}:{password}".encode()).decode(),
        "expiresAt": until,
        "proxyEndpoint": endpoint,
    }


async def holder(ctx: Context, header: str) -> Token | None:
    """The token of an Authorization header, None unless it is a good one. In a transaction."""
    from cryptography.exceptions import InvalidTag

    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(credentials).decode().partition(":")
        sealed = urlsafe_b64decode(password)
        token = msgspec.msgpack.decode(await _vault.unseal(ctx, sealed, _NAME), type=Token)
    except (binascii.Error, ValueError, InvalidTag, LookupError):
        return None
    return token if user == USER and ctx.now() < token.until else None
