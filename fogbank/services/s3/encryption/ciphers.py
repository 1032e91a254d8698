"""How bytes lie encrypted: in chunks, each AES-256-GCM on its own, so that any range can be read, and damage is noticed.

A chunk is CHUNK bytes (the last one may be less) followed by a tag for each layer. Its nonce is its number, which is safe since every
key encrypts one body only. Under two layers (DSSE-KMS) a chunk that was encrypted is encrypted again under the second key.

Chunked GCM was chosen over CTR by measurement: 3.3 GB/s at 64 KiB against 5.4 GB/s, but 2.4 us against 6.4 us for a body of 1 KiB, and
CTR would let altered bytes pass unnoticed.
"""

from __future__ import annotations

import hmac
from functools import cache
from typing import Any, NamedTuple

from fogbank.storage.base import Damaged

CHUNK = 64 * 1024
TAG = 16
KEY_BYTES = 32


class Window(NamedTuple):
    """Where in encrypted bytes a range of them lies.

    offset, length  what to read: whole chunks
    first           the number of the first of these chunks
    skip            how many bytes before the range come out with them
    """

    offset: int
    length: int
    first: int
    skip: int


# `cryptography` is imported when it is first needed, and asked for by every small body.
@cache
def _aead() -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


@cache
def invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag


def damaged() -> Damaged:
    return Damaged("the bytes of an object are not those that were encrypted")


class Cipher:
    """Encrypts and decrypts one body. `keys` are those of its layers, from the inside out."""

    __slots__ = ("_layers", "stride")

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        aead = _aead()
        self._layers: list[Any] = [aead(key) for key in keys]
        self.stride = CHUNK + TAG * len(keys)

    def encrypt_chunk(self, number: int, data: bytes | memoryview) -> bytes:
        nonce = number.to_bytes(12, "big")
        for layer in self._layers:
            data = layer.encrypt(nonce, data, None)
        return data  # type: ignore[return-value]

    def decrypt_chunk(self, number: int, data: bytes | memoryview) -> bytes:
        nonce = number.to_bytes(12, "big")
        try:
            for layer in reversed(self._layers):
                data = layer.decrypt(nonce, data, None)
        except invalid_tag():
            raise damaged() from None
        return data  # type: ignore[return-value]

    def encrypt(self, data: bytes | memoryview, first: int = 0) -> bytes:
        """Encrypt chunks, the first of which has that number."""
        if len(data) <= CHUNK:
            return self.encrypt_chunk(first, data) if data else b""
        view = memoryview(data)
        chunks = range(0, len(view), CHUNK)
        return b"".join([self.encrypt_chunk(first + n, view[at : at + CHUNK]) for n, at in enumerate(chunks)])

    def decrypt(self, data: bytes | memoryview, first: int = 0) -> bytes:
        """Decrypt chunks, the first of which has that number. Raises Damaged."""
        stride = self.stride
        if len(data) <= stride:
            return self.decrypt_chunk(first, data) if data else b""
        view = memoryview(data)
        chunks = range(0, len(view), stride)
        return b"".join([self.decrypt_chunk(first + n, view[at : at + stride]) for n, at in enumerate(chunks)])

    def window(self, offset: int, length: int, size: int) -> Window:
        """Where to read for a range (at least one byte) of a body of `size` bytes."""
        first, last = offset // CHUNK, (offset + length - 1) // CHUNK
        overhead = self.stride - CHUNK
        end = min((last + 1) * CHUNK, size) + (last + 1) * overhead
        start = first * self.stride
        return Window(start, end - start, first, offset - first * CHUNK)


class Encryptor:
    """Encrypts a body that comes in pieces of any size."""

    __slots__ = ("_cipher", "_left", "_number")

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher
        self._left = b""
        self._number = 0

    def update(self, pieces: list[bytes]) -> bytes:
        """Encrypt what is whole chunks by now."""
        data = b"".join([self._left, *pieces])
        whole = len(data) // CHUNK * CHUNK
        view = memoryview(data)
        self._left = bytes(view[whole:])
        encrypted = self._cipher.encrypt(view[:whole], self._number)
        self._number += whole // CHUNK
        return encrypted

    def finish(self) -> bytes:
        """Encrypt what is left."""
        return self._cipher.encrypt(self._left, self._number)


def derived(keys: tuple[bytes, ...], salt: bytes) -> tuple[bytes, ...]:
    """Keys of one body among several that share content keys: the parts of an upload."""
    return tuple(hmac.digest(key, salt, "sha256") for key in keys)
