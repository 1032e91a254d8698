"""GetWebIdentityToken: tokens that tell services elsewhere who calls.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html. The account's issuer is the one that
IAM gives it (EnableOutboundWebIdentityFederation). Since its host name leads to AWS, its discovery document and keys are here at
`/_aws/sts/tokens/<issuer's host>/.well-known/openid-configuration` and `.../jwks.json`.

    token-keys  (algorithm)   TokenKey: one key per algorithm signs for all accounts
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from typing import Any

from fogbank.http import Request as HttpRequest
from fogbank.http import Response
from fogbank.identity import directory, sessions
from fogbank.identity.condition_keys import request_tags
from fogbank.kernel import Context, Record
from fogbank.kernel.actions import with_members
from fogbank.kernel.vault import Vault
from fogbank.services.sts import errors
from fogbank.services.sts.service import service

Request = dict[str, Any]

ALGORITHMS = ("RS256", "ES384")
_DEFAULT_SECONDS = 300
_LARGEST_PAYLOAD = 8192
_CLAIMS = "https://sts.amazonaws.com/"
_DOOR = re.compile(r"/_aws/sts/tokens/([a-z0-9.-]+)/\.well-known/(openid-configuration|jwks\.json)")


class TokenKey(Record, frozen=True):
    """A signing key: its id, and the private key (PKCS #8, DER), sealed."""

    id: str
    sealed: bytes


_keys = service.collection("token-keys", TokenKey, scope="global", cached=True)
_vault = Vault("sts")


# -- giving tokens


def _keys_of_request(ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
    return {
        "sts:IdentityTokenAudience": tuple(request["Audience"]),
        "sts:DurationSeconds": str(request.get("DurationSeconds", _DEFAULT_SECONDS)),
        "sts:SigningAlgorithm": request["SigningAlgorithm"],
    }


_ACTIONS = with_members("sts:GetWebIdentityToken", {"Tags": "sts:TagGetWebIdentityToken"})


@service.operation(transaction=False, action=_ACTIONS, keys=_keys_of_request)
async def get_web_identity_token(ctx: Context, request: Request) -> Request:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html

    Errors: OutboundWebIdentityFederationDisabled, SessionDurationEscalation, JWTPayloadSizeExceeded.
    """
    algorithm = request["SigningAlgorithm"]
    if algorithm not in ALGORITHMS:
        raise errors.unknown_algorithm(algorithm)
    claims = await ctx.transact(_claims, ctx, request)
    if len(json.dumps(claims)) > _LARGEST_PAYLOAD:
        raise errors.payload_too_large()
    key, private = await _signing_key(ctx, algorithm)
    import jwt

    token = jwt.encode(claims, private, algorithm, {"kid": key.id})
    return {"WebIdentityToken": token, "Expiration": float(claims["exp"])}


async def _claims(ctx: Context, request: Request) -> dict[str, Any]:
    iam = directory.iam(ctx.app)
    issuer = None if iam is None else await iam.token_issuer(ctx)
    if issuer is None:
        raise errors.outbound_federation_disabled()
    now = int(ctx.now())
    expires = now + request.get("DurationSeconds", _DEFAULT_SECONDS)
    await _check_escalation(ctx, expires)
    audience = request["Audience"]
    return {
        "iss": issuer,
        "sub": ctx.principal.policy_arn,
        "aud": audience[0] if len(audience) == 1 else audience,
        "iat": now,
        "exp": expires,
        "jti": ctx.ids.uuid(),
        _CLAIMS: await _identity(ctx, request),
    }


async def _check_escalation(ctx: Context, expires: int) -> None:
    """A token does not outlive the session that asks for it."""
    if ctx.principal.session is None:
        return
    credential = await sessions.find(ctx, ctx.principal.access_key)
    if credential is not None and credential.expires is not None and credential.expires < expires:
        raise errors.session_escalation()


async def _identity(ctx: Context, request: Request) -> dict[str, Any]:
    """What is AWS's own in a token."""
    principal, session = ctx.principal, ctx.principal.session
    standing = await ctx.app.gateway.authorisation.registrar.standing(ctx, principal)
    organization = None if standing is None else standing.organization
    tags = {} if standing is None else dict(standing.tags)
    found: dict[str, Any] = {
        "aws_account": principal.account,
        "source_region": ctx.region,
        "principal_id": principal.policy_arn,
        "principal_tags": tags | (session.tags if session is not None else {}),
        "request_tags": request_tags(request),
        "federated_provider": session.provider if session is not None else "",
        "source_identity": session.source_identity if session is not None else "",
    }
    if organization is not None:
        found |= {"org_id": organization.organization, "ou_path": [organization.path]}
    return {name: value for name, value in found.items() if value}


# -- keys


async def _signing_key(ctx: Context, algorithm: str) -> tuple[TokenKey, Any]:
    """The key of an algorithm, made when there is none yet."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key = await ctx.transact(_keys.get, ctx, algorithm)
    if key is None:
        made = await asyncio.to_thread(_make_key, algorithm)
        key = await ctx.transact(_keep, ctx, algorithm, made)
    der = await ctx.transact(_vault.unseal, ctx, key.sealed, key.id)
    return key, load_der_private_key(der, None)


def _make_key(algorithm: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private: Any = (
        rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP384R1())
    )
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


async def _keep(ctx: Context, algorithm: str, private: bytes) -> TokenKey:
    """Keep a new key, unless somebody was quicker."""
    key = await _keys.get(ctx, algorithm)
    if key is None:
        name = secrets.token_hex(16)
        key = TokenKey(name, await _vault.seal(ctx, private, name))
        _keys.put(ctx, key, algorithm)
    return key


# -- the issuer's documents


@service.edge(lambda request: _DOOR.fullmatch(request.path) is not None)
async def issuer_documents(ctx: Context, request: HttpRequest) -> Response:
    found = _DOOR.fullmatch(request.path)
    assert found is not None
    document = await _key_set(ctx) if found[2] == "jwks.json" else _discovery(ctx, found[1])
    return Response(200, [("content-type", "application/json")], json.dumps(document).encode())


def _discovery(ctx: Context, host: str) -> dict[str, Any]:
    return {
        "issuer": f"https://{host}",
        "jwks_uri": f"{ctx.endpoint}/_aws/sts/tokens/{host}/.well-known/jwks.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "jti", _CLAIMS],
    }


async def _key_set(ctx: Context) -> dict[str, Any]:
    import jwt

    shown = []
    for algorithm, form in (("RS256", jwt.algorithms.RSAAlgorithm), ("ES384", jwt.algorithms.ECAlgorithm)):
        key, private = await _signing_key(ctx, algorithm)
        public = form.to_jwk(private.public_key(), as_dict=True)
        shown.append(public | {"kid": key.id, "use": "sig", "alg": algorithm})
    return {"keys": shown}
