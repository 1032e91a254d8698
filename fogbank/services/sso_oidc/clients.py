"""RegisterClient: programs that sign people in.

clients    (id)    Client, of all accounts: nobody has signed in yet
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from fogbank.kernel import Context, Record
from fogbank.services.sso_oidc import errors, limits
from fogbank.services.sso_oidc.service import service

Request = dict[str, Any]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CODE_GRANT = "authorization_code"
REFRESH_GRANT = "refresh_token"
_GRANTS = frozenset({DEVICE_GRANT, CODE_GRANT, REFRESH_GRANT})


class Client(Record, frozen=True):
    """`secret` is hashed; `expires` epoch seconds. `start_url` is the issuer that it was registered with, for the code grant."""

    id: str
    name: str
    secret: str
    expires: float
    scopes: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    issuer: str = ""


clients = service.collection("clients", Client, scope="global")


def hashed(secret: str) -> str:
    """What is kept of a secret: it has enough bits of its own to need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


@service.operation(open=True)
async def register_client(ctx: Context, request: Request) -> Request:
    """API_RegisterClient. Needs no signature, as all of this service."""
    _check(request)
    secret, identifier = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    issued = int(ctx.now())
    client = Client(
        identifier,
        request["clientName"],
        hashed(secret),
        issued + limits.CLIENT,
        tuple(request.get("scopes", ())),
        tuple(request.get("redirectUris", ())),
        tuple(request.get("grantTypes", ())),
        request.get("issuerUrl", ""),
    )
    clients.put(ctx, client, identifier)
    return {
        "clientId": identifier,
        "clientSecret": secret,
        "clientIdIssuedAt": issued,
        "clientSecretExpiresAt": issued + limits.CLIENT,
    }


def _check(request: Request) -> None:
    if request["clientType"] != "public":
        raise errors.invalid_client_type()
    if not _GRANTS.issuperset(request.get("grantTypes", ())):
        raise errors.unsupported_grant_type()
    if any(not scope.strip() or " " in scope for scope in request.get("scopes", ())):
        raise errors.invalid_scope()
    for uri in request.get("redirectUris", ()):
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise errors.invalid_redirect()


async def authenticated(ctx: Context, request: Request) -> Client:
    """The client of a request. Raises InvalidClientException."""
    client = await clients.get(ctx, request["clientId"])
    if client is None or not hmac.compare_digest(client.secret, hashed(request["clientSecret"])):
        raise errors.invalid_client()
    if client.expires <= ctx.now():
        raise errors.expired_client()
    return client


def check_grant(client: Client, grant: str) -> None:
    """Raise UnauthorizedClientException for a grant that the client was not registered for; without any named, all are open."""
    if client.grants and grant not in client.grants:
        raise errors.unauthorized_grant()
