"""The checksums of S3, and the CRCs of pieces put together."""

from __future__ import annotations

import random

import pytest

from fogbank.protocols import checksums

CRCS = ["CRC32", "CRC32C", "CRC64NVME"]


def data(length: int) -> bytes:
    return random.Random(length).randbytes(length)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        # The check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue/all.htm) for "123456789".
        ("CRC32", "cbf43926"),
        ("CRC32C", "e3069283"),
        ("CRC64NVME", "ae8b14860a799888"),
        ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ("SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ("MD5", "25f9e794323b453885f5181f1b624d0b"),
    ],
)
def test_known_values(algorithm: str, digest: str) -> None:
    assert checksums.compute(algorithm, b"123456789").hex() == digest


@pytest.mark.parametrize("algorithm", sorted(checksums.LENGTHS))
def test_pieces_give_what_the_whole_gives(algorithm: str) -> None:
    running = checksums.new(algorithm)
    for start in range(0, 70_000, 999):
        running.update(data(70_000)[start : start + 999])
    assert running.digest() == checksums.compute(algorithm, data(70_000))
    assert len(running.digest()) == checksums.LENGTHS[algorithm]


@pytest.mark.parametrize("algorithm", CRCS)
@pytest.mark.parametrize("cut", [0, 1, 500, 4098, 4099])
def test_crcs_are_combined(algorithm: str, cut: int) -> None:
    whole = data(4099)
    first, second = checksums.compute(algorithm, whole[:cut]), checksums.compute(algorithm, whole[cut:])
    assert checksums.combine(algorithm, first, second, len(whole) - cut) == checksums.compute(algorithm, whole)


# https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
@pytest.mark.parametrize(
    ("algorithm", "empty"),
    [
        ("XXHASH64", "ef46db3751d8e999"),
        ("XXHASH3", "2d06800538d394c2"),
        ("XXHASH128", "99aa06d3014798d86001c324468d497f"),
    ],
)
def test_xxhash_of_nothing(algorithm: str, empty: str) -> None:
    assert checksums.compute(algorithm, b"").hex() == empty
