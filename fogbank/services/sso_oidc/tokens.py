"""Access and refresh tokens, kept as hashes only.

tokens    (hash)    Token, of all accounts: a token is all that a request to the portal has
"""

from __future__ import annotations

import secrets
from typing import Any

from fogbank.identity.workforce import Bearer, Portal, assignments, workforce
from fogbank.kernel import Context, Record
from fogbank.services.sso_oidc import errors, limits
from fogbank.services.sso_oidc.clients import REFRESH_GRANT, Client, hashed
from fogbank.services.sso_oidc.service import service

Request = dict[str, Any]


class Token(Record, frozen=True):
    """Who signed in where, by which client. `use` is access or refresh, `other` the hash of the token that was issued with it.

    `expires` is epoch seconds, `session` when the whole session ends, whatever is refreshed.
    """

    use: str
    client: str
    store: str
    user: str
    expires: float
    session: float
    other: str = ""


tokens = service.collection("tokens", Token, scope="global")


def issue(ctx: Context, client: Client, store: str, user: str, session: float | None = None) -> Request:
    """New tokens as CreateToken answers them; a refresh token for clients that have scopes, as AWS has it."""
    end = ctx.now() + limits.SESSION if session is None else session
    refreshes = bool(client.scopes) and (not client.grants or REFRESH_GRANT in client.grants)
    expires = min(end, ctx.now() + limits.ACCESS_TOKEN) if refreshes else end
    access, refresh = (f"aoa{secrets.token_urlsafe(96)}", f"aor{secrets.token_urlsafe(96)}")
    other = hashed(refresh) if refreshes else ""
    tokens.put(ctx, Token("access", client.id, store, user, expires, end, other), hashed(access))
    if refreshes:
        tokens.put(ctx, Token("refresh", client.id, store, user, end, end, hashed(access)), other)
    return {
        "accessToken": access,
        "tokenType": "Bearer",
        "expiresIn": int(expires - ctx.now()),
        "refreshToken": refresh if refreshes else None,
    }


async def refresh(ctx: Context, client: Client, text: str) -> Request:
    """New tokens for a refresh token, which is used up. Raises InvalidGrantException, ExpiredTokenException."""
    token = await tokens.get(ctx, hashed(text))
    if token is None or token.use != "refresh" or token.client != client.id:
        raise errors.invalid_grant("Invalid refresh token provided")
    if token.expires <= ctx.now():
        raise errors.expired_token()
    tokens.delete(ctx, hashed(text))
    tokens.delete(ctx, token.other)
    return issue(ctx, client, token.store, token.user, token.session)


class Bearers:
    """Implements `fogbank.identity.workforce.Bearers`."""

    async def bearer(self, ctx: Context, text: str) -> Bearer | None:
        token = await tokens.get(ctx, hashed(text))
        if token is None or token.use != "access" or token.expires <= ctx.now():
            return None
        portal: Portal | None = await assignments(ctx).portal_of(ctx, token.store)
        if portal is None:
            return None
        home = ctx.at(account=portal.account, region=portal.region)
        person = await workforce(ctx).person(home, token.store, token.user)
        return None if person is None else Bearer(portal, person)

    async def sign_out(self, ctx: Context, text: str) -> None:
        token = await tokens.get(ctx, hashed(text))
        if token is not None:
            tokens.delete(ctx, hashed(text))
            tokens.delete(ctx, token.other)


service.provide("bearers", Bearers())
