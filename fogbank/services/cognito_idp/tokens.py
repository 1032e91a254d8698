"""Tokens of users who have signed in, and taking them back.

    sign-ins (pool, folded username, epoch second, id)   SignIn: the refresh token of it is in force, and so are its access tokens

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.cognito_idp import claims, errors, groups, sealed, signing
from fogbank.services.cognito_idp.client import App, app_in
from fogbank.services.cognito_idp.pool import Pool, Request, homes
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User, users

_SWEPT = 20
_REFRESH = "refresh token"


class SignIn(Record, frozen=True):
    """`id` is the `origin_jti` of its tokens. Epoch seconds."""

    id: str
    client: str
    at: int
    expires: int


sign_ins = service.collection("sign-ins", SignIn)


# -- issuing


async def issued(app: App, user: User, source: str, metadata: dict[str, str] | None = None) -> Request:
    """AuthenticationResult of a user who has signed in just now. In no transaction."""
    made, refresh = await app.ctx.transact(_begin, app, user)
    return {**await _tokens(app, user, made, source, metadata), "RefreshToken": refresh}


async def _begin(app: App, user: User) -> tuple[SignIn, str]:
    ctx, folded, now = app.ctx, app.pool.folded(user.name), int(app.ctx.now())
    for old in await sign_ins.scan(ctx, app.pool.id, folded, limit=_SWEPT):
        if old.expires <= now:
            sign_ins.delete(ctx, app.pool.id, folded, old.at, old.id)
    made = SignIn(ctx.ids.uuid(), app.client.id, now, now + app.client.seconds("RefreshToken"))
    sign_ins.put(ctx, made, app.pool.id, folded, now, made.id)
    content = {"pool": app.pool.id, "client": app.client.id, "user": user.name, "at": now, "id": made.id}
    return made, await sealed.seal_text(ctx, _REFRESH, content)


async def _tokens(app: App, user: User, made: SignIn, source: str, metadata: dict[str, str] | None) -> Request:
    theirs = await app.ctx.transact(groups.of_user, app.ctx, app.pool, user)
    shaped = await claims.of_sign_in(app, user, theirs, made.id, made.at, source, metadata or {})
    access, identity = await signing.sign(app.ctx, app.pool.id, *shaped)
    expires = app.client.seconds("AccessToken")
    return {"AccessToken": access, "IdToken": identity, "ExpiresIn": expires, "TokenType": "Bearer"}


async def refreshed(app: App, token: str, metadata: dict[str, str] | None) -> Request:
    """AuthenticationResult for a refresh token. In no transaction. Raises NotAuthorizedException."""
    user, made = await app.ctx.transact(_of_refresh_token, app, token)
    return await _tokens(app, user, made, "TokenGeneration_RefreshTokens", metadata)


async def holder(app: App, token: str) -> User:
    """Who a refresh token is of. In no transaction. Raises NotAuthorizedException."""
    return (await app.ctx.transact(_of_refresh_token, app, token))[0]


async def _of_refresh_token(app: App, token: str) -> tuple[User, SignIn]:
    ctx, pool = app.ctx, app.pool
    content = await sealed.opened_text(ctx, _REFRESH, token)
    if content is None or content["client"] != app.client.id:
        raise errors.bad_refresh_token()
    folded = pool.folded(content["user"])
    made = await sign_ins.get(ctx, pool.id, folded, content["at"], content["id"])
    user = await users.get(ctx, pool.id, folded)
    if made is None or user is None:
        raise errors.refresh_token_revoked()
    if made.expires <= ctx.now():
        raise errors.refresh_token_expired()
    if not user.enabled:
        raise errors.disabled()
    return user, made


# -- who comes with an access token


async def bearer(ctx: Context, token: str) -> tuple[App, User]:
    """Who an access token is of, and with which app. In no transaction. Raises NotAuthorizedException."""
    told = signing.unverified(token)
    client = str(told.get("client_id", ""))
    home = await ctx.transact(homes.get, ctx, "client", client)
    if home is None or told.get("token_use") != "access":
        raise errors.bad_access_token()
    there = ctx.at(account=home.account, region=home.region)
    found = await signing.claims_of(there, home.pool, token)
    if found is None:
        raise errors.bad_access_token()
    if found["exp"] <= ctx.now():
        raise errors.access_token_expired()
    app = await app_in(there, home.pool, client)
    return app, await there.transact(_holder, there, app.pool, found)


async def _holder(ctx: Context, pool: Pool, found: dict[str, Any]) -> User:
    folded = pool.folded(found["username"])
    user = await users.get(ctx, pool.id, folded)
    if user is None or user.sub != found["sub"]:
        raise errors.no_such_user()
    origin = found.get("origin_jti")
    if found["iat"] < user.signed_out or (
        origin is not None and await sign_ins.get(ctx, pool.id, folded, found["auth_time"], origin) is None
    ):
        raise errors.access_token_revoked()
    if not user.enabled:
        raise errors.disabled()
    return user


# -- taking them back


async def sign_out(ctx: Context, pool: Pool, user: User) -> None:
    """End all sign-ins of a user. In a transaction."""
    folded = pool.folded(user.name)
    for old in await sign_ins.scan(ctx, pool.id, folded):
        sign_ins.delete(ctx, pool.id, folded, old.at, old.id)


async def revoke(app: App, token: str) -> None:
    """End the sign-in of a refresh token; one that has ended already is not looked at. In no transaction."""

    async def end() -> None:
        content = await sealed.opened_text(app.ctx, _REFRESH, token)
        if content is None:
            raise errors.unsupported_token_type() if token.count(".") == 2 else errors.bad_refresh_token()
        if content["client"] != app.client.id:
            raise errors.bad_refresh_token()
        folded = app.pool.folded(content["user"])
        sign_ins.delete(app.ctx, app.pool.id, folded, content["at"], content["id"])

    await app.ctx.transact(end)
