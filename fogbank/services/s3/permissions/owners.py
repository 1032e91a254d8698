"""Canonical users: how S3 names the accounts that own buckets and objects."""

from __future__ import annotations

from fogbank.identity.principals import canonical_id


def owner(account: str) -> dict[str, str]:
    """An Owner document. S3 gives no DisplayName any more."""
    return {"ID": canonical_id(account)}
