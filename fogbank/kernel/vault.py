"""Secrets at rest: AES-256-GCM under a root key that does not rest in the store.

The root key is one of the secrets beside the store (`fogbank.storage.secrets`), made on first use: whoever has only the store
(`state.db`, a dump of PostgreSQL) has no key. The store says which root key it is under, so that a missing one is told from a wrong one.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fogbank.kernel.collection import Collection

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OPENED = 1024


class Vault:
    """Seals and unseals under a root key of its own. `owner` is who keeps secrets here: `certificates`.

    root-key ()   the name of the root key
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._root_key: Collection[str] = Collection(owner, "root-key", str, scope="global", cached=True)

    async def seal(self, ctx: Context, secret: bytes, name: str) -> bytes:
        """Encrypt a secret; `name` says what it is, and is needed again to unseal it. `ctx` is in a transaction."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed: bytes = _cipher(await self._root(ctx)).encrypt(nonce, secret, name.encode())
        return nonce + sealed

    async def unseal(self, ctx: Context, sealed: bytes, name: str) -> bytes:
        """The secret that was sealed under that name. Raises LookupError without the root key."""
        return _opened(await self._root(ctx), sealed, name)

    async def unseal_once(self, ctx: Context, sealed: bytes, name: str) -> bytes:
        """As `unseal`, for what is not worth to be kept in memory. Raises InvalidTag (of `cryptography`) for what was not sealed so."""
        opened: bytes = _cipher(await self._root(ctx)).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode()
        )
        return opened

    async def _root(self, ctx: Context) -> bytes:
        secrets = ctx.app.secrets
        name = self._root_key.remembered(ctx) or await self._root_key.get(ctx)
        if name is None:
            key = os.urandom(_KEY_BYTES)
            name = f"{self.owner}-{hashlib.sha256(key).hexdigest()[:16]}"
            secrets.add(name, key)
            self._root_key.put(ctx, name)
        try:
            return secrets.read(name)
        except OSError as error:
            raise LookupError(
                f"secrets are encrypted under the root key {name}, which is not in {secrets.directory}"
            ) from error


@lru_cache(maxsize=16)
def _cipher(root: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(root)


@lru_cache(maxsize=_OPENED)
def _opened(root: bytes, sealed: bytes, name: str) -> bytes:
    opened: bytes = _cipher(root).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
    return opened
