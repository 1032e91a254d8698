"""What is encrypted with a key of its own: AES-256-GCM, with the nonce before it."""

from __future__ import annotations

import os
from typing import Any

KEY_BYTES = 32
_NONCE_BYTES = 12


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def encrypted(key: bytes, data: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    sealed: bytes = _cipher(key).encrypt(nonce, data, b"")
    return nonce + sealed


def decrypted(key: bytes, sealed: bytes) -> bytes:
    """Raises InvalidTag (of `cryptography`) for another key's."""
    data: bytes = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"")
    return data


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
