"""S3's checksums: their check values, in pieces, combined, and without native code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.protocols import checksums

CRCS = ["CRC32", "CRC32C", "CRC64NVME"]


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [("CRC32", "cbf43926"), ("CRC32C", "e3069283"), ("CRC64NVME", "ae8b14860a799888")],
)
def test_check_value(algorithm, expected):
    assert checksums.compute(algorithm, b"123456789").hex() == expected


@pytest.mark.parametrize("algorithm", sorted(checksums.AVAILABLE))
def test_result_has_the_documented_length(algorithm):
    assert len(checksums.compute(algorithm, b"")) == checksums.LENGTHS[algorithm]


@pytest.mark.parametrize("algorithm", sorted(checksums.AVAILABLE))
@given(st.binary(), st.binary())
def test_pieces_give_the_same_as_the_whole(algorithm, one, other):
    running = checksums.new(algorithm)
    running.update(one)
    running.update(other)
    assert running.digest() == checksums.compute(algorithm, one + other)


@pytest.mark.parametrize("algorithm", CRCS)
@given(st.binary(), st.binary())
def test_crcs_of_pieces_combine_to_that_of_the_whole(algorithm, one, other):
    first, second = checksums.compute(algorithm, one), checksums.compute(algorithm, other)
    assert checksums.combine(algorithm, first, second, len(other)) == checksums.compute(algorithm, one + other)


@pytest.mark.parametrize("algorithm", CRCS)
@given(st.binary(max_size=300))
def test_python_and_native_code_agree(algorithm, data):
    python = checksums._in_python(checksums._CRCS[algorithm])(data, 0)
    assert python.to_bytes(checksums.LENGTHS[algorithm], "big") == checksums.compute(algorithm, data)
