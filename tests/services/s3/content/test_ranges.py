"""Byte ranges as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel.errors import AWSError
from fogbank.services.s3.content import ranges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 3)),
        ("bytes=2-", (2, 8)),
        ("bytes=0-99", (0, 10)),
        ("bytes=-3", (7, 3)),
        ("bytes=-99", (0, 10)),
        ("Bytes = 1 - 2", (1, 2)),
    ],
)
def test_range_of_ten_bytes(header, expected):
    assert ranges.parse(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=4-2", "bytes=-", "bytes=a-b", "chars=0-1", "bytes=0-1,3-4", "0-1", ""])
def test_header_that_cannot_be_read_is_ignored(header):
    assert ranges.parse(header, 10) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)])
def test_range_without_any_byte_is_refused(header, size):
    with pytest.raises(AWSError, match="InvalidRange") as caught:
        ranges.parse(header, size)
    assert caught.value.status == 416
    assert caught.value.members == {"RangeRequested": header, "ActualObjectSize": str(size)}
    assert caught.value.headers == {"content-range": f"bytes */{size}"}


@given(st.integers(1, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_selects_what_a_slice_does(size, first, last):
    data = bytes(range(size))
    try:
        found = ranges.parse(f"bytes={first}-{last}", size)
    except AWSError:
        assert not data[first : last + 1]
        return
    if found is None:
        assert last < first
    else:
        assert data[found[0] : found[0] + found[1]] == data[first : last + 1]


def test_copy_range_is_exact():
    assert ranges.parse_copy("bytes=2-4", 10) == (2, 3)


@pytest.mark.parametrize("header", ["bytes=2-", "bytes=-3", "bytes=4-2", "2-4", "bytes=0-1,2-3"])
def test_copy_range_must_be_complete(header):
    with pytest.raises(AWSError, match="must be of the form bytes=first-last"):
        ranges.parse_copy(header, 10)


def test_copy_range_must_lie_inside():
    with pytest.raises(AWSError, match="not valid for source object of size: 10"):
        ranges.parse_copy("bytes=5-10", 10)
