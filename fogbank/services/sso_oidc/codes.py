"""Authorization codes with PKCE (RFC 7636): what a browser brings back to the program that sent it.

codes    (hash)    Code, of all accounts
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.sso_oidc import errors, limits, tokens
from fogbank.services.sso_oidc.clients import Client, hashed
from fogbank.services.sso_oidc.service import service

Request = dict[str, Any]


class Code(Record, frozen=True):
    """Who signed in for which client. `challenge` is PKCE's, of method S256; `expires` epoch seconds."""

    client: str
    store: str
    user: str
    redirect: str
    challenge: str
    expires: float


codes = service.collection("codes", Code, scope="global")


def issue(ctx: Context, client: str, store: str, user: str, redirect: str, challenge: str) -> str:
    """A new code for a browser to bring back."""
    code = secrets.token_urlsafe(48)
    codes.put(ctx, Code(client, store, user, redirect, challenge, ctx.now() + limits.AUTHORIZATION_CODE), hashed(code))
    return code


async def redeem(ctx: Context, client: Client, request: Request) -> Request:
    """Tokens for a code, which is used up. Raises InvalidGrantException, ExpiredTokenException."""
    row = hashed(request["code"])
    code = await codes.get(ctx, row)
    if code is None or code.client != client.id or code.redirect != request.get("redirectUri"):
        raise errors.invalid_grant("Invalid authorization code provided")
    if not _verified(code.challenge, request.get("codeVerifier", "")):
        raise errors.invalid_grant("Invalid code verifier provided")
    if code.expires <= ctx.now():
        raise errors.expired_token()
    codes.delete(ctx, row)
    return tokens.issue(ctx, client, code.store, code.user)


def _verified(challenge: str, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(challenge.encode(), urlsafe_b64encode(digest).rstrip(b"="))
