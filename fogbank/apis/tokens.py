"""JSON Web Tokens: whose keys have signed them, and what they say.

    keys  issuer  -> KeySet

Keys are fetched from the issuer (`<issuer>/.well-known/openid-configuration`), and kept for two hours of the virtual clock.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.apis.deadlines import as_task
from fogbank.kernel import Collection, Context, Record
from fogbank.kernel.outbound import Unreachable, send

_KEPT_SECONDS = 7200
_AGAIN_SECONDS = 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
_COGNITO = re.compile(r"https?://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com/([\w-]+)/?")


class KeySet(Record, frozen=True):
    document: dict[str, Any]
    fetched: float


key_sets: Collection[KeySet] = Collection("apigateway", "key-sets", KeySet)


class Invalid(Exception):
    """The token is none that was asked for; the text says why. `kind` is the OAuth error."""

    def __init__(self, why: str, kind: str = "invalid_token") -> None:
        super().__init__(why)
        self.kind = kind


async def claims_of(ctx: Context, token: str, issuer: str) -> dict[str, Any]:
    """The claims of a token that the issuer has signed and that is in force. Raises Invalid. In no transaction."""
    import jwt

    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise Invalid("the token is malformed") from error
    if header.get("alg") not in _ALGORITHMS:
        raise Invalid("signing method is not supported")
    key = await _key(ctx, issuer, str(header.get("kid") or ""))
    checks: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=_ALGORITHMS, options=checks)
    except (jwt.PyJWTError, TypeError, ValueError) as error:  # the latter two for an algorithm that is not the key's
        raise Invalid("signature is invalid") from error
    _check(claims, issuer, ctx.now())
    return claims


def _check(claims: dict[str, Any], issuer: str, now: float) -> None:
    if str(claims.get("iss", "")).rstrip("/") != issuer.rstrip("/"):
        raise Invalid("claim iss value does not match the expected issuer")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] <= now:
        raise Invalid("the token has expired")
    for name in ("nbf", "iat"):
        moment = claims.get(name)
        if isinstance(moment, int | float) and moment > now + 1:
            raise Invalid("the token is not valid yet")


def audience_fits(claims: dict[str, Any], audience: list[str]) -> bool:
    """`aud`, or `client_id` where there is none, is one of them."""
    said = claims.get("aud", claims.get("client_id"))
    listed = said if isinstance(said, list) else [said]
    return any(each in audience for each in listed)


def scopes_of(claims: dict[str, Any]) -> list[str]:
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            return value.split()
        if isinstance(value, list):
            return [str(each) for each in value]
    return []


# -- keys


async def _key(ctx: Context, issuer: str, kid: str) -> Any:
    """The key of that id. An unknown one may be new: then the keys are fetched again, but not all the time."""
    kept = await ctx.transact(key_sets.get, ctx, issuer)
    now = ctx.now()
    if kept is not None and now - kept.fetched < _KEPT_SECONDS:
        found = _in(kept.document, kid)
        if found is not None:
            return _read(found)
        if now - kept.fetched < _AGAIN_SECONDS:
            raise Invalid("the key of the token is not known")
    document = await _fetched(ctx, issuer)
    await ctx.transact(_keep, ctx, issuer, document)
    found = _in(document, kid)
    if found is None:
        raise Invalid("the key of the token is not known")
    return _read(found)


def _read(key: dict[str, Any]) -> Any:
    import jwt

    try:
        return jwt.PyJWK(key).key
    except jwt.PyJWTError as error:
        raise Invalid("the key of the token cannot be used") from error


async def _keep(ctx: Context, issuer: str, document: dict[str, Any]) -> None:
    key_sets.put(ctx, KeySet(document, ctx.now()), issuer)


def _in(document: dict[str, Any], kid: str) -> dict[str, Any] | None:
    given = document.get("keys")
    keys = [key for key in given if isinstance(key, dict)] if isinstance(given, list) else []
    if not kid and len(keys) == 1:
        return keys[0]
    return next((key for key in keys if key.get("kid") == kid), None)


async def _fetched(ctx: Context, issuer: str) -> dict[str, Any]:
    """The issuer's keys: of a user pool of this server's from its own service. Raises Invalid."""
    pool = _COGNITO.fullmatch(issuer)
    if pool is not None:
        return await _of_pool(ctx.at(region=pool[1]), pool[2])
    configuration = await _json(ctx, issuer.rstrip("/") + "/.well-known/openid-configuration")
    return await _json(ctx, str(configuration.get("jwks_uri") or ""))


async def _of_pool(ctx: Context, pool: str) -> dict[str, Any]:
    """Cognito offers `key_set(ctx, pool id)`, the document of `/.well-known/jwks.json`, None when there is no such pool."""
    cognito = ctx.app.services.get("cognito-idp")
    offered = None if cognito is None else cognito.provided.get("key_set")
    if cognito is None or offered is None:
        raise Invalid("there are no user pools here: this build has no cognito-idp")
    document = await offered(ctx.at(service=cognito), pool)
    if document is None:
        raise Invalid(f"there is no user pool {pool}")
    found: dict[str, Any] = document
    return found


async def _json(ctx: Context, url: str) -> dict[str, Any]:
    await as_task()
    try:
        answer = await send(ctx, "GET", url, {"Accept": "application/json"}, timeout=5)
        document = orjson.loads(answer.body)
    except (Unreachable, orjson.JSONDecodeError) as error:
        raise Invalid(f"{url} has not answered with keys: {error}") from error
    if answer.status != 200 or not isinstance(document, dict):
        raise Invalid(f"{url} has not answered with keys")
    return document
