"""Ciphertext blobs of symmetric keys: which key, which key material, and AES-256-GCM with the encryption context as further data.

    1    format, 1
    6    account, as a number
    1+n  key id, with its length
    32   id of the key material
    16   salt, from which and the material the key of this one message is derived (HMAC-SHA256)
    12   nonce
    m    ciphertext and 16 bytes of tag

All that comes before the nonce is authenticated too. As on AWS, every message has a key of its own, so that no key comes near the
number of random nonces at which GCM wears out: https://docs.aws.amazon.com/kms/latest/cryptographic-details/crypto-primitives.html
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
_ACCOUNT_BYTES = 6
_MATERIAL_BYTES = 32
_SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16
_PURPOSE = b"fogbank kms message key\0"
_LENGTH = struct.Struct(">I")


class Blob(NamedTuple):
    """A ciphertext in its parts. `head` is what is authenticated besides the context."""

    account: str
    key_id: str
    material: str
    salt: bytes
    head: bytes
    nonce: bytes
    sealed: bytes


def encrypt(
    account: str, key_id: str, material_id: str, material: bytes, plaintext: bytes, context: Mapping[str, str]
) -> bytes:
    fresh = os.urandom(_SALT_BYTES + _NONCE_BYTES)
    salt, nonce = fresh[:_SALT_BYTES], fresh[_SALT_BYTES:]
    name = key_id.encode()
    head = b"".join(
        (
            bytes((FORMAT,)),
            int(account).to_bytes(_ACCOUNT_BYTES, "big"),
            bytes((len(name),)),
            name,
            bytes.fromhex(material_id),
            salt,
        )
    )
    sealed = _cipher(material, salt).encrypt(nonce, plaintext, head + encoded(context))
    return head + nonce + sealed


def parse(data: bytes) -> Blob | None:
    """The parts of a blob; None when it is none."""
    if len(data) < 2 + _ACCOUNT_BYTES or data[0] != FORMAT:
        return None
    at = 1 + _ACCOUNT_BYTES
    name_end = at + 1 + data[at]
    salt_at = name_end + _MATERIAL_BYTES
    nonce_at = salt_at + _SALT_BYTES
    sealed_at = nonce_at + _NONCE_BYTES
    if len(data) < sealed_at + _TAG_BYTES:
        return None
    return Blob(
        f"{int.from_bytes(data[1:at], 'big'):012d}",
        data[at + 1 : name_end].decode("ascii", "replace"),
        data[name_end:salt_at].hex(),
        data[salt_at:nonce_at],
        data[:nonce_at],
        data[nonce_at:sealed_at],
        data[sealed_at:],
    )


def decrypt(blob: Blob, material: bytes, context: Mapping[str, str]) -> bytes | None:
    """The plaintext; None when blob, material and context do not belong together."""
    try:
        return _cipher(material, blob.salt).decrypt(blob.nonce, blob.sealed, blob.head + encoded(context))
    except InvalidTag:
        return None


def encoded(context: Mapping[str, str]) -> bytes:
    """An encryption context as bytes, the same for every order of its pairs, and for no other context."""
    if not context:
        return b""
    parts: list[bytes] = []
    for pair in sorted(context.items()):
        for text in pair:
            raw = text.encode("utf-8", "surrogatepass")
            parts += (_LENGTH.pack(len(raw)), raw)
    return b"".join(parts)


def _cipher(material: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(material, _PURPOSE + salt, "sha256"))
