"""Canonical users: how S3 names the accounts that own buckets and objects."""

from __future__ import annotations

import hashlib
from functools import lru_cache


@lru_cache(maxsize=1024)
def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits, the same for ever."""
    return hashlib.sha256(f"fogbank canonical user {account}".encode()).hexdigest()


def owner(account: str) -> dict[str, str]:
    """An Owner document. S3 gives no DisplayName any more."""
    return {"ID": canonical_id(account)}
