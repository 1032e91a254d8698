"""Messages that only this server can read: what EC2 says of a refusal, for DecodeAuthorizationMessage to tell.

The key is a row of the store, made when it is first needed, so that messages outlive restarts.
"""

from __future__ import annotations

import binascii
import json
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from fogbank.kernel.collection import Collection

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

_keys: Collection[bytes] = Collection("identity", "sealing", bytes, scope="global")

_KEY_BYTES = 32
_NONCE_BYTES = 12


async def seal(app: App, document: dict[str, Any]) -> str:
    """The document as an opaque text. Uses a transaction of its own."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    ctx = app.system_context()
    key = await ctx.transact(_key, ctx)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, zlib.compress(json.dumps(document).encode()), None)
    return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


async def unseal(ctx: Context, text: str) -> dict[str, Any] | None:
    """The document that was sealed, None when this is no such text. `ctx` is in a transaction."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = await _keys.get(ctx)
    if key is None:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        packed = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    except (binascii.Error, ValueError, InvalidTag):
        return None
    document: dict[str, Any] = json.loads(zlib.decompress(packed))
    return document


async def _key(ctx: Context) -> bytes:
    key = await _keys.get(ctx)
    if key is None:
        key = secrets.token_bytes(_KEY_BYTES)
        _keys.put(ctx, key)
    return key
