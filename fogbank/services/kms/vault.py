"""Key material at rest: in the vault of KMS, under a root key that is not in the store."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.vault import Vault
from fogbank.services.kms import errors

_vault = Vault("kms")


async def seal(ctx: Context, material: bytes, name: str) -> bytes:
    """Encrypt material; `name` says what it is, and is needed again to unseal it. Raises KMSInternalException."""
    try:
        return await _vault.seal(ctx, material, name)
    except LookupError as error:
        raise errors.root_key_missing(error) from error


async def unseal(ctx: Context, sealed: bytes, name: str) -> bytes:
    """The material that was sealed under that name. Raises KMSInternalException without the root key."""
    try:
        return await _vault.unseal(ctx, sealed, name)
    except LookupError as error:
        raise errors.root_key_missing(error) from error
