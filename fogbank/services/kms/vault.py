"""Key material at rest: AES-256-GCM under the root key, which does not rest in the store.

The root key is one of the secrets beside the store (`fogbank.storage.secrets`), made on the first use of KMS: whoever has only the store
(`state.db`, a dump of PostgreSQL) has no key. The store says which one it is, so that a missing one is told from a wrong one.

    root-key ()   the id of the root key
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fogbank.kernel import Context
from fogbank.services.kms import errors
from fogbank.services.kms.service import service

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OPENED = 1024

_root_key = service.collection("root-key", str, scope="global", cached=True)


async def seal(ctx: Context, material: bytes, name: str) -> bytes:
    """Encrypt material under the root key; `name` says what it is, and is needed again to unseal it."""
    root = await _root(ctx)
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(root).encrypt(nonce, material, name.encode())


async def unseal(ctx: Context, sealed: bytes, name: str) -> bytes:
    """The material that was sealed under that name."""
    return _opened(await _root(ctx), sealed, name)


@lru_cache(maxsize=_OPENED)
def _opened(root: bytes, sealed: bytes, name: str) -> bytes:
    return AESGCM(root).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())


async def _root(ctx: Context) -> bytes:
    """The root key, made when there is none yet. Raises KMSInternalException when it is not where it should be."""
    secrets = ctx.app.secrets
    name = await _root_key.get(ctx)
    if name is None:
        key = os.urandom(_KEY_BYTES)
        name = f"kms-{hashlib.sha256(key).hexdigest()[:16]}"
        secrets.add(name, key)
        _root_key.put(ctx, name)
    try:
        return secrets.read(name)
    except OSError as error:
        raise errors.root_key_missing(name, secrets.directory) from error
