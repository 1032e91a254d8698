"""The keys that tokens are signed with, and the documents by which others verify them.

    signing-keys (pool)   SigningKey

A pool's issuer, `https://cognito-idp.<region>.amazonaws.com/<pool>`, leads to AWS. Its documents are here under the same path:
`/<pool>/.well-known/jwks.json` and `/<pool>/.well-known/openid-configuration`.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
from functools import lru_cache
from typing import Any

from fogbank.http import Request as HttpRequest
from fogbank.http import Response
from fogbank.kernel import Context, Record
from fogbank.services.cognito_idp.client import vault
from fogbank.services.cognito_idp.pool import at_home, issuer, pools
from fogbank.services.cognito_idp.service import service

_ALGORITHM = "RS256"
_DOOR = re.compile(r"/([a-z0-9-]+_[0-9a-zA-Z]+)/\.well-known/(openid-configuration|jwks\.json)")


class SigningKey(Record, frozen=True):
    """Its id, and the private key (PKCS #8, DER), sealed."""

    id: str
    sealed: bytes


_keys = service.collection("signing-keys", SigningKey, cached=True)


async def sign(ctx: Context, pool: str, *claims: dict[str, Any]) -> list[str]:
    """A token for each of the claims. In no transaction."""
    import jwt

    key, private = await _key(ctx, pool)
    return [jwt.encode(each, private, _ALGORITHM, {"kid": key.id}) for each in claims]


async def claims_of(ctx: Context, pool: str, token: str) -> dict[str, Any] | None:
    """What a token of the pool says, in force or not; None for one that it has not signed. In no transaction."""
    import jwt

    _, private = await _key(ctx, pool)
    checks: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud")}
    try:
        claims: dict[str, Any] = jwt.decode(token, private.public_key(), algorithms=[_ALGORITHM], options=checks)
    except jwt.PyJWTError:
        return None
    return claims if claims.get("iss") == issuer(ctx, pool) else None


def unverified(token: str) -> dict[str, Any]:
    """What a token says of itself; nothing when it is none."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


async def _key(ctx: Context, pool: str) -> tuple[SigningKey, Any]:
    """The key of a pool, made when there is none yet."""
    key = await ctx.transact(_keys.get, ctx, pool)
    if key is None:
        made = await asyncio.to_thread(_make)
        key = await ctx.transact(_keep, ctx, pool, made)
    return key, _loaded(await ctx.transact(vault.unseal, ctx, key.sealed, key.id))


@lru_cache(maxsize=64)
def _loaded(der: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(der, None)


def _make() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


async def _keep(ctx: Context, pool: str, private: bytes) -> SigningKey:
    """Keep a new key, unless somebody was quicker."""
    key = await _keys.get(ctx, pool)
    if key is None:
        name = base64.b64encode(secrets.token_bytes(32)).decode()
        key = SigningKey(name, await vault.seal(ctx, private, name))
        _keys.put(ctx, key, pool)
    return key


# -- the issuer's documents


async def key_set(ctx: Context, pool: str) -> dict[str, Any] | None:
    """The document of `jwks.json`; None when there is no such pool. In no transaction."""
    import jwt

    there = await ctx.transact(at_home, ctx, pool)
    if there is None:
        return None
    here = ctx.at(account=there.account, region=there.region)
    if await here.transact(pools.get, here, pool) is None:
        return None
    key, private = await _key(here, pool)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    shown = {name: public[name] for name in ("kty", "n", "e")}
    return {"keys": [shown | {"alg": _ALGORITHM, "kid": key.id, "use": "sig"}]}


service.provide("key_set", key_set)


@service.edge(lambda request: _DOOR.fullmatch(request.path) is not None, method="GET")
async def issuer_documents(ctx: Context, request: HttpRequest) -> Response:
    found = _DOOR.fullmatch(request.path)
    assert found is not None
    document = await key_set(ctx, found[1])
    if document is None:
        missing = {"message": f"User pool {found[1]} does not exist."}
        return Response(404, [("content-type", "application/json")], json.dumps(missing).encode())
    if found[2] == "openid-configuration":
        document = _discovery(ctx, found[1])
    return Response(200, [("content-type", "application/json")], json.dumps(document).encode())


def _discovery(ctx: Context, pool: str) -> dict[str, Any]:
    return {
        "id_token_signing_alg_values_supported": [_ALGORITHM],
        "issuer": f"https://cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}",
        "jwks_uri": f"{ctx.endpoint}/{pool}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
    }
