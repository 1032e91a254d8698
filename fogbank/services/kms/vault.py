"""Key material at rest: AES-256-GCM under the root key, which does not rest in the store.

The root key is a file of 32 bytes in `<data directory>/secrets`, readable for its owner only, made on the first use of KMS. Whoever has
only the store (`state.db`, a dump of PostgreSQL) has no key. The store says which root key it is under, so that a missing one is told
from a wrong one. Servers that share a store share this directory too, mounted or linked. Snapshots carry the secrets with them, and
loading one adds them to the directory: a snapshot restores anywhere, and is to be kept like a key.

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
    directory = ctx.app.directory.secrets
    name = await _root_key.get(ctx)
    if name is None:
        name = _make(directory)
        _root_key.put(ctx, name)
    try:
        return _read(directory, name)
    except OSError as error:
        raise errors.root_key_missing(name, directory) from error


def _make(directory: str) -> str:
    key = os.urandom(_KEY_BYTES)
    name = f"kms-{hashlib.sha256(key).hexdigest()[:16]}"
    os.makedirs(directory, mode=0o700, exist_ok=True)
    with os.fdopen(os.open(os.path.join(directory, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return name


@lru_cache(maxsize=8)
def _read(directory: str, name: str) -> bytes:
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()
