"""The checksums of S3 (`x-amz-checksum-*`): computed, and, for CRCs, combined from those of the pieces.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html. CRCs are computed at some 10 GB/s (anycrc;
CRC32 by zlib, which every Python has, at 1). What computes them is imported when it is needed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

LENGTHS = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
"""Bytes of each algorithm's result, for all that S3 knows."""


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


_CRCS = {"CRC32": "CRC32", "CRC32C": "CRC32C", "CRC64NVME": "CRC64-NVME"}  # as anycrc calls them
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512", "MD5": "md5"}
_XXHASHES = {"XXHASH64": "xxh64", "XXHASH3": "xxh3_64", "XXHASH128": "xxh3_128"}


def new(algorithm: str) -> Hash:
    """A running checksum by one of the algorithms in LENGTHS."""
    if algorithm in _CRCS:
        return _RunningCrc(algorithm)
    if algorithm in _HASHES:
        return hashlib.new(_HASHES[algorithm], usedforsecurity=False)
    import xxhash

    running: Hash = getattr(xxhash, _XXHASHES[algorithm])()
    return running


def compute(algorithm: str, data: bytes) -> bytes:
    if algorithm in _CRCS:
        return _advance(algorithm)(data, 0).to_bytes(LENGTHS[algorithm], "big")
    running = new(algorithm)
    running.update(data)
    return running.digest()


class _RunningCrc:
    __slots__ = ("_advance", "_length", "_value")

    def __init__(self, algorithm: str) -> None:
        self._advance = _advance(algorithm)
        self._length = LENGTHS[algorithm]
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._advance(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._length, "big")


def combine(algorithm: str, first: bytes, second: bytes, second_length: int) -> bytes:
    """The CRC of two pieces of data, one after the other, from the CRC of each and the length of the second in bytes."""
    combined: int = _crc(algorithm).combine(int.from_bytes(first, "big"), int.from_bytes(second, "big"), second_length)
    return combined.to_bytes(len(first), "big")


@cache
def _advance(algorithm: str) -> Callable[[bytes, int], int]:
    """The function (data, CRC so far) -> CRC."""
    calculate: Callable[[bytes, int], int] = zlib.crc32 if algorithm == "CRC32" else _crc(algorithm).calc
    return calculate


@cache
def _crc(algorithm: str) -> Any:
    import anycrc

    return anycrc.Model(_CRCS[algorithm])
