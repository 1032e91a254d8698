"""An app client, as it is stored and found, and how it shows that it knows its secret.

clients (pool, id)   Client
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, NamedTuple

from fogbank.kernel import Context, Record
from fogbank.kernel.vault import Vault
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.pool import Pool, find, homes
from fogbank.services.cognito_idp.service import service

vault = Vault("cognito-idp")

# without ExplicitAuthFlows
_FLOWS = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"})
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
# how long tokens are valid, and in what unit that is said, when nothing is said
_VALIDITY = {"AccessToken": (1, "hours"), "IdToken": (1, "hours"), "RefreshToken": (30, "days")}


class Client(Record, frozen=True):
    """`settings` are members of UserPoolClientType; `secret` is sealed, empty when there is none."""

    id: str
    pool: str
    name: str
    settings: dict[str, Any]
    secret: bytes
    created: float
    modified: float

    def allows(self, *flows: str) -> bool:
        """Is one of these among the client's ExplicitAuthFlows?"""
        return not frozenset(self.settings.get("ExplicitAuthFlows", _FLOWS)).isdisjoint(flows)

    def seconds(self, token: str) -> int:
        """How long a token (`AccessToken`) is valid."""
        number, unit = _VALIDITY[token]
        unit = (self.settings.get("TokenValidityUnits") or {}).get(token, unit)
        given = self.settings.get(f"{token}Validity")
        return int(given * _SECONDS[unit]) if given else number * _SECONDS[_VALIDITY[token][1]]

    def is_discreet(self) -> bool:
        """Does it keep to itself which users there are?"""
        return bool(self.settings.get("PreventUserExistenceErrors") == "ENABLED")

    def revokes(self) -> bool:
        return bool(self.settings.get("EnableTokenRevocation", True))


clients = service.collection("clients", Client, cached=True)


async def of_pool(ctx: Context, pool: str, client: str) -> Client:
    """Raises ResourceNotFoundException."""
    found = await clients.get(ctx, pool, client)
    if found is None:
        raise errors.no_such_client(client)
    return found


class App(NamedTuple):
    """An app that calls: the context where its pool is, the pool, and the client that it calls itself."""

    ctx: Context
    pool: Pool
    client: Client


async def app_of(ctx: Context, client: str) -> App:
    """The app of a client's id. In no transaction. Raises ResourceNotFoundException."""
    home = await ctx.transact(homes.get, ctx, "client", client)
    if home is None:
        raise errors.no_such_client(client)
    return await app_in(ctx.at(account=home.account, region=home.region), home.pool, client)


async def app_in(ctx: Context, pool: str, client: str) -> App:
    """The app of a client of that pool, in the context's region. Raises ResourceNotFoundException."""

    async def look() -> App:
        return App(ctx, await find(ctx, pool), await of_pool(ctx, pool, client))

    return await ctx.transact(look)


async def secret_of(ctx: Context, client: Client) -> str:
    return (await vault.unseal(ctx, client.secret, client.id)).decode()


async def check_secret_hash(app: App, given: str | None, *names: str) -> None:
    """Raise NotAuthorizedException unless the hash is that of one of the names that the user has. In no transaction.

    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash
    """
    client = app.client
    if not client.secret:
        if given:
            raise errors.secret_without_need(client.id)
        return
    if not given:
        raise errors.no_secret_hash(client.id)
    secret = (await app.ctx.transact(secret_of, app.ctx, client)).encode()
    if not any(hmac.compare_digest(given.encode(), _hash(secret, name + client.id)) for name in names):
        raise errors.secret_without_need(client.id)


def _hash(secret: bytes, text: str) -> bytes:
    return base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())
