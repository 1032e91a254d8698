"""Temporary credentials: how they are made, and where they are kept while they are good.

sessions  (access key)             Credential, in the account that the key names by itself
endings   (expires in us, key)     nothing: which of them ends when

A credential that is over is kept for a day, so that its holder is told that it expired; each that is issued sweeps up a few of those
that were over before. They expire by the virtual clock.
"""

from __future__ import annotations

import secrets
from base64 import b32encode, b64encode
from typing import TYPE_CHECKING

import msgspec

from fogbank.identity.credentials import Credential, account_of
from fogbank.identity.principals import Principal
from fogbank.kernel.collection import Collection

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

_sessions: Collection[Credential] = Collection("sts", "sessions", Credential, scope="account", cached=True)
_endings: Collection[bytes] = Collection("sts", "endings", bytes, scope="account")

_KEPT = 86400.0
_SWEPT_AT_ONCE = 4
# Today's tokens begin like this; nothing else about them is promised.
_TOKEN_PREFIX = "IQoJb3JpZ2luX2Vj"
_TOKEN_BYTES = 240


async def issue(ctx: Context, principal: Principal, duration: float, minimum: int = 0) -> Credential:
    """A new credential for a principal with a session, good for `duration` seconds. `ctx` is in a transaction.

    Its token has at least `minimum` characters.
    """
    access_key = new_access_key("ASIA", principal.account)
    token = _TOKEN_PREFIX + b64encode(secrets.token_bytes(max(_TOKEN_BYTES, minimum * 3 // 4))).decode()
    credential = Credential(
        access_key,
        new_secret(),
        msgspec.structs.replace(principal, access_key=access_key),
        token,
        float(int(ctx.now() + duration)),
    )
    home = ctx.at(account=principal.account)
    await _sweep(home)
    _sessions.put(home, credential, access_key)
    _endings.put(home, b"", _microseconds(credential), access_key)
    return credential


async def find(ctx: Context, access_key: str) -> Credential | None:
    """The credential of a temporary key, over or not, for about a day after its end."""
    account = account_of(access_key)
    if account is None:
        return None
    home = ctx if ctx.account == account else ctx.at(account=account)
    return await _sessions.get(home, access_key)


def row_of(home: Context, access_key: str) -> bytes:
    """The key of the row that a temporary key has in the context of its account; see `standing.Registrar`."""
    return _sessions.row_key(home, access_key)


async def _sweep(home: Context) -> None:
    until = int((home.now() - _KEPT) * 1e6)
    for (end, access_key), _ in await _endings.items(home, (int, str), until=(until,), limit=_SWEPT_AT_ONCE):
        _endings.delete(home, end, access_key)
        _sessions.delete(home, access_key)


def _microseconds(credential: Credential) -> int:
    return int((credential.expires or 0.0) * 1e6)


def new_access_key(prefix: str, account: str) -> str:
    """A new access key id (`AKIA`, `ASIA`) in which the account is written as AWS does; see `credentials.account_of`."""
    bits = 1 << 79 | int(account) << 39 | secrets.randbits(39)
    return prefix + b32encode(bits.to_bytes(10, "big")).decode()


def new_secret() -> str:
    """A new secret access key: 40 characters of base64."""
    return b64encode(secrets.token_bytes(30)).decode()
