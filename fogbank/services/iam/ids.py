"""Unique ids and access keys in AWS's shape: a prefix that tells the kind, then the account's number and chance in base32.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes. `fogbank.identity.credentials.account_of`
reads the number again.
"""

from __future__ import annotations

import secrets
from base64 import b32encode, b64encode
from typing import Final

from fogbank.identity import credentials
from fogbank.kernel import Context

USER: Final = "AIDA"
GROUP: Final = "AGPA"
ROLE: Final = "AROA"
POLICY: Final = "ANPA"
INSTANCE_PROFILE: Final = "AIPA"
SERVER_CERTIFICATE: Final = "ASCA"
ACCESS_KEY: Final = "AKIA"

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET_BYTES = 30


def unique(ctx: Context, prefix: str) -> str:
    """A unique id: 21 characters."""
    return _numbered(ctx, prefix) + ctx.ids.choice(_BASE32)


def access_key(ctx: Context) -> str:
    """An access key id: 20 characters."""
    return _numbered(ctx, ACCESS_KEY)


def secret() -> str:
    """A secret access key: 40 characters of base64's alphabet."""
    return b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _numbered(ctx: Context, prefix: str) -> str:
    chance = int.from_bytes(ctx.ids.bytes(5), "big") & (1 << 39) - 1
    return prefix + b32encode((1 << 79 | int(ctx.account) << 39 | chance).to_bytes(10, "big")).decode()


def is_id(text: str) -> bool:
    """Whether a principal of a policy is a unique id and not an ARN or an account."""
    return text.startswith((USER, ROLE)) and ":" not in text


def account_of(id: str) -> str | None:
    """The account in whose name a unique id was given out; None when there is none to read."""
    return credentials.account_of(ACCESS_KEY + id[4:20])
