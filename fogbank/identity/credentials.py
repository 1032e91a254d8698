"""Access keys and what is known of them: issued ones from a lookup, and dummy ones that need no set-up.

A key that starts as AWS's own do (AKIA, ASIA) must have been issued here. Any other key is a dummy: twelve digits are the root
of that account, anything else the root of the default account. A dummy key's secret is not on record, but one that signs
as `test` or as the key itself shows its secret; from then on another secret is refused. Until then it is taken on trust.
"""

from __future__ import annotations

import binascii
from base64 import b32decode
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Protocol

import msgspec

from fogbank.identity.errors import Attempt
from fogbank.identity.principals import DEFAULT_ACCOUNT, Principal, root

TEST_KEY = "test"
AWS_PREFIXES = ("AKIA", "ASIA")
"""How the keys begin that AWS gives out: one of them can only be genuine or wrong."""
_PROVED_LIMIT = 4096


class Credential(msgspec.Struct, frozen=True):
    """An issued access key. `expires` is epoch seconds; a key with a `session_token` is only good together with it."""

    access_key: str
    secret: str
    principal: Principal
    session_token: str = ""
    expires: float | None = None
    active: bool = True


class Evidence(Protocol):
    """A signature, ready to be held against secrets."""

    @property
    def access_key(self) -> str: ...
    def matches(self, secret: str) -> bool: ...
    def attempt(self) -> Attempt: ...


Lookup = Callable[[str], Awaitable[Credential | None]]


async def no_issued_credentials(access_key: str) -> Credential | None:
    """The lookup of a server that issues no keys."""
    return None


def is_aws_shaped(access_key: str) -> bool:
    """Whether a key looks like one of AWS's, so that it can only be genuine or wrong."""
    return access_key.startswith(AWS_PREFIXES)


@lru_cache(maxsize=4096)
def account_of(access_key: str) -> str | None:
    """The account that a key names by itself: a dummy's, or the one that AWS writes into its keys since 2019.

    After the prefix come 80 bits in base32; the account number is in bits 1 to 40. None when there is none to read.
    """
    if not is_aws_shaped(access_key):
        return dummy_principal(access_key).account
    if len(access_key) != 20 or "A" <= access_key[4] < "Q":  # the first bit of newer ones is 1: Q to Z, 2 to 7
        return None
    try:
        bits = int.from_bytes(b32decode(access_key[4:]), "big")
    except binascii.Error:
        return None
    return f"{bits >> 39 & (1 << 40) - 1:012d}"


@lru_cache(maxsize=1024)
def dummy_principal(access_key: str) -> Principal:
    """The root that a dummy key stands for."""
    is_account = len(access_key) == 12 and access_key.isascii() and access_key.isdigit()
    return root(access_key if is_account else DEFAULT_ACCOUNT, access_key)


def dummy_secrets(access_key: str) -> tuple[str, str]:
    """The secrets that people give a dummy key."""
    return TEST_KEY, access_key


class DummySecrets:
    """What the dummy keys' signatures have proved about their secrets. Forgets the oldest when there are many."""

    def __init__(self) -> None:
        self.proved: dict[str, str] = {TEST_KEY: TEST_KEY}

    def prove(self, access_key: str, secret: str) -> None:
        """Hold the key to this secret from now on."""
        if len(self.proved) >= _PROVED_LIMIT:
            del self.proved[next(key for key in self.proved if key != TEST_KEY)]
        self.proved[access_key] = secret
