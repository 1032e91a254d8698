"""The checksums of S3 (`x-amz-checksum-*`): computed, and, for CRCs, combined from those of the pieces.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html. CRC32C and CRC64NVME are native where awscrt
is installed (`pip install fogbank[fast]`, 50 GB/s); without it they are computed here, at some 100 and 50 MB/s, and there is no XXHash.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

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

PIECE = 1 << 20  # bytes taken at once by what is computed in Python
SHORT = 64  # bytes that are taken one by one

NATIVE = find_spec("awscrt") is not None
"""Are all of them computed by native code?"""

# What awscrt calls them; there is no other implementation here.
_XXHASHES = {"XXHASH64": "new_xxhash64", "XXHASH3": "new_xxhash3_64", "XXHASH128": "new_xxhash3_128"}

AVAILABLE = frozenset(LENGTHS) if NATIVE else frozenset(LENGTHS) - _XXHASHES.keys()
"""The algorithms that can be computed here."""


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc(NamedTuple):
    """A reflected CRC whose register begins as, and is inverted by, all ones. `polynomial` is reflected, too."""

    width: int
    polynomial: int


_CRCS = {
    "CRC32": _Crc(32, 0xEDB88320),
    "CRC32C": _Crc(32, 0x82F63B78),
    "CRC64NVME": _Crc(64, 0x9A6C9329AC4BC9B5),
}
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512", "MD5": "md5"}


def new(algorithm: str) -> Hash:
    """A running checksum. Raises KeyError for an algorithm that is not AVAILABLE."""
    if algorithm in _CRCS:
        return _RunningCrc(algorithm)
    if algorithm in _XXHASHES and NATIVE:
        return _RunningXxHash(algorithm)
    return hashlib.new(_HASHES[algorithm], usedforsecurity=False)


def compute(algorithm: str, data: bytes) -> bytes:
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


class _RunningXxHash:
    __slots__ = ("_hash", "update")

    def __init__(self, algorithm: str) -> None:
        from awscrt import checksums

        self._hash: Any = getattr(checksums.XXHash, _XXHASHES[algorithm])()
        self.update = self._hash.update

    def digest(self) -> bytes:
        found: bytes = self._hash.finalize()
        return found


@cache
def _advance(algorithm: str) -> Callable[[bytes, int], int]:
    """The function (data, CRC so far) -> CRC."""
    if algorithm == "CRC32":
        return zlib.crc32
    if NATIVE:
        from awscrt import checksums

        native: dict[str, Any] = {"CRC32C": checksums.crc32c, "CRC64NVME": checksums.crc64nvme}
        return native[algorithm]
    return _in_python(_CRCS[algorithm])


def _in_python(crc: _Crc) -> Callable[[bytes, int], int]:
    table = [_divided(byte, crc.polynomial) for byte in range(256)]
    ones = (1 << crc.width) - 1

    def advance(data: bytes, value: int) -> int:
        value ^= ones
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            if len(piece) >= SHORT:
                piece, value = _folded(crc, piece, value), 0
            for byte in piece:
                value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
        return value ^ ones

    return advance


def _folded(crc: _Crc, data: bytes, value: int) -> bytes:
    """A few bytes that leave the same in an empty register as `data` does in one that holds `value`.

    A CRC is linear: a byte does the same as its remainder, which is a few bytes, does any number of positions later. So half of the
    message is looked up as a whole (bytes.translate) and added to the other half (as one integer), again and again.
    """
    width = crc.width // 8
    message = int.from_bytes(data, "little") ^ value
    length = len(data)
    while length >= SHORT:
        exponent = (length - width + 1).bit_length() - 2
        half = 1 << exponent
        first = (message & ((1 << 8 * half) - 1)).to_bytes(half, "little")
        message >>= 8 * half
        for position, remainders in enumerate(_remainders(crc, exponent)):
            message ^= int.from_bytes(first.translate(remainders), "little") << 8 * position
        length -= half
    return message.to_bytes(length, "little")


@cache
def _remainders(crc: _Crc, exponent: int) -> list[bytes]:
    """For each byte of the remainder: its value for every byte that stands 2 to the power of `exponent` positions earlier."""
    shift = _power(crc, 8 << exponent)
    values = [0]
    for bit in range(8):
        remainder = _multiply(shift, 1 << bit, crc)
        values += [value ^ remainder for value in values]
    return [bytes(value >> 8 * position & 0xFF for value in values) for position in range(crc.width // 8)]


def _divided(byte: int, polynomial: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ polynomial if byte & 1 else byte >> 1
    return byte


# -- combining


def combine(algorithm: str, first: bytes, second: bytes, second_length: int) -> bytes:
    """The CRC of two pieces of data, one after the other, from the CRC of each and the length of the second in bytes."""
    crc = _CRCS[algorithm]
    shifted = _multiply(_power(crc, 8 * second_length), int.from_bytes(first, "big"), crc)
    return (shifted ^ int.from_bytes(second, "big")).to_bytes(len(first), "big")


def _multiply(a: int, b: int, crc: _Crc) -> int:
    """The product of two polynomials modulo the CRC's; the highest bit is the constant term."""
    product = 0
    for bit in range(crc.width - 1, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = (b >> 1) ^ crc.polynomial if b & 1 else b >> 1
    return product


def _power(crc: _Crc, exponent: int) -> int:
    """x to the power of `exponent`, modulo the CRC's polynomial."""
    result, square = 1 << (crc.width - 1), 1 << (crc.width - 2)
    while exponent:
        if exponent & 1:
            result = _multiply(result, square, crc)
        square = _multiply(square, square, crc)
        exponent >>= 1
    return result
